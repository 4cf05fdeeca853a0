package imagefile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"stylebook/stylelib/internal/testkit"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/tiff"
)

func mustReadFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// rawOf is the beginning of a camera's raw file that begins like TIFF.
func rawOf(maker string) string {
	return tiffOf([][3]uint32{{tagMake | 2<<16, uint32(len(maker)), 38}, {tagSubIFDs | 4<<16, 1, 100}}) + maker
}

// tiffOf is a TIFF's header and its directory: tag and type, how many values, and the value or where they are.
func tiffOf(entries [][3]uint32) string {
	data := append([]byte("II*\x00\x08\x00\x00\x00"), byte(len(entries)), 0)
	for _, e := range entries {
		for _, v := range e {
			data = binary.LittleEndian.AppendUint32(data, v)
		}
	}
	return string(data) + "\x00\x00\x00\x00"
}

// wantImageError checks that err is a one-line *Error that names path and says want.
func wantImageError(t *testing.T, err error, path, want string) {
	t.Helper()
	var imageErr *Error
	if !errors.As(err, &imageErr) {
		t.Fatalf("got %v (%T), want an *Error", err, err)
	}
	if imageErr.Path != path {
		t.Errorf("path %q, want %q", imageErr.Path, path)
	}
	if text := err.Error(); !strings.Contains(text, want) || !strings.Contains(text, filepath.Base(path)) || strings.Contains(text, "\n") {
		t.Errorf("got %q: want one line with %q and %q", text, filepath.Base(path), want)
	}
}

// namesIn returns the names of the files in a folder, so that a test sees what was left behind.
func namesIn(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestReadImageLikeGolden(t *testing.T) {
	for _, name := range []string{
		"rgba.png", "gray.png", "gray-alpha.png", "bilevel.png", "palette.png", "rgb16.png", "rgba16.png", "gray16.png",
		"exif.png", "24.bmp", "8.bmp", "gray.bmp", "frames.gif",
	} {
		file := filepath.Join(imageFixtures, name)
		got, err := Read(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if d := testkit.Compare(t, got, testkit.ReadPNG(t, file+".golden.png")); d.Max > 0 {
			t.Errorf("%s: %v: want the same values", name, d)
		}
	}
}

func TestReadImageGoesByContent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a PNG.jpg")
	if err := os.WriteFile(file, mustReadFile(t, filepath.Join(imageFixtures, "base.png")), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err != nil {
		t.Error(err)
	}
}

func TestReadImageRefuses(t *testing.T) {
	folder := t.TempDir()
	half := func(name string) string {
		data := mustReadFile(t, filepath.Join(imageFixtures, name))
		return string(data[:len(data)/2])
	}
	damaged := []byte(half("444.jpg"))
	damaged[len(damaged)/2+100] = 0xff
	for _, test := range []struct{ name, content, want string }{
		{"empty.jpg", "", "the file is empty"},
		{"half.jpg", half("444.jpg"), "the JPEG is cut off"},
		{"half-progressive.jpg", half("progressive-420.jpg"), "the JPEG is cut off"},
		{"half.png", half("base.png"), "the PNG is cut off"},
		{"half.gif", half("frames.gif"), "the GIF is cut off"},
		{"half.webp", half("lossy.webp"), "the WebP is cut off"},
		{"half-lossless.webp", half("lossless.webp"), "the WebP is cut off"},
		{"half.bmp", half("24.bmp"), "the BMP is cut off"},
		{"start.png", "\x89PNG\r\n\x1a\n", "the PNG is cut off"},
		{"start.jpg", "\xff\xd8\xff", "the JPEG is cut off"},
		{"damaged.jpg", string(damaged), "the JPEG cannot be decoded: invalid JPEG format"},
		{"half-animation.webp", half("animated.webp"), "the WebP"},
		{"phone.jpg", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "the HEIC cannot be decoded: "},
		{"a.avif", "\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "the AVIF cannot be decoded: "},
		{"a.mp4", "\x00\x00\x00\x18ftypisom\x00\x00\x00\x00mp42", "is a video (MP4 family), not a picture: save one frame of it"},
		{"a.tif", "II*\x00\x08\x00\x00\x00", "the TIFF is cut off"},
		{"b.tif", "MM\x00*\x00\x00\x00\x08", "the TIFF is cut off"},
		{"jpeg.tif", tiffOf([][3]uint32{{256 | 3<<16, 1, 8}, {257 | 3<<16, 1, 8}, {258 | 3<<16, 1, 8}, {259 | 3<<16, 1, 7}, {262 | 3<<16, 1, 1},
			{273 | 4<<16, 1, 8}, {279 | 4<<16, 1, 8}}), "unsupported feature: compression value 7: save it as PNG"},
		{"planes.tif", tiffOf([][3]uint32{{256 | 3<<16, 1, 8}, {257 | 3<<16, 1, 8}, {258 | 3<<16, 3, 98}, {262 | 3<<16, 1, 2}, {284 | 3<<16, 1, 2}}) +
			strings.Repeat("\x08\x00", 24), "unsupported feature: colours in planes of their own: save it as PNG"},
		{"big.tif", "II+\x00\x08\x00\x00\x00", "BigTIFF is not supported: convert it to JPEG or PNG"},
		{"a.jp2", "\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000 is not supported: convert it to JPEG or PNG"},
		{"a.cr3", "\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom", "is a camera's raw file (CR3), not a finished picture: develop it"},
		{"a.cr2", "II*\x00\x10\x00\x00\x00CR\x02\x00", "a camera's raw file (CR2)"},
		{"a.orf", "IIRO\x08\x00\x00\x00", "a camera's raw file (ORF)"},
		{"a.rw2", "IIU\x00\x08\x00\x00\x00", "a camera's raw file (RW2)"},
		{"a.raf", "FUJIFILMCCD-RAW 0201", "a camera's raw file (RAF)"},
		{"a.nef", rawOf("NIKON CORPORATION\x00"), "a camera's raw file (NEF)"},
		{"a.arw", rawOf("SONY\x00"), "a camera's raw file (ARW)"},
		{"long.svg", "<?xml version=\"1.0\"?>\n<!--" + strings.Repeat(" license", 1000) + "-->\n<svg/>", "SVG is not supported: export it as PNG"},
		{"a.pdf", "%PDF-1.7\n", "PDF is not supported: convert it to JPEG or PNG"},
		{"a.svg", "<?xml version=\"1.0\"?>\n<svg xmlns=\"x\"/>", "SVG is not supported: export it as PNG"},
		{"page.jpg", "\n<!DOCTYPE html>\n<html><svg></svg></html>", "is a web page, not a picture: download the picture itself"},
		{"notes.png", "Dear diary,\n", "is a text file, not a picture"},
		{"BMW.bmp", "BMW is a car\n", "is a text file, not a picture"},
		{"chinese.txt", strings.Repeat("风格迁移", 500), "is a text file, not a picture"},
		{"pointer.png", "version https://git-lfs.github.com/spec/v1\n", "run git lfs pull"},
		{"a.zip", "PK\x03\x04", "is a ZIP archive"},
		{"noise.png", "\x00\x01\x02\x03\xfe\xfd", "is not a picture in a known format: use JPEG, PNG, HEIC, AVIF, WebP, TIFF, GIF or BMP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(folder, test.name)
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			img, err := Read(path)
			wantImageError(t, err, path, test.want)
			if img != nil {
				t.Error("want no picture beside the error")
			}
		})
	}
	t.Run("folder", func(t *testing.T) {
		_, err := Read(folder)
		wantImageError(t, err, folder, "is a folder")
	})
	t.Run("missing", func(t *testing.T) {
		path := filepath.Join(folder, "missing.jpg")
		_, err := Read(path)
		wantImageError(t, err, path, "no such file")
		if !errors.Is(err, fs.ErrNotExist) {
			t.Error("want the cause to be fs.ErrNotExist")
		}
	})
	t.Run("below a file", func(t *testing.T) {
		path := filepath.Join(folder, "a.zip", "a.jpg")
		_, err := Read(path)
		wantImageError(t, err, path, "not a directory")
	})
	t.Run("web address", func(t *testing.T) {
		_, err := Read("https://example.org/a.jpg")
		wantImageError(t, err, "https://example.org/a.jpg", "is a web address: download the picture")
	})
	t.Run("unreadable", func(t *testing.T) {
		path := filepath.Join(folder, "secret.png")
		if err := os.WriteFile(path, nil, 0); err != nil {
			t.Fatal(err)
		}
		if f, err := os.Open(path); err == nil {
			f.Close()
			t.Skip("skipped: this user may read every file")
		}
		_, err := Read(path)
		wantImageError(t, err, path, "permission denied")
	})
}

// These files have holes, so that they take no room; reading them would.
func TestHugeFilesAreNotRead(t *testing.T) {
	for head, want := range map[string]string{
		"\x00\x00\x00\x18ftypisom": "is a video (MP4 family)", "\xff\xd8\xff": "the file has more than 1 GiB",
	} {
		path := filepath.Join(t.TempDir(), "huge.jpg")
		if err := os.WriteFile(path, []byte(head), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 2<<30); err != nil {
			t.Skipf("skipped: no files with holes here: %v", err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Read(path)
		runtime.ReadMemStats(&after)
		wantImageError(t, err, path, want)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("took %d bytes", used)
		}
	}
}

func TestErrorStaysOnOneLine(t *testing.T) {
	for path, want := range map[string]string{"a\nb.jpg": `"a\nb.jpg": no such file`, "": `"": no such file`} {
		if _, err := Read(path); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Every cut of every kind of file is an error or, where all pixels are there, or half of the rows of a JPEG or PNG, a picture; never a panic.
func TestCutOffAnywhere(t *testing.T) {
	for _, name := range []string{"420.jpg", "progressive-420.jpg", "rgba.png", "frames.gif", "lossy.webp", "lossless.webp", "alpha.webp", "24.bmp", "8.bmp"} {
		data := mustReadFile(t, filepath.Join(imageFixtures, name))
		for size := 0; size < len(data); size += 1 + size/7 {
			_, err := Decode(data[:size], name)
			if err == nil {
				if name != "frames.gif" && !((strings.HasSuffix(name, ".jpg") || name == "rgba.png") && size > len(data)/2) { // its second frame is not needed
					t.Errorf("%s: %d of %d bytes give a picture", name, size, len(data))
				}
				continue
			}
			wantImageError(t, err, name, "")
		}
	}
}

func pngHeader(width, height uint32) []byte {
	ihdr := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)...)
	ihdr = append(ihdr, 8, 2, 0, 0, 0)
	data := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), ihdr...)
	data = binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(ihdr))
	return append(data, "\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e"...)
}

func gifHeader(width, height uint16) []byte {
	data := binary.LittleEndian.AppendUint16([]byte("GIF89a"), width)
	data = binary.LittleEndian.AppendUint16(data, height)
	data = append(data, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, ',', 0, 0, 0, 0)
	data = binary.LittleEndian.AppendUint16(data, width)
	data = binary.LittleEndian.AppendUint16(data, height)
	return append(data, 0, 2, 1)
}

func jpegHeader(width, height uint16) []byte {
	data := append([]byte("\xff\xd8\xff\xc0\x00\x11\x08"), byte(height>>8), byte(height), byte(width>>8), byte(width))
	return append(data, "\x03\x01\x22\x00\x02\x11\x00\x03\x11\x00\xff\xda\x00\x0c\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00"...)
}

func webpHeader(width, height uint32) []byte {
	data := []byte("RIFF\x16\x00\x00\x00WEBPVP8L\x09\x00\x00\x00\x2f")
	return append(binary.LittleEndian.AppendUint32(data, (width-1)|(height-1)<<14), 0, 0, 0, 0, 0)
}

func bmpHeader(width, height int32) []byte {
	data := append([]byte("BM"), make([]byte, 52)...)
	data[10], data[14], data[26], data[28] = 54, 40, 1, 24
	binary.LittleEndian.PutUint32(data[18:], uint32(width))
	binary.LittleEndian.PutUint32(data[22:], uint32(height))
	return data
}

func TestHugePicturesAreRefusedByTheirHeader(t *testing.T) {
	for name, data := range map[string][]byte{
		"16001x16000.png": pngHeader(16001, 16000), "largest.png": pngHeader(1<<31-1, 1<<31-1), "beyond.png": pngHeader(1<<32-1, 1<<32-1),
		"65535x65535.gif": gifHeader(65535, 65535), "65535x65535.jpg": jpegHeader(65535, 65535), "16384x16384.webp": webpHeader(16384, 16384),
		"40000x40000.bmp": bmpHeader(40000, 40000), "upside-down.bmp": bmpHeader(40000, -40000),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(path)
			runtime.ReadMemStats(&after)
			wantImageError(t, err, path, "more than 256 megapixels: make it smaller first")
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("took %d bytes: want no more than the header needs", used)
			}
		})
	}
}

// The limit itself is allowed: these fail for want of data, not for their size.
func TestLimitIsInclusive(t *testing.T) {
	_, err := Decode(webpHeader(10000, 10000), "a.webp")
	if err == nil || strings.Contains(err.Error(), "megapixels") {
		t.Errorf("got %v", err)
	}
}

func TestNoPixels(t *testing.T) {
	for name, data := range map[string][]byte{"a.jpg": jpegHeader(10, 0), "a.bmp": bmpHeader(0, 0), "a.gif": gifHeader(0, 0)} {
		_, err := Decode(data, name)
		wantImageError(t, err, name, "it has no pixels")
	}
}

// The alpha plane of a WebP is as large as its canvas says, so that a small picture must not pull in a huge one.
func TestWebPCanvasMustAgree(t *testing.T) {
	data := bytes.Clone(mustReadFile(t, filepath.Join(imageFixtures, "alpha.webp")))
	at := bytes.Index(data, []byte("VP8X")) + 8
	data[at+6], data[at+9] = 0xff, 0xff
	_, err := Decode(data, "a.webp")
	wantImageError(t, err, "a.webp", "its canvas and its picture differ in size")
}

func TestOverWhite(t *testing.T) {
	for _, test := range []struct{ value, alpha, want uint8 }{
		{0, 255, 0}, {77, 255, 77}, {77, 0, 255}, {0, 128, 127}, {255, 3, 255}, {100, 100, 194}, // 255 - 155·100/255 = 194.2
	} {
		if got := overWhite(test.value, test.alpha); got != test.want {
			t.Errorf("overWhite(%d, %d) = %d, want %d", test.value, test.alpha, got, test.want)
		}
		if got := overWhite16(uint16(test.value)*257, uint16(test.alpha)*257); got != test.want {
			t.Errorf("overWhite16(%d·257, %d·257) = %d, want %d", test.value, test.alpha, got, test.want)
		}
	}
}

// The direct paths agree with the general one, which goes through At, to the rounding of premultiplied alpha.
func TestFlattenOnWhite(t *testing.T) {
	rect := image.Rect(-3, 5, 8, 14)
	rng := rand.New(rand.NewPCG(1, 2))
	fill := func(pix []uint8) {
		for i := range pix {
			pix[i] = uint8(rng.Uint32())
		}
	}
	opaque, nrgba, premultiplied, gray, gray16, wide := image.NewRGBA(rect), image.NewNRGBA(rect), image.NewRGBA(rect), image.NewGray(rect), image.NewGray16(rect), image.NewNRGBA64(rect)
	for _, pix := range [][]uint8{opaque.Pix, nrgba.Pix, gray.Pix, gray16.Pix, wide.Pix} {
		fill(pix)
	}
	for i := 3; i < len(opaque.Pix); i += 4 {
		opaque.Pix[i] = 255
		premultiplied.Pix[i] = uint8(rng.Uint32())
		premultiplied.Pix[i-1] = uint8(rng.IntN(int(premultiplied.Pix[i]) + 1))
	}
	for _, img := range []image.Image{opaque, nrgba, premultiplied, gray, gray16, wide, nrgba.SubImage(image.Rect(0, 7, 3, 11))} {
		got := Flatten(img)
		if got.Rect.Min != (image.Point{}) || got.Rect.Size() != img.Bounds().Size() {
			t.Errorf("%T: bounds %v, want %v at (0, 0)", img, got.Rect, img.Bounds().Size())
		}
		want := Flatten(struct{ image.Image }{img})
		if d := testkit.Compare(t, got, want); d.Max > 1 || d.Max > 0 && img == image.Image(opaque) {
			t.Errorf("%T: %v", img, d)
		}
	}
}

// Index 5 of a palette of two colours occurs in damaged files.
func TestIndexBeyondPalette(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 2, 1), color.Palette{color.White, color.NRGBA{200, 0, 0, 255}})
	img.Pix = []uint8{1, 5}
	if want, got := []uint8{200, 0, 0, 255, 0, 0, 0, 255}, Flatten(img).Pix; !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWritePNGKeepsEveryValue(t *testing.T) {
	want := testkit.ReadPNG(t, filepath.Join(imageFixtures, "base.png"))
	path := filepath.Join(t.TempDir(), "out.PNG")
	if err := Write(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// 16 bits for each channel come back as they went.
func TestWrite16Bits(t *testing.T) {
	want := image.NewNRGBA64(image.Rect(0, 0, 7, 5))
	for i := range 35 {
		want.SetNRGBA64(i%7, i/7, color.NRGBA64{R: uint16(1871 * i), G: uint16(257*i + 1), B: uint16(65535 - i), A: 65535})
	}
	for name, decode := range map[string]func(io.Reader) (image.Image, error){"out.png": png.Decode, "out.tif": tiff.Decode, "out.TIFF": tiff.Decode} {
		path := filepath.Join(t.TempDir(), name)
		if err := Write(path, want); err != nil {
			t.Fatal(err)
		}
		got, err := decode(bytes.NewReader(mustReadFile(t, path)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 35 {
			if g := color.NRGBA64Model.Convert(got.At(i%7, i/7)); g != want.NRGBA64At(i%7, i/7) {
				t.Fatalf("%s: pixel %d is %v, want %v", name, i, g, want.NRGBA64At(i%7, i/7))
			}
		}
	}
}

func TestWriteJPEG(t *testing.T) {
	want := image.NewRGBA(image.Rect(0, 0, 64, 48)) // a gradient: halved chroma does it no harm
	for i := range want.Pix {
		want.Pix[i] = uint8(2*(i/4%64) + 50*(i%4))
		if i%4 == 3 {
			want.Pix[i] = 255
		}
	}
	for _, name := range []string{"out.jpg", "out.JPEG"} {
		path := filepath.Join(t.TempDir(), name)
		if err := Write(path, want); err != nil {
			t.Fatal(err)
		}
		if data := mustReadFile(t, path); !bytes.HasPrefix(data, []byte("\xff\xd8\xff")) {
			t.Errorf("%s is no JPEG: % x", name, data[:4])
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := testkit.Compare(t, got, want); d.Max > 8 || d.Mean > 1 {
			t.Errorf("%s: %v", name, d)
		}
	}
}

func TestWriteReplacesWhole(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "out.png")
	if err := Write(path, testkit.Labelled([]uint8{1, 2})); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if want, err := os.Stat(plain); err != nil || info.Mode() != want.Mode() {
		t.Errorf("permission %v: want %v, 0644 less the umask", info.Mode(), want.Mode())
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, testkit.Labelled([]uint8{3, 4, 5})); err != nil {
		t.Fatal(err)
	}
	if info, err = os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("permission %v, %v: want the former 0600", info.Mode().Perm(), err)
	}
	if img, err := Read(path); err != nil || img.Rect.Dx() != 3 {
		t.Errorf("got %v, %v", img, err)
	}
	if got := namesIn(t, folder); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

func TestWriteThroughLinks(t *testing.T) {
	folder, elsewhere := t.TempDir(), t.TempDir()
	target, link := filepath.Join(elsewhere, "target.png"), filepath.Join(folder, "link.png")
	if err := os.Symlink("second.png", link); err != nil {
		t.Skipf("skipped: no symbolic links here: %v", err)
	}
	if err := os.Symlink(target, filepath.Join(folder, "second.png")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // first the target is missing
		if err := CheckWritable(link); err != nil {
			t.Fatal(err)
		}
		if err := Write(link, testkit.Labelled([]uint8{1})); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("the link is gone: %v, %v", info, err)
		}
		if info, err := os.Lstat(target); err != nil || !info.Mode().IsRegular() {
			t.Errorf("the target is no file: %v, %v", info, err)
		}
	}
	loop := filepath.Join(folder, "loop.png")
	if err := os.Symlink("loop.png", loop); err != nil {
		t.Fatal(err)
	}
	wantImageError(t, CheckWritable(loop), loop, "too many symbolic links")
	if diff := cmp.Diff([]string{"link.png", "loop.png", "second.png"}, namesIn(t, folder)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

func TestUnwritablePathsAreRefused(t *testing.T) {
	folder := t.TempDir()
	for _, sub := range []string{"dir.png", "dir"} {
		if err := os.Mkdir(filepath.Join(folder, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := namesIn(t, folder)
	for _, test := range []struct{ name, want string }{
		{"out", "the file name must end in .png, .tif, .tiff, .jpg or .jpeg"},
		{"out.gif", "the file name must end in .png, .tif, .tiff, .jpg or .jpeg"},
		{"png", "the file name must end in .png, .tif, .tiff, .jpg or .jpeg"},
		{"dir.png", "is a folder: give a file name such as"},
		{"dir", "is a folder: give a file name such as"},
		{"missing/out.png", "create it first"},
		{"file/out.png", "is a file, not a folder"},
		{"file/deep/out.png", "not a directory"},
		{strings.Repeat("x", 300) + ".png", "file name too long"},
	} {
		path := filepath.Join(folder, test.name)
		wantImageError(t, CheckWritable(path), path, test.want)
		wantImageError(t, Write(path, testkit.Labelled([]uint8{1})), path, test.want)
	}
	if diff := cmp.Diff(before, namesIn(t, folder)); diff != "" {
		t.Errorf("left behind (-want +got):\n%s", diff)
	}
}

func TestWriteProtected(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "protected")
	path := filepath.Join(folder, "out.png")
	if err := errors.Join(os.Mkdir(folder, 0o755), os.WriteFile(path, []byte("mine"), 0o444)); err != nil {
		t.Fatal(err)
	}
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
		f.Close()
		t.Skip("skipped: this user may write everywhere")
	}
	wantImageError(t, CheckWritable(path), path, "cannot be replaced: permission denied")
	wantImageError(t, Write(path, testkit.Labelled([]uint8{1})), path, "cannot be replaced: permission denied")
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(folder, 0o755)
	other := filepath.Join(folder, "other.png")
	wantImageError(t, CheckWritable(other), other, "cannot be written: permission denied")
}

func TestCheckWritableLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "out.jpg")
	if err := CheckWritable(path); err != nil {
		t.Error(err)
	}
	if got := namesIn(t, folder); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CheckWritable(path); err != nil {
		t.Error(err)
	}
	if got := mustReadFile(t, path); string(got) != "before" {
		t.Errorf("the file was changed to %q", got)
	}
}

// A JPEG has at most 65535 columns: the encoder fails after the temporary file was made.
func TestFailedWriteLeavesWhatWasThere(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "out.jpg")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantImageError(t, Write(path, image.NewGray(image.Rect(0, 0, 70000, 1))), path, "cannot be written: ")
	wantImageError(t, Write(path, image.NewGray(image.Rectangle{})), path, "it has no pixels")
	wantImageError(t, Write(path, nil), path, "it has no pixels")
	if got := mustReadFile(t, path); string(got) != "before" {
		t.Errorf("the file was changed to %q", got)
	}
	if got := namesIn(t, folder); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

// What Go's own encoders write comes back.
func TestRoundTrips(t *testing.T) {
	want := testkit.ReadPNG(t, filepath.Join(imageFixtures, "base.png"))
	for name, encode := range map[string]func(io.Writer) error{
		"png":  func(w io.Writer) error { return png.Encode(w, want) },
		"jpeg": func(w io.Writer) error { return jpeg.Encode(w, want, &jpeg.Options{Quality: 100}) },
		"gif":  func(w io.Writer) error { return gif.Encode(w, want, nil) },
	} {
		var file bytes.Buffer
		if err := encode(&file); err != nil {
			t.Fatal(err)
		}
		got, err := Decode(file.Bytes(), name)
		if err != nil {
			t.Error(err)
			continue
		}
		if d := testkit.Compare(t, got, want); name == "png" && d.Max > 0 || d.Mean > 30 {
			t.Errorf("%s: %v", name, d)
		}
	}
}

// The hash is that of the bytes that were decoded.
func TestReadFile(t *testing.T) {
	path := filepath.Join(imageFixtures, "base.png")
	f, err := ReadFile(path, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(mustReadFile(t, path)))); f.SHA256 != want {
		t.Errorf("SHA-256 is %s, want %s", f.SHA256, want)
	}
	if d := testkit.Compare(t, f.Picture, testkit.ReadPNG(t, path)); d.Max > 0 {
		t.Errorf("the picture differs: %v", d)
	}
	if f, err := ReadFile("missing", 1<<30); err == nil || f != (File{}) {
		t.Errorf("of a missing file: %v, error %v", f, err)
	}
}

// A name can't break the line of a message, or colour a terminal.
func TestErrorsQuoteNames(t *testing.T) {
	folder := t.TempDir()
	name := filepath.Join(folder, "a\n\x1b[31m")
	_, err := Read(name)
	for _, err := range []error{err, Write(name, image.NewGray(image.Rect(0, 0, 1, 1))), Write(filepath.Join(name, "x.png"), nil), CheckWritable(name)} {
		if err == nil || strings.ContainsFunc(err.Error(), unicode.IsControl) || !strings.Contains(err.Error(), `a\n\x1b[31m`) {
			t.Errorf("got %q", err)
		}
	}
}

func ExampleRead() {
	img, err := Read("testdata/orientation-6.jpg")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("stored 10×15, upright", img.Rect.Dy(), "×", img.Rect.Dx())
	// Output: stored 10×15, upright 15 × 10
}

func ExampleRead_missing() {
	_, err := Read("holiday.jpg")
	fmt.Println(err)
	// Output: holiday.jpg: no such file
}

func ExampleCheckWritable() {
	fmt.Println(CheckWritable("out.webp"))
	// Output: out.webp: the file name must end in .png, .tif, .tiff, .jpg or .jpeg
}
