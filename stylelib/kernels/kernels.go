// Package kernels gives XLA on a CPU loops in C for what it would compute more slowly itself: the 3×3 convolutions of wide layers and
// the products of Gram matrices.
//
// The loops are in package xlacalls, which hands them in when a program links it, as package engine does: so what only draws need
// not link XLA. Where there are none, because of the platform or of how the program was built, or the plugin takes no custom calls,
// XLA computes all by itself.
package kernels

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Calls are how a program calls the loops.
type Calls interface {
	// Usable returns nil if an engine can call them, else an *[UnusableError].
	Usable(engine compute.Backend) error

	// Call makes a node be computed by a loop, of the operands, and returns the node.
	Call(loop string, node *Node, operands ...*Node) *Node

	// ReleaseMemory gives the system the memory that XLA has given back, which else stays for the next step.
	ReleaseMemory()
}

// calls are those that are linked, or nil. They are handed in once, before main begins.
var calls Calls

// HandIn makes the loops known. It is for an init function.
func HandIn(c Calls) { calls = c }

// Usable returns nil if an engine is XLA on a CPU that can call the loops, else an *[UnusableError].
func Usable(engine compute.Backend) error {
	if calls == nil {
		return &UnusableError{engine.Name(), "this program was built without them"}
	}
	return calls.Usable(engine)
}

// ReleaseMemory gives the system the memory that XLA has given back, which else stays for the next step.
func ReleaseMemory() {
	if calls != nil {
		calls.ReleaseMemory()
	}
}

// channels is what numbers of channels must be multiples of.
const channels = 64

// Fit tells whether the kernels compute convolutions of x with a filter [3, 3, in, out]: on an engine that is [Usable], in
// float32, with multiples of 64 channels.
func Fit(x, filter *Node) bool {
	f := filter.Shape()
	return takes(x) && f.Dim(2)%channels == 0 && f.Dim(3)%channels == 0
}

func takes(x *Node) bool { return Usable(x.Graph().Backend()) == nil && x.DType() == dtypes.Float32 }

// Conv3x3 convolves x with a 3×3 filter and stride 1, and adds a bias:
//
//	y[i,j,o] = Σ_{a,b,c} x[i+a-pad, j+b-pad, c] · filter[a, b, c, o] + bias[o]
//
// x has shape [1, h, w, in], the filter [3, 3, in, out], bias [out]; the result has shape [1, h-2+2·pad, w-2+2·pad, out]. Values
// beyond the border are zeros. It is computed by Winograd's method F(4×4, 3×3), 2¼ multiplications for each output and input
// channel instead of 9, from the plain filter. It has no gradient of its own. Ask [Fit] before.
func Conv3x3(x, filter, bias *Node, pad int) *Node {
	return calls.Call("stylebook.conv+bias", Native(x, filter, pad), x, filter, bias)
}

// Conv3x3OfReLU is [Conv3x3] of max(x, 0), which is never in memory.
func Conv3x3OfReLU(x, filter, bias *Node, pad int) *Node {
	return calls.Call("stylebook.conv+relu+bias", Native(x, filter, pad), x, filter, bias)
}

// Conv3x3Gradient is [Conv3x3] without bias, for gradients: x is the gradient that arrives, the filter is turned by 180° and has
// its channels exchanged. Where gate, of the result's shape, isn't positive, the result is 0; that is the gradient of the ReLU
// before. Without ReLU gate is nil.
func Conv3x3Gradient(x, filter, gate *Node, pad int) *Node {
	if gate == nil {
		return calls.Call("stylebook.conv", Native(x, filter, pad), x, filter)
	}
	return calls.Call("stylebook.conv+gate", Native(x, filter, pad), x, filter, gate)
}

// Native is XLA's own convolution, without bias, of any number of channels.
func Native(x, filter *Node, pad int) *Node {
	return Convolve(x, filter).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
}

// FitProducts tells whether the kernels compute [ColumnProducts] of x: on an engine that is [Usable], in float32, with multiples of
// 64 columns.
func FitProducts(x *Node) bool {
	return takes(x) && x.Shape().Dim(1)%channels == 0
}

// ColumnProducts returns xᵀ·x. x has shape [n, c], the result [c, c]. It has no gradient of its own. Ask [FitProducts] before.
func ColumnProducts(x *Node) *Node {
	return calls.Call("stylebook.products", Einsum("nc,nd->cd", x, x), x)
}

// ColumnProductsGradient returns x·(g + gᵀ), the gradient of [ColumnProducts] where g is the one that arrives at its result.
func ColumnProductsGradient(x, g *Node) *Node {
	return calls.Call("stylebook.products+gradient", Einsum("nc,cd->nd", x, g), x, g)
}

// UnusableError says why an engine can't call the kernels.
type UnusableError struct {
	Engine string // its plugin's file, or its name
	Why    string
}

func (e *UnusableError) Error() string {
	return fmt.Sprintf("%s can't be given our convolutions, so that a step takes about twice as long: %s", e.Engine, e.Why)
}
