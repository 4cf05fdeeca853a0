package checks

import (
	"slices"
	"testing"

	sl "stylebook/stylelib"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
)

// net is the network of the notebook, in which a test puts another function for one.
type net struct {
	outside   func(x *Node, axis, n int) *Node
	normalize func(scope *model.Scope, x *Node) *Node
	larger    func(x *Node) *Node
	between   func(x *Node) *Node // the convolutions of a block
	relu      func(x *Node) *Node // outside of blocks
	first     func(x *Node) *Node
	order     []int // of the axes of squares
	end       func(x *Node) *Node
	biases    bool
	blocks    func(asked int) int
}

func rightNet() net {
	return net{outside: mirrored(1), normalize: instanceNorm(1e-5), larger: func(x *Node) *Node { return linear(x, 1, 2) }, between: activation.Relu, relu: activation.Relu,
		first: normalized, order: []int{0, 1, 3, 2, 4, 5}, end: Sigmoid, biases: true, blocks: func(asked int) int { return asked }}
}

// mirrored puts n rows or columns outside, of which the first is so far inside.
func mirrored(from int) func(x *Node, axis, n int) *Node {
	return func(x *Node, axis, n int) *Node {
		size, all := x.Shape().Dim(axis), []*Node{x}
		for i := range n {
			all = slices.Concat([]*Node{SliceAxis(x, axis, AxisElem(i+from))}, all, []*Node{SliceAxis(x, axis, AxisElem(size-1-i-from))})
		}
		return Concatenate(all, axis)
	}
}

func repeated(x *Node, axis, n int) *Node {
	first, last := SliceAxis(x, axis, AxisElem(0)), SliceAxis(x, axis, AxisElem(-1))
	return Concatenate(slices.Concat(slices.Repeat([]*Node{first}, n), []*Node{x}, slices.Repeat([]*Node{last}, n)), axis)
}

func zeros(x *Node, axis, n int) *Node {
	none := ZerosLike(SliceAxis(x, axis, AxisRange(0, n)))
	return Concatenate([]*Node{none, x, none}, axis)
}

func around(x *Node, axis, n int) *Node {
	return Concatenate([]*Node{SliceAxis(x, axis, AxisRange(-n)), x, SliceAxis(x, axis, AxisRange(0, n))}, axis)
}

func (n net) conv(scope *model.Scope, x *Node, kernel, channels, stride int) *layers.ConvBuilder {
	for axis := 1; axis <= 2; axis++ {
		x = n.outside(x, axis, kernel/2)
	}
	return layers.Convolution(scope, x).CurrentScope().KernelSize(kernel).Channels(channels).Strides(stride)
}

func channelwise(scope *model.Scope, x *Node, name string, first model.VariableInitializer) *Node {
	v := scope.WithInitializer(first).VariableWithShape(name, shapes.Make(x.DType(), x.Shape().Dim(-1)))
	return Reshape(v.NodeValue(x), 1, 1, 1, -1)
}

func affine(scope *model.Scope, x *Node) *Node {
	return Add(Mul(x, channelwise(scope, x, "scale", initializer.One)), channelwise(scope, x, "offset", initializer.Zero))
}

// over normalizes over some axes.
func over(epsilon float64, axes ...int) func(scope *model.Scope, x *Node) *Node {
	return func(scope *model.Scope, x *Node) *Node {
		return norm.LayerNorm(scope, x, axes...).LearnedGain(false).LearnedOffset(false).Epsilon(epsilon).Done()
	}
}

func instanceNorm(epsilon float64) func(scope *model.Scope, x *Node) *Node {
	return func(scope *model.Scope, x *Node) *Node { return affine(scope, over(epsilon, 1, 2)(scope, x)) }
}

func (n net) convNorm(scope *model.Scope, x *Node, kernel, channels, stride int) *Node {
	return n.normalize(scope, n.conv(scope, x, kernel, channels, stride).UseBias(false).Done())
}

func (n net) block(scope *model.Scope, x *Node) *Node {
	y := n.between(n.convNorm(scope.In("a"), x, 3, x.Shape().Dim(-1), 1))
	return Add(x, n.convNorm(scope.In("b"), y, 3, x.Shape().Dim(-1), 1))
}

// linear doubles the length of some axes.
func linear(x *Node, axes ...int) *Node {
	for _, axis := range axes {
		end := x.Shape().Dim(axis)
		wide := repeated(x, axis, 1)
		x = interleaved(Add(MulScalar(x, 0.75), MulScalar(SliceAxis(wide, axis, AxisRange(0, end)), 0.25)),
			Add(MulScalar(x, 0.75), MulScalar(SliceAxis(wide, axis, AxisRange(2)), 0.25)), axis)
	}
	return x
}

func interleaved(a, b *Node, axis int) *Node {
	larger := slices.Clone(a.Shape().Dimensions)
	larger[axis] *= 2
	return Reshape(Stack([]*Node{a, b}, axis+1), larger...)
}

func nearest(x *Node) *Node {
	rows := interleaved(x, x, 1)
	return interleaved(rows, rows, 2)
}

func normalized(x *Node) *Node {
	rgb := func(values [3]float32) *Node { return Reshape(Const(x.Graph(), values[:]), 1, 1, 1, 3) }
	return Div(Sub(x, rgb(sl.RGBMean)), rgb(sl.RGBStd))
}

func (n net) forward(scope *model.Scope, x *Node, channels, blocks int) *Node {
	s := x.Shape()
	x = TransposeAllAxes(Reshape(n.first(x), s.Dim(0), s.Dim(1)/2, 2, s.Dim(2)/2, 2, 3), n.order...)
	x = Reshape(x, s.Dim(0), s.Dim(1)/2, s.Dim(2)/2, 12)
	x = n.relu(n.convNorm(scope.In("down1"), x, 5, channels/2, 1))
	x = n.relu(n.convNorm(scope.In("down2"), x, 3, channels, 2))
	for i := range n.blocks(blocks) {
		x = n.block(scope.In("block%d", i+1), x)
	}
	x = n.relu(n.convNorm(scope.In("up1"), n.larger(x), 3, channels/2, 1))
	x = n.relu(n.convNorm(scope.In("up2"), n.larger(x), 3, channels/4, 1))
	return n.end(n.conv(scope.In("out"), x, 3, 3, 1).UseBias(n.biases).Done())
}

func TestRightNetwork(t *testing.T) {
	n := rightNet()
	for _, r := range []Result{Convolution(n.conv), InstanceNorm(n.normalize), Enlarge(n.larger), ResidualBlock(n.block), PaintingNetwork(n.forward)} {
		if !r.Right {
			t.Errorf("the right answer is refused:\n%v", r)
		}
	}
}

func TestWrongConvolution(t *testing.T) {
	by := func(outside func(x *Node, axis, n int) *Node) Result { return Convolution(net{outside: outside}.conv) }
	none := func(x *Node, _, _ int) *Node { return x }
	wrong{
		"There are zeros outside":     by(zeros),
		"Nothing is put outside":      by(none),
		"The border itself":           by(repeated),
		"first row outside is the":    by(mirrored(0)),
		"from the opposite border":    by(around),
		"every second place":          Convolution(func(s *model.Scope, x *Node, k, c, _ int) *layers.ConvBuilder { return rightNet().conv(s, x, k, c, 1) }),
		"a panic (nothing comes back": Convolution(func(*model.Scope, *Node, int, int, int) *layers.ConvBuilder { panic("nothing comes back") }),
	}.test(t)
}

func TestWrongInstanceNorm(t *testing.T) {
	deviation := func(x *Node) (off, variance *Node) {
		off = Sub(x, ReduceAndKeep(x, ReduceMean, 1, 2))
		return off, ReduceAndKeep(Square(off), ReduceMean, 1, 2)
	}
	by := func(rule func(x, off, variance *Node) *Node) Result {
		return InstanceNorm(func(scope *model.Scope, x *Node) *Node {
			off, variance := deviation(x)
			return affine(scope, rule(x, off, variance))
		})
	}
	only := func(of func(scope *model.Scope, x *Node) *Node) Result {
		return InstanceNorm(func(scope *model.Scope, x *Node) *Node { return of(scope, over(1e-5, 1, 2)(scope, x)) })
	}
	along := func(axes ...int) Result {
		return InstanceNorm(func(scope *model.Scope, x *Node) *Node { return affine(scope, over(1e-5, axes...)(scope, x)) })
	}
	wrong{
		"That is batch normalization": along(0, 1, 2),
		"one mean for all channels":   along(1, 2, 3),
		"normalizes at each place":    along(3),
		"by itself: ask for 1e-5":     InstanceNorm(instanceNorm(1e-3)),
		"the root of the variance":    by(func(_, off, v *Node) *Node { return Div(off, AddScalar(v, 1e-5)) }),
		"would divide by 0":           by(func(_, off, v *Node) *Node { return Div(off, Sqrt(v)) }),
		"not by one less":             by(func(_, off, v *Node) *Node { return Div(off, Sqrt(AddScalar(MulScalar(v, 12./11), 1e-5))) }),
		"Subtract the mean":           by(func(x, _, v *Node) *Node { return Div(x, Sqrt(AddScalar(v, 1e-5))) }),
		"Multiply by the": only(func(scope *model.Scope, x *Node) *Node {
			return Add(x, channelwise(scope, x, "offset", initializer.Zero))
		}),
		"Add the channel's offset.": only(func(scope *model.Scope, x *Node) *Node {
			return Mul(x, channelwise(scope, x, "scale", initializer.One))
		}),
		"Now multiply": InstanceNorm(over(1e-5, 1, 2)),
		"Nothing is":   InstanceNorm(func(_ *model.Scope, x *Node) *Node { return x }),
	}.test(t)
}

func TestWrongEnlarge(t *testing.T) {
	between := func(x *Node) *Node {
		rows := interleaved(x, ZerosLike(x), 1)
		return interleaved(rows, ZerosLike(rows), 2)
	}
	wrong{
		"only repeated":              Enlarge(nearest),
		"There the corners stay":     Enlarge(cornered),
		"first half of a transposed": Enlarge(between),
		"The width is to be":         Enlarge(func(x *Node) *Node { return linear(x, 1) }),
		"The height is to be":        Enlarge(func(x *Node) *Node { return linear(x, 2) }),
	}.test(t)
}

// cornered keeps the corners where they are, and lays the other places evenly between them.
func cornered(x *Node) *Node {
	along := func(size int) *Node {
		rows := make([][]float32, 2*size)
		for i := range rows {
			rows[i] = make([]float32, size)
			at := float64(i) * float64(size-1) / float64(2*size-1)
			low := min(int(at), size-2)
			rows[i][low], rows[i][low+1] = float32(1-at+float64(low)), float32(at-float64(low))
		}
		return Const(x.Graph(), rows)
	}
	return Einsum("lk,nikc->nilc", along(x.Shape().Dim(2)), Einsum("ij,njkc->nikc", along(x.Shape().Dim(1)), x))
}

func TestWrongResidualBlock(t *testing.T) {
	plain, bare := rightNet(), rightNet()
	plain.between = Identity
	bare.normalize = func(_ *model.Scope, x *Node) *Node { return x }
	n := rightNet()
	wrong{
		"Add x to": ResidualBlock(func(scope *model.Scope, x *Node) *Node { return Sub(n.block(scope, x), x) }),
		"No ReLU follows the sum": ResidualBlock(func(scope *model.Scope, x *Node) *Node {
			return activation.Relu(n.block(scope, x))
		}),
		"between the two": ResidualBlock(plain.block),
		"is followed by":  ResidualBlock(bare.block),
		"b, is missing": ResidualBlock(func(scope *model.Scope, x *Node) *Node {
			return Add(x, activation.Relu(n.convNorm(scope.In("a"), x, 3, 2, 1)))
		}),
	}.test(t)
}

func TestWrongPaintingNetwork(t *testing.T) {
	by := func(change func(n *net)) Result {
		n := rightNet()
		change(&n)
		return PaintingNetwork(n.forward)
	}
	wrong{
		"Normalize red":            by(func(n *net) { n.first = Identity }),
		"places come before":       by(func(n *net) { n.order = []int{0, 1, 3, 5, 2, 4} }),
		"blocks are missing":       by(func(n *net) { n.blocks = func(int) int { return 0 } }),
		"A sigmoid at the end":     by(func(n *net) { n.end = Identity }),
		"Tanh goes":                by(func(n *net) { n.end = Tanh }),
		"outside the blocks":       by(func(n *net) { n.relu = Identity }),
		"last convolution has":     by(func(n *net) { n.biases = false }),
		"not by repeating values.": by(func(n *net) { n.larger = nearest }),
	}.test(t)
}
