package feedforward

import (
	sl "stylebook/stylelib"
	"stylebook/stylelib/kernels"

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
//	squares of 2×2 · conv 5×5 · conv 3×3, stride 2 · residual blocks · enlarge, conv 3×3 · enlarge, conv 3×3 · conv 3×3 · sigmoid
//
// photographs has shape [n, h, w, 3], red, green and blue from 0 to 1, with h and w multiples of [Multiple] and at least 16; the result
// has the same shape and range. Each convolution but the last is followed by instance normalization and, outside the sums of the
// blocks, ReLU. Borders are mirrored. As graph functions do, it panics on other shapes.
//
// Johnson, Alahi, Li 2016, with instance normalization (Ulyanov, Vedaldi, Lempitsky 2016). Instead of their first layer, a 9×9
// convolution at full size, there is a 5×5 one on squares of 2×2 pixels, as wide a view in a fraction of the time; instead of their
// transposed convolutions, which leave a checkerboard, maps are enlarged between neighbours (Odena, Dumoulin, Olah 2016).
func Forward(scope *model.Scope, photographs *Node, a Architecture) *Node {
	relu := activation.Relu
	x := together(normalized(photographs))
	x = relu(convNorm(scope.In("down1"), x, 5, a.Channels/2, 1))
	x = relu(convNorm(scope.In("down2"), x, 3, a.Channels, 2))
	for i := range a.Blocks {
		in := scope.In("block%d", i+1)
		y := relu(convNorm(in.In("a"), x, 3, a.Channels, 1))
		x = Add(x, convNorm(in.In("b"), y, 3, a.Channels, 1))
	}
	x = apart(relu(enlargedConvNorm(scope.In("up1"), x, a.Channels/2)))
	x = relu(enlargedConvNorm(scope.In("up2"), x, a.Channels/4)) // in squares
	return Sigmoid(apart(lastConv(scope.In("out"), x, 3)))
}

// convNorm is a convolution, followed by instance normalization.
func convNorm(scope *model.Scope, x *Node, kernel, channels, stride int) *Node {
	n := kernel / 2
	x = mirror(x, n, n, n, n)
	if kernel == 3 && stride == 1 {
		x = correlate(scope, x, filterOf(scope, x, x.Shape().Dim(3), channels))
	} else {
		x = layers.Convolution(scope, x).CurrentScope().KernelSize(kernel).Channels(channels).Strides(stride).UseBias(false).Done()
	}
	return normalize(scope, x, channels)
}

// filterOf is that of a convolution 3×3, called as GoMLX's layer calls it.
func filterOf(scope *model.Scope, x *Node, in, out int) *Node {
	return scope.VariableWithShape("weights", shapes.Make(x.DType(), 3, 3, in, out)).NodeValue(x)
}

// correlate is a convolution without border or bias. While nothing is trained, wide ones of one picture are computed by loops of our own,
// which take a third of the time.
func correlate(scope *model.Scope, x, filter *Node) *Node {
	if x.Shape().Dim(0) == 1 && !scope.IsTraining(x.Graph()) && kernels.Fit(x, filter) {
		return kernels.Conv3x3Gradient(x, filter, nil, 0)
	}
	return kernels.Native(x, filter, 0)
}

// normalize is instance normalization: each channel of each picture gets mean offset and deviation scale. x has so many channels, or
// four times as many where it is in squares.
func normalize(scope *model.Scope, x *Node, channels int) *Node {
	n, h, w, c := sizes(x)
	x = Reshape(x, n, h, w, c/channels, channels)
	x = norm.LayerNorm(scope, x, 1, 2, 3).LearnedGain(false).LearnedOffset(false).Epsilon(epsilon).Done()
	perChannel := func(name string, first model.VariableInitializer) *Node {
		v := scope.WithInitializer(first).VariableWithShape(name, shapes.Make(x.DType(), channels))
		return Reshape(v.NodeValue(x), 1, 1, 1, 1, channels)
	}
	return Reshape(Add(Mul(x, perChannel("scale", initializer.One)), perChannel("offset", initializer.Zero)), n, h, w, c)
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

func sizes(x *Node) (n, h, w, c int) {
	s := x.Shape()
	return s.Dim(0), s.Dim(1), s.Dim(2), s.Dim(3)
}
