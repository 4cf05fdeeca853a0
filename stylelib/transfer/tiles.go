package transfer

import (
	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
)

// TileAsNeeded lets pictures whose longer side is above 640 pixels be computed in tiles of at most that, if all terms can be: whole, one of
// 683 × 1024 takes 4.4 GB by neural neighbours, in tiles 1.9.
const TileAsNeeded = -1

const neededTile = 640

// rect is a part of a picture or of a map; bottom and right are outside.
type rect struct{ top, left, bottom, right int }

func (r rect) height() int { return r.bottom - r.top }

func (r rect) width() int { return r.right - r.left }

func (r rect) area() int { return r.height() * r.width() }

func (r rect) has(i, j int) bool { return i >= r.top && i < r.bottom && j >= r.left && j < r.right }

// pooled is the part of a map that was pooled p times.
func (r rect) pooled(p int) rect { return rect{r.top >> p, r.left >> p, r.bottom >> p, r.right >> p} }

// tile is a piece of a picture. The features of its core depend on pixels of the window alone; cores lie side by side.
type tile struct{ window, core rect }

// whole is the only tile of a picture that is not cut.
func whole(of size) tile {
	all := rect{0, 0, of.height, of.width}
	return tile{all, all}
}

// halo returns how far around a core the window reaches, and the grid on which tiles lie: that of the smallest map.
func halo(layers []sl.Layer) (reach, grid int) {
	grid = 1
	for _, layer := range layers {
		reach += grid * layer.Reach
		grid = 1 << layer.Halvings
	}
	return (reach + grid - 1) / grid * grid, grid
}

// tilesOf cuts a picture into as few cores of at most side × side pixels, or the least that the grid has, as there can be, of
// about the same size. Windows have at most two heights and two widths, because an engine compiles a program for each shape: near a
// border they reach further into the picture instead of ending earlier.
func tilesOf(of size, side int, layers []sl.Layer) []tile {
	reach, grid := halo(layers)
	side = max(grid, side/grid*grid)
	along := func(length int) (cores, windows [][2]int) {
		n := (length + side - 1) / side
		core := ((length+n-1)/n + grid - 1) / grid * grid
		full := core + min(2, n-1)*reach
		for start := 0; start < length; start += core {
			end := min(start+core, length)
			from := max(0, start-reach)
			to := from + full
			if to > length || end == length {
				from, to = max(0, length-full)/grid*grid, length
			}
			cores, windows = append(cores, [2]int{start, end}), append(windows, [2]int{from, to})
		}
		return cores, windows
	}
	rows, rowWindows := along(of.height)
	columns, columnWindows := along(of.width)
	var all []tile
	for i, r := range rows {
		for j, c := range columns {
			all = append(all, tile{
				window: rect{rowWindows[i][0], columnWindows[j][0], rowWindows[i][1], columnWindows[j][1]},
				core:   rect{r[0], c[0], r[1], c[1]},
			})
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
