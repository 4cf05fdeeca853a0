package main

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// convolve convolves maps [n, h, w, in] with a filter [3, 3, in, out], the maps mirrored at their borders, and lets
// the gradient flow to both.
//
// The filter's gradient is written as nine products of matrices: GoMLX's own, a convolution with a kernel as large as
// the map, takes up to twice as long on a processor.
func convolve(x, filter *Node) *Node {
	d := x.Shape().Dimensions
	n, h, w, in, out := d[0], d[1], d[2], d[3], filter.Shape().Dim(3)
	x = mirror(x)
	forX := func(dy *Node) *Node {
		turned := Transpose(Reverse(filter, 0, 1), 2, 3)
		return Convolve(dy, turned).PaddingPerDim([][2]int{{2, 2}, {2, 2}}).Done()
	}
	forFilter := func(dy *Node) *Node {
		dy = Reshape(dy, n*h*w, out)
		var taps []*Node
		for a := range 3 {
			for b := range 3 {
				shifted := Slice(x, AxisRange(), AxisRange(a, a+h), AxisRange(b, b+w), AxisRange())
				taps = append(taps, Reshape(Einsum("ni,no->io", Reshape(shifted, n*h*w, in), dy), 1, in, out))
			}
		}
		return Reshape(Concatenate(taps, 0), 3, 3, in, out)
	}
	y := Convolve(x, filter).NoPadding().Done()
	return withGradients(y, gradient{x, forX}, gradient{filter, forFilter})
}

// gradient says how a result's gradient dy is carried back to one of its inputs.
type gradient struct {
	input *Node
	back  func(dy *Node) *Node
}

// withGradients returns y with gradients of our own.
//
// GoMLX lets an operation carry a second form through which its gradient flows. The second form here is a dummy of y's
// shape: its last identity keeps the dy that arrives, and one identity for each input replaces what reaches it by
// back(dy). Nothing of the dummy is ever computed.
func withGradients(y *Node, gradients ...gradient) *Node {
	var arrived *Node
	dummy := func() []*Node {
		path := ScalarZero(y.Graph(), y.DType())
		for _, g := range gradients {
			input := IdentityWithCustomGradient(g.input, func(_, _ *Node) *Node { return g.back(arrived) })
			path = Add(path, ReduceAllSum(input))
		}
		path = IdentityWithCustomGradient(BroadcastToShape(path, y.Shape()), func(_, dy *Node) *Node {
			arrived = dy
			return dy
		})
		return []*Node{path}
	}
	// The result must come after the dummy in the graph, hence the fresh identity.
	outputs, _ := InternalFusedOpCallerMulti(func() []*Node { return []*Node{Identity(y)} }, dummy, true)
	return outputs[0]
}

// mirror adds one row or column on every side, mirrored about the outermost one.
func mirror(x *Node) *Node {
	h, w := x.Shape().Dim(1), x.Shape().Dim(2)
	x = Concatenate([]*Node{Slice(x, AxisRange(), AxisElem(1)), x, Slice(x, AxisRange(), AxisElem(h-2))}, 1)
	return Concatenate([]*Node{
		Slice(x, AxisRange(), AxisRange(), AxisElem(1)), x, Slice(x, AxisRange(), AxisRange(), AxisElem(w-2))}, 2)
}

// squares brings the 2 × 2 squares of maps of even size into axes of their own: [n, h/2, 2, w/2, 2, c].
func squares(x *Node) *Node {
	d := x.Shape().Dimensions
	return Reshape(x, d[0], d[1]/2, 2, d[2]/2, 2, d[3])
}

func maxPool(x *Node) *Node     { return ReduceMax(squares(x), 2, 4) }
func averagePool(x *Node) *Node { return ReduceMean(squares(x), 2, 4) }

func relu(x *Node) *Node { return Max(x, ScalarZero(x.Graph(), x.DType())) }

// standardize subtracts the mean and divides by the standard deviation, each over all axes but the last. It returns
// these too, of shape [channels].
func standardize(x *Node) (y, mean, variance *Node) {
	var axes []int
	for axis := range x.Rank() - 1 {
		axes = append(axes, axis)
	}
	centre := ReduceAndKeep(x, ReduceMean, axes...)
	centred := Sub(x, centre)
	spread := ReduceAndKeep(Square(centred), ReduceMean, axes...)
	y = Div(centred, Sqrt(AddScalar(spread, normEpsilon)))
	return y, Reshape(centre, -1), Reshape(spread, -1)
}

// normEpsilon keeps a channel without variance from being divided by 0.
const normEpsilon = 1e-5
