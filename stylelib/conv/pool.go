package conv

import (
	"stylebook/stylelib/kernels"

	. "github.com/gomlx/gomlx/core/graph"
)

// MaxPool2 halves a map: each output is the largest of a 2×2 square of x; an odd last row or column is dropped.
//
// x has shape [1, h, w, c], the result [1, h/2, w/2, c]. The gradient goes to the first maximum in row order, as in
// PyTorch. It is written with slices because XLA's own gradient of pooling (select-and-scatter) takes longer than the
// convolutions around it.
//
// Where x is the ReLU of a map, that map is looked at instead, so that the ReLU need not be in memory: the largest value stays
// the largest, and the gradient ends where it isn't positive.
func MaxPool2(x *Node) *Node {
	checkMap(x)
	before := beforeReLU(x)
	if before == nil {
		return withGradient(x, func() *Node { return maxOf(corners(x)) }, func(dy *Node) *Node {
			square := corners(x)
			return toFirstMax(x, square, maxOf(square), dy)
		})
	}
	if kernels.FitMap(before) {
		return withGradient(before, func() *Node { return kernels.MaxPool2OfReLU(before) },
			func(dy *Node) *Node { return kernels.MaxPool2OfReLUGradient(before, dy) })
	}
	zero := ScalarZero(x.Graph(), x.DType())
	forward := func() *Node { return Max(maxOf(corners(before)), zero) }
	backward := func(dy *Node) *Node {
		square := corners(before)
		largest := maxOf(square)
		return toFirstMax(before, square, largest, Where(GreaterThan(largest, zero), dy, ZerosLike(dy)))
	}
	return withGradient(before, forward, backward)
}

// toFirstMax gives each value of dy to the first maximum of its square of x, of which square are the corners and largest the maximum.
func toFirstMax(x *Node, square []*Node, largest, dy *Node) *Node {
	zero := ZerosLike(dy)
	parts := make([]*Node, 4)
	var taken *Node // where an earlier corner holds the maximum
	for i, corner := range square {
		isMax := Equal(corner, largest)
		mine := isMax
		if taken == nil {
			taken = isMax
		} else {
			mine = LogicalAnd(isMax, LogicalNot(taken))
			taken = LogicalOr(taken, isMax)
		}
		parts[i] = Where(mine, dy, zero)
	}
	return spread(parts, x)
}

// AveragePool2 halves a map: each output is the mean of a 2×2 square of x; an odd last row or column is dropped.
//
// x has shape [1, h, w, c], the result [1, h/2, w/2, c].
func AveragePool2(x *Node) *Node {
	checkMap(x)
	forward := func() *Node {
		square := corners(x)
		return MulScalar(Add(Add(square[0], square[1]), Add(square[2], square[3])), 0.25)
	}
	backward := func(dy *Node) *Node {
		quarter := MulScalar(dy, 0.25)
		return spread([]*Node{quarter, quarter, quarter, quarter}, x)
	}
	return withGradient(x, forward, backward)
}

// corners returns the four values of every 2×2 square, in row order, each of shape [1, h/2, w/2, c].
func corners(x *Node) []*Node {
	h, w := x.Shape().Dim(1)/2*2, x.Shape().Dim(2)/2*2
	var square []*Node
	for a := range 2 {
		for b := range 2 {
			square = append(square, Slice(x, AxisRange(), AxisRange(a, h).Stride(2), AxisRange(b, w).Stride(2)))
		}
	}
	return square
}

func maxOf(square []*Node) *Node {
	return Max(Max(square[0], square[1]), Max(square[2], square[3]))
}

// spread is the inverse of corners: it lays four maps out as the 2×2 squares of a map shaped like x, with zeros in an
// odd last row or column.
func spread(square []*Node, x *Node) *Node {
	d := square[0].Shape().Dimensions
	h, w, c := d[1], d[2], d[3]
	row := func(left, right *Node) *Node {
		pair := Concatenate([]*Node{Reshape(left, h, 1, w, 1, c), Reshape(right, h, 1, w, 1, c)}, 3)
		return pair // [h, 1, w, 2, c]
	}
	y := Concatenate([]*Node{row(square[0], square[1]), row(square[2], square[3])}, 1)
	y = Reshape(y, 1, 2*h, 2*w, c)
	oddRow, oddColumn := x.Shape().Dim(1)-2*h, x.Shape().Dim(2)-2*w
	if oddRow+oddColumn == 0 {
		return y
	}
	zero := ScalarZero(x.Graph(), x.DType())
	return Pad(y, zero, PadAxis{}, PadAxis{End: oddRow}, PadAxis{End: oddColumn}, PadAxis{})
}
