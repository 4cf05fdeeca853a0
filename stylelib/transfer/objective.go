package transfer

import (
	"fmt"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// NormalizedStyleWeight is the style weight that goes with [Options.NormalizeLayers] and content weight 1, and with the
// Wasserstein loss. Normalized losses are relative: 1 is the loss of a feature map of zeros, whatever the layer, the network
// and the number of channels.
//
//	content  mean((F - P)²) / mean(P²)      style  mean((G - A)²) / mean(A²)
//
// In these terms the chapter's weight 1000 is 3.4, 1.6, 0.4, 0.07 and 0.11 for its five style layers, measured on two photographs
// at 150 × 225 with a trained network of a quarter of the widths; this is about their geometric mean.
const NormalizedStyleWeight = 0.5

// objective is what is minimized at one size: the terms of the loss, bound to a network and to the pictures.
type objective struct {
	extractor *sl.Extractor
	pictures  *sized
	options   Options
	layers    []sl.Layer
	parts     []part
	stage     stage
	scale     int // the stage's number, from 0, the coarsest
}

// part is one term of the loss with its targets.
type part interface {
	term() weighted

	// inputs are what loss takes in an epoch of an image: numbers and shapes are the same each time. The weights are among
	// them, so that other weights make no other graph.
	inputs(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error)

	// loss is the weighted term of an image, whose features are given by layer. It takes its inputs from in.
	loss(image *Node, maps map[string]*Node, in *feed) *Node
}

// newObjective binds the terms and computes their targets. What is computed in pieces has its content targets in the tiles.
func newObjective(extractor *sl.Extractor, pictures *sized, options Options, stage stage, scale int) (*objective, error) {
	o := &objective{extractor: extractor, pictures: pictures, options: options, layers: extractor.Layers, stage: stage, scale: scale}
	for _, term := range options.terms() {
		part, err := o.bind(term)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", term.name, err)
		}
		o.parts = append(o.parts, part)
	}
	return o, nil
}

func (o *objective) bind(term weighted) (part, error) {
	term.layers = term.looksAt()
	layers, err := sl.FindLayers(o.extractor.Network, term.layers...)
	if err != nil {
		return nil, err
	}
	base := bound{term, layers}
	switch {
	case !term.counts():
		return nothing{base}, nil
	case term.Image != nil:
		return imagePart{base}, nil
	case term.bind != nil:
		return term.bind(o, base)
	case term.Loss != nil:
		return o.bindScene(base)
	case term.Pointwise != nil:
		return o.bindPointwise(base)
	case term.Statistic != nil:
		return o.bindStatistic(base)
	}
	return o.bindFeatures(base)
}

// inPieces says whether the loss of a picture of this size is computed in tiles.
func (o *objective) inPieces(of size) bool { return o.options.inPieces(of, len(o.layers) > 0) }

func (o Options) inPieces(of size, layers bool) bool {
	return o.Tile > 0 && layers && (of.height > o.Tile || of.width > o.Tile)
}

// pieces are the tiles of the image; one, if it is computed whole.
func (o *objective) pieces() []tile { return o.options.pieces(o.pictures.size, o.layers) }

func (o Options) pieces(of size, layers []sl.Layer) []tile {
	if o.inPieces(of, len(layers) > 0) {
		return tilesOf(of, o.Tile, layers)
	}
	return []tile{whole(of)}
}

// minimized is the objective as [sl.Minimize] takes it, computed whole.
func (o *objective) minimized() sl.Objective {
	return sl.Objective{
		Loss: func(vgg *sl.VGG, image *Node, in []*Node) (*Node, []sl.Part) {
			maps, inputs := mapsOf(vgg, image, o.options.computed()), feed(in)
			var values []*Node
			for _, p := range o.parts {
				values = append(values, lossOf(p, image, maps, &inputs))
			}
			return o.total(values)
		},
		Inputs: func(image *tensors.Tensor, epoch int) (all []*tensors.Tensor, err error) {
			for _, p := range o.parts {
				in, err := p.inputs(image, epoch)
				if err != nil {
					return nil, fmt.Errorf("%s in epoch %d: %w", p.term().name, epoch, err)
				}
				all = append(all, in...)
			}
			return all, nil
		},
	}
}

// feed hands out the inputs of a graph in the order in which they were put in.
type feed []*Node

func (f *feed) next(n int) (taken []*Node) {
	taken, *f = (*f)[:n], (*f)[n:]
	return taken
}

// total adds up the terms, each so often as it counts.
func (o *objective) total(values []*Node) (total *Node, parts []sl.Part) {
	for i, p := range o.parts {
		counted := values[i]
		if repeat := p.term().repeat; repeat != 1 {
			counted = MulScalar(counted, repeat)
		}
		if total == nil {
			total = counted
		} else {
			total = Add(total, counted)
		}
		parts = append(parts, sl.Part{Name: p.term().name, Value: values[i]})
	}
	return total, parts
}

// mapsOf returns the features of an image by layer. Nothing is computed after the last of the layers.
func mapsOf(vgg *sl.VGG, image *Node, layers []string) map[string]*Node {
	needed := vgg.Layers
	for len(needed) > 0 && !needed[len(needed)-1].In(layers) {
		needed = needed[:len(needed)-1]
	}
	_, features := sl.ExtractFeatures(&sl.VGG{Layers: needed}, image, nil, layers)
	maps := map[string]*Node{}
	for _, layer := range needed {
		if layer.In(layers) {
			maps[layer.Name], features = features[0], features[1:]
		}
	}
	return maps
}

// bound is a term with its layers in the network in hand.
type bound struct {
	weighted
	layers []sl.Layer
}

func (b bound) term() weighted { return b.weighted }

// weightsOf are weights as one input.
func weightsOf(weights []float64) *tensors.Tensor {
	return Array{[]int{len(weights)}, weights}.tensor()
}

// weightedSum is the sum of losses times their weights, [n]; of none it is 0.
func weightedSum(image *Node, losses []*Node, weights *Node) *Node {
	sum := ScalarZero(image.Graph(), image.DType())
	for i, loss := range losses {
		sum = Add(sum, Mul(loss, Reshape(Slice(weights, AxisElem(i)))))
	}
	return sum
}

// imagePart is a term on the image alone.
type imagePart struct{ bound }

func (p imagePart) inputs(*tensors.Tensor, int) ([]*tensors.Tensor, error) {
	return []*tensors.Tensor{weightsOf([]float64{p.weight})}, nil
}

func (p imagePart) loss(image *Node, _ map[string]*Node, in *feed) *Node {
	return weightedSum(image, []*Node{p.Image(image)}, in.next(1)[0])
}

// nothing is a term of weight 0: it has its place in the records, and is not computed.
type nothing struct{ bound }

func (nothing) inputs(*tensors.Tensor, int) ([]*tensors.Tensor, error) { return nil, nil }

func (nothing) loss(image *Node, _ map[string]*Node, _ *feed) *Node {
	return ScalarZero(image.Graph(), image.DType())
}

// relativeWeight is weight / by, and weight where by is 0: a layer that puts out nothing has nothing to be normalized.
func relativeWeight(weight, by float64) float64 {
	if by == 0 {
		return weight
	}
	return weight / by
}
