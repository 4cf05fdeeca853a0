package transfer

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// featuresPart compares features as a whole, or at sampled positions.
type featuresPart struct {
	bound
	targets  []*tensors.Tensor // features by picture and layer
	pictures []size
	shares   []float64 // of the pictures
	samples  int
	seed     int64
	size     size // of the image
}

func (o *objective) bindFeatures(b bound) (part, error) {
	p := &featuresPart{bound: b, seed: o.options.Seed, size: o.pictures.size}
	if b.Sampled != nil {
		p.samples = o.options.Samples
	}
	pictures := []*tensors.Tensor{o.pictures.content}
	if p.shares = []float64{1}; b.Of == StyleImages {
		pictures, p.shares = o.pictures.styles, o.options.shares(len(o.pictures.styles))
	}
	for _, picture := range pictures {
		features, err := o.features(picture, b)
		if err != nil {
			return nil, err
		}
		p.targets, p.pictures = append(p.targets, features...), append(p.pictures, sizeOf(picture))
	}
	return p, nil
}

func (p *featuresPart) inputs(_ *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
	weights := make([]float64, len(p.shares))
	for i, share := range p.shares {
		weights[i] = p.weight * share
	}
	all := append([]*tensors.Tensor{weightsOf(weights)}, p.targets...)
	if p.samples == 0 {
		return all, nil
	}
	draw := func(picture uint64, of size) {
		rows, columns := positions(p.seed, epoch, picture, p.samples, of)
		all = append(all, rows, columns)
	}
	draw(0, p.size)
	if p.Of == StyleImages {
		for i, of := range p.pictures {
			draw(uint64(i+1), of)
		}
	}
	return all, nil
}

func (p *featuresPart) loss(image *Node, maps map[string]*Node, in *feed) *Node {
	n := len(p.layers)
	var own []*Node
	for _, layer := range p.layers {
		own = append(own, maps[layer.Name])
	}
	weights, targets := in.next(1)[0], in.next(n*len(p.pictures))
	for i := range targets {
		targets[i] = StopGradient(targets[i])
	}
	var places []*Node
	if p.samples > 0 {
		places = in.next(2)
	}
	var losses []*Node
	for i := range p.shares {
		losses = append(losses, p.compare(own, targets[i*n:(i+1)*n], places, in))
	}
	return weightedSum(image, losses, weights)
}

// compare is the loss against a picture's features. places are the image's, in hands out those of a style image.
func (p *featuresPart) compare(own, target, places []*Node, in *feed) *Node {
	if p.samples == 0 {
		return p.Features(own, target)
	}
	there := places
	if p.Of == StyleImages {
		there = in.next(2)
	}
	return p.Sampled(featuresAt(own, p.layers, places[0], places[1]), featuresAt(target, p.layers, there[0], there[1]))
}
