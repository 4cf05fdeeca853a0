package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"stylebook/stylelib/internal/testkit"

	"github.com/google/go-cmp/cmp"
)

const colourFixtures = "testdata/colours"

// Lossless files agree with LittleCMS to a level, which is its own rounding and ours. What decoders of JPEG make of a file
// differs by jpegTolerance, and a conversion stretches that, most where a curve is steep.
func TestColoursLikeLittleCMS(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(colourFixtures, "*.golden.png"))
	if err != nil || len(files) != 30 {
		t.Fatalf("%d fixtures, %v: want 30", len(files), err)
	}
	for _, golden := range files {
		file := strings.TrimSuffix(golden, ".golden.png")
		got, err := ReadFile(file, 1<<30)
		if err != nil || got.Note != "" {
			t.Errorf("%s: %v, note %q", file, err, got.Note)
			continue
		}
		d := testkit.Compare(t, got.Picture, testkit.ReadPNG(t, golden))
		t.Logf("%s: %v", file, d)
		limit, share := 1, 0.01
		if filepath.Ext(file) == ".jpg" {
			limit, share = jpegTolerance+2, 0.05
		}
		if d.Max > limit || d.Share > share {
			t.Errorf("%s: %v: want at most %d, and that in %v of the values", file, d, limit, share)
		}
	}
}

// A file tagged sRGB gives the bits of the same file untagged.
func TestTaggedSRGBStays(t *testing.T) {
	for _, name := range []string{"srgb-v2.jpg", "srgb-v4.jpg", "srgb-v2.png", "srgb-rough.png"} {
		tagged := mustReadFile(t, filepath.Join(colourFixtures, name))
		untagged := bytes.Replace(tagged, []byte("ICC_PROFILE"), []byte("icc_profile"), 1)
		if at := bytes.Index(tagged, []byte("iCCP")); at > 0 {
			untagged = bytes.Clone(tagged)
			copy(untagged[at:], "teXt")
			size := binary.BigEndian.Uint32(tagged[at-4:])
			binary.BigEndian.PutUint32(untagged[at+4+int(size):], crc32.ChecksumIEEE(untagged[at:][:4+size]))
		}
		got, err := Decode(tagged, name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Decode(untagged, name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(tagged, untagged) || !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s: %v", name, testkit.Compare(t, got, want))
		}
	}
}

// Sums of looked-up light are what the slow way gives, but for light between -1/65535 and 0, which the library takes for 0: times
// 12.92, where values are steepest, that is 13 of 65535. A table of colours is no such sum.
func TestLightSums(t *testing.T) {
	for name, bits := range map[string]int{"display-p3": 8, "adobe-rgb": 16, "prophoto": 8, "lut": 8} {
		c, err := readProfile(mustReadFile(t, filepath.Join(colourFixtures, name+".icc")))
		if err != nil {
			t.Fatal(err)
		}
		s := c.sums(bits)
		if (s == nil) != (name == "lut") {
			t.Fatalf("%s: sums are %v", name, s != nil)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		for i := 0; s != nil && i < 5000; i++ {
			d := device{uint16(rng.Uint32()), uint16(rng.Uint32()), uint16(rng.Uint32())}
			if bits == 8 {
				d = device{d[0] >> 8 * 257, d[1] >> 8 * 257, d[2] >> 8 * 257}
			}
			got, want := s.convert(d), c.slowly(d)
			for k := range got {
				if off := int(got[k]) - int(want[k]); off*off > 13*13 {
					t.Fatalf("%s: %v is %v, want %v", name, d, got, want)
				}
			}
		}
	}
}

// pngWith is a grey PNG with a further chunk.
func pngWith(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	whole := mustReadFile(t, filepath.Join(imageFixtures, "base.png"))
	c := append([]byte(name), content...)
	c = binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(c))
	const header = 8 + 25
	return bytes.Join([][]byte{whole[:header], binary.BigEndian.AppendUint32(nil, uint32(len(content))), c, whole[header:]}, nil)
}

func iccpChunk(t *testing.T, profile []byte) []byte {
	t.Helper()
	packed := bytes.NewBufferString("x\x00\x00")
	w := zlib.NewWriter(packed)
	if _, err := w.Write(profile); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// What can't be used leaves the picture as it would be without, and says why.
func TestUnusableColoursAreNoted(t *testing.T) {
	profile := func(name string) []byte { return mustReadFile(t, filepath.Join(colourFixtures, name+".icc")) }
	cut := profile("adobe-rgb")
	alien := bytes.Clone(profile("adobe-rgb"))
	copy(alien[16:], "YCbr")
	plain := mustReadFile(t, filepath.Join(imageFixtures, "base.png"))
	parts := mustReadFile(t, filepath.Join(colourFixtures, "cmyk-parts.jpg"))
	parts = bytes.Replace(parts, []byte("ICC_PROFILE\x00\x02"), []byte("ICC_PROFILX\x00\x02"), 1)
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"cut.png", pngWith(t, "iCCP", iccpChunk(t, cut[:len(cut)-40])), "it is cut off"},
		{"inks.png", pngWith(t, "iCCP", iccpChunk(t, profile("cmyk"))), "another kind of picture"},
		{"grey.png", pngWith(t, "iCCP", iccpChunk(t, profile("gray-dots"))), "another kind of picture"},
		{"alien.png", pngWith(t, "iCCP", iccpChunk(t, alien)), "unsupported device colorspace"},
		{"bomb.png", pngWith(t, "iCCP", iccpChunk(t, make([]byte, maxProfileBytes+1))), "more than 4 MiB"},
		{"packed.png", pngWith(t, "iCCP", []byte("x\x00\x00packed")), "can't be unpacked"},
		{"method.png", pngWith(t, "iCCP", []byte("x\x00\x01packed")), "packed in an unknown way"},
		{"gamma.png", pngWith(t, "gAMA", []byte{0, 0, 0, 0}), "its gAMA is damaged"},
		{"parts.jpg", parts, "a part of it is missing"},
	} {
		path := filepath.Join(t.TempDir(), test.name)
		if err := os.WriteFile(path, test.file, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := ReadFile(path, 1<<30)
		if err != nil || !strings.Contains(f.Note, test.want) || !strings.Contains(f.Note, test.name) || strings.Contains(f.Note, "\n") {
			t.Errorf("%s: %v, note %q: want one with %q", test.name, err, f.Note, test.want)
		}
		if want, err := Decode(plain, "plain"); strings.HasSuffix(test.name, ".png") && (err != nil || !cmp.Equal(want, f.Picture)) {
			t.Errorf("%s: the picture differs, %v", test.name, err)
		}
	}
}

// Counts in a profile are not believed: these would take gigabytes or hours.
func TestProfilesThatLie(t *testing.T) {
	whole := mustReadFile(t, filepath.Join(colourFixtures, "adobe-rgb.icc"))
	change := func(at int, value uint32) []byte {
		p := bytes.Clone(whole)
		binary.BigEndian.PutUint32(p[at:], value)
		return p
	}
	curve := bytes.Index(whole, []byte("curv\x00\x00\x00\x00\x00\x00\x00\x01"))
	zigzag := append(bytes.Clone(whole), make([]byte, 2<<20)...)
	binary.BigEndian.PutUint32(zigzag[curve+8:], 1<<20)
	for i := range int(binary.BigEndian.Uint32(whole[profileHeader:])) {
		entry := zigzag[profileHeader+4+profileTagEntry*i:]
		if int(binary.BigEndian.Uint32(entry[4:])) == curve {
			binary.BigEndian.PutUint32(entry[8:], 12+2<<20)
		}
	}
	table := mustReadFile(t, filepath.Join(colourFixtures, "cmyk.icc"))
	table[bytes.Index(table, []byte("mft2"))+8] = 255
	for name, profile := range map[string][]byte{
		"tags": change(profileHeader, 1<<32-1), "points": change(curve+8, 1<<32-1), "zigzag": zigzag, "channels": table,
		"size": change(profileHeader+4+8, 1<<32-1), "place": change(profileHeader+4+4, 1<<32-1), "header": whole[:profileHeader],
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, err := readProfile(profile)
		runtime.ReadMemStats(&after)
		if err == nil || c != nil {
			t.Errorf("%s: want an error", name)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: took %d bytes", name, used)
		}
	}
}

// Whatever stands in a profile, it is used or refused.
func FuzzProfile(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(colourFixtures, "*.icc"))
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		f.Add(mustReadFile(f, file))
	}
	picture := map[int]image.Image{1: image.NewGray16(image.Rect(0, 0, 4, 3)), 3: image.NewNRGBA64(image.Rect(0, 0, 4, 3)), 4: image.NewCMYK(image.Rect(0, 0, 4, 3))}
	for _, p := range picture {
		pix := reflect.ValueOf(p).Elem().FieldByName("Pix").Bytes()
		for i := range pix {
			pix[i] = byte(255 * i / len(pix))
		}
	}
	f.Fuzz(func(t *testing.T, profile []byte) {
		if c, err := readProfile(profile); err == nil && c != nil {
			toSRGB(picture[c.channels], colourSource{icc: profile}, nil)
		}
	})
}
