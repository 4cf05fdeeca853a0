package testkit

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"
)

// ReadPNG reads a picture with Go's decoder alone, so that no code under test has a part in what is expected.
func ReadPNG(t testing.TB, path string) *image.RGBA {
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

// Difference is how the R, G, B values of two pictures differ, in grey levels.
type Difference struct {
	Max         int
	Mean, Share float64 // Share of the values that differ
}

func (d Difference) String() string {
	return fmt.Sprintf("max %d, mean %.4f, %.2f %% differ", d.Max, d.Mean, 100*d.Share)
}

// Compare tells how two opaque pictures of the same size differ.
func Compare(t testing.TB, got, want *image.RGBA) (d Difference) {
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

// Labelled makes a picture whose red values are the given ones.
func Labelled(rows ...[]uint8) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, len(rows[0]), len(rows)))
	for y, row := range rows {
		for x, v := range row {
			copy(img.Pix[img.PixOffset(x, y):], []uint8{v, 100 + v, 200 + v, 255})
		}
	}
	return img
}
