package conv

import (
	"stylebook/stylelib/kernels"

	. "github.com/gomlx/gomlx/core/graph"
)

// Relu replaces negative values by 0. x has any shape.
//
// Its gradient looks at the result, 0 where that is 0 as in PyTorch, so that x need not be kept for it: that is a third of
// the memory of a training step. A convolution that has kernels takes x instead and replaces the values itself.
func Relu(x *Node) *Node {
	zero := ScalarZero(x.Graph(), x.DType())
	fits := kernels.FitMap(x)
	var y *Node
	forward := func() *Node {
		if fits {
			y = kernels.ReLU(x)
		} else if y = Max(x, zero); isXLACPU(x) {
			y = barrier(y) // else XLA sees that y > 0 is x > 0 and keeps both
		}
		return y
	}
	backward := func(dy *Node) *Node {
		if fits {
			return kernels.ReLUGradient(y, dy)
		}
		return Where(GreaterThan(y, zero), dy, ZerosLike(dy))
	}
	z := withGradient(x, forward, backward)
	x.Graph().AttachState(reluOf{z.Id()}, x)
	return z
}

// reluOf is the key under which a graph keeps what a ReLU was computed of.
type reluOf struct{ result NodeId }

// beforeReLU returns what x is the ReLU of, or nil.
func beforeReLU(x *Node) *Node {
	before, _ := x.Graph().State(reluOf{x.Id()}).(*Node)
	return before
}

// barrier returns x and keeps XLA from fusing what computes it with what uses it. The second operand only keeps GoMLX from
// dropping the barrier, which on CPUs it does with barriers of one.
func barrier(x *Node) *Node { return OptimizationBarriers(x, Const(x.Graph(), int32(0)))[0] }
