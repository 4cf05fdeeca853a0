package conv

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
)

// while runs body count times, i from 0, as a loop in the graph, and returns the last state. body may use nothing but
// what it is given; constants it must make with Const, because GoMLX keeps those of MulScalar and the like for the whole
// graph.
func while(count int, state []*Node, body func(i *Node, state []*Node) []*Node) []*Node {
	g := state[0].Graph()
	state = append([]*Node{Const(g, int32(0))}, state...)
	parameters := func() (i *Node, rest []*Node) {
		var all []*Node
		for k, node := range state {
			all = append(all, Parameter(g, fmt.Sprintf("state%d", k), node.Shape()))
		}
		return all[0], all[1:]
	}
	more := NewClosure(g, func(g *Graph) []*Node {
		i, _ := parameters()
		return []*Node{LessThan(i, Const(g, int32(count)))}
	})
	step := NewClosure(g, func(g *Graph) []*Node {
		i, rest := parameters()
		return append([]*Node{Add(i, Const(g, int32(1)))}, body(i, rest)...)
	})
	return While(more, step, state...)[1:]
}

// barrier returns x and keeps XLA from fusing what computes it with what uses it. The second operand only keeps GoMLX from
// dropping the barrier, which on CPUs it does with barriers of one.
func barrier(x *Node) *Node { return OptimizationBarriers(x, Const(x.Graph(), int32(0)))[0] }
