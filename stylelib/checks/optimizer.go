package checks

import (
	"math"

	sl "stylebook/stylelib"
	"stylebook/stylelib/i18n"

	. "github.com/gomlx/gomlx/core/graph"
)

// AdamUpdate checks a learner's [sl.AdamUpdate] over five updates at learning rate 0.3.
func AdamUpdate(f func(image, m, v, gradient, rate, scale *Node, beta1, beta2 float64) (newImage, newM, newV *Node)) Result {
	e := goldenExample("adam")
	gradients := read[[]numbers](e, "gradients")
	after := func(updates int) func() numbers {
		return func() numbers {
			inputs := []numbers{e.numbers("start")}
			for t, gradient := range gradients[:updates] {
				rate, scale := sl.AdamRate(sl.AdamPyTorch, sl.AdamBeta1, sl.AdamBeta2, 0.3, t+1)
				inputs = append(inputs, gradient, scalar(rate), scalar(scale))
			}
			return evaluate(func(in []*Node) *Node {
				image, m, v := in[0], ZerosLike(in[0]), ZerosLike(in[0])
				for at := 1; at < len(in); at += 3 {
					image, m, v = f(image, m, v, in[at], in[at+1], in[at+2], sl.AdamBeta1, sl.AdamBeta2)
				}
				return image
			}, inputs...)
		}
	}
	others := []slip{{e.numbers("start"), "The image hasn't changed."},
		{scalar(math.NaN()), "Not a number: v is the mean of the gradient's square, which has a root."}}
	return judge("AdamUpdate",
		try("the image after five updates", after(5), e.numbers("want"), append(e.slips(map[string]string{
			"upwards":        "Go against the gradient: subtract the step.",
			"no_momentum":    "Use m, the running mean of the gradient, not the gradient itself.",
			"plain_descent":  "That is plain gradient descent: divide by the root of v, the mean of the squared gradient.",
			"no_root":        "Divide by the root of v.",
			"no_rate":        "Multiply the step by rate.",
			"no_scale":       "Divide the root of v by scale, which makes up for v starting at zero.",
			"whole_gradient": "m moves by (1-beta1) of the way to the gradient.",
		}), others...)...),
		try("the image after one", after(1), e.numbers("first")))
}

// LearningRate checks a learner's [sl.LearningRate].
func LearningRate(f func(options sl.Options, epoch int) float64) Result {
	e, chapter := goldenExample("learning_rate"), sl.Default()
	other, stays := chapter, chapter
	other.LearningRate, other.LRDecay, other.LRDecayEvery = 0.8, 0.5, 10
	stays.LRDecayEvery = 0
	at := func(options sl.Options, epochs ...int) func() numbers {
		return func() numbers {
			var rates []float64
			for _, epoch := range epochs {
				rates = append(rates, f(options, epoch))
			}
			return vector(rates...)
		}
	}
	epochs := read[[]int](e, "epochs")
	never := try("the same, LRDecayEvery 0", at(stays, 1, 500), vector(chapter.LearningRate, chapter.LearningRate))
	never.slips[panicked("runtime error: integer divide by zero")] = "LRDecayEvery 0 means that the learning rate stays."
	return judge("LearningRate",
		try(i18n.Format("LearningRate(options, %v)", epochs), at(chapter, epochs...), e.numbers("want"), e.slips(map[string]string{
			"off_by_one":      "Epochs count from 1: epoch 50 is still one of the first 50, so that (epoch-1)/LRDecayEvery says how often the rate has fallen.",
			"smooth":          "The rate falls in steps: divide whole numbers before you take the power.",
			"smooth_from_one": "The rate falls in steps: divide whole numbers before you take the power.",
			"each":            "The rate falls after every LRDecayEvery epochs, not after each.",
			"stays":           "The rate doesn't fall yet: multiply by LRDecay to the power of how often it has.",
			"once":            "The rate falls again after every LRDecayEvery epochs.",
			"linear":          "Take LRDecay to the power of how often the rate has fallen.",
			"factor_alone":    "That is the factor alone: multiply it by LearningRate.",
		})...),
		try("the same, 0.8, times 0.5 every 10 epochs, epochs 10, 11, 21", at(other, 10, 11, 21), vector(0.8, 0.4, 0.2),
			slip{vector(0.3, 0.3, 0.3), "The numbers come from options."}, slip{vector(0.8, 0.8, 0.8), "The numbers come from options."}),
		never)
}
