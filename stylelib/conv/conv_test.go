package conv_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"stylebook/stylelib/conv"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// array is a map [h, w, c] in float64, for the naive loops that the graph is compared with.
type array struct {
	h, w, c int
	values  []float64
}

func random(seed uint64, h, w, c int) array {
	rng := rand.New(rand.NewPCG(seed, 0))
	a := array{h, w, c, make([]float64, h*w*c)}
	for i := range a.values {
		a.values[i] = float64(float32(rng.NormFloat64()))
	}
	return a
}

func (a array) at(i, j, k int) float64 {
	if i < 0 || j < 0 || i >= a.h || j >= a.w {
		return 0
	}
	return a.values[(i*a.w+j)*a.c+k]
}

func (a array) add(i, j, k int, v float64) {
	if i >= 0 && j >= 0 && i < a.h && j < a.w {
		a.values[(i*a.w+j)*a.c+k] += v
	}
}

// positive returns a where gate is positive, else 0.
func (a array) positive(gate array) array {
	b := array{a.h, a.w, a.c, make([]float64, len(a.values))}
	for i, g := range gate.values {
		if g > 0 {
			b.values[i] = a.values[i]
		}
	}
	return b
}

func (a array) float32s() []float32 { return testkit.Float32s(a.values) }

func (a array) tensor(dimensions ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(a.float32s(), dimensions...)
}

// naiveConv returns the convolution of x and, for the loss Σ dy·y, its gradient with respect to x.
func naiveConv(x, filter, dy array, in, out, pad int) (y, dx array) {
	y = array{dy.h, dy.w, out, make([]float64, dy.h*dy.w*out)}
	dx = array{x.h, x.w, in, make([]float64, x.h*x.w*in)}
	for i := range y.h {
		for j := range y.w {
			for a := range 3 {
				for b := range 3 {
					for c := range in {
						for o := range out {
							f := filter.values[((a*3+b)*in+c)*out+o]
							y.add(i, j, o, x.at(i+a-pad, j+b-pad, c)*f)
							dx.add(i+a-pad, j+b-pad, c, dy.at(i, j, o)*f)
						}
					}
				}
			}
		}
	}
	return y, dx
}

// withGradient runs f on x and returns its value and the gradient of Σ dy·f(x) with respect to x.
func withGradient(t *testing.T, e *engine.Engine, f func(x *Node, extra []*Node) *Node, inputs ...any) (y, dx []float32) {
	t.Helper()
	results, err := ExecOnceN(e.Backend, func(in []*Node) []*Node {
		x, dy, extra := in[0], in[1], in[2:]
		y := f(x, extra)
		return []*Node{y, Gradient(ReduceAllSum(Mul(y, dy)), x)[0]}
	}, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](results[0]), tensors.MustCopyFlatData[float32](results[1])
}

func TestConv3x3(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		for _, s := range []struct{ h, w, in, out, pad int }{
			{5, 7, 3, 4, 1}, {1, 1, 2, 3, 1}, {4, 4, 1, 1, 1}, {9, 6, 5, 2, 0}, {18, 13, 16, 8, 1}, {37, 29, 8, 16, 1},
			// the kernels: whole tiles and cut ones, a map smaller than a tile, both paddings, few tiles and many, and what is
			// not for them
			{8, 12, 64, 64, 1}, {7, 9, 64, 96, 1}, {1, 2, 128, 64, 1}, {10, 11, 64, 64, 0}, {9, 14, 128, 192, 1},
			{5, 460, 64, 64, 1}, {6, 300, 64, 80, 0}, {3, 5, 512, 64, 1}, {25, 77, 128, 64, 0},
			{5, 6, 256, 512, 1}, {7, 8, 512, 256, 0}, {5, 6, 512, 512, 1},
		} {
			for _, relu := range []bool{false, true} {
				t.Run(fmt.Sprint(s, relu), func(t *testing.T) {
					x, filter, bias := random(1, s.h, s.w, s.in), random(2, 3, 3, s.in*s.out), random(4, 1, 1, s.out)
					dy := random(3, s.h-2+2*s.pad, s.w-2+2*s.pad, s.out)
					seen := x
					if relu {
						seen = x.positive(x)
					}
					wantY, wantDx := naiveConv(seen, filter, dy, s.in, s.out, s.pad)
					for i := range wantY.values {
						wantY.values[i] += bias.values[i%s.out]
					}
					if relu {
						wantDx = wantDx.positive(x)
					}
					y, dx := withGradient(t, e, func(x *Node, extra []*Node) *Node {
						if relu {
							x = conv.Relu(x)
						}
						return conv.Conv3x3(x, conv.NewFilter(extra[0]), extra[1], s.pad)
					}, x.tensor(1, x.h, x.w, x.c), dy.tensor(1, dy.h, dy.w, dy.c), filter.tensor(3, 3, s.in, s.out), bias.tensor(s.out))
					for name, pair := range map[string][2][]float32{
						"value": {y, wantY.float32s()}, "gradient": {dx, wantDx.float32s()}} {
						if err := testkit.RelativeL2(t, pair[0], pair[1]); err > 5e-6 {
							t.Errorf("%s differs from the naive loop by %.1e (relative L2), want at most 5e-6", name, err)
						}
					}
				})
			}
		}
	})
}

func TestPool2(t *testing.T) {
	// 3 × 5: the odd last row and column are dropped. In the left square the first two values tie.
	x := []float32{
		4, 4, 1, 2, 9,
		0, 3, 8, 7, 9,
		9, 9, 9, 9, 9}
	dy := []float32{10, 20}
	for _, c := range []struct {
		name  string
		pool  func(*Node) *Node
		y, dx []float32
	}{
		{"max", conv.MaxPool2, []float32{4, 8}, []float32{10, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0}},
		{"average", conv.AveragePool2, []float32{2.75, 4.5}, []float32{2.5, 2.5, 5, 5, 0, 2.5, 2.5, 5, 5, 0, 0, 0, 0, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
				y, dx := withGradient(t, e, func(x *Node, _ []*Node) *Node { return c.pool(x) },
					tensors.FromFlatDataAndDimensions(x, 1, 3, 5, 1), tensors.FromFlatDataAndDimensions(dy, 1, 1, 2, 1))
				if fmt.Sprint(y) != fmt.Sprint(c.y) {
					t.Errorf("got %v, want %v", y, c.y)
				}
				if fmt.Sprint(dx) != fmt.Sprint(c.dx) {
					t.Errorf("gradient: got %v, want %v", dx, c.dx)
				}
				// after a ReLU: of values of which half are negative, a square of none but negative ones, and one whose largest tie
				const channels = 16
				x := random(5, 7, 7, channels)
				for k := range channels {
					for i, v := range []float64{-1, -1, -1, -1, 1, 5, 5, 2} {
						x.values[(i%4/2*7+i/4*2+i%2)*channels+k] = v
					}
				}
				relu, dy := x.positive(x).tensor(1, 7, 7, channels), random(6, 3, 3, channels).tensor(1, 3, 3, channels)
				wantY, wantDx := withGradient(t, e, func(x *Node, _ []*Node) *Node { return c.pool(x) }, relu, dy)
				gotY, gotDx := withGradient(t, e, func(x *Node, _ []*Node) *Node { return c.pool(conv.Relu(x)) }, x.tensor(1, 7, 7, channels), dy)
				for i, v := range x.float32s() {
					if v <= 0 {
						wantDx[i] = 0
					}
				}
				if fmt.Sprint(gotY) != fmt.Sprint(wantY) || fmt.Sprint(gotDx) != fmt.Sprint(wantDx) {
					t.Errorf("after a ReLU: got %v and %v, want %v and %v", gotY, gotDx, wantY, wantDx)
				}
			})
		})
	}
}

// No gradient where the result is 0, x = 0 included.
func TestReLU(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		y, dx := withGradient(t, e, func(x *Node, _ []*Node) *Node { return conv.Relu(x) },
			[]float32{-2, 0, 0.5, 3}, []float32{10, 20, 30, 40})
		if want := "[0 0 0.5 3]"; fmt.Sprint(y) != want {
			t.Errorf("got %v, want %s", y, want)
		}
		if want := "[0 0 30 40]"; fmt.Sprint(dx) != want {
			t.Errorf("gradient: got %v, want %s", dx, want)
		}
	})
}

func TestReflect(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		dy := make([]float32, 20)
		for i := range dy {
			dy[i] = 1
		}
		y, dx := withGradient(t, e, func(x *Node, _ []*Node) *Node { return conv.Reflect(x) },
			tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4, 5, 6}, 1, 2, 3, 1),
			tensors.FromFlatDataAndDimensions(dy, 1, 4, 5, 1))
		if want := "[5 4 5 6 5 2 1 2 3 2 5 4 5 6 5 2 1 2 3 2]"; fmt.Sprint(y) != want {
			t.Errorf("got %v, want %s", y, want)
		}
		// Every value is seen once in place and once for each reflection of it.
		if want := "[2 6 2 2 6 2]"; fmt.Sprint(dx) != want {
			t.Errorf("gradient: got %v, want %s", dx, want)
		}
	})
}

func TestGradientWithoutFusion(t *testing.T) {
	// GoMLX can be told not to use fused operations; our gradients ride on that mechanism and must not care.
	t.Setenv(FusionEnv, "0")
	TestPool2(t)
}
