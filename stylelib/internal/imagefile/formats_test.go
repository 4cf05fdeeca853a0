package imagefile

import (
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
	notes := map[string]string{"cut-last-tenth.jpg": "its last 16 of 96 rows are missing, and gray", "header-taller-than-data.jpg": "its last 64 of 160 rows are missing, and gray"}
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
