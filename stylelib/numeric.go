package stylelib

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Sum returns the sum of all values of x, a scalar. It sums along the last axis first: a single running sum of a million float32
// values, as the pure-Go engine would take, loses two digits.
func Sum(x *Node) *Node {
	if x.Rank() > 1 {
		x = ReduceSum(x, -1)
	}
	return ReduceAllSum(x)
}

// Mean returns the mean of all values of x, a scalar, which it sums as [Sum] does.
func Mean(x *Node) *Node {
	if x.Rank() > 1 {
		x = ReduceMean(x, -1)
	}
	return ReduceAllMean(x)
}

// Absolute returns |x| with the gradient 0 where x is 0, as PyTorch, Paddle and MXNet have it. The gradient of GoMLX's own Abs
// is 1 there, which matters to the total variation: neighbouring 8-bit pixels are often equal.
func Absolute(x *Node) *Node { return Mul(x, StopGradient(Sign(x))) }

// free gives memory back at once instead of at the next garbage collection.
func free(ts ...*tensors.Tensor) {
	for _, t := range ts {
		if t != nil {
			_ = t.FinalizeAll()
		}
	}
}
