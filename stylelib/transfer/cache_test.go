package transfer_test

import (
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
)

// Content pictures that share networks, targets and programs give the bits that each gives alone: two of one size, and one of
// another between them.
func TestManyGiveTheBitsOfEach(t *testing.T) { testkit.Engines(t, manyGiveTheBitsOfEach) }

func manyGiveTheBitsOfEach(t *testing.T, e *engine.Engine) {
	folder := t.TempDir()
	write := func(name string, height, width int, frequency float64) string {
		path := filepath.Join(folder, name)
		if err := sl.WriteImage(path, waves(height, width, frequency)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	style := write("style.png", 50, 50, 3)
	contents := []string{write("a.png", 40, 60, 1), write("b.png", 40, 40, 2), write("c.png", 40, 60, 4)}
	ways := []struct {
		name   string
		change func(*transfer.Options)
	}{
		{"painting", func(o *transfer.Options) {
			*o, _ = transfer.Choose(transfer.Choice{Preset: transfer.Painting})
		}},
		{"relative", func(o *transfer.Options) { o.Use(transfer.Fast); o.NormalizeLayers = true }},
		{"coarse to fine", func(o *transfer.Options) { o.Scales = 2 }},
		{"sampled", func(o *transfer.Options) { o.Term("remd").Weight, o.Term("selfsim").Weight, o.Samples = 1, 1, 50 }},
		{"L-BFGS in tiles", func(o *transfer.Options) { o.Use(transfer.LBFGS); o.Tile = 32 }},
		{"histogram", func(o *transfer.Options) { o.Colours = transfer.ColoursMeanCovariance }},
	}
	if e.Name != "go" { // which compiles in no time
		ways, contents = ways[:2], []string{contents[0], contents[2]}
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			r := transfer.NewRequest(contents[0], style)
			r.Height = 36
			r.Weights.Spec = filepath.Join(testkit.Root(t), "data", "weights", "vgg19-random.safetensors")
			way.change(&r.Options)
			r.Options.Epochs = 3
			paint := func(opened *transfer.Transfer, err error) []float32 {
				if err != nil {
					t.Fatal(err)
				}
				defer opened.Close()
				x, err := opened.Train(t.Context(), nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				return tensors.MustCopyFlatData[float32](x)
			}
			many := r
			many.Cache = transfer.NewCache(e.Backend)
			defer many.Cache.Close()
			for _, content := range contents {
				r.Content, many.Content = content, content
				got, want := paint(transfer.Open(t.Context(), e.Backend, many)), paint(transfer.Open(t.Context(), e.Backend, r))
				if !cmp.Equal(got, want) {
					t.Errorf("%s: other values than alone", filepath.Base(content))
				}
			}
		})
	}
}

// With a cache, another weight, strength, seed, learning rate or picture of the same size compiles nothing; another size does.
func TestNothingIsCompiledAgain(t *testing.T) {
	e := testkit.Engine(t, "go")
	r := small(t)
	r.Options, _ = transfer.Choose(transfer.Choice{Preset: transfer.Painting})
	r.Options.Epochs = 2
	r.Cache = transfer.NewCache(e.Backend)
	defer r.Cache.Close()
	train := func(change func(r *transfer.Request)) int {
		r, before := r, r.Cache.Compiled()
		change(&r)
		opened, err := transfer.Open(t.Context(), e.Backend, r)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		if _, err := opened.Estimate(); err != nil {
			t.Fatal(err)
		}
		if _, err := opened.Train(t.Context(), nil, nil); err != nil {
			t.Fatal(err)
		}
		return r.Cache.Compiled() - before
	}
	if train(func(*transfer.Request) {}) == 0 {
		t.Fatal("the first training compiles nothing")
	}
	for name, change := range map[string]func(r *transfer.Request){
		"weights":        func(r *transfer.Request) { r.Options.ContentWeight, r.Options.TVWeight = 2, 3 },
		"strength":       func(r *transfer.Request) { _ = r.Options.Strengthen(2) },
		"seed":           func(r *transfer.Request) { r.Options.Seed = 5 },
		"learning rate":  func(r *transfer.Request) { r.Options.LearningRate = 0.2 },
		"epochs":         func(r *transfer.Request) { r.Options.Epochs = 3 },
		"content":        func(r *transfer.Request) { r.Content = r.Styles[0] },
		"style":          func(r *transfer.Request) { r.Styles = []string{r.Content} },
		"layers' weight": func(r *transfer.Request) { r.Options.StyleLayerWeights = map[string]float64{"conv1_1": 3} },
	} {
		if n := train(change); n != 0 {
			t.Errorf("another %s compiles %d programs", name, n)
		}
	}
	if train(func(r *transfer.Request) { r.Height = 40 }) == 0 {
		t.Error("another size compiles nothing")
	}
}
