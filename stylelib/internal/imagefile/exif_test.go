package imagefile

import (
	"bytes"
	"encoding/binary"
	"image"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"stylebook/stylelib/internal/testkit"

	"github.com/google/go-cmp/cmp"
)

func TestOrientImage(t *testing.T) {
	stored := testkit.Labelled([]uint8{1, 2, 3}, []uint8{4, 5, 6})
	for orientation, want := range map[int]*image.RGBA{
		1: stored,
		2: testkit.Labelled([]uint8{3, 2, 1}, []uint8{6, 5, 4}),
		3: testkit.Labelled([]uint8{6, 5, 4}, []uint8{3, 2, 1}),
		4: testkit.Labelled([]uint8{4, 5, 6}, []uint8{1, 2, 3}),
		5: testkit.Labelled([]uint8{1, 4}, []uint8{2, 5}, []uint8{3, 6}),
		6: testkit.Labelled([]uint8{4, 1}, []uint8{5, 2}, []uint8{6, 3}),
		7: testkit.Labelled([]uint8{6, 3}, []uint8{5, 2}, []uint8{4, 1}),
		8: testkit.Labelled([]uint8{3, 6}, []uint8{2, 5}, []uint8{1, 4}),
	} {
		if diff := cmp.Diff(want, orientImage(stored, orientation)); diff != "" {
			t.Errorf("orientation %d (-want +got):\n%s", orientation, diff)
		}
	}
}

// exifBlock makes an EXIF block with two entries, the second the orientation.
func exifBlock(order binary.AppendByteOrder, typ, orientation uint16) []byte {
	block := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		block = []byte("MM\x00*")
	}
	block = order.AppendUint32(block, 8)
	block = order.AppendUint16(block, 2)
	for _, entry := range [][2]uint16{{0x010f, 7}, {0x0112, orientation}} {
		block = order.AppendUint16(block, entry[0])
		block = order.AppendUint16(block, typ)
		block = order.AppendUint32(block, 1)
		block = order.AppendUint16(block, entry[1])
		block = order.AppendUint16(block, 0)
	}
	return block
}

func TestEXIFOrientation(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for orientation := uint16(1); orientation <= 8; orientation++ {
			block := exifBlock(order, 3, orientation)
			for _, block := range [][]byte{block, append([]byte("Exif\x00\x00"), block...)} {
				if got := exifOrientation(block); got != int(orientation) {
					t.Errorf("%v: got %d, want %d", order, got, orientation)
				}
			}
		}
	}
}

func TestBrokenEXIFIsUpright(t *testing.T) {
	whole := exifBlock(binary.LittleEndian, 3, 6)
	far := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(far[4:], 0xfffffffe)
	for name, block := range map[string][]byte{
		"none": nil, "value 0": exifBlock(binary.LittleEndian, 3, 0), "value 9": exifBlock(binary.LittleEndian, 3, 9),
		"not a short": exifBlock(binary.LittleEndian, 2, 6), "directory far away": far, "no EXIF": []byte("hello, hello"),
	} {
		if got := exifOrientation(block); got != 1 {
			t.Errorf("%s: got %d, want 1", name, got)
		}
	}
	for size := range len(whole) - 4 {
		if got := exifOrientation(whole[:size]); got != 1 && got != 6 {
			t.Errorf("%d of %d bytes: got %d", size, len(whole), got)
		}
	}
}

// Chunks of odd size are followed by a byte that does not count.
func TestWebPChunkAfterOddOne(t *testing.T) {
	data := []byte("RIFF\x1c\x00\x00\x00WEBPICCP\x03\x00\x00\x00abc\x00EXIF\x02\x00\x00\x00II")
	if got := webpEXIF(data); string(got) != "II" {
		t.Errorf("got %q, want II", got)
	}
}

// Whatever stands in a file, looking for EXIF and sizes must not fail.
func FuzzContainers(f *testing.F) {
	for _, name := range []string{"orientation-6.jpg", "exif.png", "exif.webp", "alpha.webp", "animated.webp"} {
		f.Add(mustReadFile(f, filepath.Join(imageFixtures, name)))
	}
	for _, name := range []string{"cmyk-parts.jpg", "palette.png", "gamma-wide.png", "alpha.webp"} {
		f.Add(mustReadFile(f, filepath.Join(colourFixtures, name)))
	}
	addFormats(f)
	for _, lies := range []string{ // segments and chunks that reach beyond the end
		"\xff\xd8\xff\xe1\xff\xffExif\x00\x00", "\xff\xd8\xff\xe0\x00\x00\xff\xff", "\x89PNG\r\n\x1a\n\xff\xff\xff\xffeXIf\x00\x00\x00\x00",
		"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff", "RIFF\xff\xff\xff\xffWEBPEXIF\xff\xff\xff\xff\x01",
	} {
		f.Add([]byte(lies))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range imageFormats {
			if format.match(data) {
				format.orientation(data)
				format.source(data)
				format.size(data)
			}
		}
		foreign(data)
	})
}

// addFormats adds the small ones of uncommon files; those of the sandbox have a test of their own.
func addFormats(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(imageFixtures, "formats", "*"))
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		switch data := mustReadFile(f, file); filepath.Ext(file) {
		case ".tif", ".bmp", ".gif", ".webp", ".png":
			if len(data) < 4096 && !strings.Contains(file, "golden") {
				f.Add(data)
			}
		}
	}
}

// Whatever stands in a picture whose header passes, decoding ends with a picture of the announced size or an error of one line.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"24.bmp", "411.jpg", "420-3x3.jpg", "orientation-6.jpg", "exif.png", "exif.webp", "alpha.webp", "1x1.webp"} {
		f.Add(mustReadFile(f, filepath.Join(imageFixtures, name)))
	}
	for _, name := range []string{"cmyk.jpg", "gray-alpha.png", "gamma-d50.png", "display-p3.webp"} {
		f.Add(mustReadFile(f, filepath.Join(colourFixtures, name)))
	}
	addFormats(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := fits(data, "fuzz", int64(len(data)), 16<<20); err != nil {
			return
		}
		picture, err := Decode(data, "fuzz")
		if err == nil && len(picture.Pix) != 4*picture.Rect.Dx()*picture.Rect.Dy() {
			t.Errorf("%d bytes for %v", len(picture.Pix), picture.Rect)
		}
		if err != nil && (len(err.Error()) > 1000 || strings.ContainsFunc(err.Error(), unicode.IsControl)) {
			t.Errorf("%d bytes: %q", len(err.Error()), err)
		}
	})
}
