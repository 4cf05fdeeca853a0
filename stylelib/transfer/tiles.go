package transfer

import (
	"fmt"
	"time"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// rect is a part of a picture or of a map; bottom and right are outside.
type rect struct{ top, left, bottom, right int }

func (r rect) height() int { return r.bottom - r.top }
func (r rect) width() int  { return r.right - r.left }

// after is the part of a map that was pooled p times.
func (r rect) after(p int) rect { return rect{r.top >> p, r.left >> p, r.bottom >> p, r.right >> p} }

// tile is a piece of a picture. The features of its core depend on pixels of the window alone; cores lie side by side.
type tile struct{ window, core rect }

// halo returns how far around a core the window reaches, and the grid on which tiles lie: that of the deepest pooling.
// A convolution looks one pixel of its map further, a pooling as far as its partner.
func halo(layers []sl.Layer) (reach, grid int) {
	grid = 1
	for _, layer := range layers {
		switch layer.Kind {
		case sl.ConvLayer:
			reach += grid
		case sl.PoolLayer:
			reach += grid
			grid *= 2
		}
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

// window copies a part of a picture [1, h, w, 3].
func window(values []float32, width int, r rect) *tensors.Tensor {
	part := make([]float32, 0, r.height()*r.width()*3)
	for i := r.top; i < r.bottom; i++ {
		part = append(part, values[(i*width+r.left)*3:(i*width+r.right)*3]...)
	}
	return tensors.FromFlatDataAndDimensions(part, 1, r.height(), r.width(), 3)
}

// coreMasks returns, for each tile, a mask of its core in the map of each layer and region.
func coreMasks(pieces []tile, of size, layers []sl.Layer, regions []mask) [][]*tensors.Tensor {
	if regions == nil {
		regions = []mask{everywhere(of)}
	}
	masks := make([][]*tensors.Tensor, len(pieces))
	for _, layer := range layers {
		p := poolings(layer)
		for _, region := range regions {
			full := region.after(p)
			for i, piece := range pieces {
				masks[i] = append(masks[i], full.cut(piece.window.after(p), piece.core.after(p)).tensor())
			}
		}
	}
	return masks
}

// sumsProgram returns the sums of each term, layer and region of one tile. When it has run, each tells how many sums each term
// has for a region.
func (o *objective) sumsProgram(terms []bound, regions int, each []int) (*sl.Program, error) {
	return o.extractor.Compile(func(vgg *sl.VGG, in []*Node) (out []*Node) {
		maps, masks := mapsOf(vgg, in[0], o.options.Layers()), in[1:]
		for i, b := range terms {
			for _, layer := range b.layers {
				for range regions {
					sums := b.Statistic.sums(maps[layer.Name], masks[0])
					out, masks, each[i] = append(out, sums...), masks[1:], len(sums)
				}
			}
		}
		return out
	})
}

// addUp runs a program over all tiles and adds up what it puts out, in float64.
func addUp(program *sl.Program, pieces []tile, masks [][]*tensors.Tensor, values []float32, width int) (total []Array, err error) {
	for i, piece := range pieces {
		out, err := program.Run(append([]any{window(values, width, piece.window)}, sl.AsInputs(masks[i])...)...)
		if err != nil {
			return nil, err
		}
		for k, t := range out {
			part := arrayOf(t)
			if i == 0 {
				total = append(total, part)
				continue
			}
			for j, v := range part.Values {
				total[k].Values[j] += v
			}
			_ = t.FinalizeAll()
		}
	}
	return total, nil
}

// measureInPieces fills in the statistics of a style image that is taken in tiles, in float64.
func (o *objective) measureInPieces(m *measured, picture *tensors.Tensor, b bound, regions []mask) error {
	each := []int{0}
	program, err := o.sumsProgram([]bound{b}, max(1, len(regions)), each)
	if err != nil {
		return err
	}
	defer program.Finalize()
	values, err := tensors.CopyFlatData[float32](picture)
	if err != nil {
		return err
	}
	of := sizeOf(picture)
	pieces := tilesOf(of, o.options.Tile, o.layers)
	sums, err := addUp(program, pieces, coreMasks(pieces, of, b.layers, regions), values, of.width)
	if err != nil || len(sums) == 0 {
		return err
	}
	var in []any
	for _, sum := range sums {
		in = append(in, tensors.FromFlatDataAndDimensions(sum.Values, sum.Dims...))
	}
	exec, err := NewExec(o.extractor.Backend, func(in []*Node) (out []*Node) {
		for _, counts := range m.counts {
			for _, count := range counts {
				out = append(out, b.Statistic.Of(in[:each[0]], orOne(count))...)
				in = in[each[0]:]
			}
		}
		return out
	})
	if err != nil {
		return err
	}
	defer exec.Finalize()
	out, err := exec.Call(in...)
	if err == nil {
		m.take(out)
	}
	return err
}

// tiled computes losses and gradient of a picture in pieces. The first pass adds up what statistics are made of over all
// tiles, so that they are the whole picture's; the second finds each tile's share of the gradient, the derivatives of the
// losses with respect to those sums being known.
type tiled struct {
	*objective
	pieces     []tile
	statistics []*statisticPart
	each       []int // how many sums each of them has for a region
	pointwise  []*pointwisePart
	images     []*imagePart
	masks      [][]*tensors.Tensor // of each tile, by statistic, layer and region
	cores      [][]*tensors.Tensor // of each tile, by pointwise term and layer
	targets    [][]*tensors.Tensor // features of the content image in each window, by pointwise term and layer

	first, middle, second, whole *sl.Program

	took time.Duration // by the latest value and gradient
}

func newTiled(o *objective) (*tiled, error) {
	of := o.pictures.size
	t := &tiled{objective: o, pieces: tilesOf(of, o.options.Tile, o.layers)}
	t.masks, t.cores = make([][]*tensors.Tensor, len(t.pieces)), make([][]*tensors.Tensor, len(t.pieces))
	add := func(to [][]*tensors.Tensor, layers []sl.Layer, regions []mask) {
		for i, masks := range coreMasks(t.pieces, of, layers, regions) {
			to[i] = append(to[i], masks...)
		}
	}
	for _, p := range o.parts {
		switch p := p.(type) {
		case *statisticPart:
			t.statistics = append(t.statistics, p)
			add(t.masks, p.layers, o.pictures.contentMasks)
		case *pointwisePart:
			t.pointwise = append(t.pointwise, p)
			add(t.cores, p.layers, nil)
		case *imagePart:
			t.images = append(t.images, p)
		}
	}
	if err := t.compile(); err != nil {
		t.finalize()
		return nil, err
	}
	return t, nil
}

func (t *tiled) compile() (err error) {
	var terms []bound
	for _, p := range t.statistics {
		terms = append(terms, p.bound)
	}
	t.each = make([]int, len(terms))
	for _, step := range []func() error{
		t.contentTargets,
		func() (err error) {
			t.first, err = t.sumsProgram(terms, max(1, len(t.pictures.contentMasks)), t.each)
			return err
		},
		func() (err error) { t.middle, err = t.extractor.Compile(t.valueAndGradientOfSums); return err },
		func() (err error) { t.second, err = t.extractor.Compile(t.valueAndGradientOfTile); return err },
		func() (err error) { t.whole, err = t.extractor.Compile(t.valueAndGradientOfImage); return err },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (t *tiled) finalize() {
	for _, program := range []*sl.Program{t.first, t.middle, t.second, t.whole} {
		if program != nil {
			program.Finalize()
		}
	}
}

// contentTargets computes the content features of every window, and what they are normalized by.
func (t *tiled) contentTargets() error {
	program, err := t.extractor.Compile(func(vgg *sl.VGG, in []*Node) (out []*Node) {
		maps := mapsOf(vgg, in[0], t.options.Layers())
		for _, p := range t.pointwise {
			for _, layer := range p.layers {
				out = append(out, maps[layer.Name])
			}
		}
		for i, features := range out {
			out = append(out, ReduceAllSum(Mul(Square(features), in[1+i])))
		}
		return out
	})
	if err != nil {
		return err
	}
	defer program.Finalize()
	values, err := tensors.CopyFlatData[float32](t.pictures.content)
	if err != nil {
		return err
	}
	var squares []float64
	for i, piece := range t.pieces {
		out, err := program.Run(append([]any{window(values, t.pictures.width, piece.window)}, sl.AsInputs(t.cores[i])...)...)
		if err != nil {
			return err
		}
		n := len(t.cores[i])
		squares = append(squares, make([]float64, n-len(squares))...)
		for k, square := range out[n:] {
			squares[k] += float64(tensors.ToScalar[float32](square))
		}
		t.targets = append(t.targets, out[:n])
	}
	t.spread(squares)
	return nil
}

// spread makes the factors of pointwise terms, which multiply means, such as multiply sums over the whole map; squares are
// the sums of its squares.
func (t *tiled) spread(squares []float64) {
	k := 0
	for _, p := range t.pointwise {
		for i, layer := range p.layers {
			of := t.pictures.size.halved(poolings(layer))
			values := float64(of.height * of.width * t.targets[0][k].Shape().Dim(3))
			if t.options.NormalizeLayers {
				p.factors[i] = divided(p.factors[i], squares[k]/values)
			}
			p.factors[i] /= values
			k++
		}
	}
}

// valueAndGradientOfSums returns the statistics' losses of the whole picture, and the derivatives of their total with respect
// to the sums. Inputs are the sums, then the targets, of each term, layer and region.
func (t *tiled) valueAndGradientOfSums(_ *sl.VGG, in []*Node) []*Node {
	if len(in) == 0 {
		return nil
	}
	n := len(in)
	for _, p := range t.statistics {
		for _, regions := range p.regions {
			for _, part := range regions {
				n -= len(part.target)
			}
		}
	}
	sums, targets := in[:n], in[n:]
	total := ScalarZero(in[0].Graph(), in[0].DType())
	var losses []*Node
	for i, p := range t.statistics {
		loss := ScalarZero(in[0].Graph(), in[0].DType())
		for _, regions := range p.regions {
			for _, part := range regions {
				statistics := p.Statistic.Of(sums[:t.each[i]], part.count)
				loss = Add(loss, MulScalar(p.Statistic.Loss(statistics, targets[:len(part.target)]), part.weight))
				sums, targets = sums[t.each[i]:], targets[len(part.target):]
			}
		}
		losses, total = append(losses, loss), Add(total, MulScalar(loss, p.repeat))
	}
	return append(losses, Gradient(total, in[:n]...)...)
}

// valueAndGradientOfTile returns one tile's pointwise losses and its share of the gradient. Inputs are the window, the masks
// of statistics and of pointwise terms, the latter's targets, and the derivatives with respect to the sums.
func (t *tiled) valueAndGradientOfTile(vgg *sl.VGG, in []*Node) []*Node {
	image := in[0]
	maps := mapsOf(vgg, image, t.options.Layers())
	take := func(n int) (taken []*Node) {
		taken, in = in[:n], in[n:]
		return taken
	}
	take(1)
	masks, cores := take(len(t.masks[0])), take(len(t.cores[0]))
	targets, derivatives := take(len(t.cores[0])), in
	total := ScalarZero(image.Graph(), image.DType())
	var losses []*Node
	for _, p := range t.pointwise {
		var parts []*Node
		for i, layer := range p.layers {
			values := Mul(p.Pointwise(maps[layer.Name], StopGradient(targets[0])), cores[0])
			parts = append(parts, MulScalar(ReduceAllSum(values), p.factors[i]))
			targets, cores = targets[1:], cores[1:]
		}
		loss := p.sum(image, parts)
		losses, total = append(losses, loss), Add(total, MulScalar(loss, p.repeat))
	}
	for _, p := range t.statistics {
		for l, regions := range p.regions {
			for range regions {
				for _, sum := range p.Statistic.sums(maps[p.layers[l].Name], masks[0]) {
					total = Add(total, ReduceAllSum(Mul(sum, StopGradient(derivatives[0]))))
					derivatives = derivatives[1:]
				}
				masks = masks[1:]
			}
		}
	}
	return append(losses, Gradient(total, image)[0])
}

// valueAndGradientOfImage returns the losses of terms on the image alone and their gradient.
func (t *tiled) valueAndGradientOfImage(_ *sl.VGG, in []*Node) []*Node {
	image, in := in[0], in[1:]
	total := ScalarZero(image.Graph(), image.DType())
	var losses []*Node
	for _, p := range t.images {
		n := len(p.inputs(1))
		loss := p.loss(image, nil, in[:n])
		losses, total, in = append(losses, loss), Add(total, MulScalar(loss, p.repeat)), in[n:]
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
			return withGradientOf(total, ReduceAllSum(Mul(image, in[1]))), parts
		},
		Inputs: func(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
			start := time.Now()
			losses, gradient, err := t.valueAndGradient(image, epoch)
			t.took = time.Since(start)
			if err != nil {
				return nil, fmt.Errorf("epoch %d: %w", epoch, err)
			}
			return []*tensors.Tensor{tensors.FromValue(losses), gradient}, nil
		},
	}
}

// valueAndGradient computes the losses, in the order of the parts, and the gradient of their total, in two passes over the tiles.
func (t *tiled) valueAndGradient(image *tensors.Tensor, epoch int) ([]float32, *tensors.Tensor, error) {
	values, err := tensors.CopyFlatData[float32](image)
	if err != nil {
		return nil, nil, err
	}
	ofSums, err := t.runSums(values)
	if err != nil {
		return nil, nil, err
	}
	statistics, derivatives := split(ofSums, len(t.statistics))
	inputs := []any{image}
	for _, p := range t.images {
		inputs = append(inputs, sl.AsInputs(p.inputs(epoch))...)
	}
	out, err := t.whole.Run(inputs...)
	if err != nil {
		return nil, nil, err
	}
	images, gradient := split(out, len(t.images))
	sum, err := tensors.CopyFlatData[float32](gradient[0])
	if err != nil {
		return nil, nil, err
	}
	pointwise := make([]float64, len(t.pointwise))
	for i, piece := range t.pieces {
		inputs := []any{window(values, t.pictures.width, piece.window)}
		for _, more := range [][]*tensors.Tensor{t.masks[i], t.cores[i], t.targets[i], derivatives} {
			inputs = append(inputs, sl.AsInputs(more)...)
		}
		out, err := t.second.Run(inputs...)
		if err != nil {
			return nil, nil, err
		}
		losses, share := split(out, len(t.pointwise))
		for k, loss := range losses {
			pointwise[k] += float64(tensors.ToScalar[float32](loss))
		}
		addWindow(sum, t.pictures.width, piece.window, tensors.MustCopyFlatData[float32](share[0]))
		_ = share[0].FinalizeAll()
	}
	return t.inOrder(statistics, images, pointwise), tensors.FromFlatDataAndDimensions(sum, image.Shape().Dimensions...), nil
}

func split(all []*tensors.Tensor, n int) (losses, rest []*tensors.Tensor) { return all[:n], all[n:] }

// runSums makes the first pass, and returns the statistics' losses and the derivatives with respect to the sums.
func (t *tiled) runSums(values []float32) ([]*tensors.Tensor, error) {
	total, err := addUp(t.first, t.pieces, t.masks, values, t.pictures.width)
	if err != nil {
		return nil, err
	}
	var inputs []any
	for _, sum := range total {
		inputs = append(inputs, sum.tensor())
	}
	if len(inputs) == 0 { // a statistic without layers
		zeros := make([]*tensors.Tensor, len(t.statistics))
		for i := range zeros {
			zeros[i] = tensors.FromScalar(float32(0))
		}
		return zeros, nil
	}
	for _, p := range t.statistics {
		for _, regions := range p.regions {
			for _, part := range regions {
				inputs = append(inputs, sl.AsInputs(part.target)...)
			}
		}
	}
	return t.middle.Run(inputs...)
}

// inOrder puts the losses of the three kinds of terms in the order of the parts.
func (t *tiled) inOrder(statistics, images []*tensors.Tensor, pointwise []float64) (losses []float32) {
	next := func(list *[]*tensors.Tensor) float32 {
		value := tensors.ToScalar[float32]((*list)[0])
		*list = (*list)[1:]
		return value
	}
	for _, p := range t.parts {
		switch p.(type) {
		case *statisticPart:
			losses = append(losses, next(&statistics))
		case *imagePart:
			losses = append(losses, next(&images))
		default:
			losses, pointwise = append(losses, float32(pointwise[0])), pointwise[1:]
		}
	}
	return losses
}

func addWindow(sum []float32, width int, r rect, part []float32) {
	row := 3 * r.width()
	for i := range r.height() {
		to := sum[((r.top+i)*width+r.left)*3:]
		for j, v := range part[i*row : (i+1)*row] {
			to[j] += v
		}
	}
}
