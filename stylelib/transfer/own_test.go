package transfer_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/ops"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
)

// small asks for a training that needs nothing, in pure Go.
func small(t *testing.T) transfer.Request {
	t.Helper()
	data := filepath.Join(testkit.Root(t), "data")
	r := transfer.NewRequest(filepath.Join(data, "content.jpg"), filepath.Join(data, "style.jpg"))
	r.Height, r.Width, r.Options.Epochs = 32, 48, 2
	r.Weights.Spec = filepath.Join(data, "weights", "vgg19-random.safetensors")
	return r
}

// brightness is a term of one's own.
func brightness(wanted float64) transfer.Term {
	return transfer.Term{Name: "bright", Weight: 1, Image: func(image *Node) *Node { return Square(AddScalar(ops.ReduceAllMean(image), -wanted)) }}
}

// specOf is what decides the bits of a request's run, on the pure-Go engine.
func specOf(t *testing.T, r transfer.Request) runs.Spec {
	t.Helper()
	opened, err := transfer.Open(t.Context(), testkit.Engine(t, "go").Backend, r)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	spec, err := runs.NewSpec(opened, 8, "go")
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// A term whose function computes something else makes another run, whatever kind of function it is; the same function does not.
func TestChangedTermIsAnotherRun(t *testing.T) {
	key := func(term transfer.Term) string {
		r := small(t)
		r.Options.Add(term)
		return specOf(t, r).Key()
	}
	layers := []string{"conv2_1"}
	scaled := func(by float64) []transfer.Term {
		return []transfer.Term{
			brightness(by),
			{Name: "points", Of: transfer.ContentImage, Layers: layers, Weight: 1, Pointwise: func(x, y *Node) *Node { return MulScalar(Square(Sub(x, y)), by) }},
			{Name: "maps", Of: transfer.StyleImages, Layers: layers, Weight: 1, Features: func(x, y []*Node) *Node {
				return MulScalar(Square(Sub(ops.ReduceAllMean(x[0]), ops.ReduceAllMean(y[0]))), by)
			}},
			{Name: "sampled", Of: transfer.StyleImages, Layers: layers, Weight: 1, Sampled: func(x, y *Node) *Node {
				return MulScalar(Square(Sub(ops.ReduceAllMean(x), ops.ReduceAllMean(y))), by)
			}},
			{Name: "sums", Of: transfer.StyleImages, Layers: layers, Weight: 1, Statistic: &transfer.Statistic{
				Sums:  func(_, counted *Node) []*Node { return []*Node{ReduceSum(counted, 0)} },
				Of:    func(sums []*Node, count float64) []*Node { return []*Node{DivScalar(sums[0], count)} },
				Loss:  func(s, target []*Node) *Node { return ops.ReduceAllMean(Square(Sub(s[0], target[0]))) },
				Scale: func([]transfer.Array) float64 { return by },
			}},
			{Name: "sees", Of: transfer.BothPictures, Layers: layers, Weight: 1, Loss: func(s *transfer.Scene) *Node {
				return MulScalar(Square(Sub(ops.ReduceAllMean(s.Features[0]), ops.ReduceAllMean(s.StyleFeatures[0][0]))), by)
			}},
			{Name: "renewed", Weight: 1, Every: 2,
				Target: func(s *transfer.Scene) []*Node { return []*Node{MulScalar(s.Image, by)} },
				Loss:   func(s *transfer.Scene) *Node { return ops.ReduceAllMean(Square(Sub(s.Image, s.Target[0]))) }},
		}
	}
	for i, term := range scaled(0.5) {
		if other := scaled(0.7)[i]; key(term) == key(other) {
			t.Errorf("%s: a changed function is the same run", term.Name)
		}
		if key(term) != key(scaled(0.5)[i]) {
			t.Errorf("%s: the same function is another run", term.Name)
		}
	}
}

// A term that panics, with whatever value, is an error that names it; with weight 0 its function is not called.
func TestPanicNamesTheTerm(t *testing.T) {
	e := testkit.Engine(t, "go")
	for _, value := range []any{"boom", fmt.Errorf("boom"), 7} {
		r := small(t)
		r.Options.Add(transfer.Term{Name: "mine", Weight: 1, Image: func(*Node) *Node { panic(value) }})
		_, err := transfer.Open(t.Context(), e.Backend, r)
		if want := fmt.Sprint("term mine: ", value); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		r.Options.Terms[0].Weight = 0
		opened, err := transfer.Open(t.Context(), e.Backend, r)
		if err != nil {
			t.Fatalf("with weight 0: %v", err)
		}
		defer opened.Close()
		if _, err := opened.Train(t.Context(), nil, nil); err != nil {
			t.Errorf("with weight 0: %v", err)
		}
	}
}

// A term of weight 0 is not computed, and has its place in the records.
func TestWeightZeroIsNotComputed(t *testing.T) {
	e := testkit.Engine(t, "go")
	r := small(t)
	r.Options.StyleLoss, r.Options.Own = "mine", []transfer.Term{{Name: "mine", Of: transfer.StyleImages, Layers: []string{"conv1_1"}, Weight: 1,
		Features: func(_, _ []*Node) *Node { panic("it is computed") }}}
	r.Options.StyleWeight = 0
	opened, err := transfer.Open(t.Context(), e.Backend, r)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	_, err = opened.Train(context.Background(), nil, func(p transfer.Epoch) error {
		if p.Losses[1].Name != "style" || p.Losses[1].Value != 0 || p.Loss("content") < 0 {
			t.Errorf("losses %v", p.Losses)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Weights that end before a layer of the options are refused.
func TestNewWantsTheLayersWeights(t *testing.T) {
	s := newSetting(func(s *setting) { s.options.StyleLayers = []string{"conv1_1"} })
	_, err := transfer.New(testkit.Engine(t, "go").Backend, s.network(t), s.inputs, 32, 48, transfer.Default())
	if err == nil || !strings.Contains(err.Error(), "the weights end at pool4 (27), but conv5_1 (28) is used") {
		t.Errorf("got %v", err)
	}
}
