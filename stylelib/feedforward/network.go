package feedforward

import (
	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/layers/activation"
)

// Multiple is what height and width of a picture in [Forward] are multiples of, in pixels.
const Multiple = 4

// epsilon keeps instance normalization from dividing by zero where a map is the same everywhere.
const epsilon = 1e-5

// Forward is the network's graph: it paints photographs in one pass.
//
//	squares of 2×2 · conv 5×5 · conv 3×3, stride 2 · residual blocks · enlarge twice · conv 3×3 · conv 5×5 · squares apart · sigmoid
//
// photographs has shape [n, h, w, 3], red, green and blue from 0 to 1, with h and w multiples of [Multiple] and at least 16; the result
// has the same shape and range. Each convolution but the last is followed by instance normalization and, outside the sums of the
// blocks, ReLU; borders are mirrored. As graph functions do, it panics on other shapes.
//
// Johnson, Alahi, Li 2016, with instance normalization (Ulyanov, Vedaldi, Lempitsky 2016). Instead of their first and last layer, 9×9
// convolutions at full size, there are 5×5 ones on squares of 2×2 pixels: as wide a view in a fraction of the time.
func Forward(scope *model.Scope, photographs *Node, a Architecture) *Node {
	x := together(normalized(photographs))
	x = activation.Relu(convNorm(scope.In("down1"), x, 5, a.Channels/2, 1))
	x = activation.Relu(convNorm(scope.In("down2"), x, 3, a.Channels, 2))
	for i := range a.Blocks {
		in := scope.In("block%d", i+1)
		y := activation.Relu(convNorm(in.In("a"), x, 3, a.Channels, 1))
		x = Add(x, convNorm(in.In("b"), y, 3, a.Channels, 1))
	}
	x = activation.Relu(convNorm(scope.In("up1"), enlarge(x), 3, a.Channels/2, 1))
	x = activation.Relu(convNorm(scope.In("up2"), enlarge(x), 3, a.Channels/4, 1))
	return Sigmoid(conv(scope.In("out"), x, 3, 3, 1).Done())
}

// conv is a convolution with mirrored borders.
func conv(scope *model.Scope, x *Node, kernel, channels, stride int) *layers.ConvBuilder {
	n := kernel / 2
	return layers.Convolution(scope, mirror(x, n, n, n, n)).CurrentScope().KernelSize(kernel).Channels(channels).Strides(stride)
}

// convNorm is a convolution with instance normalization: each channel of each picture gets mean offset and deviation scale.
func convNorm(scope *model.Scope, x *Node, kernel, channels, stride int) *Node {
	x = conv(scope, x, kernel, channels, stride).UseBias(false).Done()
	x = norm.LayerNorm(scope, x, 1, 2).LearnedGain(false).LearnedOffset(false).Epsilon(epsilon).Done()
	perChannel := func(name string, first model.VariableInitializer) *Node {
		v := scope.WithInitializer(first).VariableWithShape(name, shapes.Make(x.DType(), channels))
		return Reshape(v.NodeValue(x), 1, 1, 1, channels)
	}
	return Add(Mul(x, perChannel("scale", initializer.One)), perChannel("offset", initializer.Zero))
}

// normalized brings red, green and blue from 0 to 1 to what VGG is given.
func normalized(x *Node) *Node { return Div(Sub(x, rgb(x, sl.RGBMean)), rgb(x, sl.RGBStd)) }

// rgb is a constant for each of the three channels.
func rgb(x *Node, values [3]float32) *Node {
	return Reshape(Const(x.Graph(), values[:]), 1, 1, 1, 3)
}

// mirror adds rows and columns outside, which mirror those inside of the border. (GoMLX's Reverse has no gradient.)
func mirror(x *Node, top, left, bottom, right int) *Node {
	for axis, n := range [][2]int{1: {top, bottom}, 2: {left, right}} {
		size, all := x.Shape().Dim(axis), []*Node{x}
		for i := range n[0] {
			all = append([]*Node{SliceAxis(x, axis, AxisElem(1+i))}, all...)
		}
		for i := range n[1] {
			all = append(all, SliceAxis(x, axis, AxisElem(size-2-i)))
		}
		if len(all) > 1 {
			x = Concatenate(all, axis)
		}
	}
	return x
}

// enlarge doubles height and width, each new value between its two nearest, which are ¼ and ¾ away.
func enlarge(x *Node) *Node {
	for axis := 1; axis <= 2; axis++ {
		size := x.Shape().Dim(axis)
		part := func(from, to int) *Node { return SliceAxis(x, axis, AxisRange(from, to)) }
		before := Concatenate([]*Node{part(0, 1), part(0, size-1)}, axis)
		after := Concatenate([]*Node{part(1, size), part(size-1, size)}, axis)
		between := func(other *Node) *Node { return Add(MulScalar(x, 0.75), MulScalar(other, 0.25)) }
		larger := x.Shape().Clone().Dimensions
		larger[axis] *= 2
		x = Reshape(Stack([]*Node{between(before), between(after)}, axis+1), larger...)
	}
	return x
}

// together makes of each square of 2×2 one place with four times as many channels.
func together(x *Node) *Node {
	n, h, w, c := sizes(x)
	return Reshape(TransposeAllAxes(Reshape(x, n, h/2, 2, w/2, 2, c), 0, 1, 3, 2, 4, 5), n, h/2, w/2, 4*c)
}

func sizes(x *Node) (n, h, w, c int) {
	s := x.Shape()
	return s.Dim(0), s.Dim(1), s.Dim(2), s.Dim(3)
}
