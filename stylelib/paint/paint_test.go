package paint_test

import (
	"context"
	"image"
	"image/color"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/paint"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

// stripes is a picture with some of everything.
func stripes(height, width int) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range height * width {
		x, y := i%width, i/width
		picture.SetRGBA(x, y, color.RGBA{uint8(9 * x), uint8(7 * y), uint8(x * y), 255})
	}
	return picture
}

// Two pictures in, one out, by one call: the same that the parts make.
func TestPicture(t *testing.T) {
	t.Setenv(weights.EnvWeights, weights.Offline)
	t.Setenv("GOMLX_BACKEND", "go")
	options := transfer.Default()
	options.Epochs = 1
	content, style := stripes(40, 60), stripes(50, 50)
	picture, err := paint.Picture(t.Context(), content, style, &options)
	if err != nil || picture.Bounds() != image.Rect(0, 0, 60, 40) {
		t.Fatalf("%v, %v", picture.Bounds(), err)
	}
	r := transfer.NewRequest("", "").With(transfer.Pictures{Content: content, Styles: []image.Image{style}})
	r.Options, r.Height = options, 40
	opened, err := transfer.Open(t.Context(), testkit.Engine(t, "go").Backend, r)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	x, err := opened.Train(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := sl.Postprocess(x)
	if err != nil {
		t.Fatal(err)
	}
	if d := testkit.Compare(t, picture.(*image.RGBA), want); d.Max > 0 {
		t.Errorf("the pictures differ: %v", d)
	}
}

// What can't be painted is one line, and an end before the first epoch leaves no picture.
func TestPictureRefuses(t *testing.T) {
	t.Setenv(weights.EnvWeights, weights.Offline)
	t.Setenv("GOMLX_BACKEND", "go")
	picture := stripes(40, 60)
	ended, end := context.WithCancel(t.Context())
	end()
	for want, err := range map[string]error{
		"the content image is missing": second(paint.Picture(t.Context(), nil, picture, nil)),
		"a style image is missing":     second(paint.Picture(t.Context(), picture, nil, nil)),
		"epochs: -1":                   second(paint.Picture(t.Context(), picture, picture, &transfer.Options{Options: sl.Options{Epochs: -1}, Pooling: transfer.PoolingOfWeights})),
		"context canceled":             second(paint.Picture(ended, picture, picture, nil)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func second(picture image.Image, err error) error { return err }
