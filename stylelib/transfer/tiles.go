package transfer

import (
	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
)

// rect is a part of a picture or of a map; bottom and right are outside.
type rect struct{ top, left, bottom, right int }

func (r rect) height() int { return r.bottom - r.top }

func (r rect) width() int { return r.right - r.left }

// pooled is the part of a map that was pooled p times.
func (r rect) pooled(p int) rect { return rect{r.top >> p, r.left >> p, r.bottom >> p, r.right >> p} }

// tile is a piece of a picture. The features of its core depend on pixels of the window alone; cores lie side by side.
type tile struct{ window, core rect }

// halo returns how far around a core the window reaches, and the grid on which tiles lie: that of the smallest map.
func halo(layers []sl.Layer) (reach, grid int) {
	grid = 1
	for _, layer := range layers {
		reach += grid * layer.Reach
		grid = 1 << layer.Halvings
	}
	return (reach + grid - 1) / grid * grid, grid
}

// tilesOf cuts a picture into cores of about side × side pixels. Windows have at most two heights and two widths, because
// an engine compiles a program for each shape: near a border they reach further into the picture instead of ending earlier.
func tilesOf(of size, side int, layers []sl.Layer) []tile {
	reach, grid := halo(layers)
	side = max(grid, side/grid*grid)
	window := func(start, length int) (from, to int) {
		full := side + 2*reach
		from = max(0, start-reach)
		if from+full > length {
			return max(0, length-full) / grid * grid, length
		}
		return from, from + full
	}
	var all []tile
	for top := 0; top < of.height; top += side {
		for left := 0; left < of.width; left += side {
			t := tile{core: rect{top, left, min(top+side, of.height), min(left+side, of.width)}}
			t.window.top, t.window.bottom = window(top, of.height)
			t.window.left, t.window.right = window(left, of.width)
			all = append(all, t)
		}
	}
	return all
}

// runTile runs a program on a tile of a picture, with further inputs.
func runTile(program *sl.Program, picture raster, t tile, inputs ...[]*tensors.Tensor) ([]*tensors.Tensor, error) {
	all := []any{picture.window(t.window)}
	for _, more := range inputs {
		all = append(all, sl.AsInputs(more)...)
	}
	return program.Run(all...)
}

// coreMasks returns, for each tile, a mask of its core in the map of each layer and region.
func coreMasks(pieces []tile, of size, layers []sl.Layer, regions []mask) [][]*tensors.Tensor {
	if regions == nil {
		regions = []mask{everywhere(of)}
	}
	masks := make([][]*tensors.Tensor, len(pieces))
	for _, layer := range layers {
		p := layer.Halvings
		for _, region := range regions {
			full := region.pooled(p)
			for i, piece := range pieces {
				masks[i] = append(masks[i], full.cut(piece.window.pooled(p), piece.core.pooled(p)).tensor())
			}
		}
	}
	return masks
}
