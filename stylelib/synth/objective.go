package synth

import (
	"fmt"
	"math"
	"slices"

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

// objective is what is minimized at one size: layers, weights and targets.
type objective struct {
	extractor *sl.Extractor
	options   Options
	contents  []contentLayer
	styles    []styleLayer
}

type contentLayer struct {
	index  int
	weight float64         // all factors together
	target *tensors.Tensor // features of the content image, [1, h, w, c]; nil in tiles, which have their own
}

type styleLayer struct {
	index   int
	regions []region
}

// region is a part of the picture that has a style of its own.
type region struct {
	weight float64
	count  float64           // pixels of the map in it
	mask   *mask             // nil: everywhere
	target []*tensors.Tensor // what the loss compares with: the Gram matrix, or mean and root of the covariance
}

// numbers are the statistics of one region of one layer in float64: the Gram matrix, or mean and covariance.
type numbers [][]float64

func distinct(layers []int) []int { return slices.Compact(slices.Sorted(slices.Values(layers))) }

// poolings is how many times a layer's map has been halved.
func poolings(index int) int {
	n := 0
	for _, layer := range sl.Layers()[:index+1] {
		if layer.Kind == sl.PoolLayer {
			n++
		}
	}
	return n
}

// newObjective computes the targets.
func newObjective(extractor *sl.Extractor, in *sized, options Options) (*objective, error) {
	o := &objective{extractor: extractor, options: options}
	if err := o.setContents(in); err != nil {
		return nil, fmt.Errorf("content features: %w", err)
	}
	if err := o.setStyles(in); err != nil {
		return nil, fmt.Errorf("style features: %w", err)
	}
	return o, nil
}

func (o *objective) setContents(in *sized) error {
	for _, index := range distinct(o.options.ContentLayers) {
		o.contents = append(o.contents, contentLayer{index: index,
			weight: o.options.ContentWeight * weightOf(o.options.ContentLayerWeights, index)})
	}
	if o.tiles(in.height, in.width) {
		return nil // with the tiles
	}
	features, err := sl.GetContents(o.extractor, in.content, o.options.Options)
	if err != nil {
		return err
	}
	for i := range o.contents {
		o.contents[i].target = features[i]
		if o.options.NormalizeLayers {
			o.contents[i].weight = divided(o.contents[i].weight, meanSquare(tensors.MustCopyFlatData[float32](features[i])))
		}
	}
	return nil
}

// setStyles blends the statistics of the style images into one target for each layer and region.
func (o *objective) setStyles(in *sized) error {
	shares := o.options.shares(len(in.styles))
	var images []*measured
	for i, style := range in.styles {
		m, err := o.measure(style, maskList(in.styleMasks, i))
		if err != nil {
			return err
		}
		images = append(images, m)
	}
	for l, index := range distinct(o.options.StyleLayers) {
		layer := styleLayer{index: index}
		weight := o.options.StyleWeight * weightOf(o.options.StyleLayerWeights, index)
		for r := range max(1, len(in.contentMasks)) {
			part := region{weight: weight, count: float64((in.height >> poolings(index)) * (in.width >> poolings(index)))}
			if in.contentMasks != nil {
				m := in.contentMasks[r].after(poolings(index))
				part.mask, part.weight, part.count = &m, weight*m.sum()/part.count, m.sum()
			}
			blend, found := blended(images, shares, l, r)
			if !found || part.count == 0 {
				part.weight, part.count = 0, 1 // too small a region to be seen at this depth
			}
			if o.options.NormalizeLayers {
				part.weight = divided(part.weight, lossOfZeros(o.options.StyleLoss, blend))
			}
			var err error
			if part.target, err = targetOf(o.options.StyleLoss, blend); err != nil {
				return err
			}
			layer.regions = append(layer.regions, part)
		}
		o.styles = append(o.styles, layer)
	}
	return nil
}

func maskList(masks [][]mask, i int) []mask {
	if masks == nil {
		return nil
	}
	return masks[i]
}

// blended is the weighted mean of what was measured in region r of layer l; images without that region don't count.
// found is false where none has it.
func blended(images []*measured, shares []float64, l, r int) (mean numbers, found bool) {
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
		for k, values := range image.values[l][r] {
			if i == 0 {
				mean = append(mean, make([]float64, len(values)))
			}
			for j, v := range values {
				mean[k][j] += share * v
			}
		}
	}
	return mean, total > 0
}

// divided is weight / by, and weight where by is 0: a layer that puts out nothing has nothing to be normalized.
func divided(weight, by float64) float64 {
	if by == 0 {
		return weight
	}
	return weight / by
}

func meanSquare[T float32 | float64](values []T) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return sum / float64(len(values))
}

// lossOfZeros is the style loss of a feature map of zeros.
func lossOfZeros(kind StyleLoss, n numbers) float64 {
	if kind == GramLoss {
		return meanSquare(n[0])
	}
	c := len(n[0])
	return meanSquare(n[0]) + trace(n[1], c)/float64(c)
}

func trace(matrix []float64, n int) float64 {
	sum := 0.0
	for i := range n {
		sum += matrix[i*n+i]
	}
	return sum
}

// targetOf returns what styleLoss compares with.
func targetOf(kind StyleLoss, n numbers) ([]*tensors.Tensor, error) {
	if kind == GramLoss {
		c := int(math.Sqrt(float64(len(n[0]))))
		return []*tensors.Tensor{tensorOf(n[0], c, c)}, nil
	}
	c := len(n[0])
	covariance := slices.Clone(n[1])
	for i := range c {
		covariance[i*c+i] += ridge * trace(n[1], c) / float64(c)
	}
	root, err := squareRoot(covariance, c)
	if err != nil {
		return nil, err
	}
	return []*tensors.Tensor{tensorOf(n[0], c), tensorOf(root, c, c)}, nil
}

func tensorOf(values []float64, dims ...int) *tensors.Tensor {
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(narrow, dims...)
}

// measured are the statistics of one style image.
type measured struct {
	counts [][]float64 // [layer][region]
	values [][]numbers
}

// measure returns the statistics of a style image, in one piece or in tiles.
func (o *objective) measure(picture *tensors.Tensor, regions []mask) (*measured, error) {
	height, width := picture.Shape().Dim(1), picture.Shape().Dim(2)
	layers, n := distinct(o.options.StyleLayers), max(1, len(regions))
	m := &measured{}
	inputs := []*tensors.Tensor{picture}
	for _, index := range layers {
		p := poolings(index)
		counts := make([]float64, n)
		for r := range counts {
			counts[r] = float64((height >> p) * (width >> p))
			if regions != nil {
				reduced := regions[r].after(p)
				counts[r] = reduced.sum()
				inputs = append(inputs, reduced.tensor())
			}
		}
		m.counts = append(m.counts, counts)
	}
	if o.tiles(height, width) {
		return m, o.measureTiles(m, picture, regions)
	}
	program, err := o.extractor.CompileOnce(func(vgg *sl.VGG, in []*Node) (out []*Node) {
		_, maps := sl.ExtractFeatures(vgg, in[0], nil, layers)
		masks := in[1:]
		for l, features := range maps {
			for r := range n {
				var mask *Node
				if regions != nil {
					mask, masks = masks[0], masks[1:]
				}
				count := Scalar(features.Graph(), features.DType(), orOne(m.counts[l][r]))
				out = append(out, statisticsOf(o.options.StyleLoss, features, mask, count)...)
			}
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	defer program.Finalize()
	out, err := program.Run(sl.AsInputs(inputs)...)
	if err != nil {
		return nil, err
	}
	for range layers {
		var all []numbers
		for range n {
			var values numbers
			for range kindSize(o.options.StyleLoss) {
				values, out = append(values, widened(out[0])), out[1:]
			}
			all = append(all, values)
		}
		m.values = append(m.values, all)
	}
	return m, nil
}

// orOne keeps what is not there from being divided by.
func orOne(count float64) float64 {
	if count == 0 {
		return 1
	}
	return count
}

// kindSize is how many tensors the statistics of a region are.
func kindSize(kind StyleLoss) int {
	if kind == GramLoss {
		return 1
	}
	return 2
}

func widened(t *tensors.Tensor) []float64 {
	values := tensors.MustCopyFlatData[float32](t)
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return wide
}

// targets returns the tensors that losses takes, in its order.
func (o *objective) targets() []*tensors.Tensor {
	var all []*tensors.Tensor
	for _, layer := range o.contents {
		all = append(all, layer.target)
	}
	for _, layer := range o.styles {
		for _, part := range layer.regions {
			if part.mask != nil {
				all = append(all, part.mask.tensor())
			}
			all = append(all, part.target...)
		}
	}
	return all
}

// losses is [sl.ComputeLoss] with the weights, regions and style loss of the options; without any it builds the same graph.
func (o *objective) losses(vgg *sl.VGG, image *Node, targets []*Node) sl.Losses {
	contents, styles := sl.ExtractFeatures(vgg, image, o.options.ContentLayers, o.options.StyleLayers)
	zero := ScalarZero(image.Graph(), image.DType())
	l := sl.Losses{Content: zero, Style: zero, TV: MulScalar(sl.TVLoss(image), o.options.TVWeight)}
	for i, features := range contents {
		loss := MulScalar(sl.ContentLoss(features, targets[i]), o.contents[i].weight)
		l.Contents = append(l.Contents, loss)
		l.Content = Add(l.Content, loss)
	}
	targets = targets[len(contents):]
	for i, features := range styles {
		for _, part := range o.styles[i].regions {
			var mask *Node
			if part.mask != nil {
				mask, targets = targets[0], targets[1:]
			}
			count := Scalar(image.Graph(), image.DType(), part.count)
			seen := statisticsOf(o.options.StyleLoss, features, mask, count)
			loss := MulScalar(styleLoss(o.options.StyleLoss, seen, targets[:len(part.target)]), part.weight)
			targets = targets[len(part.target):]
			l.Styles = append(l.Styles, loss)
			l.Style = Add(l.Style, loss)
		}
	}
	l.Total = Add(Add(MulScalar(l.Style, o.options.StyleRepeat), l.Content), l.TV)
	return l
}
