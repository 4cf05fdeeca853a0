// Package kernels gives engines that compute on CPUs loops for what they would compute more slowly themselves: the 3×3 convolutions
// of wide layers and products of matrices, in pure Go also ReLU and pooling.
//
// XLA's loops, in C, are in package xlacalls, those of pure Go, in assembly, in package gocalls. They hand them in when a program
// links them, as package engine does: so what only draws need not link XLA. Where there are none, because of the platform or of how
// the program was built, or XLA's plugin takes no custom calls, an engine computes all by itself.
package kernels

import (
	"cmp"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Calls are how a program calls the loops.
type Calls interface {
	// Usable returns nil if an engine can call them, else an *[UnusableError].
	Usable(engine compute.Backend) error

	// Vectors names the vectors that the loops use on this processor.
	Vectors() string

	// Fit tells whether there are loops of a kind for so many channels or columns, for convolutions from so many to so many.
	Fit(kind string, channels ...int) bool

	// Call makes a loop compute a node, of the operands, and returns a node that stands for it.
	Call(loop string, node *Node, operands ...*Node) *Node

	// ReleaseMemory gives the system memory that steps have used, which else stays for the next one.
	ReleaseMemory()
}

// calls are those that are linked, by the engines' names. They are handed in before main begins.
var calls = map[string]Calls{}

// Register makes the loops of an engine of some name known. It is for an init function.
func Register(engine string, c Calls) { calls[engine] = c }

// Usable returns nil if an engine can call loops, else an *[UnusableError].
func Usable(engine compute.Backend) error {
	c, ok := calls[engine.Name()]
	if !ok {
		return &UnusableError{Engine: engine.Name(), Why: "this program was built without them"}
	}
	return c.Usable(engine)
}

// Vectors names the vectors that an engine's loops use on this processor; it is empty where the engine isn't [Usable].
func Vectors(engine compute.Backend) string {
	if Usable(engine) != nil {
		return ""
	}
	return calls[engine.Name()].Vectors()
}

// ReleaseMemory gives the system memory that steps have used, which else stays for the next one.
func ReleaseMemory() {
	for _, c := range calls {
		c.ReleaseMemory()
	}
}

// Fit tells whether the kernels compute convolutions of x with a filter [3, 3, in, out]: on an engine that is [Usable], in
// float32, with multiples of 64 channels; in pure Go with multiples of 32, and from up to 7 channels to 32 or 64 and back.
func Fit(x, filter *Node) bool {
	f := filter.Shape()
	return fit(x, dtypes.Float32, "conv", f.Dim(2), f.Dim(3))
}

// FitChannels is [Fit] for filters of so many channels.
func FitChannels(engine compute.Backend, in, out int) bool {
	return Usable(engine) == nil && calls[engine.Name()].Fit("conv", in, out)
}

// fit tells whether the engine of a node of some type has loops of a kind for so many channels.
func fit(x *Node, dtype dtypes.DType, kind string, channels ...int) bool {
	return x.DType() == dtype && Usable(x.Graph().Backend()) == nil && of(x).Fit(kind, channels...)
}

// of returns the loops of a node's engine.
func of(x *Node) Calls { return calls[x.Graph().Backend().Name()] }

// callsKey is where a graph keeps what its nodes are computed by.
type callsKey struct{}

// call makes a loop compute a node, of the operands, and notes it in the graph.
func call(loop string, node *Node, operands ...*Node) *Node {
	g := node.Graph()
	result := of(node).Call(loop, node, operands...)
	note := fmt.Sprintf("%d=%s", result.Id(), loop)
	for _, x := range operands {
		note += fmt.Sprintf(" %d", x.Id())
	}
	g.AttachState(callsKey{}, append(CallsOf(g), note))
	return result
}

// CallsOf tells which nodes of a graph are computed by loops, of which operands: GoMLX's own list of nodes tells what they stand
// for.
func CallsOf(g *Graph) []string {
	notes, _ := g.State(callsKey{}).([]string)
	return notes
}

// Conv3x3 convolves x with a 3×3 filter and stride 1, and adds a bias:
//
//	y[i,j,o] = Σ_{a,b,c} x[i+a-pad, j+b-pad, c] · filter[a, b, c, o] + bias[o]
//
// x has shape [1, h, w, in], the filter [3, 3, in, out], bias [out]; the result has shape [1, h-2+2·pad, w-2+2·pad, out]. Values
// beyond the border are zeros. Between wide maps it is computed by Winograd's method F(4×4, 3×3), 2¼ multiplications for each
// output and input channel instead of 9, from the plain filter. It has no gradient of its own. Ask [Fit] before.
func Conv3x3(x, filter, bias *Node, pad int) *Node {
	return call("stylebook.conv+bias", Native(x, filter, pad), x, filter, bias)
}

// Conv3x3OfReLU is [Conv3x3] of max(x, 0), which is never in memory.
func Conv3x3OfReLU(x, filter, bias *Node, pad int) *Node {
	return call("stylebook.conv+relu+bias", Native(x, filter, pad), x, filter, bias)
}

// Conv3x3Gradient is [Conv3x3] without bias, for gradients: x is the gradient that arrives, the filter is turned by 180° and has
// its channels exchanged. Where gate, of the result's shape, isn't positive, the result is 0; that is the gradient of the ReLU
// before. Without ReLU gate is nil.
func Conv3x3Gradient(x, filter, gate *Node, pad int) *Node {
	if gate == nil {
		return call("stylebook.conv", Native(x, filter, pad), x, filter)
	}
	return call("stylebook.conv+gate", Native(x, filter, pad), x, filter, gate)
}

// Native is an engine's own convolution, without bias, of any number of channels.
func Native(x, filter *Node, pad int) *Node {
	return Convolve(x, filter).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
}

// FitProducts tells whether the kernels compute [ColumnProducts] of x: on an engine that is [Usable], in float32, with multiples of
// 64 columns, in pure Go of 32.
func FitProducts(x *Node) bool { return fit(x, dtypes.Float32, "products", x.Shape().Dim(1)) }

// ColumnProducts returns xᵀ·x. x has shape [n, c], the result [c, c]. It has no gradient of its own. Ask [FitProducts] before.
func ColumnProducts(x *Node) *Node {
	return call("stylebook.products", Einsum("nc,nd->cd", x, x), x)
}

// ColumnProductsGradient returns x·(g + gᵀ), the gradient of [ColumnProducts] where g is the one that arrives at its result.
func ColumnProductsGradient(x, g *Node) *Node {
	return call("stylebook.products+gradient", Einsum("nc,cd->nd", x, g), x, g)
}

// FitMultiply tells whether the kernels compute [Multiply] of matrices [n, k] and [k, m], or [m, k] if transposed: in pure Go where that is
// [Usable], in float32, for k and m that are multiples of 32.
func FitMultiply(a, b *Node, transposed bool) bool {
	columns := b.Shape().Dim(1)
	if transposed {
		columns = b.Shape().Dim(0)
	}
	return fit(a, dtypes.Float32, "matmul", a.Shape().Dim(1), columns)
}

// Multiply returns a·b, or a·bᵀ if transposed. It has no gradient of its own. Ask [FitMultiply] before.
func Multiply(a, b *Node, transposed bool) *Node {
	if transposed {
		return call("stylebook.matmul+transposed", Einsum("nk,mk->nm", a, b), a, b)
	}
	return call("stylebook.matmul", Einsum("nk,km->nm", a, b), a, b)
}

// FitSymmetric tells whether the kernels compute [SymmetricProduct] of matrices like a: on an engine that is [Usable], in float64,
// with multiples of 64 columns.
func FitSymmetric(a *Node) bool { return fit(a, dtypes.Float64, "symmetric", a.Shape().Dim(0)) }

// SymmetricProduct returns a·b of matrices [c, c], which is known to be symmetric: half of it is computed, and the other half is the
// same to the bit. It has no gradient. Ask [FitSymmetric] before.
func SymmetricProduct(a, b *Node) *Node {
	return call("stylebook.symmetric", Einsum("ij,jk->ik", a, b), a, b)
}

// FitMatrix tells whether the kernels compute [MatrixProduct] of matrices like a: in pure Go where that is [Usable], in float64, with
// multiples of 64 columns.
func FitMatrix(a *Node) bool { return fit(a, dtypes.Float64, "matrix", a.Shape().Dim(0)) }

// MatrixProduct returns γ·a·b + β·x + α·1 of matrices [c, c]. It has no gradient. Ask [FitMatrix] before.
func MatrixProduct(a, b, x *Node, gamma, beta, alpha float64) *Node {
	numbers := Const(a.Graph(), []float64{gamma, beta, alpha})
	return call("stylebook.matrix", Einsum("ij,jk->ik", a, b), a, b, x, numbers)
}

// FitMap tells whether the kernels compute [ReLU] and [MaxPool2OfReLU] of a map x: in pure Go where that is [Usable], in float32,
// with multiples of 16 channels.
func FitMap(x *Node) bool { return x.Rank() == 4 && fit(x, dtypes.Float32, "map", x.Shape().Dim(3)) }

// ReLU is max(x, 0). It has no gradient of its own. Ask [FitMap] before.
func ReLU(x *Node) *Node { return call("stylebook.relu", x, x) }

// ReLUGradient is dy where x, or ReLU(x), is above 0, else 0.
func ReLUGradient(x, dy *Node) *Node { return call("stylebook.relu+gradient", x, x, dy) }

// MaxPool2OfReLU makes of each 2×2 square of max(x, 0) its largest value; an odd last row or column is dropped.
//
// x has shape [1, h, w, c], the result [1, h/2, w/2, c]. It has no gradient of its own. Ask [FitMap] before.
func MaxPool2OfReLU(x *Node) *Node {
	return call("stylebook.pool", MaxPool(x).Window(2).Done(), x)
}

// MaxPool2OfReLUGradient is its gradient, where dy is the one that arrives at its result: it goes to the first of the largest values
// of a square, if that is above 0.
func MaxPool2OfReLUGradient(x, dy *Node) *Node {
	return call("stylebook.pool+gradient", x, x, dy)
}

// UnusableError says why an engine can't call the kernels.
type UnusableError struct {
	Engine string // its plugin's file, or its name
	Why    string
	Longer string // what a step takes without them: "about twice as long"
}

func (e *UnusableError) Error() string {
	return fmt.Sprintf("%s can't be given our convolutions, so that a step takes %s: %s", e.Engine, cmp.Or(e.Longer, "longer"), e.Why)
}
