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
	styles []*tensors.Tensor // maps of one style image after the other
	sizes  []size            // of these maps
	size   size              // of the image
	seed   int64

	search     *sl.Program
	found      *tensors.Tensor   // the image for which the neighbours were found
	grids      []*tensors.Tensor // of the image's maps
	neighbours []*tensors.Tensor // for each layer [n, c], centred and of length 1
}

func (o *objective) bindPlaces(b bound) (part, error) {
	p := &placesPart{bound: b, size: o.pictures.size, seed: o.options.Seed}
	for _, style := range o.pictures.styles {
		maps, err := o.features(style, b)
		if err != nil {
			return nil, err
		}
		p.styles = append(p.styles, maps...)
		for _, m := range maps {
			p.sizes = append(p.sizes, sizeOf(m))
		}
	}
	var err error
	p.search, err = o.extractor.Compile(p.searchGraph)
	return p, err
}

// searchGraph makes, of an image, its grids and the style images' maps with theirs, the neighbours.
func (p *placesPart) searchGraph(vgg *sl.VGG, in []*Node) (out []*Node) {
	maps, inputs := mapsOf(vgg, in[0], p.bound.weighted.layers), feed(in[1:])
	n := len(p.layers)
	grids, styles, styleGrids := inputs.next(n), inputs.next(len(p.styles)), inputs.next(len(p.styles))
	for k, layer := range p.layers {
		var offered []*Node
		for i := k; i < len(styles); i += n {
			offered = append(offered, featuresIn(styles[i], styleGrids[i]))
		}
		style := directions(Concatenate(offered, 0))
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
	p.grids = nil
	for _, layer := range p.layers {
		p.grids = append(p.grids, gridIn(p.size.halved(layer.Halvings), random))
	}
	in := append(append([]any{image}, sl.AsInputs(p.grids)...), sl.AsInputs(p.styles)...)
	for _, of := range p.sizes {
		in = append(in, gridIn(of, random))
	}
	p.neighbours, err = p.search.Run(in...)
	return err
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
	p.search.Finalize()
	finalizeAll(append(p.grids, p.neighbours...))
}
