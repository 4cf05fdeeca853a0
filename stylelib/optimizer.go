package stylelib

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// Optimizer moves an image against the gradient of its loss. Whatever it needs to go on after an interruption is in its
// state.
type Optimizer struct {
	State        []StateArray
	LearningRate func(epoch int) float64   // of an epoch, counted from 1
	Numbers      func(epoch int) []float64 // what the update of an epoch takes besides the gradient

	// Update is the graph of a step. image and gradient have the same shape [1, h, w, 3]; state has a node for each of
	// State, numbers a scalar for each of Numbers.
	Update func(image, gradient *Node, state, numbers []*Node) (newImage *Node, newState []*Node)

	Constants map[string]float64 // by name: what decides its steps and can't be set; may be nil
}

// StateArray is a part of an optimizer's state: so many copies of the image's size, [copies, h, w, 3], zeros at first.
type StateArray struct {
	Name   string
	Copies int
}

// Adam's constants, the same in all three variants of the chapter.
const (
	AdamBeta1   = 0.9
	AdamBeta2   = 0.999
	AdamEpsilon = 1e-8
)

// Adam returns an optimizer that keeps two running means, m of the gradient and v of its square:
// see [AdamUpdate] and [AdamRate].
func Adam(form AdamForm, beta1, beta2 float64,
	learningRate func(epoch int) float64) Optimizer {
	return Optimizer{
		State:        []StateArray{{Name: "adam_m", Copies: 1}, {Name: "adam_v", Copies: 1}},
		LearningRate: learningRate,
		Numbers: func(epoch int) []float64 {
			rate, scale := AdamRate(form, beta1, beta2, learningRate(epoch), epoch)
			return []float64{rate, scale}
		},
		Update: func(pixels, gradient *Node, state, numbers []*Node) (*Node, []*Node) {
			pixels, m, v := AdamUpdate(pixels, state[0], state[1], gradient, numbers[0], numbers[1],
				beta1, beta2)
			return pixels, []*Node{m, v}
		},
	}
}

// AdamUpdate returns pixels, m and v after one step of Adam against the gradient.
//
//	m ← m + (1-β₁)·(g - m)
//	v ← β₂·v + (1-β₂)·g²
//	pixels ← pixels - rate · m / (√v/scale + ε)
//
// All have the same shape but rate and scale, which are the scalars of [AdamRate].
func AdamUpdate(pixels, m, v, gradient, rate, scale *Node,
	beta1, beta2 float64) (newPixels, newM, newV *Node) {
	m = Add(m, MulScalar(Sub(gradient, m), 1-beta1))
	v = Add(MulScalar(v, beta2), MulScalar(Square(gradient), 1-beta2))
	step := Mul(rate, Div(m, AddScalar(Div(Sqrt(v), scale), AdamEpsilon)))
	return Sub(pixels, step), m, v
}

// AdamRate returns the two numbers that Adam's update t (from 1) needs besides the gradient: with
// c₁ = 1-β₁ᵗ and c₂ = 1-β₂ᵗ, which make up for m and v starting at zero,
//
//	AdamPyTorch:  rate = lr/c₁,      scale = √c₂
//	AdamMXNet:    rate = lr·√c₂/c₁,  scale = 1
//
// Kingma, Ba 2015: the first is algorithm 1, the second the variant at the end of its section 2,
// with ε left unscaled.
func AdamRate(form AdamForm, beta1, beta2, learningRate float64, t int) (rate, scale float64) {
	c1 := 1 - math.Pow(beta1, float64(t))
	c2 := 1 - math.Pow(beta2, float64(t))
	if form == AdamMXNet {
		return learningRate * math.Sqrt(c2) / c1, 1
	}
	return learningRate / c1, math.Sqrt(c2)
}
