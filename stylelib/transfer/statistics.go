package transfer

import (
	sl "stylebook/stylelib"
	"stylebook/stylelib/conv"
	"stylebook/stylelib/ops"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Statistic is what a term keeps of a feature map when it forgets places: numbers made of sums over positions.
type Statistic struct {
	// Sums adds up over the positions of x, features [n, c]. Those of the parts of a map add up to the map's. counted is x
	// times how much each position counts, from 0 to 1; each sum takes it once as a factor.
	Sums func(x, counted *Node) []*Node

	// Of makes the statistics of sums over so many positions.
	Of func(sums []*Node, count float64) []*Node

	// Whole makes the statistics of a map [1, h, w, c] of which all positions count in one go; nil: they are made of its sums.
	Whole func(features *Node) []*Node

	// Few makes the statistics of a map of which fewer positions count than it has channels, from x, features [n, c]: share,
	// [n, 1], says how much each position counts, nil that all do, count how many count in all. nil: they are made of its sums.
	Few func(x, share *Node, count float64) []*Node

	// Loss compares statistics with a target of the same kind.
	Loss func(statistics, target []*Node) *Node

	// Target makes of the style images' statistics what Loss compares with; nil: they are it.
	Target func(statistics []Array) ([]Array, error)

	// Scale is the loss of features that are all 0, by which relative losses are divided; nil: the sum of the mean squares of
	// the statistics.
	Scale func(statistics []Array) float64

	// transport says that features can be moved to the target's statistics: see transportPart.
	transport bool

	// Relative makes the loss relative even where [Options.NormalizeLayers] does not: its weight then suits any network.
	Relative bool
}

// Array is a tensor in float64 on our side of the engine.
type Array struct {
	Dims   []int
	Values []float64
}

func arrayOf(t *tensors.Tensor) Array {
	a := Array{Dims: t.Shape().Dimensions}
	if values, err := tensors.CopyFlatData[float64](t); err == nil {
		a.Values = values
		return a
	}
	for _, v := range tensors.MustCopyFlatData[float32](t) {
		a.Values = append(a.Values, float64(v))
	}
	return a
}

// tensor is the array as float32.
func (a Array) tensor() *tensors.Tensor {
	narrow := make([]float32, len(a.Values))
	for i, v := range a.Values {
		narrow[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(narrow, a.Dims...)
}

func (a Array) meanSquare() float64 {
	sum := 0.0
	for _, v := range a.Values {
		sum += v * v
	}
	return sum / float64(len(a.Values))
}

// scale is what relative losses are divided by.
func (s *Statistic) scale(statistics []Array) (sum float64) {
	if s.Scale != nil {
		return s.Scale(statistics)
	}
	for _, a := range statistics {
		sum += a.meanSquare()
	}
	return sum
}

// sums is Sums of a feature map [1, h, w, c]; mask, [1, h, w, 1], says how much each position counts, nil that all count 1.
func (s *Statistic) sums(features, mask *Node) []*Node {
	x, share := rows(features, mask)
	counted := x
	if share != nil {
		counted = Mul(x, share)
	}
	return s.Sums(x, counted)
}

// few says whether fewer positions count than there are channels.
func few(features *Node, count float64) bool { return count < float64(features.Shape().Dim(-1)) }

// rows are the features of a map as [n, c], and how much each counts as [n, 1], or nil.
func rows(features, mask *Node) (x, share *Node) {
	c := features.Shape().Dim(-1)
	if mask != nil {
		share = Reshape(mask, mask.Shape().Size(), 1)
	}
	return Reshape(features, features.Shape().Size()/c, c), share
}

// measure makes the statistics of a feature map, of which count positions count.
func (s *Statistic) measure(features, mask *Node, count float64) []*Node {
	if mask == nil && s.Whole != nil {
		return s.Whole(features)
	}
	if s.Few != nil && few(features, count) {
		x, share := rows(features, mask)
		return s.Few(x, share, count)
	}
	return s.Of(s.sums(features, mask), count)
}

func divideBy(x *Node, count float64) *Node { return Div(x, Scalar(x.Graph(), x.DType(), count)) }

// products sums the products of every two columns of x, of which counted are the ones that count.
func products(counted, x *Node) *Node {
	if counted == x {
		return conv.ColumnProducts(x)
	}
	return Einsum("nc,nd->cd", counted, x)
}

// gramTerm is the chapter's style loss; its statistic is [sl.Gram].
var gramTerm = Term{
	Name: "gram", About: "Gram matrices, as in the chapter", Of: StyleImages, Layers: styleRole, Weight: 1000,
	Statistic: &Statistic{
		Sums: func(x, counted *Node) []*Node { return []*Node{products(counted, x)} },
		Of: func(sums []*Node, count float64) []*Node {
			return []*Node{divideBy(sums[0], count*float64(sums[0].Shape().Dim(0)))}
		},
		Whole: func(features *Node) []*Node { return []*Node{sl.Gram(features)} },
		Loss:  meanSquares,
	},
}

// momentsTerm compares mean and standard deviation of each channel.
//
//	mean((μ - μₜ)²) + mean((σ - σₜ)²)
//
// σ is that of all positions; where it is 0, its gradient is taken as 0.
//
// Li, Wang, Liu, Hou 2017, "Demystifying Neural Style Transfer", section 4.2, as a mean over the channels.
var momentsTerm = Term{
	Name: "moments", About: "mean and standard deviation of each channel", Of: StyleImages, Layers: styleRole, Weight: 0.2,
	Statistic: &Statistic{
		Sums: func(x, counted *Node) []*Node {
			return []*Node{ReduceSum(counted, 0), ReduceSum(Mul(counted, x), 0)}
		},
		Of: func(sums []*Node, count float64) []*Node {
			mean, square := divideBy(sums[0], count), divideBy(sums[1], count)
			return []*Node{mean, deviation(Sub(square, Square(mean)), square)}
		},
		Loss: meanSquares,
	},
}

// meanSquares is the sum of the mean squared differences.
func meanSquares(statistics, target []*Node) *Node {
	var sum *Node
	for i := range statistics {
		loss := ops.ReduceAllMean(Square(Sub(statistics[i], StopGradient(target[i]))))
		if sum == nil {
			sum = loss
		} else {
			sum = Add(sum, loss)
		}
	}
	return sum
}

// deviation is the root of a variance, and 0 with the gradient 0 where that is no more than what rounding makes of 0 next to
// the mean square.
func deviation(variance, square *Node) *Node {
	some := GreaterThan(variance, AddScalar(MulScalar(StopGradient(square), 1e-6), 1e-30))
	return Where(some, Sqrt(Where(some, variance, OnesLike(variance))), ZerosLike(variance))
}
