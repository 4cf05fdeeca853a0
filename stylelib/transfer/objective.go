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
	epochs    int
	layers    []sl.Layer
	parts     []part
}

// part is one term of the loss with its targets.
type part interface {
	term() weighted

	// inputs are what loss takes in an epoch; the same number each time.
	inputs(epoch int) []*tensors.Tensor

	// loss is the weighted term of an image, whose features are given by layer.
	loss(image *Node, maps map[string]*Node, in []*Node) *Node
}

// newObjective binds the terms and computes their targets. What is computed in pieces has its content targets in the tiles.
func newObjective(extractor *sl.Extractor, pictures *sized, options Options, epochs int) (*objective, error) {
	o := &objective{extractor: extractor, pictures: pictures, options: options, epochs: epochs, layers: extractor.Layers}
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
	layers, err := o.extractor.Network.Architecture.Find(term.layers...)
	if err != nil {
		return nil, err
	}
	base := bound{term, layers}
	switch {
	case term.Image != nil:
		return o.bindImage(base), nil
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

// minimized is the objective as [sl.Minimize] takes it, computed whole.
func (o *objective) minimized() sl.Objective {
	return sl.Objective{
		Loss: func(vgg *sl.VGG, image *Node, in []*Node) (*Node, []sl.Part) {
			maps := mapsOf(vgg, image, o.options.Layers())
			values := make([]*Node, len(o.parts))
			for i, p := range o.parts {
				n := len(p.inputs(1))
				values[i] = p.loss(image, maps, in[:n])
				in = in[n:]
			}
			return o.total(values)
		},
		Inputs: func(_ *tensors.Tensor, epoch int) (all []*tensors.Tensor, err error) {
			for _, p := range o.parts {
				all = append(all, p.inputs(epoch)...)
			}
			return all, nil
		},
	}
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

// mapsOf returns the features of an image by layer.
func mapsOf(vgg *sl.VGG, image *Node, layers []string) map[string]*Node {
	_, features := sl.ExtractFeatures(vgg, image, nil, layers)
	maps := map[string]*Node{}
	for _, layer := range vgg.Layers {
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

func (b bound) sum(image *Node, losses []*Node) *Node {
	sum := ScalarZero(image.Graph(), image.DType())
	for _, loss := range losses {
		sum = Add(sum, loss)
	}
	return sum
}

// imagePart is a term on the image alone.
type imagePart struct {
	bound
	smoothing func(epoch int) float64 // for the total variation under the fast optimizer; else nil
}

func (o *objective) bindImage(b bound) part {
	p := &imagePart{bound: b}
	if o.options.Optimizer == Fast && b.name == "tv" {
		p.smoothing = func(epoch int) float64 { return fastSmoothing * fastShare(epoch, o.epochs) }
	}
	return p
}

func (p *imagePart) inputs(epoch int) []*tensors.Tensor {
	if p.smoothing == nil {
		return nil
	}
	return []*tensors.Tensor{tensors.FromScalar(float32(p.smoothing(epoch)))}
}

func (p *imagePart) loss(image *Node, _ map[string]*Node, in []*Node) *Node {
	if p.smoothing != nil {
		return MulScalar(smoothlyFollowed(image, in[0]), p.weight)
	}
	return MulScalar(p.Image(image), p.weight)
}

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
			p.factors[i] = divided(p.factors[i], arrayOf(target).meanSquare())
		}
	}
	return p, nil
}

// features returns those of a picture for the layers of a term.
func (o *objective) features(picture *tensors.Tensor, b bound) ([]*tensors.Tensor, error) {
	return sl.GetStyles(o.extractor, picture, sl.Options{StyleLayers: b.weighted.layers})
}

func (p *pointwisePart) inputs(int) []*tensors.Tensor { return p.targets }

func (p *pointwisePart) loss(image *Node, maps map[string]*Node, in []*Node) *Node {
	var losses []*Node
	for i, layer := range p.layers {
		losses = append(losses, MulScalar(sl.Mean(p.Pointwise(maps[layer.Name], StopGradient(in[i]))), p.factors[i]))
	}
	return p.sum(image, losses)
}

// featuresPart compares features as a whole, or at sampled positions.
type featuresPart struct {
	bound
	targets  []*tensors.Tensor // features by picture and layer
	pictures []size
	shares   []float64 // of the pictures
	samples  int
	seed     int64
	size     size // of the image
	poolings []int
}

func (o *objective) bindFeatures(b bound) (part, error) {
	p := &featuresPart{bound: b, seed: o.options.Seed, size: o.pictures.size, poolings: poolingsOf(b.layers)}
	if b.Sampled != nil {
		p.samples = o.options.Samples
	}
	pictures := []*tensors.Tensor{o.pictures.content}
	if b.Of == StyleImages {
		pictures = o.pictures.styles
	}
	p.shares = o.options.shares(len(pictures))
	if b.Of == ContentImage {
		p.shares = []float64{1}
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

func (p *featuresPart) inputs(epoch int) []*tensors.Tensor {
	all := p.targets
	if p.samples == 0 {
		return all
	}
	draw := func(picture uint64, of size) {
		rows, columns := positions(p.seed, epoch, picture, p.samples, of)
		all = append(all[:len(all):len(all)], rows, columns)
	}
	draw(0, p.size)
	if p.Of == StyleImages {
		for i, of := range p.pictures {
			draw(uint64(i+1), of)
		}
	}
	return all
}

func (p *featuresPart) loss(image *Node, maps map[string]*Node, in []*Node) *Node {
	n := len(p.layers)
	var own []*Node
	for _, layer := range p.layers {
		own = append(own, maps[layer.Name])
	}
	targets, places := in[:n*len(p.pictures)], in[n*len(p.pictures):]
	var losses []*Node
	for i, share := range p.shares {
		target := targets[i*n : (i+1)*n]
		for k := range target {
			target[k] = StopGradient(target[k])
		}
		losses = append(losses, MulScalar(p.compare(own, target, places, i), p.weight*share))
	}
	return p.sum(image, losses)
}

// compare is the loss against picture number i.
func (p *featuresPart) compare(own, target, places []*Node, i int) *Node {
	if p.samples == 0 {
		return p.Features(own, target)
	}
	there := places[:2]
	if p.Of == StyleImages {
		there = places[2+2*i:]
	}
	return p.Sampled(at(own, p.poolings, places[0], places[1]), at(target, p.poolings, there[0], there[1]))
}

// poolingsOf is how many times the map of each layer has been halved.
func poolingsOf(layers []sl.Layer) (all []int) {
	for _, layer := range layers {
		all = append(all, poolings(layer))
	}
	return all
}

func poolings(layer sl.Layer) int {
	if layer.Kind == sl.PoolLayer {
		return layer.Block
	}
	return layer.Block - 1
}

// divided is weight / by, and weight where by is 0: a layer that puts out nothing has nothing to be normalized.
func divided(weight, by float64) float64 {
	if by == 0 {
		return weight
	}
	return weight / by
}

// statisticPart compares what features keep when they forget places, region by region.
type statisticPart struct {
	bound
	regions [][]region // [layer][region]
}

// region is a part of the picture that has a style of its own.
type region struct {
	weight float64
	count  float64           // pixels of the map in it
	mask   *tensors.Tensor   // [1, h, w, 1]; nil: everywhere
	target []*tensors.Tensor // what the loss compares with
}

// bindStatistic blends the statistics of the style images into one target for each layer and region.
func (o *objective) bindStatistic(b bound) (part, error) {
	var images []*measured
	for i, style := range o.pictures.styles {
		m, err := o.measure(style, b, o.pictures.styleMask(i))
		if err != nil {
			return nil, err
		}
		images = append(images, m)
	}
	p, shares := &statisticPart{bound: b}, o.options.shares(len(images))
	for l, layer := range b.layers {
		var regions []region
		for r := range max(1, len(o.pictures.contentMasks)) {
			part := o.region(b.layerWeight(layer.Name), r, poolings(layer))
			blend, found := blended(images, shares, l, r)
			if !found || part.count == 0 {
				part.weight, part.count = 0, 1 // too small a region to be seen at this depth
			}
			if o.options.NormalizeLayers || b.Statistic.Relative {
				part.weight = divided(part.weight, b.Statistic.scale(blend))
			}
			if b.Statistic.Target != nil {
				var err error
				if blend, err = b.Statistic.Target(blend); err != nil {
					return nil, err
				}
			}
			for _, array := range blend {
				part.target = append(part.target, array.tensor())
			}
			regions = append(regions, part)
		}
		p.regions = append(p.regions, regions)
	}
	return p, nil
}

// region is region r of a map after so many poolings, whose weight goes with its share of the picture.
func (o *objective) region(weight float64, r, poolings int) region {
	of := o.pictures.size.halved(poolings)
	whole := region{weight: weight, count: float64(of.height * of.width)}
	if o.pictures.contentMasks == nil {
		return whole
	}
	m := o.pictures.contentMasks[r].after(poolings)
	return region{weight: weight * m.sum() / whole.count, count: m.sum(), mask: m.tensor()}
}

func (p *statisticPart) inputs(int) (all []*tensors.Tensor) {
	for _, regions := range p.regions {
		for _, part := range regions {
			if part.mask != nil {
				all = append(all, part.mask)
			}
			all = append(all, part.target...)
		}
	}
	return all
}

func (p *statisticPart) loss(image *Node, maps map[string]*Node, in []*Node) *Node {
	var losses []*Node
	for l, regions := range p.regions {
		for _, part := range regions {
			var mask *Node
			if part.mask != nil {
				mask, in = in[0], in[1:]
			}
			statistics := p.Statistic.of(maps[p.layers[l].Name], mask, part.count)
			losses = append(losses, MulScalar(p.Statistic.Loss(statistics, in[:len(part.target)]), part.weight))
			in = in[len(part.target):]
		}
	}
	return p.sum(image, losses)
}

// measured are the statistics of one style image.
type measured struct {
	counts     [][]float64 // [layer][region]
	statistics [][][]Array
}

// measure returns the statistics of a style image, in one piece or in tiles.
func (o *objective) measure(picture *tensors.Tensor, b bound, regions []mask) (*measured, error) {
	m, n := &measured{}, max(1, len(regions))
	inputs := []*tensors.Tensor{picture}
	for _, layer := range b.layers {
		p := poolings(layer)
		of := sizeOf(picture).halved(p)
		counts := make([]float64, n)
		for r := range counts {
			counts[r] = float64(of.height * of.width)
			if regions != nil {
				reduced := regions[r].after(p)
				counts[r] = reduced.sum()
				inputs = append(inputs, reduced.tensor())
			}
		}
		m.counts = append(m.counts, counts)
	}
	var err error
	if o.inPieces(sizeOf(picture)) {
		err = o.measureInPieces(m, picture, b, regions)
	} else {
		err = o.measureWhole(m, inputs, b, regions != nil)
	}
	return m, err
}

// measureWhole fills in the statistics of a picture, to which inputs adds a mask for each layer and region where it is masked.
func (o *objective) measureWhole(m *measured, inputs []*tensors.Tensor, b bound, masked bool) error {
	out, err := o.extractor.RunOnce(func(vgg *sl.VGG, in []*Node) (out []*Node) {
		maps, masks := mapsOf(vgg, in[0], b.weighted.layers), in[1:]
		for l, layer := range b.layers {
			for _, count := range m.counts[l] {
				var mask *Node
				if masked {
					mask, masks = masks[0], masks[1:]
				}
				out = append(out, b.Statistic.of(maps[layer.Name], mask, orOne(count))...)
			}
		}
		return out
	}, inputs...)
	if err == nil {
		m.take(out)
	}
	return err
}

// orOne keeps the sums of a region that is not there, which are 0, from being divided by 0.
func orOne(count float64) float64 {
	if count == 0 {
		return 1
	}
	return count
}

// take sorts the statistics by layer and region.
func (m *measured) take(all []*tensors.Tensor) {
	n := 0
	for _, counts := range m.counts {
		n += len(counts)
	}
	for _, counts := range m.counts {
		var regions [][]Array
		for range counts {
			var statistics []Array
			for _, t := range all[:len(all)/n] {
				statistics = append(statistics, arrayOf(t))
			}
			all, n = all[len(all)/n:], n-1
			regions = append(regions, statistics)
		}
		m.statistics = append(m.statistics, regions)
	}
}

// blended is the weighted mean of what was measured in region r of layer l; images without that region don't count.
// found is false where none has it.
func blended(images []*measured, shares []float64, l, r int) (mean []Array, found bool) {
	total := 0.0
	for i, image := range images {
		if image.counts[l][r] > 0 {
			total += shares[i]
		}
	}
	for i, image := range images {
		share := 0.0
		if image.counts[l][r] > 0 && total > 0 {
			share = shares[i] / total
		}
		for k, a := range image.statistics[l][r] {
			if i == 0 {
				mean = append(mean, Array{a.Dims, make([]float64, len(a.Values))})
			}
			for j, v := range a.Values {
				mean[k].Values[j] += share * v
			}
		}
	}
	return mean, total > 0
}
