package conv

import (
	"stylebook/stylelib/kernels"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// ColumnProducts returns the product of every two columns of a matrix, summed over its rows: xᵀ·x.
//
// x has shape [n, c], the result [c, c]. It is what Einsum("nc,nd->cd", x, x) computes, but for its gradient: x·(g + gᵀ) is one
// product of matrices, where GoMLX takes one for each of Einsum's two inputs.
func ColumnProducts(x *Node) *Node {
	if x.Rank() != 2 {
		exceptions.Panicf("conv: products of columns need a matrix, got %s", x.Shape())
	}
	if kernels.FitProducts(x) {
		return withGradient(x, func() *Node { return kernels.ColumnProducts(x) },
			func(g *Node) *Node { return kernels.ColumnProductsGradient(x, g) })
	}
	return withGradient(x, func() *Node { return Einsum("nc,nd->cd", x, x) },
		func(g *Node) *Node { return Einsum("nc,cd->nd", x, Add(g, Transpose(g, 0, 1))) })
}
