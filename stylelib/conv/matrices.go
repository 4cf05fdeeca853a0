package conv

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// points are the five finite points at which Winograd's method evaluates polynomials; the sixth is infinity. With the
// usual 0, ±1, ±2 the numbers grow larger and the error of float32 is twice as large; these are exact in binary.
var points = [5]float64{0, 5. / 8, -5. / 8, 3. / 2, -3. / 2}

// The three matrices of [points], Toom's and Cook's construction.
var (
	dataMatrix   = newDataMatrix()   // Bᵀ, 6 × 6
	filterMatrix = newFilterMatrix() // G, 6 × 3
	resultMatrix = newResultMatrix() // Aᵀ, 4 × 6

	overlapMatrix = newOverlapMatrix() // for the gradient: 4 × (6 + 6)
)

// newDataMatrix has in row i the coefficients of Π (x - q) over the points q but the i-th; in the last, over all.
func newDataMatrix() [][]float64 {
	var m [][]float64
	for i := range tileIn {
		product := []float64{1, 0, 0, 0, 0, 0}
		for j, q := range points {
			if j == i {
				continue
			}
			for k := len(product) - 1; k > 0; k-- {
				product[k] = product[k-1] - q*product[k]
			}
			product[0] *= -q
		}
		m = append(m, product)
	}
	return m
}

// newFilterMatrix has in row i the powers of the i-th point, divided by its distances from the other points.
func newFilterMatrix() [][]float64 {
	var m [][]float64
	for i, p := range points {
		distances := 1.0
		for j, q := range points {
			if j != i {
				distances *= p - q
			}
		}
		m = append(m, []float64{1 / distances, p / distances, p * p / distances})
	}
	return append(m, []float64{0, 0, 1})
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

// newResultMatrix has in column i the powers of the i-th point.
func newResultMatrix() [][]float64 {
	m := make([][]float64, tileOut)
	for _, p := range points {
		power := 1.0
		for i := range m {
			m[i] = append(m[i], power)
			power *= p
		}
	}
	for i := range m {
		m[i] = append(m[i], 0)
	}
	m[tileOut-1][tileIn-1] = 1
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
