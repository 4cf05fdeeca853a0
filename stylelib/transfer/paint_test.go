package transfer_test

import (
	"context"
	"image"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

// Two pictures in, one out, by one call: the same that the parts make.
func TestPaint(t *testing.T) {
	t.Setenv(weights.EnvWeights, weights.Offline)
	t.Setenv("GOMLX_BACKEND", "go")
	options := transfer.Default()
	options.Epochs = 1
	content, style := waves(40, 60, 1), waves(50, 50, 3)
	picture, err := transfer.Paint(t.Context(), content, style, &options)
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
func TestPaintRefuses(t *testing.T) {
	t.Setenv(weights.EnvWeights, weights.Offline)
	t.Setenv("GOMLX_BACKEND", "go")
	picture := waves(40, 60, 1)
	ended, end := context.WithCancel(t.Context())
	end()
	for want, err := range map[string]error{
		"the content image is missing": second(transfer.Paint(t.Context(), nil, picture, nil)),
		"a style image is missing":     second(transfer.Paint(t.Context(), picture, nil, nil)),
		"epochs: -1":                   second(transfer.Paint(t.Context(), picture, picture, &transfer.Options{Options: sl.Options{Epochs: -1}, Pooling: transfer.PoolingOfWeights})),
		"context canceled":             second(transfer.Paint(ended, picture, picture, nil)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func second(picture image.Image, err error) error { return err }

// Pictures in memory make the same run as long as their pixels are the same.
func TestPicturesInMemoryAreARun(t *testing.T) {
	key := func(content, style image.Image) string {
		r := small(t).With(transfer.Pictures{Content: content, Styles: []image.Image{style}})
		opened, err := transfer.Open(t.Context(), testkit.Engine(t, "go").Backend, r)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		spec, err := runs.NewSpec(opened, 8, "go")
		if err != nil {
			t.Fatal(err)
		}
		return spec.Key()
	}
	one, other := key(waves(40, 60, 1), waves(50, 50, 3)), key(waves(40, 60, 1), waves(50, 50, 4))
	if again := key(waves(40, 60, 1), waves(50, 50, 3)); one != again || one == other {
		t.Errorf("keys %s, %s, another picture's %s", one, again, other)
	}
}
