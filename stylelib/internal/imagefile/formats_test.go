package imagefile

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stylebook/stylelib/internal/testkit"
)

// bounds say how far a value may be from Pillow's, and in what share of all values it may be off at all.
type bounds struct {
	most  int
	share float64
}

// What uncommon files hold is what Pillow, with libheif, libavif, libjpeg-turbo and libtiff, makes of them. Differences are of
// rounding: in a BMP of 5 bits for each colour, in colours from luma and chroma, in HDR; and libyuv, in Pillow, takes the last chroma
// of an AVIF with an odd side otherwise.
func TestFormatsLikePillow(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(imageFixtures, "formats", "*.golden.png"))
	if err != nil || len(files) < 55 {
		t.Fatalf("%d fixtures, %v: want at least 55", len(files), err)
	}
	limits := map[string]bounds{".heic": {3, 0.2}, "deep.heic": {2, 0.5}, ".avif": {4, 0.3}, "odd.avif": {10, 0.3}, "555.bmp": {1, 0.6}, "565.bmp": {1, 0.6}, "p3.png": {1, 0.01}, "pq.png": {1, 0.01}, "hlg.png": {1, 0.01}}
	notes := map[string]string{"cut.png": "its last 4 of 19 rows are missing, and gray", "cut-last-tenth.jpg": "its last 16 of 96 rows are missing, and gray", "header-taller-than-data.jpg": "its last 64 of 160 rows are missing, and gray"}
	for _, golden := range files {
		file := strings.TrimSuffix(golden, ".golden.png")
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			got, err := ReadFile(file, 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			if want := notes[name]; (got.Note == "") != (want == "") || !strings.Contains(got.Note, want) {
				t.Errorf("note %q, want %q", got.Note, want)
			}
			limit, known := limits[name]
			if !known {
				limit = limits[filepath.Ext(name)]
			}
			d := testkit.Compare(t, got.Picture, testkit.ReadPNG(t, golden))
			t.Log(d)
			if d.Max > limit.most || d.Share > limit.share {
				t.Errorf("%v: want at most %d, in a share of %v", d, limit.most, limit.share)
			}
		})
	}
}

// A JPEG for which memory is short is read smaller, and says so; another picture is refused, and so is a JPEG of which little would be left.
func TestLittleMemory(t *testing.T) {
	large := image.NewGray(image.Rect(0, 0, 6000, 4000))
	for i := range large.Pix {
		large.Pix[i] = uint8(i % 6000 / 24)
	}
	folder := t.TempDir()
	for name, encode := range map[string]func(io.Writer) error{
		"a.jpg": func(w io.Writer) error { return jpeg.Encode(w, large, nil) }, "a.png": func(w io.Writer) error { return png.Encode(w, large) },
	} {
		var file bytes.Buffer
		if err := encode(&file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadFile(filepath.Join(folder, "a.jpg"), 250e6)
	if err != nil {
		t.Fatal(err)
	}
	if want := "it is read at 1/2 of its height and width, 2000 × 3000"; !strings.Contains(got.Note, want) {
		t.Errorf("note %q, want %q", got.Note, want)
	}
	if of := got.Picture.RGBAAt(1500, 700); got.Picture.Rect != image.Rect(0, 0, 3000, 2000) || of.R < 122 || of.R > 128 {
		t.Errorf("%v, %v in the middle", got.Picture.Rect, of)
	}
	for name, memory := range map[string]int64{"a.png": 250e6, "a.jpg": 60e6} {
		path := filepath.Join(folder, name)
		_, err := ReadFile(path, memory)
		wantImageError(t, err, path, "may be taken: make it smaller first")
	}
}
