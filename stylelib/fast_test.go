package stylelib_test

import (
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"

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
	optimizer := sl.Fast(file.LearningRate, file.Epochs)
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
