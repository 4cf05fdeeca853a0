package transfer

import (
	"fmt"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/ops"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
)

// rect is a part of a picture or of a map; bottom and right are outside.
type rect struct{ top, left, bottom, right int }

func (r rect) height() int { return r.bottom - r.top }
func (r rect) width() int  { return r.right - r.left }

// after is the part of a map that was pooled p times.
func (r rect) after(p int) rect { return rect{r.top >> p, r.left >> p, r.bottom >> p, r.right >> p} }

// tile is a piece of a picture. The features of its core depend on pixels of the window alone; cores lie side by side.
type tile struct{ window, core rect }

// halo returns how far around a core the window reaches, and the grid on which tiles lie: that of the smallest map.
func halo(layers []sl.Layer) (reach, grid int) {
	grid = 1
	for _, layer := range layers {
		reach += grid * layer.Reach
		grid = 1 << layer.Halvings
	}
	return (reach + grid - 1) / grid * grid, grid
}

// tilesOf cuts a picture into cores of about side × side pixels. Windows have at most two heights and two widths, because
// an engine compiles a program for each shape: near a border they reach further into the picture instead of ending earlier.
func tilesOf(of size, side int, layers []sl.Layer) []tile {
	reach, grid := halo(layers)
	side = max(grid, side/grid*grid)
	window := func(start, length int) (from, to int) {
		full := side + 2*reach
		from = max(0, start-reach)
		if from+full > length {
			return max(0, length-full) / grid * grid, length
		}
		return from, from + full
	}
	var all []tile
	for top := 0; top < of.height; top += side {
		for left := 0; left < of.width; left += side {
			t := tile{core: rect{top, left, min(top+side, of.height), min(left+side, of.width)}}
			t.window.top, t.window.bottom = window(top, of.height)
			t.window.left, t.window.right = window(left, of.width)
			all = append(all, t)
		}
	}
	return all
}

// raster is a picture [1, h, w, 3] on our side of the engine.
type raster struct {
	size
	values []float32
}

func rasterOf(picture *tensors.Tensor) (r raster, err error) {
	r.size = sizeOf(picture)
	r.values, err = tensors.CopyFlatData[float32](picture)
	return r, err
}

func (r raster) tensor() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(r.values, 1, r.height, r.width, 3)
}

// row is row i of a part of the picture.
func (r raster) row(part rect, i int) []float32 {
	at := 3 * ((part.top+i)*r.width + part.left)
	return r.values[at : at+3*part.width()]
}

func (r raster) window(part rect) *tensors.Tensor {
	copied := raster{size{part.height(), part.width()}, make([]float32, 0, 3*part.height()*part.width())}
	for i := range part.height() {
		copied.values = append(copied.values, r.row(part, i)...)
	}
	return copied.tensor()
}

// add adds values to a part of the picture.
func (r raster) add(part rect, values []float32) {
	for i := range part.height() {
		row := r.row(part, i)
		for j := range row {
			row[j] += values[i*len(row)+j]
		}
	}
}

// runTile runs a program on a tile of a picture, with further inputs.
func runTile(program *sl.Program, picture raster, t tile, inputs ...[]*tensors.Tensor) ([]*tensors.Tensor, error) {
	all := []any{picture.window(t.window)}
	for _, more := range inputs {
		all = append(all, sl.AsInputs(more)...)
	}
	return program.Run(all...)
}

// coreMasks returns, for each tile, a mask of its core in the map of each layer and region.
func coreMasks(pieces []tile, of size, layers []sl.Layer, regions []mask) [][]*tensors.Tensor {
	if regions == nil {
		regions = []mask{everywhere(of)}
	}
	masks := make([][]*tensors.Tensor, len(pieces))
	for _, layer := range layers {
		p := layer.Halvings
		for _, region := range regions {
			full := region.after(p)
			for i, piece := range pieces {
				masks[i] = append(masks[i], full.cut(piece.window.after(p), piece.core.after(p)).tensor())
			}
		}
	}
	return masks
}

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

// tiled computes losses and gradient of a picture in pieces. The first pass adds up what statistics are made of over all
// tiles, so that they are the whole picture's; the second finds each tile's share of the gradient, the derivatives of the
// losses with respect to those sums being known.
type tiled struct {
	*objective
	pieces     []tile
	statistics []*statisticPart
	pointwise  []*pointwisePart
	images     []part              // terms that need no map
	masks      [][]*tensors.Tensor // of each tile, by statistic and region
	cores      [][]*tensors.Tensor // of each tile, by pointwise term and layer
	targets    [][]*tensors.Tensor // features of the content image in each window, by pointwise term and layer

	programs                     []*sl.Program // all of them
	first, middle, second, whole *sl.Program

	took time.Duration // by the latest value and gradient
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
		t.targets = append(t.targets, out[:len(layers)])
	}
	k := 0
	for _, p := range t.pointwise {
		for i, layer := range p.layers {
			values := float64(t.pictures.size.halved(layer.Halvings).area() * t.targets[0][k].Shape().Dim(3))
			if t.options.NormalizeLayers {
				p.factors[i] = divided(p.factors[i], squares[k]/values)
			}
			p.factors[i] /= values
			k++
		}
	}
	return nil
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

// valueAndGradientOfTile returns one tile's pointwise losses and its share of the gradient. Inputs are the window, the masks
// of statistics and of pointwise terms, the latter's targets and weights, and the derivatives with respect to the sums.
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
	weights := t.pointwiseWeights()
	for i, piece := range t.pieces {
		out, err := runTile(t.second, picture, piece, t.masks[i], t.cores[i], t.targets[i], weights, derivatives)
		if err != nil {
			return nil, nil, err
		}
		for k, p := range t.pointwise {
			losses[p.name] += float64(tensors.ToScalar[float32](out[k]))
		}
		share := out[len(t.pointwise)]
		sum.add(piece.window, tensors.MustCopyFlatData[float32](share))
		_ = share.FinalizeAll()
	}
	return losses, sum.tensor(), nil
}

// runSums makes the first pass. It notes the statistics' losses and returns the derivatives with respect to the sums.
func (t *tiled) runSums(picture raster, losses map[string]float64) ([]*tensors.Tensor, error) {
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
