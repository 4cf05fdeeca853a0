package transfer

import (
	"fmt"
	"math"

	sl "stylebook/stylelib"
	"stylebook/stylelib/conv"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// neighboursTerm is neural neighbours: each place of the image gets the features of one place of the style images, the one that is
// nearest to the photograph's there. Coarse to fine this decides what is painted ([neighboursPart]); a last training at the full size
// looks for neighbours anew again and again, layer by layer ([placesPart]).
//
// Kolkin, Kučera, Paris, Sýkora, Shechtman, Shakhnarovich 2022, "Neural neighbor style transfer". Deviations: activations after
// the ReLU only; [sl.Fast] in the place of Adam on a pyramid's coefficients, whose rate falls; neighbours of the last training serve for
// some epochs; of large style images not every place is looked at; each scale begins with the photograph's detail ([withDetail]).
var neighboursTerm = Term{
	Name: "neighbours", About: "features of the style's places that are nearest to the photograph's (NNST)", Of: StyleImages,
	Layers: []string{"relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_2", "relu3_3", "relu4_1", "relu4_2", "relu4_3"},
	Weight: 1, bind: (*objective).bindNeighbours,
}

// byNeighbours says whether the style loss is neural neighbours'.
func (o Options) byNeighbours() bool { return o.StyleLoss == neighboursTerm.Name }

const (
	matchedAtOnce  = 2048    // places whose distances are in memory together
	maxStylePlaces = 1 << 14 // of a style image that are looked at
	tiny           = 1e-24   // keeps roots and quotients of nothing finite
)

// neighboursPart is the loss of one stage but the last. Where x are hypercolumns of the image, p those of the photograph mixed with the
// image that the stage begins with, and s those of the style images, in four orientations if the options say so, it is
//
//	mean_i (1 - cos(x_i, s_n(i))),  n(i) = argmax_j cos(p_i - mean(p), s_j - mean(s))
type neighboursPart struct {
	bound
	pictures  *sized
	share     float64 // of the photograph in the mixture
	rotations int

	asked, offered, match *sl.Program
	found                 *tensors.Tensor // the image for which the neighbours were found
	neighbours            *tensors.Tensor // [height/4 · width/4, c]
}

func (o *objective) bindNeighbours(b bound) (part, error) {
	if o.stage.places {
		return o.bindPlaces(b)
	}
	p := &neighboursPart{bound: b, pictures: o.pictures, share: o.options.ContentShare, rotations: o.options.Rotations}
	if o.scale == 0 {
		p.share = 1 // nothing is painted yet
	}
	var err error
	if p.asked, err = o.extractor.Compile(p.askedGraph); err != nil {
		return nil, err
	}
	if p.offered, err = o.extractor.Compile(p.offeredGraph); err != nil {
		return nil, err
	}
	p.match = o.extractor.Programs.New(matchGraph)
	return p, nil
}

func (p *neighboursPart) columns(maps map[string]*Node, of size) []*Node {
	var all []*Node
	for _, layer := range p.layers {
		all = append(all, maps[layer.Name])
	}
	return hypercolumns(all, p.layers, of)
}

// withDetail adds to the image that a stage begins with, which comes from a coarser one, what the photograph has and the coarser
// photograph has not.
func withDetail(image, photograph, coarser *tensors.Tensor) (*tensors.Tensor, error) {
	of := sizeOf(photograph)
	blurred, err := Enlarge(coarser, of.height, of.width)
	if err != nil {
		return nil, err
	}
	var values [3][]float32
	for i, picture := range []*tensors.Tensor{image, photograph, blurred} {
		if values[i], err = tensors.CopyFlatData[float32](picture); err != nil {
			return nil, err
		}
	}
	for i := range values[0] {
		values[0][i] += values[1][i] - values[2][i]
	}
	return raster{of, values[0]}.tensor(), nil
}

// askedGraph makes, of an image, the photograph and its share, the hypercolumns for which neighbours are sought, in blocks [n, c], and
// the sum of all of them.
func (p *neighboursPart) askedGraph(vgg *sl.VGG, in []*Node) []*Node {
	image, photograph, share := in[0], in[1], in[2]
	mixed := Add(image, Mul(Sub(photograph, image), share))
	return blocksOf(p.columns(mapsOf(vgg, mixed, p.bound.weighted.layers), size{photograph.Shape().Dim(1), photograph.Shape().Dim(2)}), 1)
}

// offeredGraph makes of a style image its hypercolumns, in blocks [n, c], and their sum.
func (p *neighboursPart) offeredGraph(vgg *sl.VGG, in []*Node) []*Node {
	of := size{in[0].Shape().Dim(1), in[0].Shape().Dim(2)}
	return blocksOf(p.columns(mapsOf(vgg, in[0], p.bound.weighted.layers), of), stride(of.halved(gridHalvings)))
}

// stride is how far the places of a style image's grid that are looked at are from each other, along each axis.
func stride(grid size) int {
	return max(1, int(math.Ceil(math.Sqrt(float64(grid.area())/maxStylePlaces))))
}

// blocksOf puts the maps of one size side by side, and puts out the features of every stride-th row and column, in blocks, and their sum.
func blocksOf(columns []*Node, stride int) (blocks []*Node) {
	rows := Concatenate(columns, -1)
	if stride > 1 {
		rows = Slice(rows, AxisRange(), AxisRange().Stride(stride), AxisRange().Stride(stride))
	}
	c := rows.Shape().Dim(-1)
	rows = Reshape(rows, rows.Shape().Size()/c, c)
	n := rows.Shape().Dim(0)
	for at := 0; at < n; at += matchedAtOnce {
		blocks = append(blocks, SliceAxis(rows, 0, AxisRange(at, min(at+matchedAtOnce, n))))
	}
	return append(blocks, ReduceSum(rows, 0))
}

// matchGraph compares rows with offered ones, each with the mean of all of its kind, and keeps of the best so far and these the nearer:
// its cosine times a number for each row, and its features.
func matchGraph(in []*Node) []*Node {
	rows, mean, offered, offeredMean, most, best := in[0], in[1], in[2], in[3], in[4], in[5]
	centred := Sub(offered, ExpandAxes(offeredMean, 0))
	length := Sqrt(AddScalar(ReduceSum(Square(centred), 1), tiny))
	scores := Div(conv.RowProducts(Sub(rows, ExpandAxes(mean, 0)), centred), ExpandAxes(length, 0))
	highest := ReduceMax(scores, 1)
	nearer := GreaterThan(highest, most)
	return []*Node{Max(highest, most), Where(nearer, Gather(offered, ExpandAxes(ArgMax(scores, 1), -1)), best)}
}

func (p *neighboursPart) inputs(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
	if p.found == nil {
		if err := p.find(image, epoch); err != nil {
			return nil, err
		}
	}
	return []*tensors.Tensor{weightsOf([]float64{p.weight}), p.neighbours}, nil
}

func (p *neighboursPart) loss(image *Node, maps map[string]*Node, in *feed) *Node {
	weight, neighbours := in.next(1)[0], StopGradient(in.next(1)[0])
	columns := p.columns(maps, p.pictures.size)
	var products, squares, wanted *Node
	first := 0
	for _, x := range columns {
		c := x.Shape().Dim(-1)
		x = Reshape(x, x.Shape().Size()/c, c)
		y := SliceAxis(neighbours, 1, AxisRange(first, first+c))
		first += c
		for _, sum := range []struct {
			of **Node
			x  *Node
		}{{&products, Mul(x, y)}, {&squares, Square(x)}, {&wanted, Square(y)}} {
			if *sum.of == nil {
				*sum.of = ReduceSum(sum.x, 1)
				continue
			}
			*sum.of = Add(*sum.of, ReduceSum(sum.x, 1))
		}
	}
	cosines := Div(products, Sqrt(AddScalar(Mul(squares, wanted), tiny)))
	return weightedSum(image, []*Node{ReduceAllMean(OneMinus(cosines))}, weight)
}

// find finds the neighbours for the image that the stage begins with.
func (p *neighboursPart) find(image *tensors.Tensor, _ int) (err error) {
	if p.found, err = image.LocalClone(); err != nil {
		return err
	}
	search, err := p.ask(image)
	if err != nil {
		return err
	}
	defer search.finalize()
	if search.offeredMean, err = p.styleMean(); err != nil {
		return err
	}
	for _, style := range p.pictures.styles {
		for range p.rotations {
			if err := p.offer(search, style); err != nil {
				return err
			}
			if style, err = quarterTurned(style); err != nil {
				return err
			}
		}
	}
	p.neighbours, err = search.best()
	return err
}

// ask begins a search.
func (p *neighboursPart) ask(image *tensors.Tensor) (*search, error) {
	blocks, err := p.asked.Run(image, p.pictures.content, float32(p.share))
	if err != nil {
		return nil, err
	}
	s := &search{}
	for _, block := range blocks[:len(blocks)-1] {
		n := block.Shape().Dim(0)
		most := make([]float32, n)
		for i := range most {
			most[i] = -math.MaxFloat32
		}
		s.rows = append(s.rows, block)
		s.most = append(s.most, tensors.FromValue(most))
		s.nearest = append(s.nearest, tensors.FromShape(block.Shape()))
	}
	s.mean, err = meanOf(p.pictures.halved(gridHalvings).area(), blocks[len(blocks)-1])
	return s, err
}

// styleMean is the mean of the hypercolumns of all style images as they stand.
func (p *neighboursPart) styleMean() (*tensors.Tensor, error) {
	n, sums := 0, []*tensors.Tensor{}
	for _, style := range p.pictures.styles {
		blocks, err := p.offered.Run(style)
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

// offer compares what is sought with all places of a style image.
func (p *neighboursPart) offer(s *search, style *tensors.Tensor) error {
	blocks, err := p.offered.Run(style)
	if err != nil {
		return err
	}
	defer finalizeAll(blocks)
	for _, offered := range blocks[:len(blocks)-1] {
		for i, rows := range s.rows {
			out, err := p.match.Run(rows, s.mean, offered, s.offeredMean, s.most[i], s.nearest[i])
			if err != nil {
				return err
			}
			finalizeAll([]*tensors.Tensor{s.most[i], s.nearest[i]})
			s.most[i], s.nearest[i] = out[0], out[1]
		}
	}
	return nil
}

func (p *neighboursPart) array() string { return targetArray(p.name) }

func (p *neighboursPart) foundFor() *tensors.Tensor { return p.found }

func (p *neighboursPart) latestDue(int) int { return 1 }

func (p *neighboursPart) finalize() {
	for _, program := range []*sl.Program{p.asked, p.offered, p.match} {
		program.Finalize()
	}
	if p.neighbours != nil {
		_ = p.neighbours.FinalizeAll()
	}
}

// search is a search for neighbours, by blocks of places.
type search struct {
	rows              []*tensors.Tensor // what is sought
	mean, offeredMean *tensors.Tensor
	most              []*tensors.Tensor // cosines of the nearest so far, but for a factor
	nearest           []*tensors.Tensor // their features
}

func (s *search) finalize() {
	finalizeAll(s.rows)
	finalizeAll(s.most)
	finalizeAll(s.nearest)
}

// best puts the blocks of neighbours together.
func (s *search) best() (*tensors.Tensor, error) {
	var values []float32
	for _, block := range s.nearest {
		some, err := tensors.CopyFlatData[float32](block)
		if err != nil {
			return nil, err
		}
		values = append(values, some...)
	}
	c := s.nearest[0].Shape().Dim(1)
	return tensors.FromFlatDataAndDimensions(values, len(values)/c, c), nil
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

// matchedProducts is how many products of two numbers the search of a stage takes.
func (t *Transfer) matchedProducts(of size) float64 {
	offered := 0
	for i := range t.Pictures.Styles {
		grid := t.Options.styleSize(of, i).halved(gridHalvings)
		offered += t.Options.Rotations * grid.area() / square(stride(grid))
	}
	return float64(of.halved(gridHalvings).area()) * float64(offered) * float64(t.columnChannels())
}

// columnChannels is how many channels a hypercolumn has.
func (t *Transfer) columnChannels() (channels int) {
	for i, layer := range t.Extractor.Layers {
		if layer.In(t.Options.StyleLayers) {
			channels += t.Extractor.Channels[i]
		}
	}
	return channels
}

func square(n int) int { return n * n }

// checkNeighbours refuses options that do not go with neural neighbours.
func (o Options) checkNeighbours() error {
	switch {
	case !(o.ContentShare >= 0 && o.ContentShare <= 1):
		return &sl.OptionError{Option: "content share", Reason: fmt.Sprintf("%g is not from 0 to 1", o.ContentShare)}
	case o.Rotations < 1 || o.Rotations > 4:
		return &sl.OptionError{Option: "rotations", Reason: fmt.Sprintf("%d is not from 1 to 4 quarter turns", o.Rotations)}
	case !o.byNeighbours():
		for _, term := range o.Terms {
			if term.Name == neighboursTerm.Name {
				return &sl.OptionError{Option: term.Name, Reason: "decides how scales follow each other, so it is a style loss, and no further term"}
			}
		}
		return nil
	case o.Blend != nil:
		return &sl.OptionError{Option: "blend", Reason: "each place is painted as in the style image that is nearest, so these have no shares: leave the weights out, or choose another style loss"}
	case o.LayersOfStyles != nil:
		return &sl.OptionError{Option: "style layers", Reason: "neighbours have all layers of a style image at once: give one list"}
	}
	return nil
}
