package transfer

import (
	"fmt"
	"slices"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
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
	shared    *shared // with other content pictures of this size; nil: with none
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
func newObjective(extractor *sl.Extractor, pictures *sized, options Options, shared *shared) (*objective, error) {
	o := &objective{extractor: extractor, pictures: pictures, options: options, layers: extractor.Layers, shared: shared}
	for _, term := range options.terms() {
		part, err := shared.part(term, o.bind)
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
		return imagePart{base}, nil
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
			maps, inputs := mapsOf(vgg, image, o.options.Layers()), feed(in)
			var values []*Node
			for _, p := range o.parts {
				values = append(values, p.loss(image, maps, inputs.next(len(p.inputs(1)))))
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
type imagePart struct{ bound }

func (p imagePart) inputs(int) []*tensors.Tensor { return nil }

func (p imagePart) loss(image *Node, _ map[string]*Node, _ []*Node) *Node {
	return MulScalar(p.Image(image), p.weight)
}

// pointwisePart compares features place by place.
type pointwisePart struct {
	bound
	targets []*tensors.Tensor // features of the content image by layer; none in pieces, whose tiles have their own
	factors []float64         // weights of the layers
	given   []*tensors.Tensor // the same, where they go with the content image and the graph does not; else nil
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
			p.given = append(p.given, tensors.FromScalar(float32(p.factors[i])))
		}
	}
	return p, nil
}

// features returns those of a picture for the layers of a term.
func (o *objective) features(picture *tensors.Tensor, b bound) ([]*tensors.Tensor, error) {
	return sl.GetStyles(o.shared.features(o.extractor, b.weighted), picture, sl.Options{StyleLayers: b.weighted.layers})
}

func (p *pointwisePart) inputs(int) []*tensors.Tensor { return slices.Concat(p.targets, p.given) }

func (p *pointwisePart) loss(image *Node, maps map[string]*Node, in []*Node) *Node {
	var losses []*Node
	for i, layer := range p.layers {
		mean := sl.Mean(p.Pointwise(maps[layer.Name], StopGradient(in[i])))
		if p.given != nil {
			losses = append(losses, Mul(mean, in[len(p.layers)+i]))
			continue
		}
		losses = append(losses, MulScalar(mean, p.factors[i]))
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
	places := feed(in)
	targets := feed(places.next(n * len(p.pictures)))
	var losses []*Node
	for i, share := range p.shares {
		target := targets.next(n)
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
	return p.Sampled(at(own, p.layers, places[0], places[1]), at(target, p.layers, there[0], there[1]))
}

// poolings is how many times the map of a layer has been halved.
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
	regions []region
	each    int // how many sums there are for a region, known once the graph that adds them up has been built
}

// region is a part of a layer's map that has a style of its own.
type region struct {
	layer  sl.Layer
	count  float64           // pixels of the map in it, 1 where there are none: their sums, which are 0, are divided by it
	empty  bool              // there are none
	mask   *tensors.Tensor   // [1, h, w, 1]; nil: everywhere
	weight float64           // of its loss, which goes with its share of the map
	target []*tensors.Tensor // what the loss compares with
}

// regionsOf divides the maps of a picture, layer by layer, into a region for each mask; without masks each map is one.
func (b bound) regionsOf(picture size, masks []mask) (all []region) {
	for _, layer := range b.layers {
		p := poolings(layer)
		area := float64(picture.halved(p).area())
		for _, m := range masks {
			reduced := m.after(p)
			r := region{layer: layer, count: reduced.sum(), mask: reduced.tensor()}
			r.weight = b.layerWeight(layer.Name) * r.count / area
			if r.empty = r.count == 0; r.empty {
				r.count = 1
			}
			all = append(all, r)
		}
		if masks == nil {
			all = append(all, region{layer: layer, count: area, weight: b.layerWeight(layer.Name)})
		}
	}
	return all
}

// of makes the statistics of the region from its map; in hands out its mask.
func (r region) of(s *Statistic, maps map[string]*Node, in *feed) []*Node {
	var mask *Node
	if r.mask != nil {
		mask = in.next(1)[0]
	}
	return s.of(maps[r.layer.Name], mask, r.count)
}

// bindStatistic blends the statistics of the style images into one target for each region.
func (o *objective) bindStatistic(b bound) (part, error) {
	p := &statisticPart{bound: b, regions: b.regionsOf(o.pictures.size, o.pictures.contentMasks)}
	var images []*measured
	for i, style := range o.pictures.styles {
		m, err := o.measure(style, b, o.pictures.styleMask(i))
		if err != nil {
			return nil, err
		}
		for k, r := range m.regions {
			m.regions[k].empty = r.empty || b.name == "style" && !o.options.styleHas(i, r.layer.Name)
		}
		images = append(images, m)
	}
	shares := o.options.shares(len(images))
	for k := range p.regions {
		r := &p.regions[k]
		blend, found := blended(images, shares, k)
		if !found || r.empty {
			r.weight, r.count = 0, 1 // too small a region to be seen at this depth
		}
		if o.options.NormalizeLayers || b.Statistic.Relative {
			r.weight = divided(r.weight, b.Statistic.scale(blend))
		}
		if b.Statistic.Target != nil {
			var err error
			if blend, err = b.Statistic.Target(blend); err != nil {
				return nil, err
			}
		}
		for _, array := range blend {
			r.target = append(r.target, array.tensor())
		}
	}
	return p, nil
}

func (p *statisticPart) inputs(int) (all []*tensors.Tensor) {
	for _, r := range p.regions {
		if r.mask != nil {
			all = append(all, r.mask)
		}
		all = append(all, r.target...)
	}
	return all
}

func (p *statisticPart) loss(image *Node, maps map[string]*Node, in []*Node) *Node {
	inputs := feed(in)
	var losses []*Node
	for _, r := range p.regions {
		statistics := r.of(p.Statistic, maps, &inputs)
		losses = append(losses, MulScalar(p.Statistic.Loss(statistics, inputs.next(len(r.target))), r.weight))
	}
	return p.sum(image, losses)
}

// measured are the statistics of the regions of one style image.
type measured struct {
	regions    []region
	statistics [][]Array
}

// measure returns the statistics of a style image, in one piece or in tiles.
func (o *objective) measure(picture *tensors.Tensor, b bound, masks []mask) (*measured, error) {
	m := &measured{regions: b.regionsOf(sizeOf(picture), masks)}
	measure := o.measureWhole
	if o.inPieces(sizeOf(picture)) {
		measure = o.measureInPieces
	}
	out, err := measure(picture, &statisticPart{bound: b, regions: m.regions}, masks)
	m.statistics = make([][]Array, len(m.regions))
	each := len(out) / max(1, len(m.regions)) // as many for each region
	for i := range m.regions {
		for _, t := range out[i*each : (i+1)*each] {
			m.statistics[i] = append(m.statistics[i], arrayOf(t))
		}
	}
	return m, err
}

func (o *objective) measureWhole(picture *tensors.Tensor, p *statisticPart, _ []mask) ([]*tensors.Tensor, error) {
	return o.extractor.RunOnce(func(vgg *sl.VGG, in []*Node) (out []*Node) {
		maps, masks := mapsOf(vgg, in[0], p.bound.weighted.layers), feed(in[1:])
		for _, r := range p.regions {
			out = append(out, r.of(p.Statistic, maps, &masks)...)
		}
		return out
	}, append([]*tensors.Tensor{picture}, p.inputs(0)...)...)
}

// blended is the weighted mean of what was measured in region k; images without that region don't count. found is false where
// none has it.
func blended(images []*measured, shares []float64, k int) (mean []Array, found bool) {
	total := 0.0
	for i, image := range images {
		if !image.regions[k].empty {
			total += shares[i]
		}
	}
	for i, image := range images {
		share := 0.0
		if !image.regions[k].empty && total > 0 {
			share = shares[i] / total
		}
		for s, a := range image.statistics[k] {
			if i == 0 {
				mean = append(mean, Array{a.Dims, make([]float64, len(a.Values))})
			}
			floats.AddScaled(mean[s].Values, share, a.Values)
		}
	}
	return mean, total > 0
}
