package transfer

import (
	"math"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
)

// optimizer returns what the options choose, for a training of so many epochs.
func (o Options) optimizer(epochs int) sl.Optimizer {
	learningRate := func(epoch int) float64 { return sl.LearningRate(o.Options, epoch) }
	switch o.Optimizer {
	case LBFGS:
		return lbfgs(o.History, learningRate)
	case Fast:
		return sl.Adam(sl.AdamPyTorch, fastBeta1, fastBeta2, func(epoch int) float64 { return o.LearningRate * fastShare(epoch, epochs) })
	}
	return sl.Adam(o.Adam, sl.AdamBeta1, sl.AdamBeta2, learningRate)
}

// The fast optimizer's numbers, with which 180 epochs reach about the loss of the chapter's 500 on the networks that they were
// chosen on. With VGG-16, four pairs and 300 × 450 they reach 1.10 to 1.31 times that loss.
//
// They were chosen on two networks, two pairs of pictures and two sizes, 150 × 225 and 300 × 450. It helps that the learning
// rate falls to 0, where the chapter's ends at 0.04 and leaves the picture trembling; that Adam forgets sooner; and the
// smoothing. Starting at a lower resolution, moving several resolutions at once and averaging pictures did not help.
const (
	fastEpochs       = 180
	fastLearningRate = 0.4
	fastHold         = 0.3 // share of the epochs before the learning rate falls
	fastBeta1        = 0.85
	fastBeta2        = 0.92
	fastSmoothing    = 0.07 // of the total variation's gradient, in normalized pixels at the full learning rate
)

// fastShare is the part of the learning rate, and of the smoothing, that epoch t of n gets, counted from 1:
//
//	min(1, (1 - (t-1)/n) / (1-hold))^1.5
func fastShare(epoch, epochs int) float64 {
	left := 1 - float64(epoch-1)/float64(epochs)
	return math.Pow(min(1, left/(1-fastHold)), 1.5)
}

// smallestSmoothing keeps the gradient of √(d² + s²) a number where d is 0.
const smallestSmoothing = 1e-6

// smoothlyFollowed is [sl.TVLoss] of x with the gradient of a total variation in which |d| is √(d² + s²): the gradient of
// |d| itself is a sign, which jumps between pixels that are all but equal.
func smoothlyFollowed(x, s *Node) *Node {
	h, w := x.Shape().Dim(1), x.Shape().Dim(2)
	down := Sub(Slice(x, AxisRange(), AxisRange(1, h)), Slice(x, AxisRange(), AxisRange(0, h-1)))
	right := Sub(Slice(x, AxisRange(), AxisRange(), AxisRange(1, w)), Slice(x, AxisRange(), AxisRange(), AxisRange(0, w-1)))
	s = Square(AddScalar(s, smallestSmoothing))
	smooth := MulScalar(Add(sl.Mean(Sqrt(Add(Square(down), s))), sl.Mean(Sqrt(Add(Square(right), s)))), 0.5)
	return withGradientOf(sl.TVLoss(x), smooth)
}

// withGradientOf has the value of one scalar and the gradient of another.
func withGradientOf(value, gradient *Node) *Node {
	return Add(StopGradient(value), Sub(gradient, StopGradient(gradient)))
}
