package conv

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Winograd's method F(4×4, 3×3): the map is cut into tiles of 6×6 values that overlap by two, of which each gives 4×4
// results.
//
//	y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
//
// d is a tile, g the filter, ⊙ a product for each of the 36 transformed places, summed over the input channels: 36
// matrix products [tiles, in] · [in, out] instead of one with nine times as many inputs for each result.
//
// Lavin, Gray 2015, section 4.1, with other points: see winogradMatrices.
const (
	tileIn  = 6 // width of a tile
	tileOut = 4 // width of what a tile gives; also the distance of two tiles
	places  = tileIn * tileIn
)

// isTransformed tells the form made by transformFilter from a plain filter.
func isTransformed(form *Node) bool { return form.Rank() == 3 }

// channelsIn returns how many channels the map must have that a form of a filter is applied to.
func channelsIn(form *Node) int { return form.Shape().Dim(2) }

// transformFilter returns G g Gᵀ for every pair of channels, for the filter itself and for the one that the gradient
// needs, which is turned by 180° and has its channels exchanged: [3, 3, in, out] becomes [36, out, in] and [36, in, out].
// The place (column 0 to 5, row 0 to 5) has number 6·column + row.
func transformFilter(filter *Node) (forward, backward *Node) {
	in, out := filter.Shape().Dim(2), filter.Shape().Dim(3)
	taps := Reshape(filter, 9, in, out)
	matrix := func(turned bool) *Node {
		return ConstAsDType(filter.Graph(), filter.DType(), filterMatrix2(turned))
	}
	return Einsum("pk,kio->poi", matrix(false), taps), Einsum("pk,kio->pio", matrix(true), taps)
}

// winograd correlates x with a transformed filter. Shapes are those of [Conv3x3].
//
// It goes through the map in bands of tile rows, in a loop of the graph, so that what lies between the steps stays in the
// processor's cache and needs little memory. Where in and out are equally many the result replaces the map band by band.
func winograd(x, form *Node, pad int) *Node {
	in, out := channelsIn(form), form.Shape().Dim(1)
	h, w := x.Shape().Dim(1)-2+2*pad, x.Shape().Dim(2)-2+2*pad
	b := newBands(h, w, in, out, form.DType().Size())
	height, width := tileOut*(b.count*b.rows+1), tileOut*(b.columns+1)
	x = padMap(x, pad, height-pad-x.Shape().Dim(1), pad, width-pad-x.Shape().Dim(2))
	return Slice(b.each(x, form), AxisRange(), AxisRange(0, h), AxisRange(0, w))
}

// bands says how a map of tiles is cut into bands.
type bands struct {
	count   int // bands
	rows    int // rows of tiles in a band
	columns int // tiles in a row
	in, out int // channels
}

// bandBytes is how large the transformed values of a band should be, in and out together: several bands fit into the
// second or third level of the cache.
const bandBytes = 4 << 20

// newBands chooses the bands for a result of h × w. Each band reads the whole filter, so where the filter is larger than
// bandBytes, so is a band.
func newBands(h, w, in, out, valueBytes int) bands {
	rows, columns := (h+tileOut-1)/tileOut, (w+tileOut-1)/tileOut
	rowBytes := places * columns * (in + out) * valueBytes
	filterBytes := places * in * out * valueBytes
	fit := max(1, max(bandBytes, filterBytes)/rowBytes)
	count := (rows + fit - 1) / fit
	return bands{count: count, rows: (rows + count - 1) / count, columns: columns, in: in, out: out}
}

// each computes all bands. x is padded: [1, 4·(tile rows + 1), 4·(tile columns + 1), in].
func (b bands) each(x, form *Node) *Node {
	g := x.Graph()
	if b.count == 1 {
		return b.one(x, form)
	}
	y := x
	inPlace := b.in == b.out
	if !inPlace {
		y = BroadcastToDims(ScalarZero(g, x.DType()), 1, tileOut*b.count*b.rows, tileOut*b.columns, b.out)
	}
	return while(b.count, []*Node{y, x, form}, func(i *Node, state []*Node) []*Node {
		y, x, form := state[0], state[1], state[2]
		if inPlace {
			x = y // row r of the result needs rows r to r+2 of the padded map, so what is overwritten was used
		}
		zero, top := Const(g, int32(0)), Mul(i, Const(g, int32(tileOut*b.rows)))
		at := []*Node{zero, top, zero, zero}
		band := DynamicSlice(x, at, []int{1, tileOut * (b.rows + 1), tileOut * (b.columns + 1), b.in})
		return []*Node{DynamicUpdateSlice(y, b.one(band, form), at), state[1], form}
	})[0]
}

// one computes one band: x has shape [1, 4·(rows + 1), 4·(columns + 1), in], the result [1, 4·rows, 4·columns, out].
// Each of the four transforms is a kernel of its own; fused, XLA would compute the first of two again for each result.
func (b bands) one(x, form *Node) *Node {
	x = Reshape(x, b.rows+1, tileOut, b.columns+1, tileOut, b.in)
	var tileRows, tileColumns []*Node
	for k := range tileIn {
		skip, row := k/tileOut, k%tileOut
		part := Slice(x, AxisRange(skip, skip+b.rows), AxisElem(row))
		tileRows = append(tileRows, Reshape(part, 1, b.rows, b.columns+1, tileOut, b.in))
	}
	v := barrier(mix(dataMatrix, tileRows, 0)) // [6, rows, columns+1, 4, in]
	for k := range tileIn {
		skip, column := k/tileOut, k%tileOut
		part := Slice(v, AxisRange(), AxisRange(), AxisRange(skip, skip+b.columns), AxisElem(column))
		tileColumns = append(tileColumns, Reshape(part, 1, tileIn, b.rows, b.columns, b.in))
	}
	v = Reshape(mix(dataMatrix, tileColumns, 0), places, b.rows*b.columns, b.in)

	m := Einsum("ptc,poc->pto", v, form)
	m = Reshape(m, tileIn, tileIn, b.rows, b.columns, 1, b.out)
	m = barrier(mix(resultMatrix, split(m, 0), 4)) // [1, 6, rows, columns, 4, out]
	m = Reshape(m, tileIn, b.rows, 1, b.columns, tileOut, b.out)
	return Reshape(mix(resultMatrix, split(m, 0), 2), 1, tileOut*b.rows, tileOut*b.columns, b.out)
}
