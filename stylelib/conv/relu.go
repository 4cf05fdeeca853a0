package conv

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// ReLU replaces negative values by 0. x has any shape.
//
// Its gradient looks at the result, 0 where that is 0 as in PyTorch, so that x need not be kept for it: that is a third of
// the memory of a training step.
func ReLU(x *Node) *Node {
	zero := ScalarZero(x.Graph(), x.DType())
	var y *Node
	forward := func() *Node {
		if y = Max(x, zero); isXLACPU(x) {
			y = barrier(y) // else XLA sees that y > 0 is x > 0 and keeps both
		}
		return y
	}
	return withGradient(x, forward, func(dy *Node) *Node { return Where(GreaterThan(y, zero), dy, ZerosLike(dy)) })
}
