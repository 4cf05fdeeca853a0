package checks

import (
	"fmt"
	"image"
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// Rescale checks the weights of exercise 1, under which each loss contributes the same to a total.
func Rescale(f func(losses []float64, total float64) []float64) Result {
	e := goldenExample("rescale")
	losses, total := e.numbers("losses").Values, read[float64](e, "total")
	return judge("Rescale",
		try(fmt.Sprintf("Rescale(%v, %g)", losses, total), func() numbers { return vector(f(losses, total)...) }, e.numbers("want"),
			e.slips(map[string]string{
				"whole":       "Each loss contributes the whole total now: divide by their number too.",
				"upside_down": "The larger a loss, the smaller its weight: divide by it.",
				"not_divided": "That is what each loss shall contribute: divide it by the loss to get the weight.",
				"ones":        "All weights are still 1.",
				"zeros":       "All weights are still 0.",
			})...),
		try("Rescale([0.5 0], 1)", func() numbers { return vector(f([]float64{0.5, 0}, 1)...) }, vector(1, 0),
			slip{vector(1, math.Inf(1)), "Division by 0: a loss of 0 gets the weight 0."}, slip{vector(1, 1), "A loss of 0 gets the weight 0."}))
}

// WeightedLoss checks the total of exercise 1.
func WeightedLoss(f func(contents, styles []*Node, tv *Node, contentWeights, styleWeights []float64, tvWeight float64) *Node) Result {
	e := goldenExample("weighted_total")
	var inputs []numbers
	for _, list := range []string{"contents", "styles"} {
		for _, v := range e.numbers(list).Values {
			inputs = append(inputs, scalar(v))
		}
	}
	inputs = append(inputs, scalar(read[float64](e, "tv")))
	contentWeights, styleWeights := e.numbers("content_weights").Values, e.numbers("style_weights").Values
	tvWeight := read[float64](e, "tv_weight")
	return judge("WeightedLoss",
		try("WeightedLoss of 2 content and 3 style losses", func() numbers {
			return evaluate(func(in []*Node) *Node { return f(in[0:2], in[2:5], in[5], contentWeights, styleWeights, tvWeight) }, inputs...)
		}, e.numbers("want"), e.slips(map[string]string{
			"unweighted": "Multiply each loss by its weight.",
			"no_content": "The content losses are missing.",
			"no_style":   "The style losses are missing.",
			"no_tv":      "The total variation loss is missing.",
			"tv_alone":   "The function still returns the total variation loss alone.",
		})...))
}

// Factors checks the factors of exercise 2, evenly spaced on a logarithmic scale.
func Factors(f func(low, high float64, n int) []float64) Result {
	a := func(low, high float64, n int, want []float64, slips ...slip) attempt {
		return try(fmt.Sprintf("Factors(%g, %g, %d)", low, high, n), func() numbers { return vector(f(low, high, n)...) }, vector(want...), slips...)
	}
	return judge("Factors",
		a(0.01, 100, 5, []float64{0.01, 0.1, 1, 10, 100},
			slip{vector(0.01, 25.0075, 50.005, 75.0025, 100), "Those are evenly spaced themselves: let their logarithms be."},
			slip{vector(0.01, 0.1, 1, 10), "n counts both ends."},
			slip{vector(0.01, 1, 100), "Only three factors come back yet."},
			slip{vector(-2, -1, 0, 1, 2), "Those are the logarithms: raise 10 to them."}),
		a(1, 8, 4, []float64{1, 2, 4, 8}),
		a(0.5, 2, 2, []float64{0.5, 2}))
}

// Noise checks the measure of exercise 2.
func Noise(f func(picture *image.RGBA) float64) Result {
	e := goldenExample("noise")
	call := func(picture string) func() numbers {
		return func() numbers { return scalar(f(pictureOf(e.numbers(picture)))) }
	}
	return judge("Noise",
		try("Noise(5 × 7 pixels)", call("picture"), e.numbers("want"), e.slips(map[string]string{
			"no_factor":  "Multiply by √(π/2)/6, so that noise of standard deviation σ gives σ.",
			"sum":        "Take the mean over the pixels that have all neighbours.",
			"signed":     "Take absolute values: otherwise they cancel.",
			"zero":       "The function still returns 0.",
			"plain_grey": "The luma is 0.299 red + 0.587 green + 0.114 blue, not the mean of the three.",
			"all_pixels": "Divide by the number of pixels that have all neighbours, (height-2)·(width-2).",
		})...),
		try("Noise(a smooth slope)", call("slope"), scalar(0)))
}

// Size checks the size of exercise 3: the picture's shape, its long side given.
func Size(f func(pictureHeight, pictureWidth, longSide int) (height, width int)) Result {
	a := func(pictureHeight, pictureWidth, longSide, h, w int, slips map[string]string) attempt {
		return attempt{call: fmt.Sprintf("Size(%d, %d, %d)", pictureHeight, pictureWidth, longSide),
			got: func() string {
				h, w := f(pictureHeight, pictureWidth, longSide)
				return fmt.Sprintf("%d × %d", h, w)
			}, want: fmt.Sprintf("%d × %d", h, w), slips: slips}
	}
	return judge("Size",
		a(600, 900, 90, 60, 90, map[string]string{
			"90 × 60": "Height comes before width.",
			"60 × 60": "Only the short side is scaled.",
			"90 × 90": "The shape is lost: the other side follows the picture's.",
		}),
		a(900, 600, 90, 90, 60, map[string]string{
			"90 × 90":  "The shape is lost: the other side follows the picture's.",
			"135 × 90": "Here the height is the long side.",
			"60 × 90":  "Here the height is the long side.",
		}),
		a(299, 400, 100, 75, 100, map[string]string{"74 × 100": "Round to the nearest pixel: 74.75 is 75."}),
		a(500, 500, 64, 64, 64, nil))
}

// KeepColours checks the luminance transfer of exercise 3. A difference of two grey levels is rounding.
func KeepColours(f func(result, content *image.RGBA) *image.RGBA) Result {
	e := goldenExample("keep_colours")
	want := e.numbers("want")
	return judge("KeepColours",
		try("KeepColours(result, content), 2 × 3 pixels", func() numbers {
			got := levelsOf(f(pictureOf(e.numbers("result")), pictureOf(e.numbers("content"))))
			for i, v := range got.Values {
				if i >= len(want.Values) || math.Abs(v-want.Values[i]) > 2 {
					return got
				}
			}
			return want
		}, want, e.slips(map[string]string{
			"exchanged": "That is the other way round: brightness from the result, colours from the content.",
			"unchanged": "The result still has its own colours.",
			"content":   "That is the content image: its brightness is to be the result's.",
			"grey":      "That is the result's brightness alone: add the content's colours.",
		})...))
}

// Blend checks the mean of Gram matrices of exercise 3.
func Blend(f func(grams []*Node, weights []float64) *Node) Result {
	e := goldenExample("blend")
	weights := e.numbers("weights").Values
	return judge("Blend",
		try(fmt.Sprintf("Blend(3 matrices, %v)", weights), func() numbers {
			return evaluate(func(in []*Node) *Node { return f(in, weights) }, read[[]numbers](e, "grams")...)
		}, e.numbers("want"), e.slips(map[string]string{
			"not_normalized": "Divide by the sum of the weights: a style loss knows nothing of it.",
			"plain_mean":     "Multiply each matrix by its weight.",
			"first":          "Only the first style counts yet.",
		})...))
}
