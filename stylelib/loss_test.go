package stylelib_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// array is a tensor in float64, row by row.
type array struct {
	dims   []int
	values []float64
}

// randomArray holds numbers that float32 holds too.
func randomArray(seed uint64, dims ...int) array {
	rng := rand.New(rand.NewPCG(seed, 4))
	a := array{dims, make([]float64, product(dims))}
	for i := range a.values {
		a.values[i] = float64(float32(rng.NormFloat64()))
	}
	return a
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

func (a array) tensor() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(append([]float64(nil), a.values...), a.dims...)
}

// at returns the value of pixel (i, j) and channel k of an array [1, h, w, c].
func (a array) at(i, j, k int) float64 { return a.values[(i*a.dims[2]+j)*a.dims[3]+k] }

// evaluate runs a graph function on an engine with numbers of the given type, and returns its results as float64.
func evaluate(t *testing.T, e *engine.Engine, dtype dtypes.DType, f func(in []*Node) []*Node, inputs ...array) [][]float64 {
	t.Helper()
	args := []any{}
	for _, input := range inputs {
		args = append(args, input.tensor())
	}
	out, err := ExecOnceN(e.Backend, func(in []*Node) []*Node {
		results := f(convertAll(in, dtype))
		return convertAll(results, dtypes.Float64)
	}, args...)
	if err != nil {
		t.Fatal(err)
	}
	var values [][]float64
	for _, result := range out {
		values = append(values, tensors.MustCopyFlatData[float64](result))
	}
	return values
}

func convertAll(nodes []*Node, dtype dtypes.DType) []*Node {
	var converted []*Node
	for _, n := range nodes {
		converted = append(converted, ConvertDType(n, dtype))
	}
	return converted
}

// The chapter's losses once more, as plain loops over [1, h, w, c].

func naiveContent(a, b array) float64 {
	sum := 0.0
	for i := range a.values {
		d := a.values[i] - b.values[i]
		sum += d * d
	}
	return sum / float64(len(a.values))
}

func naiveGram(x array) array {
	h, w, c := x.dims[1], x.dims[2], x.dims[3]
	g := array{[]int{c, c}, make([]float64, c*c)}
	for k := range c {
		for l := range c {
			for i := range h {
				for j := range w {
					g.values[k*c+l] += x.at(i, j, k) * x.at(i, j, l) / float64(c*h*w)
				}
			}
		}
	}
	return g
}

func naiveTV(x array) float64 {
	h, w, c := x.dims[1], x.dims[2], x.dims[3]
	var down, right float64
	for i := range h {
		for j := range w {
			for k := range c {
				if i+1 < h {
					down += math.Abs(x.at(i+1, j, k) - x.at(i, j, k))
				}
				if j+1 < w {
					right += math.Abs(x.at(i, j+1, k) - x.at(i, j, k))
				}
			}
		}
	}
	return 0.5 * (down/float64((h-1)*w*c) + right/float64(h*(w-1)*c))
}

func TestLossesAgainstNaiveLoops(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		for dtype, column := range map[dtypes.DType]column{dtypes.Float64: double, dtypes.Float32: columnOf(e, 1)} {
			errors := newWorst(column)
			for i, dims := range [][]int{{1, 2, 2, 2}, {1, 7, 4, 5}, {1, 4, 7, 3}, {1, 33, 50, 16}} {
				seed := uint64(10 * i)
				x, y, g := randomArray(seed, dims...), randomArray(seed+1, dims...), randomArray(seed+2, dims[3], dims[3])
				out := evaluate(t, e, dtype, func(in []*Node) []*Node {
					return []*Node{sl.ContentLoss(in[0], in[1]), sl.Gram(in[0]), sl.StyleLoss(in[0], in[2]), sl.TVLoss(in[0])}
				}, x, y, g)
				gram := naiveGram(x)
				errors.check(t, naiveLoops, "content", testkit.RelativeError(out[0][0], naiveContent(x, y)))
				errors.check(t, naiveLoops, "Gram", largestDifference(out[1], gram.values))
				errors.check(t, naiveLoops, "style", testkit.RelativeError(out[2][0], naiveContent(gram, g)))
				errors.check(t, naiveLoops, "TV", testkit.RelativeError(out[3][0], naiveTV(x)))
			}
			errors.log(t)
		}
	})
}

func TestLossesByHand(t *testing.T) {
	// two rows, two columns, two channels: the first is 1 2 / 3 4, the second 0 1 / 0 -1
	x := array{[]int{1, 2, 2, 2}, []float64{1, 0, 2, 1, 3, 0, 4, -1}}
	y := array{[]int{1, 2, 2, 2}, []float64{1, 0, 2, 1, 3, 0, 0, -1}} // one value is 4 less
	g := array{[]int{2, 2}, []float64{4, 0, 0, 0}}
	// two rows, three columns
	z := array{[]int{1, 2, 3, 1}, []float64{
		1, 3, 0,
		6, 2, 2}}
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		out := evaluate(t, e, dtypes.Float64, func(in []*Node) []*Node {
			return []*Node{sl.ContentLoss(in[0], in[1]), sl.Gram(in[0]), sl.StyleLoss(in[0], in[2]), sl.TVLoss(in[3])}
		}, x, y, g, z)
		for i, want := range [][]float64{
			{16. / 8},
			{30. / 8, -2. / 8, -2. / 8, 2. / 8}, // 1+4+9+16, 2-4, 1+1, divided by 2·2·2
			{(1./16 + 1./16 + 1./16 + 1./16) / 4},
			{((5+1+2)/3. + (2+3+4+0)/4.) / 2},
		} {
			if largestDifference(out[i], want) > 1e-14 {
				t.Errorf("loss %d is %v, want %v", i, out[i], want)
			}
		}
	})
}

// Two style layers, one content layer: each style loss counts ten times in the total, once in what is displayed.
func TestComputeLossByHand(t *testing.T) {
	image := array{[]int{1, 2, 2, 1}, []float64{0, 1, 0, 1}} // TV = ½·(0 + 1)
	features := array{[]int{1, 1, 2, 1}, []float64{1, 3}}    // content loss (0 + 4)/2, Gram (1 + 9)/2
	content := array{[]int{1, 1, 2, 1}, []float64{1, 1}}
	first, second := array{[]int{1, 1}, []float64{3}}, array{[]int{1, 1}, []float64{6}} // style losses 4 and 1
	options := sl.Options{ContentWeight: 3, StyleWeight: 100, StyleRepeat: 10, TVWeight: 8}
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		out := evaluate(t, e, dtypes.Float64, func(in []*Node) []*Node {
			l := sl.ComputeLoss(in[0], in[1:2], []*Node{in[1], in[1]}, in[2:3], in[3:5], options)
			return []*Node{l.Contents[0], l.Styles[0], l.Styles[1], l.Content, l.Style, l.TV, l.Total}
		}, image, features, content, first, second)
		want := []float64{6, 400, 100, 6, 500, 4, 10*500 + 6 + 4}
		for i := range want {
			if math.Abs(out[i][0]-want[i]) > 1e-12 {
				t.Errorf("value %d is %g, want %g", i, out[i][0], want[i])
			}
		}
	})
}

func TestWrongShapesPanic(t *testing.T) {
	e := testkit.Engine(t, "go")
	for name, f := range map[string]func(in []*Node) *Node{
		"content": func(in []*Node) *Node { return sl.ContentLoss(in[0], in[1]) },
		"style":   func(in []*Node) *Node { return sl.StyleLoss(in[0], in[2]) },
		"TV":      func(in []*Node) *Node { return sl.TVLoss(in[2]) },
	} {
		_, err := ExecOnce(e.Backend, func(in []*Node) *Node { return f(in) },
			randomArray(1, 1, 4, 4, 3).tensor(), randomArray(2, 1, 4, 5, 3).tensor(), randomArray(3, 4, 4).tensor())
		if err == nil {
			t.Errorf("%s: no error for wrong shapes", name)
		}
	}
}

func ExampleGram() {
	e, err := engine.Open("go")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	// One row of four pixels with two channels, which are never on together.
	gram, err := ExecOnce(e.Backend, sl.Gram, [][][][]float32{{{{4, 0}, {0, 2}, {4, 0}, {0, 2}}}})
	fmt.Println(gram.Value(), err)
	// Output:
	// [[4 0] [0 1]] <nil>
}

func ExampleTVLoss() {
	e, err := engine.Open("go")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	// Two rows, two columns, one channel: nothing changes downwards, everything by 3 to the right.
	loss, err := ExecOnce(e.Backend, sl.TVLoss, [][][][]float32{{{{1}, {4}}, {{1}, {4}}}})
	fmt.Println(loss.Value(), err)
	// Output:
	// 1.5 <nil>
}
