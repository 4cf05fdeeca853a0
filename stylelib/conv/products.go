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

// RowProducts returns the products of every row of a with every row of b, summed along the rows: a·bᵀ.
//
// a has shape [n, c], b [m, c], the result [n, m]. The gradient flows to both.
func RowProducts(a, b *Node) *Node {
	return withGradients([]*Node{a, b}, func() *Node { return matMul(a, b, true) },
		func(dy *Node) *Node { return matMul(dy, b, false) },
		func(dy *Node) *Node { return matMul(Transpose(dy, 0, 1), a, false) })
}

// matMul is a·b, or a·bᵀ if transposed, without gradient.
func matMul(a, b *Node, transposed bool) *Node {
	switch {
	case kernels.FitMultiply(a, b, transposed):
		return kernels.Multiply(a, b, transposed)
	case transposed:
		return Einsum("nk,mk->nm", a, b)
	}
	return Einsum("nk,km->nm", a, b)
}

// SymmetricProduct returns a·b of matrices of shape [c, c], which would be symmetric but for rounding, and is here. No gradient flows
// through it on engines with kernels.
func SymmetricProduct(a, b *Node) *Node {
	if kernels.FitSymmetric(a) {
		return kernels.SymmetricProduct(a, b)
	}
	y := Einsum("ij,jk->ik", a, b)
	return MulScalar(Add(y, Transpose(y, 0, 1)), 0.5)
}

// MatrixProduct returns γ·a·b + β·x + α·1 of matrices of shape [c, c]. No gradient flows through it on engines with kernels.
func MatrixProduct(a, b, x *Node, gamma, beta, alpha float64) *Node {
	if kernels.FitMatrix(a) {
		return kernels.MatrixProduct(a, b, x, gamma, beta, alpha)
	}
	y := Einsum("ij,jk->ik", a, b)
	if gamma != 1 {
		y = MulScalar(y, gamma)
	}
	if beta != 0 {
		y = Add(y, MulScalar(x, beta))
	}
	if alpha != 0 {
		y = Add(y, DiagonalWithValue(Scalar(y.Graph(), y.DType(), alpha), y.Shape().Dim(0)))
	}
	return y
}
