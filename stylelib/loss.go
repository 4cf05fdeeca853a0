package stylelib

import (
	"stylebook/stylelib/ops"

	. "github.com/gomlx/gomlx/core/graph"
)

// ContentLoss is the mean squared error between the synthesized image's features and the content
// image's.
//
//	mean((features - target)²)
//
// Both have the same shape [1, h, w, c]; the result is a scalar. The gradient flows to features
// only.
//
// Gatys, Ecker, Bethge 2016, eq. 1, with a mean in place of half the sum, as the chapter has it.
func ContentLoss(features, target *Node) *Node {
	return ops.ReduceAllMean(Square(Sub(features, StopGradient(target))))
}

// Gram returns the Gram matrix of a feature map, divided by its number of elements.
//
//	G = X·Xᵀ / (c·h·w),  X = features as a [c, h·w] matrix
//
// features has shape [1, h, w, c]; the result has shape [c, c]. Entry (i, j) tells how strongly
// channels i and j go together over the picture. Like all graph functions it panics on a wrong
// shape.
//
// Gatys, Ecker, Bethge 2016, eq. 3, normalized as in the chapter, so that the size of the picture
// does not count.
func Gram(features *Node) *Node {
	c := features.Shape().Dim(-1)
	n := features.Shape().Size() / c
	x := Reshape(features, n, c)
	return DivScalar(ops.MatMul(Transpose(x, 0, 1), x), float64(c*n))
}

// StyleLoss is the mean squared error between the Gram matrix of the synthesized image's features
// and the style image's.
//
//	mean((Gram(features) - gramTarget)²)
//
// features has shape [1, h, w, c], gramTarget [c, c]; the result is a scalar.
//
// Gatys, Ecker, Bethge 2016, eq. 4, normalized as in the chapter.
func StyleLoss(features, gramTarget *Node) *Node {
	return ops.ReduceAllMean(Square(Sub(Gram(features), StopGradient(gramTarget))))
}

// TVLoss is the total variation loss: how much neighbouring pixels differ. It removes very bright
// or dark single pixels.
//
//	½ · (mean|x[i+1,j] - x[i,j]| + mean|x[i,j+1] - x[i,j]|)
//
// x is the synthesized image, normalized, of shape [1, h, w, 3] with h and w at least 2; the result
// is a scalar.
//
// The chapter's formula is a plain sum of all differences; its code, and this, is half the sum of
// two means.
func TVLoss(x *Node) *Node {
	h, w := x.Shape().Dim(1), x.Shape().Dim(2)
	down := Sub(Slice(x, AxisRange(), AxisRange(1, h)), Slice(x, AxisRange(), AxisRange(0, h-1)))
	right := Sub(Slice(x, AxisRange(), AxisRange(), AxisRange(1, w)),
		Slice(x, AxisRange(), AxisRange(), AxisRange(0, w-1)))
	return MulScalar(Add(ops.ReduceAllMean(ops.Abs(down)), ops.ReduceAllMean(ops.Abs(right))), 0.5)
}

// Losses are the loss values of one image, each already multiplied by its weight; all are scalars.
type Losses struct {
	Contents []*Node // one for each content layer
	Styles   []*Node // one for each style layer
	Content  *Node   // the sum of Contents
	Style    *Node   // the sum of Styles
	TV       *Node
	Total    *Node // what is minimized
}

// ComputeLoss returns all losses of the synthesized image x.
//
//	total = StyleRepeat · Σ styles + Σ contents + tv
//
// x has shape [1, h, w, 3]; contents and styles are its features, contentTargets the content
// image's features and styleTargets the style image's Gram matrices, in the same order. The weights
// come from options.
//
// The chapter writes sum(10 * styles_l + contents_l + [tv_l]): 10 * a list repeats the list, so
// that every style loss counts ten times in the total but once in what is displayed. StyleRepeat is
// that 10.
func ComputeLoss(x *Node, contents, styles, contentTargets, styleTargets []*Node,
	options Options) Losses {
	zero := ScalarZero(x.Graph(), x.DType())
	l := Losses{Content: zero, Style: zero, TV: MulScalar(TVLoss(x), options.TVWeight)}
	for i, features := range contents {
		loss := MulScalar(ContentLoss(features, contentTargets[i]), options.ContentWeight)
		l.Contents = append(l.Contents, loss)
		l.Content = Add(l.Content, loss)
	}
	for i, features := range styles {
		loss := MulScalar(StyleLoss(features, styleTargets[i]), options.StyleWeight)
		l.Styles = append(l.Styles, loss)
		l.Style = Add(l.Style, loss)
	}
	l.Total = Add(Add(MulScalar(l.Style, options.StyleRepeat), l.Content), l.TV)
	return l
}
