package transfer

import (
	"math"
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/conv"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

const (
	matchedAtOnce  = 2048    // places whose distances are in memory together
	maxStylePlaces = 1 << 14 // of a style image that are looked at
	tiny           = 1e-24   // keeps roots and quotients of nothing finite
)

// stride is how far the places of a style image's grid that are looked at are from each other, along each axis.
func stride(grid size) int {
	return max(1, int(math.Ceil(math.Sqrt(float64(grid.area())/maxStylePlaces))))
}

// collect computes of a picture, for every stride-th row and column of the grid, what a program puts out for all places of a window:
// a matrix for each output.
func (p *neighboursPart) collect(program *sl.Program, picture *tensors.Tensor, stride int, in ...*tensors.Tensor) (all []matrix, err error) {
	grid := strided(picture, stride)
	err = eachWindow(program, picture, p.needed, [][]*tensors.Tensor{in}, func(_ int, t tile, out []*tensors.Tensor) error {
		if all == nil {
			all = make([]matrix, len(out))
		}
		return eachRow(t, stride, out, func(k, i, j int, row []float32) { all[k].put(i*grid.width+j, grid.area(), row) })
	})
	return all, err
}

// strided is the size of a picture's grid, of which every stride-th row and column counts.
func strided(picture *tensors.Tensor, stride int) size {
	grid := sizeOf(picture).halved(gridHalvings)
	return size{(grid.height + stride - 1) / stride, (grid.width + stride - 1) / stride}
}

// eachRow calls do with the rows of what was computed of a tile's window, [n, c] of each kind k, that are of its core and in row and
// column i, j of the grid of which every stride-th counts.
func eachRow(t tile, stride int, computed []*tensors.Tensor, do func(k, i, j int, row []float32)) error {
	core, window := t.core.pooled(gridHalvings), t.window.pooled(gridHalvings)
	first := func(at int) int { return (at + stride - 1) / stride * stride }
	for k, tensor := range computed {
		c := tensor.Shape().Dim(1)
		err := tensors.ConstFlatData(tensor, func(values []float32) {
			for i := first(core.top); i < core.bottom; i += stride {
				for j := first(core.left); j < core.right; j += stride {
					at := (i-window.top)*window.width() + j - window.left
					do(k, i/stride, j/stride, values[at*c:(at+1)*c])
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wholeGraph makes of a window its hypercolumns, of each layer [n, c].
func (p *neighboursPart) wholeGraph(vgg *sl.VGG, in []*Node) []*Node {
	return p.columns(mapsOf(vgg, in[0], p.bound.weighted.layers), sizeOf(in[0]))
}

// comparedGraph makes of a window, and of the principal directions of each layer where there are some, what is compared, [n, k].
func (p *neighboursPart) comparedGraph(vgg *sl.VGG, in []*Node) []*Node {
	columns := p.wholeGraph(vgg, in)
	for i, of := range in[1:] {
		columns[i] = MatMul(columns[i], of)
	}
	return []*Node{Concatenate(columns, 1)}
}

// matchGraph compares rows with offered ones, all of length 1, the first of which has a number, and keeps of the best so far and these
// the nearer: its cosine and its number. Where there are labels of rows and of offered ones, those with another are no neighbours.
func matchGraph(in []*Node) []*Node {
	rows, offered, first, most, best := in[0], in[1], in[2], in[3], in[4]
	scores := withLabels(conv.RowProducts(rows, offered), in[5:])
	highest := ReduceMax(scores, 1)
	return []*Node{Max(highest, most), Where(GreaterThan(highest, most), Add(ArgMax(scores, 1), first), best)}
}

// elsewhere is how much less the cosine of two places of different regions counts: less than any other, so that these are neighbours only
// where there are none of the same.
const elsewhere = 4

// withLabels lowers scores [n, m] where the labels [n] and [m], if there are some, differ.
func withLabels(scores *Node, labels []*Node) *Node {
	if len(labels) == 0 {
		return scores
	}
	differ := ConvertDType(NotEqual(ExpandAxes(labels[0], 1), ExpandAxes(labels[1], 0)), scores.DType())
	return Sub(scores, MulScalar(differ, elsewhere))
}

// sought is what neighbours are sought for: rows of length 1, in blocks, and for each style image the nearest so far.
type sought struct {
	rows, labels []*tensors.Tensor   // of each block; no labels without regions
	most, best   [][]*tensors.Tensor // of each style image and block: cosines, and numbers, int32
}

func (s *sought) finalize() {
	finalizeAll(append(s.rows, s.labels...))
	for i := range s.most {
		finalizeAll(append(s.most[i], s.best[i]...))
	}
}

// seek begins a search.
func (p *neighboursPart) seek(rows *matrix, labels []int32) *sought {
	s := &sought{most: make([][]*tensors.Tensor, len(p.pictures.styles)), best: make([][]*tensors.Tensor, len(p.pictures.styles))}
	blocks(rows.rows(), func(from, to int) {
		s.rows = append(s.rows, rows.tensor(from, to))
		if labels != nil {
			s.labels = append(s.labels, tensors.FromValue(labels[from:to]))
		}
		for i := range s.most {
			s.most[i] = append(s.most[i], tensors.FromValue(slices.Repeat([]float32{-math.MaxFloat32}, to-from)))
			s.best[i] = append(s.best[i], tensors.FromValue(make([]int32, to-from)))
		}
	})
	return s
}

// blocks divides n rows.
func blocks(n int, do func(from, to int)) {
	for from := 0; from < n; from += matchedAtOnce {
		do(from, min(from+matchedAtOnce, n))
	}
}

// offer compares what is sought with the rows of style image i, of which the first has a number.
func (p *neighboursPart) offer(s *sought, i int, rows *matrix, labels []int32, first int) (err error) {
	blocks(rows.rows(), func(from, to int) {
		offered := []*tensors.Tensor{rows.tensor(from, to)}
		if labels != nil {
			offered = append(offered, tensors.FromValue(labels[from:to]))
		}
		defer finalizeAll(offered)
		for k, row := range s.rows {
			in := []any{row, offered[0], int32(first + from), s.most[i][k], s.best[i][k]}
			if labels != nil {
				in = append(in, s.labels[k], offered[1])
			}
			var out []*tensors.Tensor
			if err == nil {
				out, err = p.match.Run(in...)
			}
			if err != nil {
				return
			}
			finalizeAll([]*tensors.Tensor{s.most[i][k], s.best[i][k]})
			s.most[i][k], s.best[i][k] = out[0], out[1]
		}
	})
	return err
}

// eachStyle calls do with each style image in each of its orientations, and with how far apart its places are that are looked at, and
// their regions.
func (p *neighboursPart) eachStyle(do func(i int, style *tensors.Tensor, stride int, labels []int32) error) error {
	for i, style := range p.pictures.styles {
		masks := p.pictures.styleMask(i)
		for range p.rotations {
			stride := stride(sizeOf(style).halved(gridHalvings))
			if err := do(i, style, stride, labelsOf(masks, gridHalvings, stride)); err != nil {
				return err
			}
			turned, err := rasterOf(style)
			if err != nil {
				return err
			}
			style = raster{turned.turned(), quarterTurned(turned.values, turned.size, 3)}.tensor()
			masks = slices.Clone(masks)
			for k, m := range masks {
				masks[k] = mask{m.turned(), quarterTurned(m.values, m.size, 1)}
			}
		}
	}
	return nil
}

// nearest returns, for each place of a picture, the number of the style's place that is nearest: they are counted row by row through
// the orientations of the style images.
func (p *neighboursPart) nearest(picture *tensors.Tensor) ([]int32, error) {
	directions, err := p.principal(picture)
	if err != nil {
		return nil, err
	}
	defer finalizeAll(directions)
	compared := func(picture *tensors.Tensor, stride int) (*matrix, error) {
		rows, err := p.collect(p.compared, picture, stride, directions...)
		if err != nil {
			return nil, err
		}
		return &rows[0], nil
	}
	rows, err := compared(picture, 1)
	if err != nil {
		return nil, err
	}
	rows.centre(meanOf(rows))
	labels := labelsOf(p.pictures.contentMasks, gridHalvings, 1)
	s := p.seek(rows, labels)
	defer s.finalize()
	var standing []*matrix // the style images as they stand, whose mean is that of all
	for _, style := range p.pictures.styles {
		rows, err := compared(style, stride(sizeOf(style).halved(gridHalvings)))
		if err != nil {
			return nil, err
		}
		standing = append(standing, rows)
	}
	mean := meanOf(standing...)
	first := 0
	err = p.eachStyle(func(i int, style *tensors.Tensor, stride int, labels []int32) error {
		rows := standing[i]
		if standing[i] = nil; rows == nil {
			if rows, err = compared(style, stride); err != nil {
				return err
			}
		}
		rows.centre(mean)
		err := p.offer(s, i, rows, labels, first)
		first += rows.rows()
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.choose(s, labels)
}

// centre takes a mean from all rows and makes their length 1.
func (m *matrix) centre(mean []float64) {
	for i := range m.rows() {
		row, square := m.row(i), 0.0
		for k, v := range row {
			row[k] = v - float32(mean[k])
			square += float64(row[k]) * float64(row[k])
		}
		length := float32(math.Sqrt(square + tiny))
		for k := range row {
			row[k] /= length
		}
	}
}

// choose decides, for each place, of which style image it takes the nearest.
func (p *neighboursPart) choose(s *sought, labels []int32) ([]int32, error) {
	var scores [][]float32
	var numbers [][]int32
	for i := range s.most {
		var of []float32
		var best []int32
		for k := range s.most[i] {
			some, err := tensors.CopyFlatData[float32](s.most[i][k])
			if err != nil {
				return nil, err
			}
			places, err := tensors.CopyFlatData[int32](s.best[i][k])
			if err != nil {
				return nil, err
			}
			of, best = append(of, some...), append(best, places...)
		}
		scores, numbers = append(scores, of), append(numbers, best)
	}
	return chosen(scores, numbers, labels, p.shares), nil
}

// gather computes the hypercolumns of the style's places with these numbers: a table of each layer, [m, c], whose m rows together have
// length 1, and for each place of the image its row.
func (p *neighboursPart) gather(numbers []int32) (rows []int32, tables []*tensors.Tensor, err error) {
	used := slices.Compact(slices.Sorted(slices.Values(numbers)))
	for _, number := range numbers {
		row, _ := slices.BinarySearch(used, number)
		rows = append(rows, int32(row))
	}
	columns, first := make([]matrix, len(p.layers)), int32(0)
	err = p.eachStyle(func(_ int, style *tensors.Tensor, stride int, _ []int32) error {
		grid, before := strided(style, stride), first
		first += int32(grid.area())
		return eachWindow(p.whole, style, p.needed, [][]*tensors.Tensor{nil}, func(_ int, t tile, out []*tensors.Tensor) error {
			return eachRow(t, stride, out, func(k, i, j int, row []float32) {
				if to, found := slices.BinarySearch(used, before+int32(i*grid.width+j)); found {
					columns[k].put(to, len(used), row)
				}
			})
		})
	})
	if err != nil {
		return nil, nil, err
	}
	scaleRows(columns)
	for k := range columns {
		table, err := columns[k].onEngine(p.backend)
		if err != nil {
			return nil, nil, err
		}
		tables, columns[k] = append(tables, table), matrix{} // which may be freed
	}
	return rows, tables, nil
}

// scaleRows gives rows that lie side by side in several matrices length 1 together.
func scaleRows(all []matrix) {
	for i := range all[0].rows() {
		square := 0.0
		for _, m := range all {
			for _, v := range m.row(i) {
				square += float64(v) * float64(v)
			}
		}
		length := float32(math.Sqrt(square + tiny))
		for _, m := range all {
			row := m.row(i)
			for k := range row {
				row[k] /= length
			}
		}
	}
}

// rowsIn are, for all places of a tile's window, what the image's places have, [n]; the first row outside the tile's core, where it does
// not count.
func rowsIn(t tile, of size, rows []int32) []int32 {
	grid, core, window := of.halved(gridHalvings), t.core.pooled(gridHalvings), t.window.pooled(gridHalvings)
	within := make([]int32, window.area())
	for i := core.top; i < core.bottom; i++ {
		at := (i-window.top)*window.width() + core.left - window.left
		copy(within[at:], rows[i*grid.width+core.left:i*grid.width+core.right])
	}
	return within
}

// quarterTurned are the values [h, w, channels] of a picture turned by 90 degrees, [w, h, channels].
func quarterTurned(values []float32, of size, channels int) []float32 {
	to := make([]float32, len(values))
	for i := range of.height {
		for j := range of.width {
			copy(to[channels*((of.width-1-j)*of.height+i):][:channels], values[channels*(i*of.width+j):])
		}
	}
	return to
}

// turned is the size of a picture that was turned by 90 degrees.
func (s size) turned() size { return size{s.width, s.height} }
