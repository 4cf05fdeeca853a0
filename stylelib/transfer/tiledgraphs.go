package transfer

import (
	sl "stylebook/stylelib"
	"stylebook/stylelib/ops"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
)

// sumsOf is a graph of the sums of each term and region of one tile.
func (o *objective) sumsOf(terms ...*statisticPart) func(vgg *sl.VGG, in []*Node) []*Node {
	return func(vgg *sl.VGG, in []*Node) (out []*Node) {
		maps, masks := mapsOf(vgg, in[0], o.options.computed()), in[1:]
		for _, p := range terms {
			for k, r := range p.regions {
				features, mask := maps[r.layer.Name], masks[k]
				if p.Statistic.transport && few(features, r.count) { // as in meanAndCovariance
					features, mask = ConvertDType(features, dtypes.Float64), ConvertDType(mask, dtypes.Float64)
				}
				sums := p.Statistic.sums(features, mask)
				out, p.each = append(out, sums...), len(sums)
			}
			masks = masks[len(p.regions):]
		}
		return out
	}
}

// addUp runs a program over all tiles and adds up what it puts out, in float64.
func addUp(program *sl.Program, picture raster, pieces []tile, masks [][]*tensors.Tensor) (total []Array, err error) {
	for i, piece := range pieces {
		out, err := runTile(program, picture, piece, masks[i])
		if err != nil {
			return nil, err
		}
		for k, t := range out {
			if i == 0 {
				total = append(total, arrayOf(t))
				continue
			}
			floats.Add(total[k].Values, arrayOf(t).Values)
			_ = t.FinalizeAll()
		}
	}
	return total, nil
}

// measureInPieces returns the statistics of a style image that is taken in tiles, in float64.
func (o *objective) measureInPieces(picture *tensors.Tensor, p *statisticPart, masks []mask) ([]*tensors.Tensor, error) {
	program, err := o.extractor.Compile(o.sumsOf(p))
	if err != nil {
		return nil, err
	}
	defer program.Finalize()
	values, err := rasterOf(picture)
	if err != nil {
		return nil, err
	}
	pieces := tilesOf(values.size, o.options.Tile, o.layers)
	sums, err := addUp(program, values, pieces, coreMasks(pieces, values.size, p.layers, masks))
	if err != nil || len(sums) == 0 {
		return nil, err
	}
	var in []any
	for _, sum := range sums {
		in = append(in, tensors.FromFlatDataAndDimensions(sum.Values, sum.Dims...))
	}
	return CallOnceN(o.extractor.Backend, func(in []*Node) (out []*Node) {
		sums := feed(in)
		for _, r := range p.regions {
			out = append(out, p.Statistic.Of(sums.next(p.each), r.count)...)
		}
		return out
	}, in...)
}

// valueAndGradientOfSums returns the statistics' losses of the whole picture, and the derivatives of their total with respect
// to the sums. Inputs are the sums, then the targets, of each term and region.
func (t *tiled) valueAndGradientOfSums(_ *sl.VGG, in []*Node) (losses []*Node) {
	n := 0
	for _, p := range t.statistics {
		n += p.each * len(p.regions)
	}
	if n == 0 {
		return nil
	}
	sums, inputs := feed(in[:n]), feed(in[n:])
	total := ScalarZero(in[0].Graph(), dtypes.Float32)
	for _, p := range t.statistics {
		var ofRegions []*Node
		for _, r := range p.regions {
			statistics := p.Statistic.Of(sums.next(p.each), r.count)
			for i, s := range statistics {
				statistics[i] = ConvertDType(s, dtypes.Float32)
			}
			ofRegions = append(ofRegions, p.Statistic.Loss(statistics, inputs.next(len(r.target))))
		}
		loss := weightedSum(total, ofRegions, inputs.next(1)[0])
		losses, total = append(losses, loss), Add(total, MulScalar(loss, p.repeat))
	}
	for _, g := range Gradient(total, in[:n]...) {
		losses = append(losses, ConvertDType(g, dtypes.Float32))
	}
	return losses
}

// valueAndGradientOfTile returns one tile's losses place by place and its share of the gradient. Inputs are the window, the masks
// of statistics and of pointwise terms, the latter's targets and weights, what terms over places take, and the derivatives with respect to
// the sums.
func (t *tiled) valueAndGradientOfTile(vgg *sl.VGG, in []*Node) (losses []*Node) {
	inputs := feed(in)
	image := inputs.next(1)[0]
	maps := mapsOf(vgg, image, t.options.computed())
	masks, cores, targets := feed(inputs.next(len(t.masks[0]))), feed(inputs.next(len(t.cores[0]))), feed(inputs.next(len(t.cores[0])))
	weights := feed(inputs.next(len(t.pointwise)))
	total := ScalarZero(image.Graph(), image.DType())
	for _, p := range t.pointwise {
		var parts []*Node
		for _, layer := range p.layers {
			values := Mul(p.Pointwise(maps[layer.Name], StopGradient(targets.next(1)[0])), cores.next(1)[0])
			parts = append(parts, ops.ReduceAllSum(values))
		}
		loss := weightedSum(image, parts, weights.next(1)[0])
		losses, total = append(losses, loss), Add(total, MulScalar(loss, p.repeat))
	}
	for _, p := range t.places {
		loss := p.loss(image, maps, &inputs)
		losses, total = append(losses, loss), Add(total, MulScalar(loss, p.term().repeat))
	}
	for _, p := range t.statistics {
		for _, r := range p.regions {
			for _, sum := range p.Statistic.sums(maps[r.layer.Name], masks.next(1)[0]) {
				total = Add(total, ops.ReduceAllSum(Mul(sum, StopGradient(inputs.next(1)[0]))))
			}
		}
	}
	return append(losses, Gradient(total, image)[0])
}

// valueAndGradientOfImage returns the losses of terms on the image alone and their gradient.
func (t *tiled) valueAndGradientOfImage(_ *sl.VGG, in []*Node) (losses []*Node) {
	image, inputs := in[0], feed(in[1:])
	total := ScalarZero(image.Graph(), image.DType())
	for _, p := range t.images {
		loss := p.loss(image, nil, &inputs)
		losses, total = append(losses, loss), Add(total, MulScalar(loss, p.term().repeat))
	}
	return append(losses, Gradient(total, image)[0])
}
