package stylelib

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// The fast optimizer's numbers, chosen with VGG-16 and the chapter's losses on two pairs of pictures, at 96 × 144 to 300 × 450
// (height × width), and measured on two more.
//
// They replace a rate of 0.4, which left 1.1 to 1.5 times the loss of the chapter's 500 epochs, much of it total variation. At 0.035
// the loss is about the same. Rates of 0.1 and 0.2 are better from noise, with narrow networks and for relative losses, whose
// pictures then leave more of the scene. Opponent colours, more momentum and a smoothed total variation did not help beside
// the coarser resolutions.
const (
	FastEpochs       = 150
	FastLearningRate = 0.05
	fastHold         = 0.5 // share of the epochs before the learning rate falls
	fastBeta1        = 0.9
	fastBeta2        = 0.9
	fastLevels       = 4   // resolutions below the picture's own, each half of the one before
	fastGain         = 0.5 // of a resolution's step, relative to the next finer one's
)

// Fast is Adam that moves the picture at several resolutions at once. With m and v of [AdamUpdate],
//
//	m₀ = m, v₀ = v;  mᵢ₊₁, vᵢ₊₁: sums of 2 × 2 values of mᵢ, vᵢ
//	dᵢ = mᵢ / (√vᵢ/scale + ε) + gain · up(dᵢ₊₁)
//	pixels ← pixels - rate · d₀
//
// where up doubles height and width bilinearly, and the last resolution has no coarser one. What many neighbouring pixels
// agree on moves them further than each moves by itself. Over the epochs of the training the learning rate is held at first, then
// falls linearly to about 0. [FastEpochs] and [FastLearningRate] go with it.
//
// The steps are those of a picture written as a sum of resolutions, as in Kolkin et al. 2022, "Neural neighbor style transfer",
// but for v, which is not kept for each resolution.
func Fast(learningRate float64, epochs int) Optimizer {
	adam := Adam(AdamPyTorch, fastBeta1, fastBeta2, func(epoch int) float64 { return learningRate * fastShare(epoch, epochs) })
	adam.Constants = map[string]float64{"hold": fastHold, "beta1": fastBeta1, "beta2": fastBeta2, "levels": fastLevels, "gain": fastGain}
	adam.Update = func(image, gradient *Node, state, numbers []*Node) (*Node, []*Node) {
		rate, scale := numbers[0], numbers[1]
		_, m, v := AdamUpdate(image, state[0], state[1], gradient, rate, scale, fastBeta1, fastBeta2)
		return Sub(image, Mul(rate, pyramidStep(m, v, scale, fastLevels))), []*Node{m, v}
	}
	return adam
}

// fastShare is the part of the learning rate that epoch t of n gets, counted from 1:
//
//	min(1, (1 - (t-1)/n) / (1-hold))
func fastShare(epoch, epochs int) float64 {
	left := 1 - float64(epoch-1)/float64(epochs)
	return min(1, left/(1-fastHold))
}

// pyramidStep is d of [Fast] at a resolution that has so many below it.
func pyramidStep(m, v, scale *Node, levels int) *Node {
	step := Div(m, AddScalar(Div(Sqrt(v), scale), AdamEpsilon))
	if levels == 0 {
		return step
	}
	coarser := pyramidStep(halved(m), halved(v), scale, levels-1)
	return Add(step, MulScalar(Doubled(coarser, m.Shape().Dim(1), m.Shape().Dim(2)), fastGain))
}

// halved returns the sums of 2 × 2 values of x [1, h, w, 3], with zeros beyond an odd height or width.
func halved(x *Node) *Node {
	h, w := x.Shape().Dim(1), x.Shape().Dim(2)
	x = Pad(x, ScalarZero(x.Graph(), x.DType()), PadAxis{}, PadAxis{End: h % 2}, PadAxis{End: w % 2}, PadAxis{})
	return ReduceSum(Reshape(x, 1, (h+1)/2, 2, (w+1)/2, 2, 3), 2, 4)
}

// Doubled interpolates x [1, h, w, c] bilinearly at twice its height and width, and cuts the result to height × width.
func Doubled(x *Node, height, width int) *Node {
	return doubledAlong(doubledAlong(x, 1, height), 2, width)
}

// doubledAlong puts two values in the place of each along an axis, a quarter of the way to its two neighbours, and cuts the axis
// to size. The ends are their own neighbours.
func doubledAlong(x *Node, axis, size int) *Node {
	dims := x.Shape().Clone().Dimensions
	n := dims[axis]
	part := func(of *Node, from, to int) *Node { return SliceAxis(of, axis, AxisRange(from, to)) }
	extended := Concatenate([]*Node{part(x, 0, 1), x, part(x, n-1, n)}, axis)
	towards := func(start int) *Node {
		return Add(MulScalar(x, 0.75), MulScalar(part(extended, start, start+n), 0.25))
	}
	dims[axis] = 2 * n
	return part(Reshape(Stack([]*Node{towards(0), towards(2)}, axis+1), dims...), 0, size)
}
