// Package ops has operations under GoMLX's names that must differ from GoMLX's own: in a gradient, in the digits that a sum keeps, or
// in how long they take.
package ops

import (
	"strings"

	"stylebook/stylelib/conv"

	"github.com/gomlx/gomlx/core/graph"
)

// Abs returns |x| with the gradient 0 where x is 0, as PyTorch, Paddle and MXNet have it. The gradient of GoMLX's own Abs
// is 1 there, which matters to the total variation: neighbouring 8-bit pixels are often equal.
func Abs(x *graph.Node) *graph.Node { return graph.Mul(x, graph.StopGradient(graph.Sign(x))) }

// ReduceAllSum returns the sum of all values of x, a scalar. It sums along the last axis first: a single running sum of a million
// float32 values, as the pure-Go engine would take, loses two digits.
func ReduceAllSum(x *graph.Node) *graph.Node {
	if x.Rank() > 1 {
		x = graph.ReduceSum(x, -1)
	}
	return graph.ReduceAllSum(x)
}

// ReduceAllMean returns the mean of all values of x, a scalar, which it sums as [ReduceAllSum] does.
func ReduceAllMean(x *graph.Node) *graph.Node {
	if x.Rank() > 1 {
		x = graph.ReduceMean(x, -1)
	}
	return graph.ReduceAllMean(x)
}

// MatMul returns the product of two matrices, [n, k] and [k, m]; of shapes that don't fit it panics, as all graph functions. Xᵀ·X,
// written MatMul(Transpose(x, 0, 1), x), is [conv.ColumnProducts]: half of it is computed, and its gradient is one product, where
// GoMLX's has two.
func MatMul(lhs, rhs *graph.Node) *graph.Node {
	if lhs.Type() == graph.NodeTypeTranspose && lhs.Inputs()[0] == rhs && strings.Contains(lhs.String(), "permutation=[1 0]") {
		return conv.ColumnProducts(rhs)
	}
	return graph.MatMul(lhs, rhs)
}
