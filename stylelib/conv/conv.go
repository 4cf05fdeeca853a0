// Package conv says how the layers of VGG-19 are computed on an engine: 3×3 convolutions, ReLU and 2×2 pooling, each
// with its own gradient with respect to its input. Filters are frozen, so no gradient is computed for them.
//
// A convolution is lowered in one of three ways:
//
//	native     XLA's own convolution: GPUs, and on CPUs the layers of few channels
//	Winograd   XLA on CPUs, from 64 channels on: 2¼ multiplications for each output and input channel instead of 9
//	im2col     the pure-Go engine, in which only matrix products are fast
//
// Maps have shape [1, height, width, channels], filters [3, 3, in, out].
package conv

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Filter is a 3×3 filter in the forms that the engine wants, made once by [Prepare] because the filter is frozen. A form
// is either plain, [3, 3, in, out], or transformed for Winograd's method, [36, out, in].
type Filter struct {
	Forward  *Node // applied to the map
	Backward *Node // applied to the gradient that arrives at the result; nil where Forward serves for that too
}

// Forms returns the filter's forms, one or two, for [FromForms] to make the filter from again in another graph.
func (f Filter) Forms() []*Node {
	if f.Backward == nil {
		return []*Node{f.Forward}
	}
	return []*Node{f.Forward, f.Backward}
}

// FromForms is the inverse of [Filter.Forms].
func FromForms(forms []*Node) Filter {
	f := Filter{Forward: forms[0]}
	if len(forms) > 1 {
		f.Backward = forms[1]
	}
	return f
}

// Plain returns the forms of a filter of shape [3, 3, in, out] that take no time to make and to compile, for a graph that
// runs once. [Conv3x3] takes them as it takes those of [Prepare].
//
// The gradient of a correlation is a correlation with the filter turned by 180° and its channels exchanged.
func Plain(filter *Node) Filter {
	if f := filter.Shape(); f.Rank() != 4 || f.Dim(0) != 3 || f.Dim(1) != 3 {
		exceptions.Panicf("conv: a filter must have shape [3, 3, in, out], got %s", f)
	}
	return Filter{Forward: filter, Backward: Transpose(Reverse(filter, 0, 1), 2, 3)}
}

// Prepare brings a filter of shape [3, 3, in, out] into the forms with which [Conv3x3] is fastest.
func Prepare(filter *Node) Filter {
	plain := Plain(filter)
	if !winogradPays(filter) {
		return plain
	}
	forward, backward := transformFilter(filter)
	if sharesForm(filter) {
		return Filter{Forward: forward}
	}
	return Filter{Forward: forward, Backward: backward}
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
	if in := channelsIn(filter.Forward); in != x.Shape().Dim(3) {
		exceptions.Panicf("conv: a filter for %d channels does not fit a map of shape %s", in, x.Shape())
	}
	forward := func() *Node { return correlate(x, filter.Forward, pad) }
	backward := func(dy *Node) *Node {
		if filter.Backward == nil {
			return winogradAdjoint(dy, filter.Forward, pad)
		}
		return correlate(dy, filter.Backward, 2-pad)
	}
	return withGradient(x, forward, backward)
}

// correlate is the convolution without its gradient, in the way that the filter's form and the engine call for.
func correlate(x, form *Node, pad int) *Node {
	switch {
	case isTransformed(form):
		return winograd(x, form, pad)
	case isXLA(x):
		return native(x, form, pad)
	default:
		return im2col(x, form, pad)
	}
}

func native(x, filter *Node, pad int) *Node {
	return Convolve(x, filter).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
}

// im2col lays the nine shifted copies of x side by side and multiplies them with the filter as one matrix.
func im2col(x, filter *Node, pad int) *Node {
	in, out := x.Shape().Dim(3), filter.Shape().Dim(3)
	h, w := x.Shape().Dim(1)-2+2*pad, x.Shape().Dim(2)-2+2*pad
	x = padMap(x, pad, pad, pad, pad)
	var shifted []*Node
	for a := range 3 {
		for b := range 3 {
			shifted = append(shifted, Slice(x, AxisRange(), AxisRange(a, a+h), AxisRange(b, b+w), AxisRange()))
		}
	}
	columns := Reshape(Concatenate(shifted, -1), h*w, 9*in)
	return Reshape(Dot(columns, Reshape(filter, 9*in, out)).Product(), 1, h, w, out)
}

// padMap adds rows and columns of zeros to a map.
func padMap(x *Node, above, below, left, right int) *Node {
	if above+below+left+right == 0 {
		return x
	}
	zero := ScalarZero(x.Graph(), x.DType())
	return Pad(x, zero, PadAxis{}, PadAxis{Start: above, End: below}, PadAxis{Start: left, End: right}, PadAxis{})
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
