package transfer

import (
	"math/rand/v2"

	sl "stylebook/stylelib"
	"stylebook/stylelib/conv"
	"stylebook/stylelib/ops"

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
// for features x of at most 64 × 64 places of the image's map and s of each style image's, which lie in grids. j are places of the same
// region, and of the style image that place i is given if these have shares. The grids' beginnings are drawn anew, and j and mean(x),
// through which no gradient flows, are found anew, after some epochs.
type placesPart struct {
	bound
	needed   []sl.Layer // of the network
	pictures *sized
	pieces   []tile
	shares   []float64 // of the style images; nil: each place takes the nearest of all
	seed     int64

	features, search *sl.Program

	found *tensors.Tensor     // the image for which the neighbours were found
	tiles [][]*tensors.Tensor // of each piece, for each layer: mean [c], places [n], what each counts [n], and neighbours [n, c] of length 1
}

func (o *objective) bindPlaces(b bound) (part, error) {
	p := &placesPart{bound: b, needed: o.layers, pictures: o.pictures, pieces: o.pieces(), shares: o.options.sharesOfPlaces(), seed: o.options.Seed}
	var err error
	p.features, err = o.extractor.Compile(p.featuresGraph)
	p.search = o.extractor.Programs.New(searchGraph)
	return p, err
}

// featuresGraph makes, of a window and places in it of each layer, the features there.
func (p *placesPart) featuresGraph(vgg *sl.VGG, in []*Node) (out []*Node) {
	maps := mapsOf(vgg, in[0], p.bound.weighted.layers)
	for k, layer := range p.layers {
		out = append(out, featuresIn(maps[layer.Name], in[1+k]))
	}
	return out
}

// searchGraph makes, of an image's features in a layer and of each style image's, the directions of all the style images' together, and
// of each style image the greatest cosine for each of the image's places and the number of that place. Where there are labels of the
// image's places and of each style image's, those with another are no neighbours.
func searchGraph(in []*Node) (out []*Node) {
	x, styles := in[0], in[1:]
	var labels []*Node
	if n := len(styles); styles[n-1].Rank() == 1 {
		styles, labels = styles[:n/2], styles[n/2:] // the image's, then the style images'
	}
	all := directions(Concatenate(styles, 0))
	x = directions(x)
	out, first := []*Node{all}, 0
	for i, style := range styles {
		n := style.Shape().Dim(0)
		cosines := conv.RowProducts(x, SliceAxis(all, 0, AxisRange(first, first+n)))
		if labels != nil {
			cosines = withLabels(cosines, []*Node{labels[0], labels[1+i]})
		}
		out, first = append(out, ReduceMax(cosines, 1), AddScalar(ArgMax(cosines, 1), float64(first))), first+n
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

// inputsEach is how many inputs the loss of a layer takes.
const inputsEach = 4

func (p *placesPart) prepare(image *tensors.Tensor, epoch int) error {
	if p.found != nil && epoch != p.latestDue(epoch) {
		return nil
	}
	return p.find(image, epoch)
}

func (p *placesPart) inputsOf(piece int) []*tensors.Tensor { return p.tiles[piece] }

func (p *placesPart) inputs(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
	if err := p.prepare(image, epoch); err != nil {
		return nil, err
	}
	return p.inputsOf(0), nil
}

func (p *placesPart) loss(image *Node, maps map[string]*Node, in *feed) *Node {
	sum := ScalarZero(image.Graph(), image.DType())
	for _, layer := range p.layers {
		of := in.next(inputsEach)
		x := Sub(featuresIn(maps[layer.Name], of[1]), ExpandAxes(of[0], 0))
		cosines := Div(ReduceSum(Mul(x, StopGradient(of[3])), 1), Sqrt(AddScalar(ReduceSum(Square(x), 1), tiny)))
		sum = Add(sum, ops.ReduceAllSum(Mul(OneMinus(cosines), of[2])))
	}
	return sum
}

func (p *placesPart) find(image *tensors.Tensor, epoch int) (err error) {
	if p.found, err = image.LocalClone(); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(uint64(p.seed), uint64(epoch)))
	seen, err := p.look(image, random, p.pictures.contentMasks)
	if err != nil {
		return err
	}
	var styles []*looked
	for i, style := range p.pictures.styles {
		one, err := p.look(style, random, p.pictures.styleMask(i))
		if err != nil {
			return err
		}
		styles = append(styles, one)
	}
	for _, tile := range p.tiles {
		finalizeAll(tile)
	}
	p.tiles = make([][]*tensors.Tensor, len(p.pieces))
	for k := range p.layers {
		neighbours, err := p.neighbours(k, seen, styles)
		if err != nil {
			return err
		}
		p.place(k, seen, neighbours)
	}
	return nil
}

// looked is what is seen in a grid of each layer of a picture.
type looked struct {
	places   [][]int32 // counted row by row
	labels   [][]int32 // nil without regions
	features []matrix
}

// look draws a grid of each layer's map of a picture and computes the features there.
func (p *placesPart) look(picture *tensors.Tensor, random *rand.Rand, masks []mask) (*looked, error) {
	l, of := &looked{features: make([]matrix, len(p.layers))}, sizeOf(picture)
	pieces := forwardTiles(of, p.needed)
	in, which := make([][]*tensors.Tensor, len(pieces)), make([][][]int, len(p.layers))
	for k, layer := range p.layers {
		places := gridIn(of.halved(layer.Halvings), random)
		l.places = append(l.places, places)
		if all := labelsOf(masks, layer.Halvings, 1); all != nil {
			var labels []int32
			for _, place := range places {
				labels = append(labels, all[place])
			}
			l.labels = append(l.labels, labels)
		}
		var within [][]int32
		which[k], within = split(places, of, layer.Halvings, pieces)
		for i := range pieces {
			in[i] = append(in[i], tensors.FromValue(within[i]))
		}
	}
	err := eachWindow(p.features, picture, p.needed, in, func(i int, _ tile, out []*tensors.Tensor) error {
		for k, features := range out {
			c := features.Shape().Dim(1)
			err := tensors.ConstFlatData(features, func(values []float32) {
				for at, place := range which[k][i] {
					l.features[k].put(place, len(l.places[k]), values[at*c:(at+1)*c])
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	for _, one := range in {
		finalizeAll(one)
	}
	return l, err
}

// split finds the places of a map that lie in the core of each piece: their numbers, and where they are in its window. These are as many
// for each piece; the last may be no place's.
func split(places []int32, of size, halvings int, pieces []tile) (which [][]int, within [][]int32) {
	most, width := 0, of.halved(halvings).width
	for _, t := range pieces {
		core, window := t.core.pooled(halvings), t.window.pooled(halvings)
		var numbers []int
		var at []int32
		for n, place := range places {
			if i, j := int(place)/width, int(place)%width; core.has(i, j) {
				numbers, at = append(numbers, n), append(at, int32((i-window.top)*window.width()+j-window.left))
			}
		}
		which, within, most = append(which, numbers), append(within, at), max(most, len(at))
	}
	for i, at := range within {
		within[i] = append(at, make([]int32, most-len(at))...)
	}
	return which, within
}

// neighbours are those of the places of layer k, [n, c].
func (p *placesPart) neighbours(k int, seen *looked, styles []*looked) (*matrix, error) {
	var in []*tensors.Tensor
	for _, one := range append([]*looked{seen}, styles...) {
		in = append(in, one.features[k].tensor(0, one.features[k].rows()))
	}
	var labels []int32
	if seen.labels != nil {
		labels = seen.labels[k]
		for _, one := range append([]*looked{seen}, styles...) {
			in = append(in, tensors.FromValue(one.labels[k]))
		}
	}
	out, err := p.search.Run(sl.AsInputs(in)...)
	finalizeAll(in)
	if err != nil {
		return nil, err
	}
	defer finalizeAll(out)
	var scores [][]float32
	var numbers [][]int32
	for i := 1; i < len(out); i += 2 {
		most, err := tensors.CopyFlatData[float32](out[i])
		if err != nil {
			return nil, err
		}
		best, err := tensors.CopyFlatData[int32](out[i+1])
		if err != nil {
			return nil, err
		}
		scores, numbers = append(scores, most), append(numbers, best)
	}
	all, n := &matrix{}, seen.features[k].rows()
	c := out[0].Shape().Dim(1)
	err = tensors.ConstFlatData(out[0], func(values []float32) {
		for i, number := range chosen(scores, numbers, labels, p.shares) {
			all.put(i, n, values[int(number)*c:(int(number)+1)*c])
		}
	})
	return all, err
}

// place gives each piece what it sees of layer k.
func (p *placesPart) place(k int, seen *looked, neighbours *matrix) {
	var mean []float32
	for _, v := range meanOf(&seen.features[k]) {
		mean = append(mean, float32(v))
	}
	which, within := split(seen.places[k], p.pictures.size, p.layers[k].Halvings, p.pieces)
	for i := range p.pieces {
		counts, rows := make([]float32, len(within[i])), matrix{neighbours.columns, make([]float32, len(within[i])*neighbours.columns)}
		for at, number := range which[i] {
			counts[at] = float32(p.weight / float64(len(seen.places[k])))
			copy(rows.row(at), neighbours.row(number))
		}
		p.tiles[i] = append(p.tiles[i], tensors.FromValue(mean), tensors.FromValue(within[i]), tensors.FromValue(counts), rows.tensor(0, len(counts)))
	}
}

// gridIn draws a grid of at most [gridSide] rows and columns of places of a map, counted row by row.
func gridIn(of size, random *rand.Rand) (places []int32) {
	along := func(length int) (places []int) {
		apart := (length + gridSide - 1) / gridSide
		first := random.IntN(apart)
		for i := range length / apart {
			places = append(places, first+i*apart)
		}
		return places
	}
	rows, columns := along(of.height), along(of.width)
	for _, i := range rows {
		for _, j := range columns {
			places = append(places, int32(i*of.width+j))
		}
	}
	return places
}

func (p *placesPart) array() string { return targetArray(p.name) }

func (p *placesPart) foundFor() *tensors.Tensor { return p.found }

func (p *placesPart) latestDue(epoch int) int { return (epoch-1)/placesRenew*placesRenew + 1 }

func (p *placesPart) finalize() {
	p.features.Finalize()
	p.search.Finalize()
	for _, tile := range p.tiles {
		finalizeAll(tile)
	}
}
