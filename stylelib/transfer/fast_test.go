package transfer

import (
	"image"
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// fastFile is what scripts/author/reference/fast.py computed in float64.
type fastFile struct {
	LearningRate float64 `json:"learning_rate"`
	Epochs       int     `json:"epochs"`
	Cases        []struct {
		Height    int         `json:"height"`
		Width     int         `json:"width"`
		Image     []float64   `json:"image"`
		Gradients [][]float64 `json:"gradients"`
		Rates     []float64   `json:"rates"`
		After     [][]float64 `json:"after"`
	} `json:"cases"`
}

func TestFast(t *testing.T) {
	var file fastFile
	testkit.ReadJSON(t, filepath.Join(testkit.Root(t), "data", "golden", "fast.json"), &file)
	optimizer := fast(file.LearningRate, file.Epochs)
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		for _, c := range file.Cases {
			pixels := func(values []float64) *tensors.Tensor {
				return tensors.FromFlatDataAndDimensions(testkit.Float32s(values), 1, c.Height, c.Width, 3)
			}
			update, err := NewExec(e.Backend, func(in []*Node) []*Node {
				image, state := optimizer.Update(in[0], in[3], in[1:3], in[4:])
				return append([]*Node{image}, state...)
			})
			if err != nil {
				t.Fatal(err)
			}
			defer update.Finalize()
			zeros := make([]float64, len(c.Image))
			state := []*tensors.Tensor{pixels(c.Image), pixels(zeros), pixels(zeros)}
			for i, gradient := range c.Gradients {
				numbers := optimizer.Numbers(i + 1)
				if state, err = update.Call(state[0], state[1], state[2], pixels(gradient), float32(numbers[0]), float32(numbers[1])); err != nil {
					t.Fatal(err)
				}
				got := tensors.MustCopyFlatData[float32](state[0])
				if difference := testkit.RelativeL2(t, got, testkit.Float32s(c.After[i])); difference > 1e-6 {
					t.Errorf("%d × %d: the image after epoch %d is off by %g", c.Height, c.Width, i+1, difference)
				}
				if rate := optimizer.LearningRate(i + 1); testkit.RelativeError(rate, c.Rates[i]) > 1e-12 {
					t.Errorf("epoch %d has learning rate %g, want %g", i+1, rate, c.Rates[i])
				}
			}
		}
	})
}

// The claim of the fast optimizer, on our own pictures and real features: about the loss of the chapter's 500 epochs.
func TestFastReachesTheChaptersLoss(t *testing.T) {
	wanted := weights.DefaultOptions()
	wanted.Spec = weights.VGG16
	loaded, err := weights.Load(t.Context(), wanted)
	if err != nil {
		t.Skipf("scripts/setup has not brought VGG-16: %v", err)
	}
	const height, width = 96, 144
	e, net, options := testkit.Fastest(t), loaded.Network, Default()
	pictures := Pictures{Content: ownPicture(t, "content.jpg"), Styles: []image.Image{ownPicture(t, "style.jpg")}}
	extractor, err := NewExtractor(e.Backend, net, options)
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	run := func(options Options) (records []sl.Record) {
		training, err := New(extractor, pictures, height, width, options)
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
