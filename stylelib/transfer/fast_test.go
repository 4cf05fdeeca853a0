package transfer

import (
	"image"
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"

	"github.com/gomlx/gomlx/core/tensors"
)

// With the chapter's numbers and no smoothing the fast training is the exact one.
func TestFastWithTheChaptersNumbers(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		options := Default()
		options.LearningRate, options.Epochs = 0.05, 5
		net, err := weights.Random(1, sl.VGG19, [5]int{4, 4, 8, 8, 8}, options.Layers()...)
		if err != nil {
			t.Fatal(err)
		}
		extractor, err := NewExtractor(e.Backend, net, options)
		if err != nil {
			t.Fatal(err)
		}
		defer extractor.Finalize()
		pictures := &sized{size: size{32, 48}, content: Noise(1, 32, 48), styles: []*tensors.Tensor{Noise(2, 40, 32)}}
		var exact, fast []sl.Record
		result, err := sl.Train(t.Context(), extractor, pictures.content, pictures.styles[0], options.Options, keep(&exact))
		if err != nil {
			t.Fatal(err)
		}
		want := tensors.MustCopyFlatData[float32](result)

		options.Optimizer = Fast
		o, err := newObjective(extractor, pictures, options, options.Epochs, nil)
		if err != nil {
			t.Fatal(err)
		}
		smoothed := 0
		for _, p := range o.parts {
			if tv, ok := p.(*imagePart); ok && tv.smoothing != nil {
				tv.smoothing = func(int) float64 { return 0 }
				smoothed++
			}
		}
		if smoothed != 1 {
			t.Errorf("%d terms are smoothed, want the total variation", smoothed)
		}
		x, err := sl.NewSynthesizedImage(pictures.content)
		if err != nil {
			t.Fatal(err)
		}
		adam := sl.Adam(sl.AdamPyTorch, sl.AdamBeta1, sl.AdamBeta2, func(epoch int) float64 { return sl.LearningRate(options.Options, epoch) })
		if result, err = sl.Minimize(t.Context(), extractor, o.minimized(), x, adam, options.Epochs, keep(&fast)); err != nil {
			t.Fatal(err)
		}
		if len(fast) != 5 {
			t.Fatalf("%d records, want 5", len(fast))
		}
		for i, record := range fast {
			for _, pair := range [][2]float64{{record.Total, exact[i].Total}, {record.Loss("style"), exact[i].Loss("style")},
				{record.Loss("tv"), exact[i].Loss("tv")}, {record.LR, exact[i].LR}} {
				if testkit.RelativeError(pair[0], pair[1]) > 1e-4 {
					t.Errorf("epoch %d: %+v, the exact loop has %+v", i+1, record, exact[i])
				}
			}
		}
		if difference := testkit.RelativeL2(t, tensors.MustCopyFlatData[float32](result), want); difference > 1e-3 {
			t.Errorf("the picture differs by %g from the exact loop's", difference)
		}
	})
}

// The claim of the fast optimizer, on our own pictures and a random network: about the loss of the chapter's 500 epochs.
func TestFastReachesTheChaptersLoss(t *testing.T) {
	e := testkit.Fastest(t)
	options := Default()
	net, err := weights.Random(19, sl.VGG19, [5]int{16, 32, 64, 128, 128}, options.Layers()...)
	if err != nil {
		t.Fatal(err)
	}
	pictures := Pictures{Content: ownPicture(t, "content.jpg"), Styles: []image.Image{ownPicture(t, "style.jpg")}}
	small, err := pictures.at(size{32, 48}, options)
	if err != nil {
		t.Fatal(err)
	}
	if net, err = NormalizeLayers(e.Backend, net, options, small.content, small.styles[0]); err != nil {
		t.Fatal(err)
	}
	extractor, err := NewExtractor(e.Backend, net, options)
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	run := func(options Options) (records []sl.Record) {
		training, err := New(extractor, pictures, 32, 48, options)
		if err != nil {
			t.Fatal(err)
		}
		_, err = training.Train(t.Context(), nil, func(p Epoch) error { return keep(&records)(p.Record) })
		if err != nil {
			t.Fatal(err)
		}
		return records
	}
	exact := run(options)
	options.Use(Fast)
	fast := run(options)
	if len(exact) != 500 || options.Epochs > len(exact)/2 || len(fast) != options.Epochs {
		t.Errorf("%d epochs in place of %d", len(fast), len(exact))
	}
	mean := 0.0
	for _, r := range exact[len(exact)-10:] {
		mean += r.Total / 10
	}
	if last := fast[len(fast)-1].Total; last > 1.01*mean {
		t.Errorf("the total is %g after %d epochs, the exact loop's %g after %d", last, len(fast), mean, len(exact))
	}
	if first, last := fast[0].LR, fast[len(fast)-1].LR; first != options.LearningRate || last > first/1000 {
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
