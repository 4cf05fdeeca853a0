package synth

import (
	"fmt"

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
func halo(lastLayer int) (reach, grid int) {
	grid = 1
	for _, layer := range sl.Layers()[:lastLayer+1] {
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

// tilesOf cuts a picture into cores of about size × size pixels. Windows have at most two heights and two widths, because
// an engine compiles a program for each shape: near a border they reach further into the picture instead of ending earlier.
func tilesOf(height, width, size, lastLayer int) []tile {
	reach, grid := halo(lastLayer)
	size = max(grid, size/grid*grid)
	window := func(start, length int) (from, to int) {
		full := size + 2*reach
		from = max(0, start-reach)
		if from+full > length {
			return max(0, length-full) / grid * grid, length
		}
		return from, from + full
	}
	var all []tile
	for top := 0; top < height; top += size {
		for left := 0; left < width; left += size {
			t := tile{core: rect{top, left, min(top+size, height), min(left+size, width)}}
			t.window.top, t.window.bottom = window(top, height)
			t.window.left, t.window.right = window(left, width)
			all = append(all, t)
		}
	}
	return all
}

// tiles says whether a picture is taken in pieces.
func (o *objective) tiles(height, width int) bool {
	return o.options.Tile > 0 && o.options.LastLayer() >= 0 && (height > o.options.Tile || width > o.options.Tile)
}

// tiling is a picture's tiles with their masks.
type tiling struct {
	pieces []tile
	masks  [][]*tensors.Tensor // for each tile: of each style layer and region, then of each content layer
}

func (o *objective) newTiling(height, width int, regions []mask) *tiling {
	if regions == nil {
		regions = []mask{everywhere(height, width)}
	}
	whole := everywhere(height, width)
	t := &tiling{pieces: tilesOf(height, width, o.options.Tile, o.options.LastLayer())}
	t.masks = make([][]*tensors.Tensor, len(t.pieces))
	add := func(full mask, p int) {
		for i, piece := range t.pieces {
			t.masks[i] = append(t.masks[i], full.cut(piece.window.after(p), piece.core.after(p)).tensor())
		}
	}
	for _, index := range distinct(o.options.StyleLayers) {
		for _, m := range regions {
			add(m.after(poolings(index)), poolings(index))
		}
	}
	for _, index := range distinct(o.options.ContentLayers) {
		add(whole.after(poolings(index)), poolings(index))
	}
	return t
}

// window copies a part of a picture [1, h, w, 3].
func window(values []float32, width int, r rect) *tensors.Tensor {
	part := make([]float32, 0, r.height()*r.width()*3)
	for i := r.top; i < r.bottom; i++ {
		part = append(part, values[(i*width+r.left)*3:(i*width+r.right)*3]...)
	}
	return tensors.FromFlatDataAndDimensions(part, 1, r.height(), r.width(), 3)
}

// sumsProgram returns the sums of each style layer and region of one tile: the first of the two passes.
func (o *objective) sumsProgram(regions int) (*sl.Program, error) {
	return o.extractor.Compile(func(vgg *sl.VGG, in []*Node) (out []*Node) {
		_, styles := sl.ExtractFeatures(vgg, in[0], nil, o.options.StyleLayers)
		for l, features := range styles {
			for r := range regions {
				out = append(out, sums(o.options.StyleLoss, features, in[1+l*regions+r])...)
			}
		}
		return out
	})
}

// sum runs the first pass over all tiles and adds up in float64.
func (t *tiling) sum(program *sl.Program, values []float32, width, masks int) ([][]float64, error) {
	var total [][]float64
	for i, piece := range t.pieces {
		out, err := program.Run(append([]any{window(values, width, piece.window)}, sl.AsInputs(t.masks[i][:masks])...)...)
		if err != nil {
			return nil, err
		}
		for k, tensor := range out {
			part := tensors.MustCopyFlatData[float32](tensor)
			if i == 0 {
				total = append(total, make([]float64, len(part)))
			}
			for j, v := range part {
				total[k][j] += float64(v)
			}
			_ = tensor.FinalizeAll()
		}
	}
	return total, nil
}

// measureTiles fills in the statistics of a style image that is taken in tiles.
func (o *objective) measureTiles(m *measured, picture *tensors.Tensor, regions []mask) error {
	n := max(1, len(regions))
	program, err := o.sumsProgram(n)
	if err != nil {
		return err
	}
	defer program.Finalize()
	height, width := picture.Shape().Dim(1), picture.Shape().Dim(2)
	values, err := tensors.CopyFlatData[float32](picture)
	if err != nil {
		return err
	}
	total, err := o.newTiling(height, width, regions).sum(program, values, width, n*len(m.counts))
	if err != nil {
		return err
	}
	for l := range m.counts {
		var all []numbers
		for r := range n {
			size := kindSize(o.options.StyleLoss)
			all = append(all, statisticsOfSums(o.options.StyleLoss, total[:size], orOne(m.counts[l][r])))
			total = total[size:]
		}
		m.values = append(m.values, all)
	}
	return nil
}

// statisticsOfSums is the function statistics in float64.
func statisticsOfSums(kind StyleLoss, sums [][]float64, count float64) numbers {
	products := sums[len(sums)-1]
	if kind == GramLoss {
		c := 1
		for c*c < len(products) {
			c++
		}
		return numbers{scaled(products, 1/(count*float64(c)))}
	}
	mean, covariance := scaled(sums[0], 1/count), scaled(products, 1/count)
	c := len(mean)
	for i := range c {
		for j := range c {
			covariance[i*c+j] -= mean[i] * mean[j]
		}
	}
	return numbers{mean, covariance}
}

func scaled(values []float64, factor float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v * factor
	}
	return out
}

// tiled computes losses and gradient of a picture in pieces. The first pass adds up what style is made of over all
// tiles, so that Gram matrices are the whole picture's; the second finds each tile's share of the gradient, the slopes of
// the losses with respect to those sums being known.
type tiled struct {
	*objective
	*tiling
	height, width int
	regions       int
	targets       [][]*tensors.Tensor // content features of each tile's window
	sizes         []float64           // values in the whole map of each content layer
	first, second *sl.Program
	middle, tv    *sl.Program
}

func newTiled(o *objective, in *sized) (*tiled, error) {
	t := &tiled{objective: o, tiling: o.newTiling(in.height, in.width, in.contentMasks), height: in.height, width: in.width,
		regions: max(1, len(in.contentMasks))}
	for _, step := range []func() error{
		func() error { return t.contentTargets(in.content) },
		func() (err error) { t.first, err = o.sumsProgram(t.regions); return err },
		func() (err error) { t.middle, err = o.extractor.Compile(t.slopes); return err },
		func() (err error) { t.second, err = o.extractor.Compile(t.share); return err },
		func() (err error) { t.tv, err = o.extractor.Compile(t.variation); return err },
	} {
		if err := step(); err != nil {
			t.finalize()
			return nil, err
		}
	}
	return t, nil
}

func (t *tiled) finalize() {
	for _, program := range []*sl.Program{t.first, t.second, t.middle, t.tv} {
		if program != nil {
			program.Finalize()
		}
	}
}

// contentTargets computes the content features of every window, and what they are normalized by.
func (t *tiled) contentTargets(content *tensors.Tensor) error {
	program, err := t.extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
		contents, _ := sl.ExtractFeatures(vgg, in[0], t.options.ContentLayers, nil)
		masks := in[1:]
		for i := range contents {
			contents = append(contents, ReduceAllSum(Mul(Square(contents[i]), masks[i])))
		}
		return contents
	})
	if err != nil {
		return err
	}
	defer program.Finalize()
	values, err := tensors.CopyFlatData[float32](content)
	if err != nil {
		return err
	}
	n := len(t.contents)
	squares := make([]float64, n)
	for i, piece := range t.pieces {
		masks := t.masks[i][len(t.masks[i])-n:]
		out, err := program.Run(append([]any{window(values, t.width, piece.window)}, sl.AsInputs(masks)...)...)
		if err != nil {
			return fmt.Errorf("content features: %w", err)
		}
		for k := range n {
			squares[k] += float64(tensors.ToScalar[float32](out[n+k]))
		}
		t.targets = append(t.targets, out[:n])
	}
	for k, layer := range t.contents {
		p := poolings(layer.index)
		channels := t.targets[0][k].Shape().Dim(3)
		t.sizes = append(t.sizes, float64((t.height>>p)*(t.width>>p)*channels))
		if t.options.NormalizeLayers {
			t.contents[k].weight = divided(layer.weight, squares[k]/t.sizes[k])
		}
	}
	return nil
}

// slopes returns the whole picture's style loss and the derivatives of the total with respect to the sums.
// Inputs are the sums, then the targets, of each layer and region.
func (t *tiled) slopes(_ *sl.VGG, in []*Node) []*Node {
	size := kindSize(t.options.StyleLoss)
	n := 0
	for _, layer := range t.styles {
		n += len(layer.regions) * size
	}
	sums, targets := in[:n], in[n:]
	style := ScalarZero(in[0].Graph(), in[0].DType())
	for _, layer := range t.styles {
		for _, part := range layer.regions {
			count := Scalar(style.Graph(), style.DType(), part.count)
			seen := statistics(t.options.StyleLoss, sums[:size], count)
			style = Add(style, MulScalar(styleLoss(t.options.StyleLoss, seen, targets[:size]), part.weight))
			sums, targets = sums[size:], targets[size:]
		}
	}
	return append([]*Node{style}, Gradient(MulScalar(style, t.options.StyleRepeat), in[:n]...)...)
}

// share returns one tile's content losses and its share of the gradient. Inputs are the window, its masks, its content
// targets and the slopes.
func (t *tiled) share(vgg *sl.VGG, in []*Node) []*Node {
	image := in[0]
	contents, styles := sl.ExtractFeatures(vgg, image, t.options.ContentLayers, t.options.StyleLayers)
	n := len(t.styles) * t.regions
	styleMasks, contentMasks := in[1:1+n], in[1+n:1+n+len(contents)]
	targets, slopes := in[1+n+len(contents):1+n+2*len(contents)], in[1+n+2*len(contents):]
	content := ScalarZero(image.Graph(), image.DType())
	for i, features := range contents {
		squares := Mul(Square(Sub(features, StopGradient(targets[i]))), contentMasks[i])
		content = Add(content, MulScalar(ReduceAllSum(squares), t.contents[i].weight/t.sizes[i]))
	}
	total := content
	for l, features := range styles {
		for r := range t.regions {
			for _, sum := range sums(t.options.StyleLoss, features, styleMasks[l*t.regions+r]) {
				total = Add(total, ReduceAllSum(Mul(sum, StopGradient(slopes[0]))))
				slopes = slopes[1:]
			}
		}
	}
	return []*Node{content, Gradient(total, image)[0]}
}

func (t *tiled) variation(_ *sl.VGG, in []*Node) []*Node {
	loss := MulScalar(sl.TVLoss(in[0]), t.options.TVWeight)
	return []*Node{loss, Gradient(loss, in[0])[0]}
}
