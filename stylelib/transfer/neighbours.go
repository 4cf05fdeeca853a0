package transfer

import (
	"fmt"
	"runtime/debug"
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/kernels"
	"stylebook/stylelib/ops"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// neighboursTerm is neural neighbours: each place of the image gets the features of one place of the style images, the one that is
// nearest to the photograph's there. Coarse to fine this decides what is painted ([neighboursPart]); a last training at the full size
// looks for neighbours anew again and again, layer by layer ([placesPart]).
//
// Kolkin, Kučera, Paris, Sýkora, Shechtman, Shakhnarovich 2022, "Neural neighbor style transfer". Deviations: activations after
// the ReLU only; [sl.Fast] in the place of Adam on a pyramid's coefficients, whose rate falls; neighbours of the last training serve for
// some epochs; of large style images not every place is looked at, and large photographs' places are compared in fewer dimensions
// ([principal]); each scale begins with the photograph's detail ([withDetail]).
var neighboursTerm = Term{
	Name: "neighbours", About: "features of the style's places that are nearest to the photograph's (NNST)", Of: StyleImages,
	Layers: []string{"relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_2", "relu3_3", "relu4_1", "relu4_2", "relu4_3"},
	Weight: 1, bind: (*objective).bindNeighbours,
}

// byNeighbours says whether the style loss is neural neighbours'.
func (o Options) byNeighbours() bool { return o.StyleLoss == neighboursTerm.Name }

// neighboursPart is the loss of one stage but the last. Where x are hypercolumns of the image, p those of the photograph mixed with the
// image that the stage begins with, and s those of the style images, in four orientations if the options say so, it is
//
//	mean_i (1 - cos(x_i, s_n(i))),  n(i) = argmax_j cos(p_i - mean(p), s_j - mean(s))
//
// where j are places of the same region, and of the style image that place i is given if these have shares. It is a sum over places, so
// it can be computed in pieces.
type neighboursPart struct {
	bound
	backend   compute.Backend
	needed    []sl.Layer // of the network
	pictures  *sized
	pieces    []tile
	share     float64 // of the photograph in the mixture
	rotations int
	shares    []float64 // of the style images; nil: each place takes the nearest of all

	compared, whole, match, covariance *sl.Program

	found   *tensors.Tensor   // the image for which the neighbours were found
	weights []*tensors.Tensor // of each piece: what its window's places count, [n]
	rows    []*tensors.Tensor // of each piece: its places' neighbours, as rows of the tables, [n]
	tables  []*tensors.Tensor // of each layer: what is some place's neighbour, [m, c]
}

func (o *objective) bindNeighbours(b bound) (part, error) {
	if o.stage.places {
		return o.bindPlaces(b)
	}
	p := &neighboursPart{bound: b, backend: o.extractor.Backend, needed: o.layers, pictures: o.pictures, pieces: o.pieces(), share: o.options.ContentShare,
		rotations: o.options.Rotations, shares: o.options.sharesOfPlaces()}
	if o.scale == 0 {
		p.share = 1 // nothing is painted yet
	}
	for _, t := range p.pieces {
		window, core := t.window.pooled(gridHalvings), t.core.pooled(gridHalvings)
		counted := everywhere(o.pictures.halved(gridHalvings)).cut(window, core)
		for i := range counted.values {
			counted.values[i] *= float32(b.weight / float64(o.pictures.halved(gridHalvings).area()))
		}
		p.weights = append(p.weights, tensors.FromValue(counted.values))
	}
	var err error
	if p.compared, err = o.extractor.Compile(p.comparedGraph); err != nil {
		return nil, err
	}
	p.whole, err = o.extractor.Compile(p.wholeGraph)
	p.match, p.covariance = o.extractor.Programs.New(matchGraph), o.extractor.Programs.New(covarianceGraph)
	return p, err
}

// columns are the hypercolumns of a picture, of each layer its part, [n, c].
func (p *neighboursPart) columns(maps map[string]*Node, of size) []*Node {
	var all []*Node
	for _, layer := range p.layers {
		all = append(all, maps[layer.Name])
	}
	all = hypercolumns(all, p.layers, of)
	for i, x := range all {
		all[i], _ = rows(x, nil)
	}
	return all
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

func (p *neighboursPart) prepare(image *tensors.Tensor, epoch int) error {
	if p.found != nil {
		return nil
	}
	return p.find(image, epoch)
}

func (p *neighboursPart) inputsOf(piece int) []*tensors.Tensor {
	return append([]*tensors.Tensor{p.weights[piece], p.rows[piece]}, p.tables...)
}

func (p *neighboursPart) inputs(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
	if err := p.prepare(image, epoch); err != nil {
		return nil, err
	}
	return p.inputsOf(0), nil
}

func (p *neighboursPart) loss(image *Node, maps map[string]*Node, in *feed) *Node {
	weights, rows, tables := in.next(1)[0], in.next(1)[0], in.next(len(p.layers))
	var products, squares *Node
	for i, x := range p.columns(maps, sizeOf(image)) {
		y := StopGradient(Gather(tables[i], ExpandAxes(rows, -1)))
		product, square := ReduceSum(Mul(x, y), 1), ReduceSum(Square(x), 1)
		if products == nil {
			products, squares = product, square
			continue
		}
		products, squares = Add(products, product), Add(squares, square)
	}
	cosines := Div(products, Sqrt(AddScalar(squares, tiny)))
	return ops.ReduceAllSum(Mul(OneMinus(cosines), weights))
}

// find finds the neighbours for the image that the stage begins with.
func (p *neighboursPart) find(image *tensors.Tensor, _ int) (err error) {
	if p.found, err = image.LocalClone(); err != nil {
		return err
	}
	mixed, err := mixture(image, p.pictures.content, p.share)
	if err != nil {
		return err
	}
	nearest, err := p.nearest(mixed)
	if err != nil {
		return err
	}
	rows, tables, err := p.gather(nearest)
	if err != nil {
		return err
	}
	p.tables = tables
	for _, t := range p.pieces {
		p.rows = append(p.rows, tensors.FromValue(rowsIn(t, p.pictures.size, rows)))
	}
	debug.FreeOSMemory()
	kernels.ReleaseMemory() // of which the training takes other pieces
	return nil
}

// mixture is an image with a share of another.
func mixture(image, other *tensors.Tensor, share float64) (*tensors.Tensor, error) {
	mixed, err := rasterOf(image)
	if err != nil {
		return nil, err
	}
	values, err := tensors.CopyFlatData[float32](other)
	if err != nil {
		return nil, err
	}
	for i, v := range mixed.values {
		mixed.values[i] = v + (values[i]-v)*float32(share)
	}
	return mixed.tensor(), nil
}

func (p *neighboursPart) array() string { return targetArray(p.name) }

func (p *neighboursPart) foundFor() *tensors.Tensor { return p.found }

func (p *neighboursPart) latestDue(int) int { return 1 }

func (p *neighboursPart) finalize() {
	for _, program := range []*sl.Program{p.compared, p.whole, p.match, p.covariance} {
		program.Finalize()
	}
	finalizeAll(slices.Concat(p.weights, p.rows, p.tables))
}

// offeredPlaces is how many places of the style images are looked at for a picture of some size.
func (t *Transfer) offeredPlaces(of size) (n int) {
	for i := range t.Pictures.Styles {
		grid := t.Options.styleSize(of, i).halved(gridHalvings)
		n += t.Options.Rotations * grid.area() / square(stride(grid))
	}
	return n
}

// matchedProducts is how many products of two numbers the search of a stage takes.
func (t *Transfer) matchedProducts(of size) float64 {
	compared := allOf
	if projects(of) {
		compared = keptOf
	}
	return float64(of.halved(gridHalvings).area()) * float64(t.offeredPlaces(of)) * float64(t.columnChannels(compared))
}

// columnChannels is how many channels a hypercolumn has, when so many of each layer count.
func (t *Transfer) columnChannels(counted func(layer sl.Layer, channels int) int) (n int) {
	for i, layer := range t.Extractor.Layers {
		if layer.In(t.Options.StyleLayers) {
			n += counted(layer, t.Extractor.Channels[i])
		}
	}
	return n
}

// allOf counts all channels of a layer.
func allOf(_ sl.Layer, channels int) int { return channels }

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
	case o.LayersOfStyles != nil:
		return &sl.OptionError{Option: "style layers", Reason: "neighbours have all layers of a style image at once: give one list, or choose another style loss"}
	}
	return nil
}
