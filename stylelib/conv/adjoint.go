package conv

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// winogradAdjoint returns the gradient with respect to x of [winograd] with the same filter, given the gradient dy of its
// result: all steps of the method transposed, in the opposite order.
//
//	dx = Σ over tiles of B [ (G g Gᵀ) ⊙ (A dy Aᵀ) ] Bᵀ
//
// It needs no second form of the filter, which for the layers of 512 channels is most of the memory. Tiles of dx overlap
// and are added, so it does not go in bands.
func winogradAdjoint(dy, form *Node, pad int) *Node {
	in, out := channelsIn(form), form.Shape().Dim(1)
	h, w := dy.Shape().Dim(1), dy.Shape().Dim(2)
	rows, columns := (h+tileOut-1)/tileOut, (w+tileOut-1)/tileOut
	dy = padMap(dy, 0, tileOut*rows-h, 0, tileOut*columns-w)

	spread := transpose(resultMatrix)
	v := Reshape(dy, 1, rows, tileOut, columns, tileOut, out)
	v = Reshape(mix(spread, split(v, 2), 0), tileIn, rows, columns, tileOut, out)
	v = barrier(v)
	v = Reshape(v, 1, tileIn, rows, columns, tileOut, out)
	v = Reshape(mix(spread, split(v, 4), 0), places, rows*columns, out)

	m := Einsum("pto,poc->ptc", v, form)
	m = Reshape(m, tileIn, tileIn, rows, columns, 1, in)
	m = barrier(overlap(m, 3, 4)) // [1, 6, rows, columns+1, 4, in]
	m = Reshape(m, tileIn, rows, 1, columns+1, tileOut, in)
	m = Reshape(overlap(m, 1, 2), 1, tileOut*(rows+1), tileOut*(columns+1), in)
	return Slice(m, AxisRange(), AxisRange(pad, pad+h+2-2*pad), AxisRange(pad, pad+w+2-2*pad))
}

// overlap applies B along one direction and adds up where tiles overlap. Axis 0 of m holds the six places of a tile, axis
// tiles the n tiles, axis within, of dimension 1, becomes the four values of each of n+1 tiles: value 4·t + i is value i of
// tile t plus, for i below two, value i+4 of tile t-1.
func overlap(m *Node, tiles, within int) *Node {
	margin := make([]PadAxis, m.Rank())
	margin[tiles] = PadAxis{Start: 1, End: 1}
	m = Pad(m, ScalarZero(m.Graph(), m.DType()), margin...)
	n := m.Shape().Dim(tiles) - 1
	var parts []*Node
	for first := 1; first >= 0; first-- { // a tile itself, then the one before it
		ranges := make([]SliceAxisSpec, m.Rank())
		for axis := range ranges {
			ranges[axis] = AxisRange()
		}
		ranges[tiles] = AxisRange(first, first+n)
		parts = append(parts, split(Slice(m, ranges...), 0)...)
	}
	return mix(overlapMatrix, parts, within)
}
