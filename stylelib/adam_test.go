package stylelib_test

import (
	"math"
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// adamFile holds fixed gradients, from large to far below ε and zero, and what optimizers make of them.
type adamFile struct {
	Params       []float64   `json:"params"`
	Gradients    [][]float64 `json:"gradients"`
	LRDecay      float64     `json:"lr_decay"`
	LRDecayEvery int         `json:"lr_decay_every"`
	Torch        adamRun     `json:"torch"` // the fixtures beside the repository call it so
	PyTorch      adamRun     `json:"pytorch"`
	Paddle       adamRun     `json:"paddle"`
	MXNet        adamRun     `json:"mxnet"`
}

type adamRun struct {
	LR    float64     `json:"lr"`
	After [][]float64 `json:"after"` // parameters after each update, computed in float64
	Rates []float64   `json:"rates"` // learning rate of each epoch of a whole training
}

func readAdam(t *testing.T, path string) adamFile {
	t.Helper()
	var file adamFile
	testkit.ReadJSON(t, path, &file)
	return file
}

// ownAdam was made by torch.optim.Adam, paddle.optimizer.Adam and MXNet's rule.
func ownAdam(t *testing.T) adamFile {
	t.Helper()
	return readAdam(t, filepath.Join(testkit.Root(t), "data", "golden", "adam.json"))
}

func TestAdam(t *testing.T) {
	file := ownAdam(t)
	file.test(t, "pytorch", file.PyTorch)
	file.test(t, "paddle", file.Paddle)
	file.test(t, "mxnet", file.MXNet)
}

func TestAdamOfTheSharedFixtures(t *testing.T) {
	file := readAdam(t, testkit.Shared(t, "golden", "adam.json"))
	file.test(t, "pytorch", file.Torch)
	file.test(t, "mxnet", file.MXNet)
}

func (f adamFile) test(t *testing.T, preset string, want adamRun) {
	t.Helper()
	options, err := sl.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	if options.LearningRate != want.LR {
		t.Errorf("%s: learning rate %g, want %g", preset, options.LearningRate, want.LR)
	}
	options.LRDecay, options.LRDecayEvery = f.LRDecay, f.LRDecayEvery
	t.Run(preset, func(t *testing.T) {
		testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
			t.Run("float64", func(t *testing.T) { f.compare(t, e, dtypes.Float64, options, want) })
			t.Run("float32", func(t *testing.T) { f.compare(t, e, dtypes.Float32, options, want) })
		})
	})
}

func (f adamFile) compare(t *testing.T, e *engine.Engine, dtype dtypes.DType, options sl.Options, want adamRun) {
	t.Helper()
	errors := newWorst(double)
	if dtype == dtypes.Float32 {
		errors = newWorst(columnOf(e, 1))
	}
	defer errors.log(t)
	update, err := NewExec(e.Backend, func(in []*Node) []*Node {
		rate, scale := ConvertDType(in[4], dtype), ConvertDType(in[5], dtype)
		image, m, v := sl.AdamUpdate(in[0], in[1], in[2], ConvertDType(in[3], dtype), rate, scale, sl.AdamBeta1, sl.AdamBeta2)
		return []*Node{image, m, v, ConvertDType(image, dtypes.Float64)}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer update.Finalize()
	state := f.start(t, e, dtype)
	for i, gradient := range f.Gradients {
		rate, scale := sl.AdamRate(options.Adam, sl.AdamBeta1, sl.AdamBeta2, sl.LearningRate(options, i+1), i+1)
		out, err := update.Call(state[0], state[1], state[2], gradient, rate, scale)
		if err != nil {
			t.Fatal(err)
		}
		state = out[:3]
		errors.check(t, adamSteps, "", largestDifference(tensors.MustCopyFlatData[float64](out[3]), want.After[i]))
	}
}

// start returns the parameters and two zero tensors like them.
func (f adamFile) start(t *testing.T, e *engine.Engine, dtype dtypes.DType) []*tensors.Tensor {
	t.Helper()
	start, err := ExecOnceN(e.Backend, func(in []*Node) []*Node {
		x := ConvertDType(in[0], dtype)
		return []*Node{x, ZerosLike(x), ZerosLike(x)}
	}, f.Params)
	if err != nil {
		t.Fatal(err)
	}
	return start
}

// largestDifference is relative to the largest value wanted.
func largestDifference(got, want []float64) float64 {
	var difference, largest float64
	for i := range got {
		difference = max(difference, math.Abs(got[i]-want[i]))
		largest = max(largest, math.Abs(want[i]))
	}
	return difference / largest
}

// The two forms are the same but for ε: their first steps differ only where the gradient is not far above it.
func TestAdamFormsDifferByTheirEpsilon(t *testing.T) {
	const lr = 0.5
	step := func(form sl.AdamForm, g float64) float64 {
		rate, scale := sl.AdamRate(form, sl.AdamBeta1, sl.AdamBeta2, lr, 1)
		m, v := (1-sl.AdamBeta1)*g, (1-sl.AdamBeta2)*g*g
		return rate * m / (math.Sqrt(v)/scale + sl.AdamEpsilon)
	}
	for _, c := range []struct{ gradient, pytorch, mxnet float64 }{
		{1, lr, lr},
		// g/(g+ε) = 1/2, and with an ε that √(1-β₂) = 0.0316 makes 31.6 times as large, 1/(1+31.6)
		{1e-8, lr / 2, lr / (1 + 1/math.Sqrt(1-sl.AdamBeta2))},
		{0, 0, 0},
	} {
		if got := step(sl.AdamPyTorch, c.gradient); math.Abs(got-c.pytorch) > 1e-6 {
			t.Errorf("PyTorch's first step against %g is %g, want %g", c.gradient, got, c.pytorch)
		}
		if got := step(sl.AdamMXNet, c.gradient); math.Abs(got-c.mxnet) > 1e-6 {
			t.Errorf("MXNet's first step against %g is %g, want %g", c.gradient, got, c.mxnet)
		}
	}
}
