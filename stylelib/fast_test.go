package stylelib_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"

	"github.com/gomlx/gomlx/core/tensors"
)

// With the chapter's numbers and no smoothing the fast training is the exact one.
func TestTrainFastWithTheChaptersNumbers(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		r := newTraining(t, e, func(o *sl.Options) { o.LearningRate = 0.05 })
		var exact, fast []sl.Record
		image, err := r.run(t.Context(), keep(&exact))
		if err != nil {
			t.Fatal(err)
		}
		want := tensors.MustCopyFlatData[float32](image)
		settings := sl.Fast{Epochs: 5, LearningRate: 0.05, Hold: 0.99, Beta1: sl.AdamBeta1, Beta2: sl.AdamBeta2}
		image, err = sl.TrainFast(t.Context(), r.extractor, r.content, r.style, r.options, settings, keep(&fast))
		if err != nil {
			t.Fatal(err)
		}
		if len(fast) != 5 {
			t.Fatalf("%d records, want 5", len(fast))
		}
		for i, record := range fast {
			for _, pair := range [][2]float64{{record.Total, exact[i].Total}, {record.Style, exact[i].Style},
				{record.TV, exact[i].TV}, {record.LR, exact[i].LR}} {
				if testkit.RelativeError(pair[0], pair[1]) > 1e-4 {
					t.Errorf("epoch %d: %+v, the exact loop has %+v", i+1, record, exact[i])
				}
			}
		}
		if difference := testkit.RelativeL2(t, tensors.MustCopyFlatData[float32](image), want); difference > 1e-3 {
			t.Errorf("the picture differs by %g from the exact loop's", difference)
		}
	})
}

// The claim of DefaultFast, on our own pictures and a random network: about the loss of the chapter's 500 epochs.
func TestTrainFastReachesTheChaptersLoss(t *testing.T) {
	e := testkit.Fastest(t)
	options := sl.Default()
	content, style := ownPicture(t, "content.jpg", options), ownPicture(t, "style.jpg", options)
	net, err := weights.Random(19, [5]int{16, 32, 64, 128, 128}, options.LastLayer())
	if err != nil {
		t.Fatal(err)
	}
	if net, err = sl.NormalizeLayers(e.Backend, net, options, content, style); err != nil {
		t.Fatal(err)
	}
	extractor, err := sl.NewExtractor(e.Backend, net, options)
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	var exact, fast []sl.Record
	if _, err := sl.Train(t.Context(), extractor, content, style, options, keep(&exact)); err != nil {
		t.Fatal(err)
	}
	settings := sl.DefaultFast()
	if _, err := sl.TrainFast(t.Context(), extractor, content, style, options, settings, keep(&fast)); err != nil {
		t.Fatal(err)
	}
	if settings.Epochs > options.Epochs/2 || len(fast) != settings.Epochs {
		t.Errorf("%d epochs in place of %d", len(fast), options.Epochs)
	}
	mean := 0.0
	for _, r := range exact[len(exact)-10:] {
		mean += r.Total / 10
	}
	if last := fast[len(fast)-1].Total; last > 1.01*mean {
		t.Errorf("the total is %g after %d epochs, the exact loop's %g after %d", last, len(fast), mean, len(exact))
	}
	if first, last := fast[0].LR, fast[len(fast)-1].LR; first != settings.LearningRate || last > first/1000 {
		t.Errorf("the learning rate goes from %g to %g, want it to fall from %g to about 0", first, last, settings.LearningRate)
	}
}

// ownPicture is one of our own two, at 32 × 48.
func ownPicture(t *testing.T, name string, options sl.Options) *tensors.Tensor {
	t.Helper()
	picture, err := sl.ReadImage(filepath.Join(testkit.Root(t), "data", name))
	if err != nil {
		t.Fatal(err)
	}
	tensor, err := sl.Preprocess(picture, 32, 48, options.Resize)
	if err != nil {
		t.Fatal(err)
	}
	return tensor
}

// keep returns a report that collects the records.
func keep(records *[]sl.Record) func(sl.Record) error {
	return func(r sl.Record) error {
		r.Image = nil
		*records = append(*records, r)
		return nil
	}
}

func TestTrainFastRefusesSettings(t *testing.T) {
	for _, change := range []func(*sl.Fast){
		func(f *sl.Fast) { f.Epochs = -1 }, func(f *sl.Fast) { f.LearningRate = -1 }, func(f *sl.Fast) { f.Hold = 1 },
		func(f *sl.Fast) { f.Beta2 = 1 }, func(f *sl.Fast) { f.Smoothing = -1 },
	} {
		fast := sl.DefaultFast()
		change(&fast)
		var wrong *sl.OptionError
		if _, err := sl.TrainFast(context.Background(), nil, nil, nil, sl.Default(), fast, nil); !errors.As(err, &wrong) {
			t.Errorf("%+v: got %v, want an OptionError", fast, err)
		}
	}
}
