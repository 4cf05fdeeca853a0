package feedforward

import (
	"fmt"

	sl "stylebook/stylelib"
	"stylebook/stylelib/ops"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Taps are what the loss looks at: the style in the chapter's layers without the last, of which a piece of a photograph leaves little, the
// content also in the block before the chapter's, or faces are lost.
func Taps() sl.Options {
	o := sl.Default()
	o.StyleLayers = o.StyleLayers[:4]
	o.ContentLayers = []string{"conv3_last", "conv4_last"}
	return o
}

// parts are those of the loss, in the order of [loss].
var parts = []string{"total", "content", "style", "tv", "steady"}

// loss is what the network is trained for: for each of the painted pictures y against its photograph x, all of shape [n, h, w, 3],
// values from 0 to 1,
//
//	content = mean over layers of ContentLoss(f(y), f(x)) / mean(f(x)²)
//	style   = mean over layers of ½·ContentLoss(m, mₛ) / mean(mₛ²) + ½·StyleLoss(f(y) - m, Gₛ) / mean(Gₛ²)
//	total   = content + weight·style + weight·TVLoss + weight·steady
//
// with f the features, m their mean over all places, mₛ and Gₛ mean and Gram matrix of the painting's. The chapter's Gram matrix has
// the mean in it, which outweighs what makes a stroke: alone it leaves colours pale. All results are scalars.
func loss(vgg *sl.VGG, x, y, steady *Node, style []*Node, w Weights) (all []*Node) {
	o, n := Taps(), x.Shape().Dim(0)
	zero := ScalarZero(x.Graph(), x.DType())
	content, styles, tv := zero, zero, zero
	for i := range n {
		one := func(pictures *Node) *Node { return normalized(SliceAxis(pictures, 0, AxisElem(i))) }
		painted := one(y)
		targets, _ := sl.ExtractFeatures(vgg, one(x), o.ContentLayers, nil)
		contents, maps := sl.ExtractFeatures(vgg, painted, o.ContentLayers, o.StyleLayers)
		for k, features := range contents {
			content = Add(content, relative(sl.ContentLoss, features, StopGradient(targets[k])))
		}
		for k, features := range maps {
			mean, rest := centred(features)
			styles = Add(styles, relative(sl.ContentLoss, mean, style[2*k]))
			styles = Add(styles, relative(sl.StyleLoss, rest, style[2*k+1]))
		}
		tv = Add(tv, sl.TVLoss(painted))
	}
	mean := func(sum *Node, parts int) *Node { return DivScalar(sum, float64(n*parts)) }
	content, styles, tv = mean(content, len(o.ContentLayers)), mean(styles, 2*len(o.StyleLayers)), mean(tv, 1)
	total := Add(content, Add(MulScalar(styles, w.Style), Add(MulScalar(tv, w.TV), MulScalar(steady, w.Steady))))
	return []*Node{total, content, styles, tv, steady}
}

// relative is a loss of the chapter's, which is a mean of squares, relative to its target's.
func relative(loss func(features, target *Node) *Node, features, target *Node) *Node {
	return Div(loss(features, target), ops.ReduceAllMean(Square(target)))
}

// centred returns the mean of features over all places, and what is left of them without it.
func centred(features *Node) (mean, rest *Node) {
	mean = ReduceAndKeep(features, ReduceMean, 1, 2)
	return mean, Sub(features, mean)
}

// styleOf measures a painting [1, h, w, 3], normalized: for each layer the mean of its features, and the Gram matrix without it.
func styleOf(e *sl.Extractor, painting *tensors.Tensor) ([]*tensors.Tensor, error) {
	all, err := e.RunOnce(func(vgg *sl.VGG, in []*Node) (all []*Node) {
		_, maps := sl.ExtractFeatures(vgg, in[0], nil, Taps().StyleLayers)
		for _, features := range maps {
			mean, rest := centred(features)
			all = append(all, mean, sl.Gram(rest))
		}
		return all
	}, painting)
	if err != nil {
		return nil, fmt.Errorf("measure the painting: %w", err)
	}
	return all, nil
}

// unsteady is the mean square by which a painted picture doesn't move as its photograph did: before and after are [n, h, w, 3]; rows
// [h, h] and columns [w, w] move what is before, and are 0 where that came from outside.
//
//	Σ (after - rows·before·columnsᵀ)² / number of values that came from inside
func unsteady(before, after, rows, columns *Node) *Node {
	moved := Einsum("ij,njkc->nikc", rows, before)
	moved = Einsum("lk,nikc->nilc", columns, moved)
	inside := Mul(Reshape(ReduceSum(rows, 1), 1, -1, 1, 1), Reshape(ReduceSum(columns, 1), 1, 1, -1, 1))
	squares := Mul(Square(Sub(after, moved)), inside)
	return Div(ops.ReduceAllSum(squares), MulScalar(ops.ReduceAllSum(inside), float64(3*before.Shape().Dim(0))))
}
