package synth

import (
	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
)

// sums returns what the style of a feature map is made of, added up over its pixels: the products of all pairs of
// channels, [c, c], and for the Wasserstein loss before it the channels themselves, [c].
//
// features has shape [1, h, w, c]; mask, [1, h, w, 1], says how much each pixel counts, nil that all count 1. Sums over
// the parts of a map add up to those of the whole.
func sums(kind StyleLoss, features, mask *Node) []*Node {
	c := features.Shape().Dim(-1)
	x := Reshape(features, features.Shape().Size()/c, c)
	counted := x
	if mask != nil {
		counted = Mul(x, Reshape(mask, mask.Shape().Size(), 1))
	}
	products := Einsum("nc,nd->cd", counted, x)
	if kind == GramLoss {
		return []*Node{products}
	}
	return []*Node{ReduceSum(counted, 0), products}
}

// statistics makes of sums over count pixels the Gram matrix, or mean and covariance.
func statistics(kind StyleLoss, sums []*Node, count *Node) []*Node {
	if kind == GramLoss {
		return []*Node{Div(sums[0], MulScalar(count, float64(sums[0].Shape().Dim(0))))}
	}
	mean := Div(sums[0], count)
	return []*Node{mean, Sub(Div(sums[1], count), Mul(ExpandAxes(mean, 1), ExpandAxes(mean, 0)))}
}

// statisticsOf returns the statistics of a whole feature map; where all pixels count, the Gram matrix is [sl.Gram]'s.
func statisticsOf(kind StyleLoss, features, mask, count *Node) []*Node {
	if mask == nil && kind == GramLoss {
		return []*Node{sl.Gram(features)}
	}
	return statistics(kind, sums(kind, features, mask), count)
}

// styleLoss compares statistics with a target of the same kind; see [sl.StyleLoss] and
// [Wasserstein].
func styleLoss(kind StyleLoss, statistics, target []*Node) *Node {
	if kind == GramLoss {
		return sl.Mean(Square(Sub(statistics[0], StopGradient(target[0]))))
	}
	// The root of the target holds its ridge already; the image gets the same.
	root := StopGradient(target[1])
	c := root.Shape().Dim(0)
	added := MulScalar(ReduceAllSum(Square(root)), ridge/(1+ridge)/float64(c))
	covariance := Add(statistics[1], DiagonalWithValue(added, c))
	return Wasserstein(statistics[0], covariance, target[0], root)
}

// ridge is added to all variances before covariances are compared, as a multiple of the target's mean variance. Without
// it, channels that hardly vary have as much say in the gradient as the others, and only rounding decides what they say.
const ridge = 1e-3

// rootIterations of the Newton-Schulz method find eigenvalues down to 1e-9 of the norm: each makes the small ones' roots half as
// large again, until they are right.
const rootIterations = 26

// Wasserstein is the squared Wasserstein-2 distance of two normal distributions, divided by their dimension.
//
//	(‖m - mₜ‖² + tr(C) + tr(Cₜ) - 2·tr((R·C·R)^½)) / c,  R = Cₜ^½
//
// mean and meanTarget have shape [c], covariance and rootTarget, which is R, [c, c]; the result is a scalar. The
// gradient flows to mean and covariance only.
//
// Olkin, Pukelsheim 1982. The root is found by the coupled Newton-Schulz iteration (Higham 2008, eq. 6.35), which finds
// the root's inverse too; the gradient of the trace of a root is half that inverse, so that none flows through the
// iteration. Directions in which features hardly vary converge last and count least.
func Wasserstein(mean, covariance, meanTarget, rootTarget *Node) *Node {
	c := covariance.Shape().Dim(0)
	root := StopGradient(rootTarget)
	product := func(a, b *Node) *Node { return Einsum("ij,jk->ik", a, b) }
	a := StopGradient(product(product(root, covariance), root))
	norm := AddScalar(Sqrt(ReduceAllSum(Square(a))), 1e-20)
	identity := DiagonalWithValue(ScalarOne(a.Graph(), a.DType()), c)
	y, z := Div(a, norm), identity
	for range rootIterations {
		t := MulScalar(Sub(MulScalar(identity, 3), product(z, y)), 0.5)
		y, z = product(y, t), product(t, z)
	}
	scale := Sqrt(norm)
	trace := Mul(scale, ReduceAllSum(Mul(y, identity)))
	slope := StopGradient(Div(MulScalar(product(product(root, z), root), 0.5), scale))
	linear := ReduceAllSum(Mul(slope, covariance))
	trace = Add(linear, StopGradient(Sub(trace, linear)))

	distance := ReduceAllSum(Square(Sub(mean, StopGradient(meanTarget))))
	variances := Add(ReduceAllSum(Mul(covariance, identity)), ReduceAllSum(Square(root)))
	return DivScalar(Add(distance, Sub(variances, MulScalar(trace, 2))), float64(c))
}
