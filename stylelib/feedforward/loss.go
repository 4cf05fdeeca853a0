package feedforward

import (
	"fmt"
	"slices"

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
//	content = mean over layers of ContentLoss(f(y), f(x)) / mean(fₛ²)
//	style   = mean over layers of ½·ContentLoss(m, mₛ) / mean(mₛ²) + ½·StyleLoss(f(y) - m, Gₛ) / mean(Gₛ²)
//	total   = content + weight·style + weight·TVLoss + weight·steady
//
// with f the features, m their mean over all places; fₛ, mₛ and Gₛ are the painting's features, their mean, and the Gram matrix of what
// is left without it. The chapter's Gram matrix has the mean in it, which outweighs what makes a stroke: alone it leaves colours pale.
// The content is relative to the painting, not to each photograph, so that an empty sky may get strokes. All results are scalars.
func loss(vgg *sl.VGG, x, y, steady *Node, style painting, w Weights) (all []*Node) {
	o, n := Taps(), x.Shape().Dim(0)
	zero := ScalarZero(x.Graph(), x.DType())
	content, styles, tv := zero, zero, zero
	for i := range n {
		one := func(pictures *Node) *Node { return normalized(SliceAxis(pictures, 0, AxisElem(i))) }
		painted := one(y)
		targets, _ := sl.ExtractFeatures(vgg, one(x), o.ContentLayers, nil)
		contents, maps := sl.ExtractFeatures(vgg, painted, o.ContentLayers, o.StyleLayers)
		for k, features := range contents {
			content = Add(content, Div(sl.ContentLoss(features, targets[k]), style.squares[k]))
		}
		for k, features := range maps {
			mean, rest := centred(features)
			styles = Add(styles, relative(sl.ContentLoss, mean, style.means[k]))
			styles = Add(styles, relative(sl.StyleLoss, rest, style.grams[k]))
		}
		tv = Add(tv, sl.TVLoss(painted))
	}
	mean := func(sum *Node, parts int) *Node { return DivScalar(sum, float64(n*parts)) }
	content, styles, tv = mean(content, len(o.ContentLayers)), mean(styles, 2*len(o.StyleLayers)), mean(tv, 1)
	total := Add(content, Add(MulScalar(styles, w.Style), Add(MulScalar(tv, w.TV), MulScalar(steady, w.Steady))))
	return []*Node{total, content, styles, tv, steady}
}

// painting is what the loss knows of the painting: of each content layer the mean square of its features, of each style layer the mean
// over all places, [1, 1, 1, c], and the Gram matrix without it, [c, c].
type painting struct{ squares, means, grams []*Node }

// paintingOf is the inverse of [measure].
func paintingOf(measured []*Node) painting {
	c, s := len(Taps().ContentLayers), len(Taps().StyleLayers)
	return painting{measured[:c], measured[c : c+s], measured[c+s:]}
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

// measure measures a painting [1, h, w, 3], normalized.
func measure(e *sl.Extractor, picture *tensors.Tensor) ([]*tensors.Tensor, error) {
	all, err := e.RunOnce(func(vgg *sl.VGG, in []*Node) []*Node {
		contents, maps := sl.ExtractFeatures(vgg, in[0], Taps().ContentLayers, Taps().StyleLayers)
		var p painting
		for _, features := range contents {
			p.squares = append(p.squares, ops.ReduceAllMean(Square(features)))
		}
		for _, features := range maps {
			mean, rest := centred(features)
			p.means, p.grams = append(p.means, mean), append(p.grams, sl.Gram(rest))
		}
		return slices.Concat(p.squares, p.means, p.grams)
	}, picture)
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
