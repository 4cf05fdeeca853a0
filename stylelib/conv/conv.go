// Package conv says how the layers of VGG-19 are computed on an engine: 3×3 convolutions and 2×2 pooling, each with its
// own gradient with respect to its input. Filters are frozen, so no gradient is computed for them.
//
// Maps have shape [1, height, width, channels], filters [3, 3, in, out].
package conv

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Filter is a 3×3 filter in the forms that the engine wants, made once by [Prepare] because the filter is frozen.
type Filter struct {
	Forward  *Node // applied to the map
	Backward *Node // applied to the gradient that arrives at the result
}

// Prepare brings a filter of shape [3, 3, in, out] into the forms that [Conv3x3] wants.
//
// The gradient of a correlation is a correlation with the filter turned by 180° and its channels exchanged.
func Prepare(filter *Node) Filter {
	if f := filter.Shape(); f.Rank() != 4 || f.Dim(0) != 3 || f.Dim(1) != 3 {
		exceptions.Panicf("conv: a filter must have shape [3, 3, in, out], got %s", f)
	}
	return Filter{Forward: filter, Backward: Transpose(Reverse(filter, 0, 1), 2, 3)}
}

// Conv3x3 convolves x with a 3×3 filter and stride 1.
//
//	y[i,j,o] = Σ_{a,b,c} x[i+a-pad, j+b-pad, c] · filter[a, b, c, o]
//
// x has shape [1, h, w, in], the filter [3, 3, in, out]; the result has shape [1, h-2+2·pad, w-2+2·pad, out]. Values
// beyond the border are zeros; pad is 1 (same size) or 0. As all graph functions it panics on wrong shapes.
// The gradient flows to x only.
func Conv3x3(x *Node, filter Filter, pad int) *Node {
	checkMap(x)
	if in := filter.Forward.Shape().Dim(2); in != x.Shape().Dim(3) {
		exceptions.Panicf("conv: a filter for %d channels does not fit a map of shape %s", in, x.Shape())
	}
	convolve := lowering(x)
	forward := func() *Node { return convolve(x, filter.Forward, pad) }
	backward := func(dy *Node) *Node { return convolve(dy, filter.Backward, 2-pad) }
	return withGradient(x, forward, backward)
}

// xlaBackend is the name that GoMLX's XLA backend gives itself, whatever the device.
const xlaBackend = "xla"

// lowering picks how a convolution becomes graph operations: XLA has a fast one; in the pure-Go engine only matrix
// products are fast.
func lowering(x *Node) func(x, filter *Node, pad int) *Node {
	if x.Graph().Backend().Name() == xlaBackend {
		return native
	}
	return im2col
}

func native(x, filter *Node, pad int) *Node {
	return Convolve(x, filter).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
}

// im2col lays the nine shifted copies of x side by side and multiplies them with the filter as one matrix.
func im2col(x, filter *Node, pad int) *Node {
	in, out := x.Shape().Dim(3), filter.Shape().Dim(3)
	h, w := x.Shape().Dim(1)-2+2*pad, x.Shape().Dim(2)-2+2*pad
	if pad > 0 {
		border := PadAxis{Start: pad, End: pad}
		x = Pad(x, ScalarZero(x.Graph(), x.DType()), PadAxis{}, border, border, PadAxis{})
	}
	var shifted []*Node
	for a := range 3 {
		for b := range 3 {
			shifted = append(shifted, Slice(x, AxisRange(), AxisRange(a, a+h), AxisRange(b, b+w), AxisRange()))
		}
	}
	columns := Reshape(Concatenate(shifted, -1), h*w, 9*in)
	return Reshape(Dot(columns, Reshape(filter, 9*in, out)).Product(), 1, h, w, out)
}

func checkMap(x *Node) {
	if s := x.Shape(); s.Rank() != 4 || s.Dim(0) != 1 {
		exceptions.Panicf("conv: a map must have shape [1, height, width, channels], got %s", s)
	}
}

// Reflect mirrors a map about its outermost rows and columns, one pixel on every side.
//
// x has shape [1, h, w, c], h and w at least 2; the result has shape [1, h+2, w+2, c].
func Reflect(x *Node) *Node {
	checkMap(x)
	h, w := x.Shape().Dim(1), x.Shape().Dim(2)
	if h < 2 || w < 2 {
		exceptions.Panicf("conv: reflection needs a map of at least 2 × 2, got %d × %d", h, w)
	}
	x = Concatenate([]*Node{Slice(x, AxisRange(), AxisElem(1)), x, Slice(x, AxisRange(), AxisElem(h-2))}, 1)
	return Concatenate([]*Node{
		Slice(x, AxisRange(), AxisRange(), AxisElem(1)), x, Slice(x, AxisRange(), AxisRange(), AxisElem(w-2))}, 2)
}
