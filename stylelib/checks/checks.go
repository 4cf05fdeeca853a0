// Package checks holds the checks of the notebooks, of their exercises too: each calls a learner's function on a small fixed example
// and compares what comes back with values that PyTorch, Pillow and NumPy computed (scripts/author/reference, data/golden), for the
// texts of exercise 4 with values computed by hand. Common slips are recognized and named.
//
//	fmt.Println(checks.Gram(Gram))
//
// Network and pictures are fixed too, a small random VGG-19 and two of 60 × 90 pixels, and everything runs on the pure-Go
// engine: what a check expects doesn't depend on what the notebook has loaded.
//
// A check never fails: a function that is not written yet, or that panics, makes a line that says so.
package checks

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"stylebook/stylelib/i18n"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // the engine "go"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// numbers are a tensor in the form of the golden file, and what a try compares.
type numbers struct {
	Shape  []int     `json:"shape"`
	Values []float64 `json:"values"`
}

// tolerance is the relative L2 error up to which numbers count as the same: far above float32's rounding, far below any
// slip.
const tolerance = 1e-4

func (n numbers) near(other numbers) bool {
	if isNaN := math.IsNaN; slices.ContainsFunc(other.Values, isNaN) {
		return slices.ContainsFunc(n.Values, isNaN)
	}
	if !slices.Equal(n.Shape, other.Shape) || len(n.Values) != len(other.Values) {
		return false
	}
	var difference, norm float64
	for i, v := range n.Values {
		difference += (v - other.Values[i]) * (v - other.Values[i])
		norm += other.Values[i] * other.Values[i]
	}
	return math.Sqrt(difference) <= tolerance*math.Sqrt(norm)+1e-9
}

// String shows few numbers whole, of many the shape and the first four.
func (n numbers) String() string {
	shown := make([]string, len(n.Values))
	for i, v := range n.Values {
		shown[i] = fmt.Sprintf("%.4g", v)
	}
	switch {
	case len(n.Shape) == 0 && len(shown) == 1:
		return shown[0]
	case len(n.Shape) == 2 && len(shown) <= 9:
		var rows []string
		for row := range slices.Chunk(shown, n.Shape[1]) {
			rows = append(rows, "["+strings.Join(row, " ")+"]")
		}
		return "[" + strings.Join(rows, " ") + "]"
	case len(shown) <= 6:
		return "[" + strings.Join(shown, " ") + "]"
	}
	return fmt.Sprintf("%v %s …", n.Shape, strings.Join(shown[:4], " "))
}

func (n numbers) tensor() *tensors.Tensor {
	values := make([]float32, len(n.Values))
	for i, v := range n.Values {
		values[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(values, n.Shape...)
}

func scalar(v float64) numbers { return numbers{Values: []float64{v}} }

func vector(values ...float64) numbers { return numbers{[]int{len(values)}, values} }

func fromTensor(t *tensors.Tensor) numbers {
	if t == nil {
		panic("nothing comes back")
	}
	n := numbers{Shape: t.Shape().Dimensions}
	for _, v := range tensors.MustCopyFlatData[float32](t) {
		n.Values = append(n.Values, float64(v))
	}
	return n
}

// slip is a wrong result that gives away its cause.
type slip struct {
	result numbers
	hint   string
}

// try is one call of a learner's function that returns numbers. What is near the expected ones, or near a slip's, is taken
// for it; a slip that is not a number means any result that holds such a value.
func try(call string, got func() numbers, want numbers, slips ...slip) attempt {
	hints := map[string]string{}
	for _, s := range slips {
		hints[shown(s.result, want)] = s.hint
	}
	snapped := func() string {
		n := got()
		if n.near(want) {
			return want.String()
		}
		for _, s := range slips {
			if n.near(s.result) {
				text := shown(s.result, want)
				hints[text] = s.hint // others may look the same as far as they are shown
				return text
			}
		}
		return shown(n, want)
	}
	return attempt{call: call, got: snapped, want: want.String(), slips: hints}
}

// shown tells wrong numbers apart from right ones that look the same as far as they are shown.
func shown(n, want numbers) string {
	text := n.String()
	if text == want.String() {
		text = i18n.Format("%s (but others differ)", text)
	}
	return text
}

// evaluate runs a graph function on the pure-Go engine. It panics where that fails, as a try expects.
func evaluate(f func(in []*Node) *Node, inputs ...numbers) numbers {
	return evaluateModel(func(_ *model.Scope, in []*Node) *Node { return f(in) }, nil, inputs...)
}

// evaluateModel does so with parameters, by their paths without the first slash. The program is left to the engine's end: after a
// panic of a learner's, GoMLX's Finalize of it would wait for ever.
func evaluateModel(f func(scope *model.Scope, in []*Node) *Node, parameters map[string]numbers, inputs ...numbers) numbers {
	backend, store := openEngine(), model.NewStore()
	defer backend.Finalize()
	for name, value := range parameters {
		if _, err := store.CreateVariable("/"+name, value.tensor()); err != nil {
			panic(err)
		}
	}
	exec, err := model.NewExec(backend, store, func(scope *model.Scope, in []*Node) *Node {
		return Identity(f(scope, in)) // an input of a graph can't be its output
	})
	if err != nil {
		panic(err)
	}
	var in []any
	for _, n := range inputs {
		in = append(in, n.tensor())
	}
	out, err := exec.Call1(in...)
	if err != nil {
		panic(err)
	}
	return fromTensor(out)
}

func openEngine() compute.Backend {
	backend, err := compute.NewWithConfig("go:ops_sequential") // as package engine, which would bring XLA along
	if err != nil {
		panic(err)
	}
	return backend
}
