package transfer_test

import (
	"image"
	"reflect"
	"strings"
	"testing"
	"time"

	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

// What is foreseen of pictures of which only the sizes are known is what is estimated once they are there.
func TestForesee(t *testing.T) {
	e := testkit.Engine(t, "go")
	r := small(t)
	r.Weights.Spec = weights.Offline
	cache := transfer.NewCache(e.Backend)
	defer cache.Close()
	r.Cache = cache
	content, style := waves(40, 60, 1), waves(50, 50, 3)
	opened, err := transfer.Open(t.Context(), e.Backend, r.With(transfer.Pictures{Content: content, Styles: []image.Image{style}}))
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	estimate, err := opened.Estimate()
	if err != nil {
		t.Fatal(err)
	}
	sum := time.Duration(0)
	for _, one := range estimate.Epochs {
		sum += one
	}
	if len(estimate.Epochs) != opened.Options.Epochs || sum != estimate.Total {
		t.Errorf("%d epochs, in all %s, of %d, %s", len(estimate.Epochs), sum, opened.Options.Epochs, estimate.Total)
	}
	blank := transfer.Pictures{Content: transfer.Blank(content.Bounds()), Styles: []image.Image{transfer.Blank(style.Bounds())}}
	foreseen, err := transfer.Foresee(t.Context(), e.Backend, r.With(blank))
	if err != nil {
		t.Fatal(err)
	}
	if foreseen.Bytes != estimate.Bytes || foreseen.Height != opened.Height || foreseen.Width != opened.Width || foreseen.Epochs != opened.Options.Epochs || foreseen.Total <= 0 {
		t.Errorf("foreseen %+v, estimated %+v of %d × %d", foreseen, estimate, opened.Height, opened.Width)
	}
	compiled := cache.Compiled()
	if again, err := transfer.Foresee(t.Context(), e.Backend, r.With(blank)); err != nil || !reflect.DeepEqual(again, foreseen) || cache.Compiled() != compiled {
		t.Errorf("it was measured again: %+v, %v", again, err)
	}
	r.Weights.Spec, r.Weights.CacheDir = weights.VGG19, t.TempDir()
	r.Weights.Getenv = func(string) string { return t.TempDir() }
	if _, err := transfer.Foresee(t.Context(), e.Backend, r.With(blank)); err == nil || !strings.Contains(err.Error(), "no VGG-19 could be had") {
		t.Errorf("weights that are not here are not downloaded for it: %v", err)
	}
}
