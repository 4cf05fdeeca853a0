package feedforward

import (
	"cmp"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// golden is what scripts/author/reference/feedforward.py computed in float64. Element k of a sample is element (k+1)·7919 mod n.
type golden struct {
	Painted   []float64          `json:"painted"`
	Losses    map[string]float64 `json:"losses"`
	Gradients map[string]struct {
		RMS    float64   `json:"rms"`
		Values []float64 `json:"values"`
	} `json:"gradients"`
}

// noGradient is what counts as none: the offsets at the end of a block have none, as the next normalization takes them away.
const noGradient = 1e-3

// wave are numbers that the reference program has too.
func wave(n, seed int, scale, middle float64) []float32 {
	all := make([]float32, n)
	for k := range n {
		wave := float64(float32(math.Sin(0.1 * float64((k*k+seed*k)%10007))))
		all[k] = float32(middle + scale*wave)
	}
	return all
}

func waves(height, width, seed int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(wave(height*width*3, seed, 0.5, 0.5), 1, height, width, 3)
}

// waveNetwork has the reference program's numbers.
func waveNetwork(a Architecture) *Network {
	n := &Network{Architecture: a, Parameters: map[string]*tensors.Tensor{}}
	for name, shape := range a.Shapes() {
		size := 1
		for _, length := range shape {
			size *= length
		}
		kind, values := filepath.Base(name), []float32(nil)
		switch kind {
		case "weights":
			values = wave(size, len(filepath.Dir(name)), math.Sqrt(2/float64(shape[0]*shape[1]*shape[2])), 0)
		case "scale":
			values = wave(size, 2, 0.1, 1)
		case "offset":
			values = wave(size, 3, 0.1, 0)
		case "biases":
			values = wave(size, 4, 0.1, 0)
		}
		n.Parameters[name] = tensors.FromFlatDataAndDimensions(values, shape...)
	}
	return n
}

// At full width, with its loss and the gradient of all its numbers.
func TestAgainstPyTorch(t *testing.T) {
	var want golden
	testkit.ReadJSON(t, filepath.Join(testkit.Root(t), "data", "golden", "feedforward.json"), &want)
	o := Default()
	o.Weights = Weights{Style: 3, TV: 0.05, Steady: 20} // the reference program's
	names := slices.Sorted(maps.Keys(o.Shapes()))
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		vgg := extractor(t, e)
		scale := func(x *Node) []*Node { return []*Node{normalized(x)} }
		style, err := measure(vgg, MustNewExec(e.Backend, scale).MustCall(waves(32, 48, 44))[0])
		if err != nil {
			t.Fatal(err)
		}
		parameters, err := vgg.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		store := model.NewStore()
		for name, value := range waveNetwork(o.Architecture).Parameters {
			if _, err := store.CreateVariable("/"+name, value); err != nil {
				t.Fatal(err)
			}
		}
		exec := model.MustNewExec(e.Backend, store, func(scope *model.Scope, in []*Node) []*Node {
			x, moved, rows, columns := in[0], in[1], in[2], in[3]
			alone := Forward(scope.ResetVisited(), x, o.Architecture)
			store.SetTraining(x.Graph(), true)
			y := Forward(scope.ResetVisited(), Concatenate([]*Node{x, moved}, 0), o.Architecture)
			before, after := SliceAxis(y, 0, AxisElem(0)), SliceAxis(y, 0, AxisElem(1))
			all := loss(vgg.Graph(in[4:4+len(parameters)]), x, before, unsteady(before, after, rows, columns), paintingOf(in[4+len(parameters):]), o.Weights)
			var variables []*Node
			for _, name := range names {
				variables = append(variables, store.GetVariable("/"+name).NodeValue(x))
			}
			return slices.Concat([]*Node{y, Sub(alone, before)}, all, Gradient(all[0], variables...))
		})
		in := []any{waves(40, 48, 42), waves(40, 48, 43), mover(40, 3), mover(48, -2)}
		for _, p := range slices.Concat(parameters, style) {
			in = append(in, p)
		}
		out := exec.MustCall(in...)
		painted, err := tensors.CopyFlatData[float32](out[0])
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for k, v := range want.Painted {
			worst = max(worst, math.Abs(float64(painted[(k+1)*7919%len(painted)])-v))
		}
		if !(worst < 5e-5) {
			t.Errorf("the picture is off by %.1e", worst)
		}
		apart, err := tensors.CopyFlatData[float32](out[1])
		if err != nil {
			t.Fatal(err)
		}
		if worst := slices.MaxFunc(apart, func(a, b float32) int { return cmp.Compare(max(a, -a), max(b, -b)) }); !(max(worst, -worst) < 5e-5) {
			t.Errorf("while nothing is trained the picture is off by %.1e", worst)
		}
		for i, name := range parts {
			got := float64(tensors.ToScalar[float32](out[2+i]))
			if off := testkit.RelativeError(got, want.Losses[name]); !(off < 5e-5) {
				t.Errorf("%s is %.8g, want %.8g: off by %.1e", name, got, want.Losses[name], off)
			}
		}
		for i, name := range names {
			got, err := tensors.CopyFlatData[float32](out[2+len(parts)+i])
			if err != nil {
				t.Fatal(err)
			}
			worst, rms := 0.0, max(want.Gradients[name].RMS, noGradient)
			for k, v := range want.Gradients[name].Values {
				worst = max(worst, math.Abs(float64(got[(k+1)*7919%len(got)])-v)/rms)
			}
			if len(want.Gradients[name].Values) == 0 || !(worst < 3e-5) {
				t.Errorf("the gradient of %s is off by %.1e of its root mean square", name, worst)
			}
		}
	})
}
