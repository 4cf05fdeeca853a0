package conv

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

var (
	dataMatrix, filterMatrix, resultMatrix = winogradMatrices()

	overlapMatrix = newOverlapMatrix() // for the gradient: 4 × (6 + 6)
)

// winogradMatrices returns Bᵀ, G and Aᵀ by Toom's and Cook's construction. Winograd's method evaluates polynomials at 0, ±p, ±q
// and infinity. With the usual p = 1 and q = 2 the numbers grow larger and the error of float32 is twice as large; these are
// exact in binary.
func winogradMatrices() (data, filter, result [][]float64) {
	const (
		p, q     = 5. / 8, 3. / 2
		p2, q2   = p * p, q * q
		p3, q3   = p2 * p, q2 * q
		atP, atQ = 2 * p2 * (p2 - q2), 2 * q2 * (q2 - p2) // products of a point's distances from the others
	)
	data = [][]float64{ // in a point's row the coefficients of Π (x - r) over the other points r; in the last, over all
		{p2 * q2, 0, -p2 - q2, 0, 1, 0},
		{0, -p * q2, -q2, p, 1, 0},
		{0, p * q2, -q2, -p, 1, 0},
		{0, -p2 * q, -p2, q, 1, 0},
		{0, p2 * q, -p2, -q, 1, 0},
		{0, p2 * q2, 0, -p2 - q2, 0, 1},
	}
	filter = [][]float64{ // in a point's row its powers, divided by its distances from the others
		{1 / (p2 * q2), 0, 0},
		{1 / atP, p / atP, p2 / atP},
		{1 / atP, -p / atP, p2 / atP},
		{1 / atQ, q / atQ, q2 / atQ},
		{1 / atQ, -q / atQ, q2 / atQ},
		{0, 0, 1},
	}
	result = [][]float64{ // in a point's column its powers
		{1, 1, 1, 1, 1, 0},
		{0, p, -p, q, -q, 0},
		{0, p2, p2, q2, q2, 0},
		{0, p3, -p3, q3, -q3, 1},
	}
	return data, filter, result
}

// newOverlapMatrix has in row i row i of B, for the tile itself, and then row i+4 of B, for the tile before it; B has no
// more than six rows.
func newOverlapMatrix() [][]float64 {
	b := transpose(dataMatrix)
	m := make([][]float64, tileOut)
	for i := range m {
		before := make([]float64, tileIn)
		if i+tileOut < tileIn {
			before = b[i+tileOut]
		}
		m[i] = slices.Concat(b[i], before)
	}
	return m
}

func transpose(m [][]float64) [][]float64 {
	t := make([][]float64, len(m[0]))
	for i := range t {
		for _, row := range m {
			t[i] = append(t[i], row[i])
		}
	}
	return t
}

// filterMatrix2 is G on both axes of a filter at once, 36 × 9: row 6·column + row of the place, column 3·row + column of
// the tap; turned by 180° if asked.
func filterMatrix2(turned bool) [][]float64 {
	m := make([][]float64, places)
	for place := range m {
		byColumn, byRow := filterMatrix[place/tileIn], filterMatrix[place%tileIn]
		for _, r := range byRow {
			for _, c := range byColumn {
				m[place] = append(m[place], r*c)
			}
		}
		if turned {
			slices.Reverse(m[place])
		}
	}
	return m
}

// mix returns Σ_k matrix[i][k] · xs[k] for every row i of matrix, along an axis on which the xs have dimension 1.
//
// All rows are one expression: a sum of products with broadcast constants gives XLA one short kernel to compile, where a
// sum for each row would give it six times the code.
func mix(matrix [][]float64, xs []*Node, axis int) *Node {
	dims := slices.Clone(xs[0].Shape().Dimensions)
	dims[axis] = len(matrix)
	var sum *Node
	for k, x := range xs {
		term := Mul(column(x.Graph(), x.DType(), matrix, k, axis, dims), BroadcastToDims(x, dims...))
		if sum == nil {
			sum = term
		} else {
			sum = Add(sum, term)
		}
	}
	return sum
}

// column returns column k of matrix, laid along an axis of a node with the dimensions dims.
func column(g *Graph, dtype dtypes.DType, matrix [][]float64, k, axis int, dims []int) *Node {
	values := make([]float64, len(matrix))
	for i := range matrix {
		values[i] = matrix[i][k]
	}
	shape := slices.Repeat([]int{1}, len(dims))
	shape[axis] = len(values)
	return BroadcastToDims(Reshape(ConstAsDType(g, dtype, values), shape...), dims...)
}

// split cuts x into slices of dimension 1 along an axis.
func split(x *Node, axis int) []*Node {
	ranges := slices.Repeat([]SliceAxisSpec{AxisRange()}, axis+1)
	var parts []*Node
	for i := range x.Shape().Dim(axis) {
		ranges[axis] = AxisElem(i)
		parts = append(parts, Slice(x, ranges...))
	}
	return parts
}
