package stylelib

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const imageFixtures = "testdata/images"

// readGoldenPNG reads a picture with Go's decoder alone, so that no code under test has a part in what is expected.
func readGoldenPNG(t testing.TB, path string) *image.RGBA {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	b := img.Bounds()
	rgba := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			rgba.Set(x, y, color.RGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)))
		}
	}
	return rgba
}

// imageDifference is how the R, G, B values of two pictures differ, in grey levels.
type imageDifference struct {
	Max         int
	Mean, Share float64 // Share of the values that differ
}

func (d imageDifference) String() string {
	return fmt.Sprintf("max %d, mean %.4f, %.2f %% differ", d.Max, d.Mean, 100*d.Share)
}

func compareImages(t testing.TB, got, want *image.RGBA) (d imageDifference) {
	t.Helper()
	if got.Rect != want.Rect {
		t.Fatalf("bounds %v, want %v", got.Rect, want.Rect)
	}
	if len(got.Pix) != len(want.Pix) || got.Stride != want.Stride {
		t.Fatalf("%d bytes, stride %d; want %d, stride %d", len(got.Pix), got.Stride, len(want.Pix), want.Stride)
	}
	for i := range got.Pix {
		delta := max(int(got.Pix[i])-int(want.Pix[i]), int(want.Pix[i])-int(got.Pix[i]))
		if i%4 == 3 && got.Pix[i] != 255 {
			t.Fatalf("alpha %d at byte %d: want 255 everywhere", got.Pix[i], i)
		}
		d.Max = max(d.Max, delta)
		d.Mean += float64(delta)
		if delta > 0 {
			d.Share++
		}
	}
	values := float64(len(got.Pix) / 4 * 3)
	d.Mean /= values
	d.Share /= values
	return d
}

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
			got, err := ReadImage(file)
			if err != nil {
				t.Fatal(err)
			}
			d := compareImages(t, got, readGoldenPNG(t, file+".golden.png"))
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
		got, err := ReadImage(file)
		if err != nil {
			t.Error(err)
			continue
		}
		d := compareImages(t, got, readGoldenPNG(t, file+".golden.png"))
		t.Logf("%s: %v", name, d)
		if d.Max > 0 {
			t.Errorf("%s: %v: want the same values", name, d)
		}
	}
}

// sharedPhotographs returns the folder of the two photographs, which are not part of this project.
func sharedPhotographs(t testing.TB) string {
	t.Helper()
	folder := filepath.Join("..", "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(folder, "images", "rainier.jpg")); err != nil {
		t.Skipf("skipped: the photographs are not in %s", folder)
	}
	return folder
}

// Full-size decoding and both ways of resizing at once.
func TestSharedPhotographs(t *testing.T) {
	folder := sharedPhotographs(t)
	filters := map[string]ResizeFilter{"pil": AntialiasBilinear, "cv": PlainBilinear}
	for _, name := range []string{"rainier", "autumn-oak"} {
		img, err := ReadImage(filepath.Join(folder, "images", name+".jpg"))
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int{{60, 90}, {150, 225}} {
			for suffix, filter := range filters {
				golden := fmt.Sprintf("%s-%dx%d-%s.png", name, size[0], size[1], suffix)
				got, err := Resize(img, size[0], size[1], filter)
				if err != nil {
					t.Fatal(err)
				}
				d := compareImages(t, got, readGoldenPNG(t, filepath.Join(folder, "golden", "images", golden)))
				t.Logf("%s: %v", golden, d)
				if limit := map[string]int{"pil": 1, "cv": 3}[suffix]; d.Max > limit {
					t.Errorf("%s: %v: want at most %d", golden, d, limit)
				}
			}
		}
	}
}

func BenchmarkReadImage(b *testing.B) {
	file := filepath.Join(sharedPhotographs(b), "images", "rainier.jpg")
	for b.Loop() {
		img, err := ReadImage(file)
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
	for _, size := range []int{2, 3, 20, 200, len(data) / 2, len(data) - 1} {
		_, err := DecodeImage(data[:size], "cut.jpg")
		if err == nil || !strings.Contains(err.Error(), "cut.jpg: the JPEG is cut off") {
			t.Errorf("%d of %d bytes: got %v", size, len(data), err)
		}
	}
}
