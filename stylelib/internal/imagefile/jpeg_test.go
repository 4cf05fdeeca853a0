package imagefile

import (
	"image"
	"os"
	"path/filepath"
	"strings"

	"stylebook/stylelib/internal/testkit"
	"testing"
)

const imageFixtures = "testdata"

// Go and libjpeg-turbo round differently in the inverse cosine transform: 1 level of Y, Cb or Cr, so up to 1 + 1.772
// of B. Repeated chroma would be dozens of levels off.
const jpegTolerance = 4

func TestJPEGLikePillow(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(imageFixtures, "*.jpg"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d fixtures, %v: want at least 40", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got, err := Read(file)
			if err != nil {
				t.Fatal(err)
			}
			d := testkit.Compare(t, got, testkit.ReadPNG(t, file+".golden.png"))
			t.Log(d)
			if d.Max > jpegTolerance {
				t.Errorf("%v: want at most %d", d, jpegTolerance)
			}
			if manyPixels := len(got.Pix) > 4*100; manyPixels && d.Share > 0.1 {
				t.Errorf("%v: want at most 10 %%", d)
			}
		})
	}
}

// By hand: where a weighted mean is half-way, the left and upper one of two new samples is rounded otherwise than the
// right and lower one.
func TestChromaRoundingByHand(t *testing.T) {
	for _, test := range []struct {
		name  string
		plane chromaPlane
		ratio image.YCbCrSubsampleRatio
		want  [][]uint8
	}{
		{"4:2:2", chromaPlane{[]uint8{0, 2, 0}, 3, 1, 3}, image.YCbCrSubsampleRatio422, [][]uint8{{0, 1, 1, 2, 0, 0}}},
		{"4:2:0", chromaPlane{[]uint8{0, 2, 5}, 3, 1, 3}, image.YCbCrSubsampleRatio420, [][]uint8{{0, 0, 2, 3, 4, 5}}},
		{"4:4:0", chromaPlane{[]uint8{0, 2}, 1, 2, 1}, image.YCbCrSubsampleRatio440, [][]uint8{{0}, {1}, {1}, {2}}},
	} {
		for y, want := range test.want {
			got := make([]uint8, len(want))
			chromaUpsampler(test.ratio, test.plane.width)(got, test.plane, y)
			if string(got) != string(want) {
				t.Errorf("%s, row %d: got %v, want %v", test.name, y, got, want)
			}
		}
	}
}

// By hand: chroma rows (0, 100, 200) and (40, 140, 240); h2v2 weighs them 9, 3, 3 and 1.
func TestChromaUpsamplingByHand(t *testing.T) {
	plane := chromaPlane{[]uint8{0, 100, 200, 40, 140, 240}, 3, 2, 3}
	for _, test := range []struct {
		name  string
		ratio image.YCbCrSubsampleRatio
		row   int
		want  []uint8
	}{
		{"4:4:4", image.YCbCrSubsampleRatio444, 1, []uint8{40, 140, 240}},
		{"4:2:2", image.YCbCrSubsampleRatio422, 0, []uint8{0, 25, 75, 125, 175, 200}},
		{"4:4:0 top", image.YCbCrSubsampleRatio440, 0, []uint8{0, 100, 200}},
		{"4:4:0 below it", image.YCbCrSubsampleRatio440, 1, []uint8{10, 110, 210}},
		{"4:2:0 top", image.YCbCrSubsampleRatio420, 0, []uint8{0, 25, 75, 125, 175, 200}},
		{"4:2:0 below it", image.YCbCrSubsampleRatio420, 1, []uint8{10, 35, 85, 135, 185, 210}},
		{"4:1:1", image.YCbCrSubsampleRatio411, 1, []uint8{40, 40, 40, 40, 140, 140, 140, 140, 240, 240, 240, 240}},
		{"4:1:0", image.YCbCrSubsampleRatio410, 2, []uint8{40, 40, 40, 40, 140, 140, 140, 140, 240, 240, 240, 240}},
	} {
		got := make([]uint8, len(test.want))
		chromaUpsampler(test.ratio, plane.width)(got, plane, test.row)
		if string(got) != string(test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestWebPLikePillow(t *testing.T) {
	for _, name := range []string{"lossy", "lossless", "exif", "alpha", "alpha-lossless", "1x1"} {
		file := filepath.Join(imageFixtures, name+".webp")
		got, err := Read(file)
		if err != nil {
			t.Error(err)
			continue
		}
		d := testkit.Compare(t, got, testkit.ReadPNG(t, file+".golden.png"))
		t.Logf("%s: %v", name, d)
		if d.Max > 0 {
			t.Errorf("%s: %v: want the same values", name, d)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	file := testkit.Shared(b, "images", "rainier.jpg")
	for b.Loop() {
		img, err := Read(file)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(img.Pix) / 4)) // so MB/s reads as megapixels per second
	}
}

func TestCutOffJPEG(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(imageFixtures, "444.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{2, 3, 20, 200, len(data) / 2} {
		_, err := Decode(data[:size], "cut.jpg")
		if err == nil || !strings.Contains(err.Error(), "cut.jpg: the JPEG is cut off") {
			t.Errorf("%d of %d bytes: got %v", size, len(data), err)
		}
	}
}
