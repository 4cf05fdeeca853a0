package transfer

import (
	"path/filepath"
	"testing"

	"stylebook/stylelib/internal/testkit"
)

// The second picture of a size finds the style's targets, the program for its features and that of an epoch; one of another
// height finds none.
func TestWhatIsShared(t *testing.T) {
	e := testkit.Engine(t, "go")
	r := NewRequest(filepath.Join(testkit.Root(t), "data", "golden", "images", "source.png"), "")
	r.Styles[0], r.Height, r.Width, r.Many, r.Options.Epochs = r.Content, 32, 32, true, 1
	r.Weights.Spec = filepath.Join(testkit.Root(t), "data", "weights", "vgg19-random.safetensors")
	first, err := Open(t.Context(), e.Backend, r)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	var before shared
	for _, test := range []struct{ height, sizes int }{{32, 1}, {32, 1}, {40, 2}} {
		r.Height, r.Options.Epochs = test.height, r.Options.Epochs+1
		other, err := first.With(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Train(t.Context(), nil, nil); err != nil {
			t.Fatal(err)
		}
		other.Close()
		if len(first.shares) != test.sizes {
			t.Fatalf("trainings of %d sizes share, want %d", len(first.shares), test.sizes)
		}
		now := first.shares[size{test.height, 32}]
		style, content := now.parts["style"], now.contents["content"]
		if style == nil || content == nil || now.epoch == nil {
			t.Fatalf("shared are %v", now)
		}
		if test.sizes == 1 && before.epoch != nil && (style != before.parts["style"] || content != before.contents["content"] || now.epoch != before.epoch) {
			t.Error("the second training has its own")
		}
		before = *now
	}
	r.Many = false
	if _, err := first.With(r); err == nil {
		t.Error("want an error for a request that is not for many")
	}
}
