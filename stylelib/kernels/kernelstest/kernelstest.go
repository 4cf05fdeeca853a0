// Package kernelstest holds the tests that the loops of all engines pass.
package kernelstest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"stylebook/stylelib/kernels"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Random returns a tensor of normal values.
func Random(seed uint64, dimensions ...int) *tensors.Tensor {
	size := 1
	for _, d := range dimensions {
		size *= d
	}
	rng, values := rand.New(rand.NewPCG(seed, 0)), make([]float32, size)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, dimensions...)
}

func relativeL2(got, want *tensors.Tensor) float64 {
	a, b := wide(got), wide(want)
	var off, size float64
	for i := range b {
		off += math.Pow(a[i]-b[i], 2)
		size += math.Pow(b[i], 2)
	}
	return math.Sqrt(off / size)
}

func wide(t *tensors.Tensor) (values []float64) {
	if t.DType() == dtypes.Float64 {
		return tensors.MustCopyFlatData[float64](t)
	}
	for _, v := range tensors.MustCopyFlatData[float32](t) {
		values = append(values, float64(v))
	}
	return values
}

// Agree sees that loops compute what the engine does by itself, in maps of few tiles and of many, with one part of the filter and with
// several. name is what they are tested as. Where the engine has loops for all that is tested, none may refuse.
func Agree(t *testing.T, name string, b compute.Backend, all bool) {
	agree := func(t *testing.T, name string, b compute.Backend, tolerance float64, pairs func(n []*Node) []*Node, inputs ...any) {
		t.Helper()
		agree(t, name, b, all, tolerance, pairs, inputs...)
	}
	for _, s := range []struct{ h, w, in, out, pad int }{
		{1, 1, 64, 64, 1}, {9, 14, 64, 128, 1}, {90, 61, 64, 64, 1}, {42, 35, 256, 64, 0}, {17, 26, 192, 512, 1},
		{1, 2, 3, 64, 1}, {41, 30, 3, 64, 1}, {20, 9, 7, 64, 0}, {1, 1, 64, 3, 1}, {41, 30, 64, 3, 1}, {20, 9, 64, 7, 2}, {36, 50, 64, 1, 0},
		{41, 30, 3, 32, 1}, {41, 30, 32, 3, 1}, {50, 41, 32, 32, 1}, {21, 30, 96, 160, 1}, {9, 9, 160, 96, 0},
	} {
		filter, bias, x := Random(1, 3, 3, s.in, s.out), Random(2, s.out), Random(3, 1, s.h, s.w, s.in)
		gate := Random(4, 1, s.h-2+2*s.pad, s.w-2+2*s.pad, s.out)
		agree(t, fmt.Sprint(name, s), b, 5e-6, func(n []*Node) []*Node {
			x, filter, bias, gate := n[0], n[1], n[2], n[3]
			if !kernels.Fit(x, filter) {
				return nil
			}
			zero := ScalarZero(x.Graph(), x.DType())
			row := Reshape(bias, 1, 1, 1, s.out)
			plain := kernels.Native(x, filter, s.pad)
			return []*Node{
				kernels.Conv3x3Gradient(x, filter, nil, s.pad), plain,
				kernels.Conv3x3(x, filter, bias, s.pad), Add(plain, row),
				kernels.Conv3x3OfReLU(x, filter, bias, s.pad), Add(kernels.Native(Max(x, zero), filter, s.pad), row),
				kernels.Conv3x3Gradient(x, filter, gate, s.pad), Where(GreaterThan(gate, zero), plain, ZerosLike(plain)),
			}
		}, x, filter, bias, gate)
	}
	type matrix struct{ n, c int }
	matrices := []matrix{{4001, 64}, {1000, 192}, {700, 512}, {301, 32}, {70, 96}}
	for n := 1; n <= 14; n++ { // as many rows as there are loops for
		matrices = append(matrices, matrix{n, 64})
	}
	for _, s := range matrices {
		agree(t, fmt.Sprint(name, s), b, 2e-6, func(n []*Node) []*Node {
			x, g := n[0], n[1]
			if !kernels.FitProducts(x) {
				return nil
			}
			return []*Node{
				kernels.ColumnProducts(x), Einsum("nc,nd->cd", x, x),
				kernels.ColumnProductsGradient(x, g), Einsum("nc,cd->nd", x, Add(g, Transpose(g, 0, 1))),
			}
		}, Random(1, s.n, s.c), Random(2, s.c, s.c))
	}
	for _, s := range []struct{ n, k, m int }{{1, 32, 32}, {300, 96, 64}, {33, 512, 160}} {
		agree(t, fmt.Sprint(name, " matrices of ", s), b, 2e-6, func(n []*Node) []*Node {
			a, b, transposed := n[0], n[1], n[2]
			if !kernels.FitMultiply(a, b, false) || !kernels.FitMultiply(a, transposed, true) {
				return nil
			}
			return []*Node{
				kernels.Multiply(a, b, false), Einsum("nk,km->nm", a, b),
				kernels.Multiply(a, transposed, true), Einsum("nk,mk->nm", a, transposed),
			}
		}, Random(1, s.n, s.k), Random(2, s.k, s.m), Random(3, s.m, s.k))
	}
	for _, c := range []int{64, 128, 192, 512} {
		agree(t, fmt.Sprint(name, " matrices of ", c), b, 1e-15, func(n []*Node) []*Node {
			a, d, x := ConvertDType(n[0], dtypes.Float64), ConvertDType(n[1], dtypes.Float64), ConvertDType(n[2], dtypes.Float64)
			product := func(a, b *Node) *Node { return Einsum("ij,jk->ik", a, b) }
			identity := DiagonalWithValue(ScalarOne(a.Graph(), dtypes.Float64), c)
			transposed := Transpose(a, 0, 1)
			symmetric := kernels.SymmetricProduct(a, transposed)
			pairs := []*Node{symmetric, product(a, transposed), symmetric, Transpose(symmetric, 0, 1)}
			if kernels.FitMatrix(a) {
				want := Add(Sub(MulScalar(product(a, d), 0.5), MulScalar(x, 3)), MulScalar(identity, 7))
				pairs = append(pairs, kernels.MatrixProduct(a, d, x, 0.5, -3, 7), want)
			}
			return pairs
		}, Random(1, c, c), Random(2, c, c), Random(3, c, c))
	}
	for _, s := range []struct{ h, w, c int }{{2, 2, 16}, {6, 10, 64}, {60, 32, 48}} {
		agree(t, fmt.Sprint(name, s), b, 0, func(n []*Node) []*Node {
			x, dy := n[0], n[1]
			if !kernels.FitMap(x) {
				return nil
			}
			zero := ScalarZero(x.Graph(), x.DType())
			pooled := MaxPool(Max(x, zero)).Window(2).Done()
			spread := func(y *Node) *Node { // of values that are no ties
				y = BroadcastToDims(Reshape(y, s.h/2, 1, s.w/2, 1, s.c), s.h/2, 2, s.w/2, 2, s.c)
				return Reshape(y, 1, s.h, s.w, s.c)
			}
			taken := LogicalAnd(Equal(x, spread(pooled)), GreaterThan(x, zero))
			return []*Node{
				kernels.ReLU(x), Max(x, zero),
				kernels.ReLUGradient(x, x), Max(x, zero),
				kernels.MaxPool2OfReLU(x), pooled,
				kernels.MaxPool2OfReLUGradient(x, dy), Where(taken, spread(dy), ZerosLike(x)),
			}
		}, Random(1, 1, s.h, s.w, s.c), Random(2, 1, s.h/2, s.w/2, s.c))
	}
}

// agree runs a graph whose outputs are pairs that should be the same but for the tolerance, in relative L2.
func agree(t *testing.T, name string, b compute.Backend, must bool, tolerance float64, pairs func(n []*Node) []*Node, inputs ...any) {
	t.Run(name, func(t *testing.T) {
		none := false
		out := MustExecOnceN(b, func(n []*Node) []*Node {
			all := pairs(n)
			if none = all == nil; none {
				return n[:1]
			}
			return all
		}, inputs...)
		switch {
		case none && must:
			t.Fatal("there is no loop for it")
		case none:
			t.Skip("skipped: there is no loop for it")
		}
		for i := 0; i < len(out); i += 2 {
			if err := relativeL2(out[i], out[i+1]); !(err <= tolerance) {
				t.Errorf("loop %d differs from what the engine does by itself by %.1e (relative L2), want at most %g", i/2, err, tolerance)
			}
		}
	})
}

// NoNumber sees that what is no number stays none: a training that diverged must show it.
func NoNumber(t *testing.T, b compute.Backend) {
	nan := tensors.FromFlatDataAndDimensions(make([]float32, 4*4*64), 1, 4, 4, 64)
	tensors.MustMutableFlatData(nan, func(flat []float32) { flat[6] = float32(math.NaN()) })
	out := MustExecOnceN(b, func(n []*Node) []*Node {
		x, filter, bias := n[0], n[1], n[2]
		all := []*Node{kernels.Conv3x3OfReLU(x, filter, bias, 1)}
		if kernels.FitMap(x) {
			all = append(all, kernels.ReLU(x), kernels.MaxPool2OfReLU(x))
		}
		return all
	}, nan, Random(1, 3, 3, 64, 64), Random(2, 64))
	for i, y := range out {
		if !slices.ContainsFunc(tensors.MustCopyFlatData[float32](y), func(v float32) bool { return v != v }) {
			t.Errorf("output %d has only numbers where its input has NaN", i)
		}
	}
}

// SameAgain sees that sums are added in an order that doesn't depend on which thread is first. It returns what was computed.
func SameAgain(t *testing.T, b compute.Backend, times int) []*tensors.Tensor {
	exec := MustNewExec(b, func(x, filter, bias *Node) []*Node {
		y := kernels.Conv3x3(x, filter, bias, 1)
		wide := Reshape(y, -1, 192)
		return []*Node{y, kernels.ColumnProducts(wide), kernels.ColumnProductsGradient(wide, kernels.ColumnProducts(wide))}
	})
	defer exec.Finalize()
	x, filter, bias := Random(1, 1, 90, 90, 64), Random(2, 3, 3, 64, 64), Random(3, 64)
	first := exec.MustCall(x, filter, bias)
	for range times {
		for i, again := range exec.MustCall(x, filter, bias) {
			if !again.Equal(first[i]) {
				t.Fatalf("output %d is another the next time", i)
			}
		}
	}
	return first
}
