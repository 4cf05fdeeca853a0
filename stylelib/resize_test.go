package stylelib

import (
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"strings"

	"stylebook/stylelib/internal/testkit"
	"testing"
)

const imageFixtures = "internal/imagefile/testdata"

var fixtureSizes = [][2]int{{70, 45}, {20, 31}, {47, 30}, {13, 61}, {100, 9}, {1, 1}, {16, 16}, {60, 90}}

func TestResizeLikePillowAndOpenCV(t *testing.T) {
	base := testkit.ReadPNG(t, filepath.Join(imageFixtures, "base.png"))
	for _, test := range []struct {
		by     string
		filter ResizeFilter
		limit  testkit.Difference
	}{
		{"pillow", AntialiasBilinear, testkit.Difference{}},
		{"opencv", PlainBilinear, testkit.Difference{Max: 1, Share: 0.15}},
	} {
		for _, size := range fixtureSizes {
			name := fmt.Sprintf("resize-%dx%d-%s.png", size[0], size[1], test.by)
			got, err := Resize(base, size[0], size[1], test.filter)
			if err != nil {
				t.Fatal(err)
			}
			d := testkit.Compare(t, got, testkit.ReadPNG(t, filepath.Join(imageFixtures, name)))
			t.Logf("%s: %v", name, d)
			if small := size[0]*size[1] < 100; d.Max > test.limit.Max || d.Share > test.limit.Share && !small {
				t.Errorf("%s: %v: want at most %d, %.0f %%", name, d, test.limit.Max, 100*test.limit.Share)
			}
		}
	}
}

// sharedResizes reads the [h, w, 3] uint8 tensors of a fixture file.
func sharedResizes(t *testing.T, path string) map[string]*image.RGBA {
	t.Helper()
	images := map[string]*image.RGBA{}
	for name, tensor := range testkit.ReadSafetensors(t, path) {
		img := image.NewRGBA(image.Rect(0, 0, tensor.Shape[1], tensor.Shape[0]))
		for i := range len(tensor.Data) / 3 {
			copy(img.Pix[4*i:], tensor.Data[3*i:3*i+3])
			img.Pix[4*i+3] = 255
		}
		images[name] = img
	}
	return images
}

func TestResizeLikeSharedGolden(t *testing.T) {
	images := sharedResizes(t, testkit.Shared(t, "golden", "resize.safetensors"))
	for name, want := range images {
		kind, _, isResized := strings.Cut(name, "-")
		if !isResized {
			continue
		}
		filter, limit := PlainBilinear, testkit.Difference{}
		switch kind {
		case "pil":
			filter = AntialiasBilinear
		case "opencv":
			limit = testkit.Difference{Max: 1, Share: 0.13}
		}
		got, err := Resize(images["source"], want.Rect.Dy(), want.Rect.Dx(), filter)
		if err != nil {
			t.Fatal(err)
		}
		d := testkit.Compare(t, got, want)
		t.Logf("%s: %v", name, d)
		if d.Max > limit.Max || d.Share > limit.Share {
			t.Errorf("%s: %v: want at most %d, %.1f %%", name, d, limit.Max, 100*limit.Share)
		}
	}
}

// Full-size decoding and both ways of resizing at once.
func TestSharedPhotographs(t *testing.T) {
	folder := filepath.Dir(testkit.Shared(t, "images"))
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
				d := testkit.Compare(t, got, testkit.ReadPNG(t, filepath.Join(folder, "golden", "images", golden)))
				t.Logf("%s: %v", golden, d)
				if limit := map[string]int{"pil": 1, "cv": 3}[suffix]; d.Max > limit {
					t.Errorf("%s: %v: want at most %d", golden, d, limit)
				}
			}
		}
	}
}

// By hand. From 4 pixels to 2, s = 2: the triangle gives 3/8, 3/8, 1/8 to the first three and, at the border, is
// divided by 7/8. Two taps at place 0.5 give 1/2, 1/2. From 2 pixels to 4, both give 3/4, 1/4.
func TestResizeByHand(t *testing.T) {
	narrow, wide := testkit.Labelled([]uint8{0, 100}), testkit.Labelled([]uint8{0, 70, 140, 21})
	for _, test := range []struct {
		img    *image.RGBA
		width  int
		filter ResizeFilter
		want   []uint8
	}{
		{wide, 2, AntialiasBilinear, []uint8{50, 79}}, // (0·3+70·3+140)/7 = 50; (70+140·3+21·3)/7 = 79
		{wide, 2, PlainBilinear, []uint8{35, 80}},     // (140+21)/2 = 80.5, to the even one
		{narrow, 4, AntialiasBilinear, []uint8{0, 25, 75, 100}},
		{narrow, 4, PlainBilinear, []uint8{0, 25, 75, 100}},
		{narrow, 1, AntialiasBilinear, []uint8{50}},
		{narrow, 2, PlainBilinear, []uint8{0, 100}},
	} {
		got, err := Resize(test.img, 3, test.width, test.filter)
		if err != nil {
			t.Fatal(err)
		}
		for y := range 3 {
			for x, want := range test.want {
				if c := got.RGBAAt(x, y); c.R != want {
					t.Errorf("%v, %d to %d pixels: pixel (%d, %d) is %d, want %d", test.filter, test.img.Rect.Dx(), test.width, y, x, c.R, want)
				}
			}
		}
	}
}

func TestResizeKeepsConstants(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 37, 23))
	for i := range img.Pix {
		img.Pix[i] = []uint8{255, 0, 131, 255}[i%4]
	}
	for _, filter := range []ResizeFilter{AntialiasBilinear, PlainBilinear} {
		for _, size := range [][2]int{{1, 1}, {5, 100}, {100, 5}, {23, 37}} {
			got, err := Resize(img, size[0], size[1], filter)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range got.Pix {
				if v != img.Pix[i%4] {
					t.Fatalf("%v to %v: value %d is %d", filter, size, i, v)
				}
			}
		}
	}
}

// A picture of the same size is a copy: changing one must not change the other.
func TestResizeToSameSizeCopies(t *testing.T) {
	img := testkit.ReadPNG(t, filepath.Join(imageFixtures, "base.png"))
	for _, filter := range []ResizeFilter{AntialiasBilinear, PlainBilinear} {
		got, err := Resize(img, img.Rect.Dy(), img.Rect.Dx(), filter)
		if err != nil {
			t.Fatal(err)
		}
		if d := testkit.Compare(t, got, img); d.Max > 0 {
			t.Errorf("%v: %v", filter, d)
		}
		if &got.Pix[0] == &img.Pix[0] {
			t.Errorf("%v shares the memory of its argument", filter)
		}
	}
}

func TestResizeRefuses(t *testing.T) {
	img := testkit.Labelled([]uint8{1, 2})
	for _, size := range [][2]int{{0, 5}, {5, 0}, {-1, 5}, {5, -1}, {1 << 40, 1 << 40}, {10001, 10000}} {
		_, err := Resize(img, size[0], size[1], AntialiasBilinear)
		var sizeErr *SizeError
		if !errors.As(err, &sizeErr) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: got %v, want a *SizeError", size, err)
		}
	}
	if _, err := Resize(img, 5, 5, ResizeFilter(7)); err == nil || !strings.Contains(err.Error(), "unknown filter 7") {
		t.Errorf("unknown filter: got %v", err)
	}
	for _, empty := range []image.Image{nil, image.NewRGBA(image.Rectangle{})} {
		if _, err := Resize(empty, 5, 5, PlainBilinear); err == nil {
			t.Error("a picture without pixels: want an error")
		}
	}
}

func ExampleResize() {
	stripes := image.NewGray(image.Rect(0, 0, 8, 1))
	stripes.Pix = []uint8{0, 255, 0, 255, 0, 255, 0, 255}
	for _, filter := range []ResizeFilter{AntialiasBilinear, PlainBilinear} {
		img, err := Resize(stripes, 1, 2, filter)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(filter, img.RGBAAt(0, 0).R, img.RGBAAt(1, 0).R)
	}
	// Output:
	// antialias bilinear 118 137
	// plain bilinear 128 128
}
