package main

import (
	"context"
	"fmt"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
)

// fit finds the filter and bias with which a layer, on what the thin network gives it, comes nearest to what is wanted, by least
// squares:
//
//	(XᵀX + ridge) W = XᵀY,  one row of X for each position: its 3 × 3 surroundings and a 1
//
// Where the teacher's ReLU gives 0, anything below 0 will do: after a first fit, what is wished for there is what the fit before
// gave, if that is below 0. The layers that the teacher lacks begin with a filter that lets everything pass instead. missed is the
// square error after the ReLU over the square of what is wanted, in the last round.
func (t *thinner) fit(ctx context.Context, l sl.Layer, thin []conv, wanted func(k int) *tensors.Tensor) (c conv, missed float64, err error) {
	batches := t.fitted(l.Block)
	seen, err := t.seen(ctx, batches, l, thin)
	defer free(seen)
	if err != nil {
		return conv{}, 0, err
	}
	both := func(k int) []*tensors.Tensor { return []*tensors.Tensor{seen[k], wanted(k)} }
	in, out := seen[0].Shape().Dim(-1), wanted(0).Shape().Dim(-1)
	n := 9*in + 1
	var products [][]float64
	err = t.on(ctx, batches, both, nil, func(in []*Node) []*Node {
		x := patches(in[0])
		return []*Node{Einsum("pn,pm->nm", x, x), Einsum("pn,pc->nc", x, rowsOf(in[1]))}
	}, adder(&products))
	if err != nil {
		return conv{}, 0, err
	}
	left, err := factorize(products[0], n, t.ridge)
	if err != nil {
		return conv{}, 0, err
	}
	solution, err := solve(left, products[1], n, out)
	if beyond(l) {
		clear(solution)
		for i := range in {
			solution[(4*in+i)*out+i] = 1
		}
	}
	for range rounds {
		if err != nil {
			return conv{}, 0, err
		}
		var sums [][]float64
		err = t.on(ctx, batches, both, []*tensors.Tensor{tensors.FromFlatDataAndDimensions(solution, n, out)}, again, adder(&sums))
		if err == nil {
			missed = sums[1][0] / sums[2][0]
			solution, err = solve(left, sums[0], n, out)
		}
	}
	cut := 9 * in * out
	return conv{in, out, solution[:cut], solution[cut:]}, missed, err
}

// seen is what the thin network gives a layer to see, for each of the first batches.
func (t *thinner) seen(ctx context.Context, batches int, l sl.Layer, thin []conv) (all []*tensors.Tensor, err error) {
	err = t.on(ctx, batches, t.pictures, parameters(thin), func(in []*Node) []*Node {
		return []*Node{forward(pupilKind, in[0], in[1:], averagePool)[l.Name].in}
	}, func(_ int, out []*tensors.Tensor) error {
		all = append(all, out[0])
		return nil
	})
	return all, err
}

// rounds is how often a layer is fitted again.
const rounds = 3

// again takes what a layer sees, what is wanted, and the last solution. It returns XᵀY of the new wishes, and the two sums whose
// ratio is missed.
func again(in []*Node) []*Node {
	x, wanted := patches(in[0]), rowsOf(in[1])
	given, zero := Dot(x, in[2]).Product(), ScalarZero(x.Graph(), x.DType())
	wish := Where(GreaterThan(wanted, zero), wanted, Min(given, zero))
	target := Max(wanted, zero)
	return []*Node{Einsum("pn,pc->nc", x, wish), ReduceAllSum(Square(Sub(Max(given, zero), target))), ReduceAllSum(Square(target))}
}

// factorize prepares the solution of the normal equations, with a ridge on all but the bias, as a share of the mean
// square of what is seen.
func factorize(products []float64, n int, ridge float64) (*mat.Cholesky, error) {
	trace := 0.0
	for i := range n - 1 {
		trace += products[i*n+i]
	}
	for i := range n - 1 {
		products[i*n+i] += ridge * trace / float64(n-1)
	}
	left := new(mat.Cholesky)
	if !left.Factorize(mat.NewSymDense(n, products)) {
		return nil, fmt.Errorf("the normal equations have no solution")
	}
	return left, nil
}

func solve(left *mat.Cholesky, right []float64, n, out int) ([]float32, error) {
	var found mat.Dense
	if err := left.SolveTo(&found, mat.NewDense(n, out, right)); err != nil {
		return nil, err
	}
	solution := make([]float32, n*out)
	for i, v := range found.RawMatrix().Data {
		solution[i] = float32(v)
	}
	return solution, nil
}

// rowsOf are the positions of maps one below the other.
func rowsOf(x *Node) *Node { return Reshape(x, -1, x.Shape().Dim(-1)) }

// patches are the 3 × 3 surroundings of all positions, in the order of a filter, and a 1, as rows.
func patches(x *Node) *Node {
	d := x.Shape().Dimensions
	padded := Pad(x, ScalarZero(x.Graph(), x.DType()), PadAxis{}, PadAxis{Start: 1, End: 1}, PadAxis{Start: 1, End: 1}, PadAxis{})
	var parts []*Node
	for dy := range 3 {
		for dx := range 3 {
			parts = append(parts, rowsOf(Slice(padded, AxisRange(), AxisRange(dy, dy+d[1]), AxisRange(dx, dx+d[2]), AxisRange())))
		}
	}
	one := Slice(OnesLike(parts[0]), AxisRange(), AxisRange(0, 1))
	return Concatenate(append(parts, one), 1)
}

func free(all []*tensors.Tensor) {
	for _, t := range all {
		_ = t.FinalizeAll()
	}
}
