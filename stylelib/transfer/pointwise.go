package transfer

import (
	sl "stylebook/stylelib"
	"stylebook/stylelib/ops"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// pointwisePart compares features place by place.
type pointwisePart struct {
	bound
	targets []*tensors.Tensor // features of the content image by layer; none in pieces, whose tiles have their own
	factors []float64         // weights of the layers
}

func (o *objective) bindPointwise(b bound) (part, error) {
	p := &pointwisePart{bound: b}
	for _, layer := range b.layers {
		p.factors = append(p.factors, b.layerWeight(layer.Name))
	}
	if o.inPieces(o.pictures.size) {
		return p, nil
	}
	var err error
	if p.targets, err = o.features(o.pictures.content, b); err != nil {
		return nil, err
	}
	for i, target := range p.targets {
		if o.options.NormalizeLayers {
			p.factors[i] = relativeWeight(p.factors[i], arrayOf(target).meanSquare())
		}
	}
	return p, nil
}

// features returns those of a picture for the layers of a term.
func (o *objective) features(picture *tensors.Tensor, b bound) ([]*tensors.Tensor, error) {
	return sl.GetStyles(o.extractor, picture, sl.Options{StyleLayers: b.weighted.layers})
}

func (p *pointwisePart) inputs(*tensors.Tensor, int) ([]*tensors.Tensor, error) {
	return append(p.targets[:len(p.targets):len(p.targets)], weightsOf(p.factors)), nil
}

func (p *pointwisePart) loss(image *Node, maps map[string]*Node, in *feed) *Node {
	targets := in.next(len(p.layers))
	var losses []*Node
	for i, layer := range p.layers {
		losses = append(losses, ops.ReduceAllMean(p.Pointwise(maps[layer.Name], StopGradient(targets[i]))))
	}
	return weightedSum(image, losses, in.next(1)[0])
}
