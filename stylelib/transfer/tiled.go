package transfer

import (
	"fmt"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/ops"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// tiled computes losses and gradient of a picture in pieces. The first pass adds up what statistics are made of over all
// tiles, so that they are the whole picture's; the second finds each tile's share of the gradient, the derivatives of the
// losses with respect to those sums being known.
type tiled struct {
	*objective
	pieces     []tile
	statistics []*statisticPart
	pointwise  []*pointwisePart
	places     []placed            // terms that are sums over places
	images     []part              // terms that need no map
	masks      [][]*tensors.Tensor // of each tile, by statistic and region
	cores      [][]*tensors.Tensor // of each tile, by pointwise term and layer
	targets    [][]*tensors.Tensor // features of the content image in each window, by pointwise term and layer

	programs                     []*sl.Program // all of them
	first, middle, second, whole *sl.Program

	took time.Duration // by the latest value and gradient
}

// placed is a part that is a sum over places, each with a target of its own: its loss of a piece sees the window, and what it takes there.
type placed interface {
	part
	prepare(image *tensors.Tensor, epoch int) error
	inputsOf(piece int) []*tensors.Tensor
}

func newTiled(o *objective) (*tiled, error) {
	t := &tiled{objective: o, pieces: tilesOf(o.pictures.size, o.options.Tile, o.layers)}
	var ofStatistics, ofPointwise []sl.Layer
	for _, p := range o.parts {
		switch p := p.(type) {
		case *statisticPart:
			t.statistics, ofStatistics = append(t.statistics, p), append(ofStatistics, p.layers...)
		case *pointwisePart:
			t.pointwise, ofPointwise = append(t.pointwise, p), append(ofPointwise, p.layers...)
		case placed:
			t.places = append(t.places, p)
		case imagePart, *scenePart:
			t.images = append(t.images, p)
		}
	}
	t.masks = coreMasks(t.pieces, o.pictures.size, ofStatistics, o.pictures.contentMasks)
	t.cores = coreMasks(t.pieces, o.pictures.size, ofPointwise, nil)
	err := t.contentTargets(ofPointwise)
	compile := func(graph func(*sl.VGG, []*Node) []*Node) (program *sl.Program) {
		if err == nil {
			program, err = o.extractor.Compile(graph)
		}
		if err == nil {
			t.programs = append(t.programs, program)
		}
		return program
	}
	t.first, t.middle = compile(t.sumsOf(t.statistics...)), compile(t.valueAndGradientOfSums)
	t.second, t.whole = compile(t.valueAndGradientOfTile), compile(t.valueAndGradientOfImage)
	if err != nil {
		t.finalize()
		return nil, err
	}
	return t, nil
}

func (t *tiled) finalize() {
	for _, program := range t.programs {
		program.Finalize()
	}
}

// contentTargets computes the content features of every window. It makes the factors of pointwise terms, which multiply means,
// such as multiply sums over the whole map, or relative ones where layers are normalized.
func (t *tiled) contentTargets(layers []sl.Layer) error {
	if t.targets = make([][]*tensors.Tensor, len(t.pieces)); len(layers) == 0 {
		return nil
	}
	program, err := t.extractor.Compile(func(vgg *sl.VGG, in []*Node) (out []*Node) {
		maps := mapsOf(vgg, in[0], t.options.computed())
		for _, layer := range layers {
			out = append(out, maps[layer.Name])
		}
		for i, features := range out {
			out = append(out, ops.ReduceAllSum(Mul(Square(features), in[1+i])))
		}
		return out
	})
	if err != nil {
		return err
	}
	defer program.Finalize()
	content, err := rasterOf(t.pictures.content)
	if err != nil {
		return err
	}
	squares := make([]float64, len(layers)) // the sums of each map's
	for i, piece := range t.pieces {
		out, err := runTile(program, content, piece, t.cores[i])
		if err != nil {
			return err
		}
		for k := range squares {
			squares[k] += float64(tensors.ToScalar[float32](out[len(layers)+k]))
		}
		t.targets[i] = out[:len(layers)]
	}
	k := 0
	for _, p := range t.pointwise {
		for i, layer := range p.layers {
			values := float64(t.pictures.size.halved(layer.Halvings).area() * t.targets[0][k].Shape().Dim(3))
			if t.options.NormalizeLayers {
				p.factors[i] = relativeWeight(p.factors[i], squares[k]/values)
			}
			p.factors[i] /= values
			k++
		}
	}
	return nil
}

// minimized is the objective as [sl.Minimize] takes it: the losses and the gradient, computed in pieces, are its inputs.
func (t *tiled) minimized() sl.Objective {
	return sl.Objective{
		Loss: func(_ *sl.VGG, image *Node, in []*Node) (*Node, []sl.Part) {
			values := make([]*Node, len(t.parts))
			for i := range values {
				values[i] = Reshape(Slice(in[0], AxisElem(i)))
			}
			total, parts := t.total(values)
			along := ops.ReduceAllSum(Mul(image, in[1])) // its gradient is the tiles'
			return Add(StopGradient(total), Sub(along, StopGradient(along))), parts
		},
		Inputs: func(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
			start := time.Now()
			byName, gradient, err := t.valueAndGradient(image, epoch)
			t.took = time.Since(start)
			if err != nil {
				return nil, fmt.Errorf("epoch %d: %w", epoch, err)
			}
			losses := make([]float32, len(t.parts))
			for i, p := range t.parts {
				losses[i] = float32(byName[p.term().name])
			}
			return []*tensors.Tensor{tensors.FromValue(losses), gradient}, nil
		},
	}
}

// valueAndGradient computes the losses, by the terms' names, and the gradient of their total, in two passes over the tiles.
func (t *tiled) valueAndGradient(image *tensors.Tensor, epoch int) (losses map[string]float64, gradient *tensors.Tensor, err error) {
	losses = map[string]float64{}
	picture, err := rasterOf(image)
	if err != nil {
		return nil, nil, err
	}
	derivatives, err := t.runSums(picture, losses)
	if err != nil {
		return nil, nil, err
	}
	inputs := []any{image}
	for _, p := range t.images {
		in, err := p.inputs(image, epoch)
		if err != nil {
			return nil, nil, err
		}
		inputs = append(inputs, sl.AsInputs(in)...)
	}
	out, err := t.whole.Run(inputs...)
	if err != nil {
		return nil, nil, err
	}
	for k, p := range t.images {
		losses[p.term().name] = float64(tensors.ToScalar[float32](out[k]))
	}
	sum, err := rasterOf(out[len(t.images)])
	if err != nil {
		return nil, nil, err
	}
	for _, p := range t.places {
		if err := p.prepare(image, epoch); err != nil {
			return nil, nil, err
		}
	}
	weights := t.pointwiseWeights()
	for i, piece := range t.pieces {
		var places []*tensors.Tensor
		for _, p := range t.places {
			places = append(places, p.inputsOf(i)...)
		}
		out, err := runTile(t.second, picture, piece, t.masks[i], t.cores[i], t.targets[i], weights, places, derivatives)
		if err != nil {
			return nil, nil, err
		}
		for k, name := range t.inPlaces() {
			losses[name] += float64(tensors.ToScalar[float32](out[k]))
		}
		share := out[len(out)-1]
		sum.add(piece.window, tensors.MustCopyFlatData[float32](share))
		_ = share.FinalizeAll()
	}
	return losses, sum.tensor(), nil
}

// inPlaces are the names of the terms whose losses are found tile by tile, in the order of the second pass.
func (t *tiled) inPlaces() (names []string) {
	for _, p := range t.pointwise {
		names = append(names, p.name)
	}
	for _, p := range t.places {
		names = append(names, p.term().name)
	}
	return names
}

// runSums makes the first pass. It notes the statistics' losses and returns the derivatives with respect to the sums.
func (t *tiled) runSums(picture raster, losses map[string]float64) ([]*tensors.Tensor, error) {
	if len(t.statistics) == 0 {
		return nil, nil
	}
	total, err := addUp(t.first, picture, t.pieces, t.masks)
	if err != nil || len(total) == 0 { // a statistic without layers
		return nil, err
	}
	var inputs []any
	sums := total
	for _, p := range t.statistics {
		for _, sum := range sums[:p.each*len(p.regions)] {
			if p.Statistic.transport { // which takes squares of means from means of squares
				inputs = append(inputs, tensors.FromFlatDataAndDimensions(sum.Values, sum.Dims...))
			} else {
				inputs = append(inputs, sum.tensor())
			}
		}
		sums = sums[p.each*len(p.regions):]
	}
	for _, p := range t.statistics {
		for _, r := range p.regions {
			inputs = append(inputs, sl.AsInputs(r.target)...)
		}
		inputs = append(inputs, weightsOf(p.weights()))
	}
	out, err := t.middle.Run(inputs...)
	if err != nil {
		return nil, err
	}
	for k, p := range t.statistics {
		losses[p.name] = float64(tensors.ToScalar[float32](out[k]))
	}
	return out[len(t.statistics):], nil
}

func (t *tiled) pointwiseWeights() (all []*tensors.Tensor) {
	for _, p := range t.pointwise {
		all = append(all, weightsOf(p.factors))
	}
	return all
}
