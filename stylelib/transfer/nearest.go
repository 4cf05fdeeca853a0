package transfer

import (
	"math"

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

// styleColumns are the hypercolumns of a picture at those places at which a style image is looked at.
func (p *neighboursPart) styleColumns(vgg *sl.VGG, style *Node) []*Node {
	of := size{style.Shape().Dim(1), style.Shape().Dim(2)}
	return p.columns(mapsOf(vgg, style, p.bound.weighted.layers), of, stride(of.halved(gridHalvings)))
}

// wholeGraph makes of a style image its hypercolumns, of each layer [n, c].
func (p *neighboursPart) wholeGraph(vgg *sl.VGG, in []*Node) []*Node {
	return p.styleColumns(vgg, in[0])
}

// offeredGraph makes of a style image, and of the principal directions of each layer where there are some, what is compared: blocks
// [n, k], and their sum.
func (p *neighboursPart) offeredGraph(vgg *sl.VGG, in []*Node) []*Node {
	return blocksOf(p.styleColumns(vgg, in[0]), in[1:])
}

// askedGraph makes the same of the picture whose neighbours are sought, of all places.
func (p *neighboursPart) askedGraph(vgg *sl.VGG, in []*Node) []*Node {
	return blocksOf(p.columns(mapsOf(vgg, in[0], p.bound.weighted.layers), p.pictures.size, 1), in[1:])
}

// blocksOf puts the columns of all layers side by side, in the directions of each if there are some, in blocks of rows, and their sum.
func blocksOf(columns, directions []*Node) (blocks []*Node) {
	for i, of := range directions {
		columns[i] = MatMul(columns[i], of)
	}
	rows := Concatenate(columns, 1)
	n := rows.Shape().Dim(0)
	for at := 0; at < n; at += matchedAtOnce {
		blocks = append(blocks, SliceAxis(rows, 0, AxisRange(at, min(at+matchedAtOnce, n))))
	}
	return append(blocks, ReduceSum(rows, 0))
}

// matchGraph compares rows with offered ones, the first of which has a number, each with the mean of all of its kind, and keeps of the
// best so far and these the nearer: its cosine times a number for each row, and its number.
func matchGraph(in []*Node) []*Node {
	rows, mean, offered, offeredMean, first, most, best := in[0], in[1], in[2], in[3], in[4], in[5], in[6]
	centred := Sub(offered, ExpandAxes(offeredMean, 0))
	length := Sqrt(AddScalar(ReduceSum(Square(centred), 1), tiny))
	scores := Div(conv.RowProducts(Sub(rows, ExpandAxes(mean, 0)), centred), ExpandAxes(length, 0))
	highest := ReduceMax(scores, 1)
	return []*Node{Max(highest, most), Where(GreaterThan(highest, most), Add(ArgMax(scores, 1), first), best)}
}

// search is a search for neighbours, by blocks of places.
type search struct {
	rows []*tensors.Tensor // what is sought
	mean *tensors.Tensor
	most []*tensors.Tensor // cosines of the nearest so far, but for a factor
	best []*tensors.Tensor // their numbers, int32
}

// eachStyle calls do with each style image in each of its orientations.
func (p *neighboursPart) eachStyle(do func(style *tensors.Tensor) error) error {
	for _, style := range p.pictures.styles {
		for range p.rotations {
			if err := do(style); err != nil {
				return err
			}
			var err error
			if style, err = quarterTurned(style); err != nil {
				return err
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
	with := func(picture *tensors.Tensor) []any { return append([]any{picture}, sl.AsInputs(directions)...) }
	s, err := p.ask(with(picture))
	if err != nil {
		return nil, err
	}
	defer func() { finalizeAll(s.rows); finalizeAll(s.most); finalizeAll(s.best) }()
	offeredMean, err := p.styleMean(with)
	if err != nil {
		return nil, err
	}
	first := int32(0)
	err = p.eachStyle(func(style *tensors.Tensor) error {
		blocks, err := p.offered.Run(with(style)...)
		if err != nil {
			return err
		}
		defer finalizeAll(blocks)
		for _, offered := range blocks[:len(blocks)-1] {
			for i, rows := range s.rows {
				out, err := p.match.Run(rows, s.mean, offered, offeredMean, first, s.most[i], s.best[i])
				if err != nil {
					return err
				}
				finalizeAll([]*tensors.Tensor{s.most[i], s.best[i]})
				s.most[i], s.best[i] = out[0], out[1]
			}
			first += int32(offered.Shape().Dim(0))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []int32
	for _, block := range s.best {
		some, err := tensors.CopyFlatData[int32](block)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// ask begins a search.
func (p *neighboursPart) ask(in []any) (*search, error) {
	blocks, err := p.asked.Run(in...)
	if err != nil {
		return nil, err
	}
	s := &search{rows: blocks[:len(blocks)-1]}
	for _, block := range s.rows {
		n := block.Shape().Dim(0)
		most := make([]float32, n)
		for i := range most {
			most[i] = -math.MaxFloat32
		}
		s.most, s.best = append(s.most, tensors.FromValue(most)), append(s.best, tensors.FromValue(make([]int32, n)))
	}
	s.mean, err = meanOf(p.pictures.halved(gridHalvings).area(), blocks[len(blocks)-1])
	return s, err
}

// styleMean is the mean of what is offered of all style images as they stand.
func (p *neighboursPart) styleMean(with func(picture *tensors.Tensor) []any) (*tensors.Tensor, error) {
	n, sums := 0, []*tensors.Tensor{}
	for _, style := range p.pictures.styles {
		blocks, err := p.offered.Run(with(style)...)
		if err != nil {
			return nil, err
		}
		for _, block := range blocks[:len(blocks)-1] {
			n += block.Shape().Dim(0)
		}
		finalizeAll(blocks[:len(blocks)-1])
		sums = append(sums, blocks[len(blocks)-1])
	}
	return meanOf(n, sums...)
}

// meanOf is the mean of n vectors with the given sums.
func meanOf(n int, sums ...*tensors.Tensor) (*tensors.Tensor, error) {
	var mean []float32
	for _, sum := range sums {
		values, err := tensors.CopyFlatData[float32](sum)
		if err != nil {
			return nil, err
		}
		if mean == nil {
			mean = make([]float32, len(values))
		}
		for i, v := range values {
			mean[i] += v / float32(n)
		}
	}
	return tensors.FromValue(mean), nil
}

// gather returns the hypercolumns of the style's places with these numbers, of each layer [n, c].
func (p *neighboursPart) gather(numbers []int32) ([]*tensors.Tensor, error) {
	gathered, first := make([][]float32, len(p.layers)), int32(0)
	err := p.eachStyle(func(style *tensors.Tensor) error {
		columns, err := p.whole.Run(style)
		if err != nil {
			return err
		}
		defer finalizeAll(columns)
		for i, column := range columns {
			n, c := int32(column.Shape().Dim(0)), column.Shape().Dim(1)
			if gathered[i] == nil {
				gathered[i] = make([]float32, len(numbers)*c)
			}
			err := tensors.ConstFlatData(column, func(values []float32) {
				for place, number := range numbers {
					if k := int(number - first); number >= first && number < first+n {
						copy(gathered[i][place*c:(place+1)*c], values[k*c:(k+1)*c])
					}
				}
			})
			if err != nil {
				return err
			}
		}
		first += int32(columns[0].Shape().Dim(0))
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []*tensors.Tensor
	for i, values := range gathered {
		all = append(all, tensors.FromFlatDataAndDimensions(values, len(numbers), len(values)/len(numbers)))
		gathered[i] = nil // which may be freed
	}
	return all, nil
}

// quarterTurned is a picture [1, h, w, 3] turned by 90 degrees, [1, w, h, 3].
func quarterTurned(picture *tensors.Tensor) (*tensors.Tensor, error) {
	from, err := rasterOf(picture)
	if err != nil {
		return nil, err
	}
	to := raster{size{from.width, from.height}, make([]float32, len(from.values))}
	for i := range from.height {
		for j := range from.width {
			copy(to.values[3*((from.width-1-j)*to.width+i):][:3], from.values[3*(i*from.width+j):])
		}
	}
	return to.tensor(), nil
}
