package transfer

import (
	"image"
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"
)

// The claim of the fast optimizer, on our own pictures and real features: about the loss of the chapter's 500 epochs.
func TestFastReachesTheChaptersLoss(t *testing.T) {
	wanted := weights.Default()
	wanted.Spec = weights.VGG16
	loaded, err := weights.Load(t.Context(), wanted)
	if err != nil {
		t.Skipf("scripts/setup has not brought VGG-16: %v", err)
	}
	const height, width = 96, 144
	e, net, options := testkit.Fastest(t), loaded.Network, Default()
	pictures := Pictures{Content: ownPicture(t, "content.jpg"), Styles: []image.Image{ownPicture(t, "style.jpg")}}
	run := func(options Options) (records []sl.Record) {
		training, err := New(e.Backend, net, pictures, height, width, options)
		if err != nil {
			t.Fatal(err)
		}
		defer training.Close()
		_, err = training.Train(t.Context(), nil, func(p Epoch) error { return keep(&records)(p.Record) })
		if err != nil {
			t.Fatal(err)
		}
		return records
	}
	exact := run(options)
	options.Use(Fast)
	fast := run(options)
	if len(exact) != 500 || 3*options.Epochs > len(exact) || len(fast) != options.Epochs {
		t.Errorf("%d epochs in place of %d", len(fast), len(exact))
	}
	mean := 0.0
	for _, r := range exact[len(exact)-10:] {
		mean += r.Total / 10
	}
	if last := fast[len(fast)-1].Total; last > 1.01*mean {
		t.Errorf("the total is %g after %d epochs, the exact loop's %g after %d", last, len(fast), mean, len(exact))
	}
	if first, last := fast[0].LR, fast[len(fast)-1].LR; first != options.LearningRate || last > first/50 {
		t.Errorf("the learning rate goes from %g to %g, want it to fall from %g to about 0", first, last, options.LearningRate)
	}
}

// ownPicture is one of our own two.
func ownPicture(t *testing.T, name string) image.Image {
	t.Helper()
	picture, err := sl.ReadImage(filepath.Join(testkit.Root(t), "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// keep returns a report that collects the records.
func keep(records *[]sl.Record) func(sl.Record) error {
	return func(r sl.Record) error {
		r.Image = nil
		*records = append(*records, r)
		return nil
	}
}
