package transfer

import (
	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
)

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
		p := layer.Halvings
		area := float64(picture.halved(p).area())
		for _, m := range masks {
			reduced := m.pooled(p)
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

// measure makes the statistics of the region from its map; in hands out its mask.
func (r region) measure(s *Statistic, maps map[string]*Node, in *feed) []*Node {
	var mask *Node
	if r.mask != nil {
		mask = in.next(1)[0]
	}
	return s.measure(maps[r.layer.Name], mask, r.count)
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
			r.weight = relativeWeight(r.weight, b.Statistic.scale(blend))
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
	if b.Statistic.transport && o.options.transports(o.pictures.size) {
		return o.bindTransport(p)
	}
	return p, nil
}

func (p *statisticPart) inputs(*tensors.Tensor, int) ([]*tensors.Tensor, error) {
	all := p.masks()
	for _, r := range p.regions {
		all = append(all, r.target...)
	}
	return append(all, weightsOf(p.weights())), nil
}

// masks are those of the regions that have one.
func (p *statisticPart) masks() (all []*tensors.Tensor) {
	for _, r := range p.regions {
		if r.mask != nil {
			all = append(all, r.mask)
		}
	}
	return all
}

func (p *statisticPart) weights() (all []float64) {
	for _, r := range p.regions {
		all = append(all, r.weight)
	}
	return all
}

// measures makes the statistics of each region; in hands out the masks.
func (p *statisticPart) measures(maps map[string]*Node, in *feed) (all [][]*Node) {
	masks := feed(in.next(len(p.masks())))
	for _, r := range p.regions {
		all = append(all, r.measure(p.Statistic, maps, &masks))
	}
	return all
}

func (p *statisticPart) loss(image *Node, maps map[string]*Node, in *feed) *Node {
	var losses []*Node
	for i, statistics := range p.measures(maps, in) {
		losses = append(losses, p.Statistic.Loss(statistics, in.next(len(p.regions[i].target))))
	}
	return weightedSum(image, losses, in.next(1)[0])
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
		for _, statistics := range p.measures(maps, &masks) {
			out = append(out, statistics...)
		}
		return out
	}, append([]*tensors.Tensor{picture}, p.masks()...)...)
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
