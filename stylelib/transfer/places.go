package transfer

import (
	"math/rand/v2"

	sl "stylebook/stylelib"
	"stylebook/stylelib/conv"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

const (
	gridSide    = 64 // rows and columns of places of a map that are compared
	placesRenew = 4  // epochs for which places and their neighbours serve
)

// placesPart is the loss of the last stage of neural neighbours: the sum over layers of
//
//	mean_i (1 - max_j cos(x_i - mean(x), s_j - mean(s)))
//
// for features x of at most 64 × 64 places of the image's map and s of each style image's, which lie in grids. The grids' beginnings are
// drawn anew, and j is sought anew, after some epochs.
type placesPart struct {
	bound
	pictures *sized
	seed     int64

	offered, search *sl.Program

	found      *tensors.Tensor   // the image for which the neighbours were found
	grids      []*tensors.Tensor // of the image's maps
	neighbours []*tensors.Tensor // for each layer [n, c], centred and of length 1
}

func (o *objective) bindPlaces(b bound) (part, error) {
	p := &placesPart{bound: b, pictures: o.pictures, seed: o.options.Seed}
	var err error
	if p.offered, err = o.extractor.Compile(p.offeredGraph); err != nil {
		return nil, err
	}
	p.search, err = o.extractor.Compile(p.searchGraph)
	return p, err
}

// offeredGraph makes, of a style image and a grid of each layer, the features there. They are computed anew for each search: the maps
// take more memory than a training step.
func (p *placesPart) offeredGraph(vgg *sl.VGG, in []*Node) (out []*Node) {
	maps := mapsOf(vgg, in[0], p.bound.weighted.layers)
	for k, layer := range p.layers {
		out = append(out, featuresIn(maps[layer.Name], in[1+k]))
	}
	return out
}

// searchGraph makes, of an image, its grids and of each style image what [placesPart.offeredGraph] makes, the neighbours.
func (p *placesPart) searchGraph(vgg *sl.VGG, in []*Node) (out []*Node) {
	maps, n := mapsOf(vgg, in[0], p.bound.weighted.layers), len(p.layers)
	grids, offered := in[1:1+n], in[1+n:]
	for k, layer := range p.layers {
		var rows []*Node
		for i := k; i < len(offered); i += n {
			rows = append(rows, offered[i])
		}
		style := directions(Concatenate(rows, 0))
		cosines := conv.RowProducts(directions(featuresIn(maps[layer.Name], grids[k])), style)
		out = append(out, Gather(style, ExpandAxes(ArgMax(cosines, 1), -1)))
	}
	return out
}

// featuresIn are the features [n, c] of a map [1, h, w, c] at places [n], counted row by row.
func featuresIn(x, places *Node) *Node {
	c := x.Shape().Dim(-1)
	return Gather(Reshape(x, x.Shape().Size()/c, c), ExpandAxes(places, -1))
}

// directions are the rows of x less their mean, with length 1.
func directions(x *Node) *Node {
	x = Sub(x, ReduceAndKeep(x, ReduceMean, 0))
	return Div(x, Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceSum, 1), tiny)))
}

func (p *placesPart) inputs(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
	if p.found == nil || epoch == p.latestDue(epoch) {
		if err := p.find(image, epoch); err != nil {
			return nil, err
		}
	}
	all := append([]*tensors.Tensor{weightsOf([]float64{p.weight})}, p.grids...)
	return append(all, p.neighbours...), nil
}

func (p *placesPart) loss(image *Node, maps map[string]*Node, in *feed) *Node {
	weight, grids, neighbours := in.next(1)[0], in.next(len(p.layers)), in.next(len(p.layers))
	sum := ScalarZero(image.Graph(), image.DType())
	for k, layer := range p.layers {
		cosines := ReduceSum(Mul(directions(featuresIn(maps[layer.Name], grids[k])), StopGradient(neighbours[k])), 1)
		sum = Add(sum, ReduceAllMean(OneMinus(cosines)))
	}
	return weightedSum(image, []*Node{sum}, weight)
}

func (p *placesPart) find(image *tensors.Tensor, epoch int) (err error) {
	if p.found, err = image.LocalClone(); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(uint64(p.seed), uint64(epoch)))
	finalizeAll(append(p.grids, p.neighbours...))
	p.grids = p.drawGrids(p.pictures.size, random)
	in := append([]any{image}, sl.AsInputs(p.grids)...)
	for _, style := range p.pictures.styles {
		grids := p.drawGrids(sizeOf(style), random)
		offered, err := p.offered.Run(append([]any{style}, sl.AsInputs(grids)...)...)
		if err != nil {
			return err
		}
		defer finalizeAll(append(grids, offered...))
		in = append(in, sl.AsInputs(offered)...)
	}
	p.neighbours, err = p.search.Run(in...)
	return err
}

// drawGrids draws a grid of each layer's map of a picture.
func (p *placesPart) drawGrids(of size, random *rand.Rand) (grids []*tensors.Tensor) {
	for _, layer := range p.layers {
		grids = append(grids, gridIn(of.halved(layer.Halvings), random))
	}
	return grids
}

// gridIn draws a grid of at most [gridSide] rows and columns of places of a map, counted row by row.
func gridIn(of size, random *rand.Rand) *tensors.Tensor {
	along := func(length int) (places []int) {
		apart := (length + gridSide - 1) / gridSide
		first := random.IntN(apart)
		for i := range length / apart {
			places = append(places, first+i*apart)
		}
		return places
	}
	rows, columns := along(of.height), along(of.width)
	var places []int32
	for _, i := range rows {
		for _, j := range columns {
			places = append(places, int32(i*of.width+j))
		}
	}
	return tensors.FromValue(places)
}

func (p *placesPart) array() string { return targetArray(p.name) }

func (p *placesPart) foundFor() *tensors.Tensor { return p.found }

func (p *placesPart) latestDue(epoch int) int { return (epoch-1)/placesRenew*placesRenew + 1 }

func (p *placesPart) finalize() {
	p.offered.Finalize()
	p.search.Finalize()
	finalizeAll(append(p.grids, p.neighbours...))
}
