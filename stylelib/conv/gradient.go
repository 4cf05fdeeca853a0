package conv

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// withGradient returns forward(), a function of x, whose gradient with respect to x is backward(dy), dy being the
// gradient that arrives at the result.
//
// GoMLX lets an operation carry a second form through which its gradient flows. The second form here is a dummy of the
// right shape that reaches x through two identities: the first keeps the dy that arrives, the second replaces what
// reaches x by backward(dy). Nothing of the dummy is ever computed.
func withGradient(x *Node, forward func() *Node, backward func(dy *Node) *Node) *Node {
	return withGradients([]*Node{x}, forward, backward)
}

// withGradients is [withGradient] of several xs, each with its backward.
func withGradients(xs []*Node, forward func() *Node, backward ...func(dy *Node) *Node) *Node {
	y := forward()
	var arrived *Node
	dummy := func() []*Node {
		path := ScalarZero(y.Graph(), y.DType())
		for i, x := range xs {
			path = Add(path, ReduceAllSum(IdentityWithCustomGradient(x, func(_, _ *Node) *Node { return backward[i](arrived) })))
		}
		path = BroadcastToShape(path, y.Shape())
		path = IdentityWithCustomGradient(path, func(_, dy *Node) *Node {
			arrived = dy
			return dy
		})
		return []*Node{path}
	}
	// The result must come after the dummy in the graph, hence the fresh identity.
	outputs, _ := InternalFusedOpCallerMulti(func() []*Node { return []*Node{Identity(y)} }, dummy, true)
	return outputs[0]
}
