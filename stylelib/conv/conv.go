// Package conv says how the layers of VGG-19 are computed on an engine: 3×3 convolutions, ReLU and 2×2 pooling, each
// with its own gradient with respect to its input. Filters are frozen, so no gradient is computed for them.
//
// A convolution is computed in one of three ways:
//
//	kernels    on CPUs, in the layers that these have loops for, see package kernels
//	native     XLA's own convolution: GPUs, and on CPUs the layers of few channels
//	im2col     pure Go where there are no loops: only matrix products are fast there
//
// Maps have shape [1, height, width, channels], filters [3, 3, in, out].
package conv

import (
	"stylebook/stylelib/kernels"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Filter is a frozen 3×3 filter, of shape [3, 3, in, out], and the one of its gradient, [3, 3, out, in].
type Filter struct {
	Forward  *Node // applied to the map
	Backward *Node // applied to the gradient that arrives at the result
}

// NewFilter makes the filter of the gradient from a filter of shape [3, 3, in, out].
//
// The gradient of a correlation is a correlation with the filter turned by 180° and its channels exchanged.
func NewFilter(filter *Node) Filter {
	if f := filter.Shape(); f.Rank() != 4 || f.Dim(0) != 3 || f.Dim(1) != 3 {
		exceptions.Panicf("conv: a filter must have shape [3, 3, in, out], got %s", f)
	}
	return Filter{Forward: filter, Backward: Transpose(Reverse(filter, 0, 1), 2, 3)}
}

// Conv3x3 convolves x with a 3×3 filter and stride 1, and adds a bias.
//
//	y[i,j,o] = Σ_{a,b,c} x[i+a-pad, j+b-pad, c] · filter[a, b, c, o] + bias[o]
//
// x has shape [1, h, w, in], the filter [3, 3, in, out], bias [out]; the result has shape [1, h-2+2·pad, w-2+2·pad, out]. Values
// beyond the border are zeros; pad is 1 (same size) or 0. As all graph functions it panics on wrong shapes.
// The gradient flows to x only.
func Conv3x3(x *Node, filter Filter, bias *Node, pad int) *Node {
	checkMap(x)
	if in := filter.Forward.Shape().Dim(2); in != x.Shape().Dim(3) {
		exceptions.Panicf("conv: a filter for %d channels does not fit a map of shape %s", in, x.Shape())
	}
	if !kernels.Fit(x, filter.Forward) {
		forward := func() *Node {
			y := correlate(x, filter.Forward, pad)
			return Add(y, Reshape(bias, 1, 1, 1, y.Shape().Dim(3)))
		}
		return withGradient(x, forward, func(dy *Node) *Node { return correlate(dy, filter.Backward, 2-pad) })
	}
	if before := beforeReLU(x); before != nil {
		return withGradient(before,
			func() *Node { return kernels.Conv3x3OfReLU(before, filter.Forward, bias, pad) },
			func(dy *Node) *Node { return kernels.Conv3x3Gradient(dy, filter.Backward, before, 2-pad) })
	}
	return withGradient(x,
		func() *Node { return kernels.Conv3x3(x, filter.Forward, bias, pad) },
		func(dy *Node) *Node { return kernels.Conv3x3Gradient(dy, filter.Backward, nil, 2-pad) })
}

// correlate is the convolution without bias and gradient, in the way that suits the engine.
func correlate(x, filter *Node, pad int) *Node {
	if isXLA(x) {
		return kernels.Native(x, filter, pad)
	}
	return im2col(x, filter, pad)
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

// isXLA tells whether a node is computed by XLA, on whatever device.
func isXLA(x *Node) bool { return x.Graph().Backend().Name() == "xla" }

// isXLACPU tells whether a node is computed by XLA on a CPU.
func isXLACPU(x *Node) bool {
	backend, ok := x.Graph().Backend().(interface{ IsCPU() bool })
	return ok && isXLA(x) && backend.IsCPU()
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
