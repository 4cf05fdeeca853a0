package transfer

import (
	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
)

// gridHalvings is how many times a grid of hypercolumns is halved: it has a place for every 4 × 4 pixels.
const gridHalvings = 2

// hypercolumns brings the maps of several layers, each [1, h, w, c], of a picture to one grid, [1, height/4, width/4, c], and divides
// each by its number of channels. At a place of the grid all of them together are its hypercolumn.
//
// A map that is finer than the grid is sampled in the middle of each place, a coarser one enlarged, both bilinearly.
//
// Kolkin et al. 2022, section 3.2.
func hypercolumns(maps []*Node, layers []sl.Layer, of size) (columns []*Node) {
	grid := of.halved(gridHalvings)
	for i, x := range maps {
		switch halvings := layers[i].Halvings; {
		case halvings < gridHalvings:
			x = middles(middles(x, 1, grid.height, gridHalvings-halvings), 2, grid.width, gridHalvings-halvings)
		case halvings > gridHalvings:
			for ; halvings > gridHalvings; halvings-- {
				x = enlarged(x, of.halved(halvings-1))
			}
		}
		columns = append(columns, DivScalar(x, float64(x.Shape().Dim(-1))))
	}
	return columns
}

// middles takes, along an axis, the mean of the two values in the middle of every 2, 4, 8, …: of 2 to the power of halvings.
func middles(x *Node, axis, places, halvings int) *Node {
	n, dims := 1<<halvings, x.Shape().Clone().Dimensions
	x = SliceAxis(x, axis, AxisRange(0, places*n))
	split := append(append(dims[:axis:axis], places, n), dims[axis+1:]...)
	return ReduceMean(SliceAxis(Reshape(x, split...), axis+1, AxisRange(n/2-1, n/2+1)), axis+1)
}

// enlarged doubles height and width of x [1, h, w, c] bilinearly. Where the height or width that it is to have is odd, the last row or
// column is repeated.
func enlarged(x *Node, to size) *Node {
	for i, length := range []int{to.height, to.width} {
		axis := i + 1
		if n := x.Shape().Dim(axis); 2*n < length {
			x = Concatenate([]*Node{x, SliceAxis(x, axis, AxisRange(n-1, n))}, axis)
		}
	}
	return sl.Doubled(x, to.height, to.width)
}
