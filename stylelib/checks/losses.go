package checks

import (
	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
)

// lossTries calls a loss with parts of the entry, and looks at its gradient with respect to the first of them. flat is what a slip
// makes of the gradient.
func (e example) lossTries(call string, inputs []string, f func(in []*Node) *Node, hints map[string]string, flat slip) []attempt {
	of := func(f func(in []*Node) *Node) func() numbers {
		return func() numbers {
			var values []numbers
			for _, name := range inputs {
				values = append(values, e.numbers(name))
			}
			return evaluate(f, values...)
		}
	}
	gradient := func(in []*Node) *Node { return Gradient(f(in), in[0])[0] }
	return []attempt{try(call, of(f), e.numbers("want"), e.slips(hints)...), try("its gradient", of(gradient), e.numbers("gradient"), flat)}
}

func noGradient(x numbers) slip {
	return slip{numbers{x.Shape, make([]float64, len(x.Values))}, "No gradient reaches the features: StopGradient belongs around the target only."}
}

// ContentLoss checks a learner's [sl.ContentLoss] and its gradient.
func ContentLoss(f func(features, target *Node) *Node) Result {
	e := goldenExample("content_loss")
	return judge("ContentLoss", e.lossTries("ContentLoss(features, target), both [1 3 4 2]", []string{"features", "target"},
		func(in []*Node) *Node { return f(in[0], in[1]) }, map[string]string{
			"sum":      "That is the sum of the squares: take their mean.",
			"half":     "That is half the sum of the squares, as in the paper: the chapter takes the mean.",
			"root":     "Leave out the root.",
			"absolute": "Square the differences.",
			"plain":    "Square the differences before you take the mean.",
		}, noGradient(e.numbers("features")))...)
}

// Gram checks a learner's [sl.Gram].
func Gram(f func(features *Node) *Node) Result {
	e := goldenExample("gram_matrix")
	return judge("Gram",
		try("Gram(features [1 3 4 2])", func() numbers {
			return evaluate(func(in []*Node) *Node { return f(in[0]) }, e.numbers("features"))
		}, e.numbers("want"), e.slips(map[string]string{
			"undivided":          "Divide by the number of elements, c·h·w.",
			"positions":          "That is divided by h·w only: divide by c·h·w.",
			"channels":           "That is divided by c only: divide by c·h·w.",
			"centred":            "Don't subtract the mean: that would be the covariance.",
			"transposed":         "That compares positions: sum over the positions, so that a row and a column for each channel are left.",
			"squared":            "Divide by c·h·w once, not by its square.",
			"reshaped":           "Channels come last here: Reshape(features, n, c) and nc,nd->cd. The book's (c, n) mixes the channels up.",
			"reshaped_undivided": "Channels come last here: Reshape(features, n, c) and nc,nd->cd. And divide by c·h·w.",
		})...))
}

// StyleLoss checks a learner's [sl.StyleLoss] and its gradient.
func StyleLoss(f func(features, gramTarget *Node) *Node) Result {
	e := goldenExample("style_loss")
	return judge("StyleLoss", e.lossTries("StyleLoss(features [1 3 4 2], gramTarget [2 2])", []string{"features", "target"},
		func(in []*Node) *Node { return f(in[0], in[1]) }, map[string]string{
			"sum":          "That is the sum of the squares: take their mean.",
			"root":         "Leave out the root.",
			"absolute":     "Square the differences.",
			"plain":        "Square the differences before you take the mean.",
			"gram_of_gram": "gramTarget is a Gram matrix already: don't take Gram of it.",
		}, noGradient(e.numbers("features")))...)
}

// TVLoss checks a learner's [sl.TVLoss] and its gradient, which is 0 between equal neighbours.
func TVLoss(f func(x *Node) *Node) Result {
	e := goldenExample("tv_loss")
	return judge("TVLoss", e.lossTries("TVLoss(x [1 3 4 3])", []string{"x"},
		func(in []*Node) *Node { return f(in[0]) }, map[string]string{
			"sum":       "That is the formula's sum: the chapter's code takes two means and half of both.",
			"half_sum":  "That is half of the sums: the chapter's code takes two means.",
			"whole":     "Take half of the two means.",
			"down":      "The differences to the right are missing.",
			"right":     "The differences downwards are missing.",
			"squared":   "Take absolute values, not squares.",
			"signed":    "Take absolute values: otherwise differences cancel.",
			"book_axes": "Channels come last here: height is axis 1 and width axis 2. The book's axes 2 and 3 are width and channels.",
		}, slip{e.numbers("abs_gradient"), "Two neighbours are equal here, and GoMLX's Abs has the gradient 1 there: use ops.Abs."})...)
}

// ComputeLoss checks a learner's [sl.ComputeLoss], with the losses that the notebook has by then.
func ComputeLoss[L ~struct {
	Contents, Styles          []*Node
	Content, Style, TV, Total *Node
}](f func(x *Node, contents, styles, contentTargets, styleTargets []*Node, options sl.Options) L) Result {
	e := goldenExample("compute_loss")
	inputs := []numbers{e.numbers("x")}
	for _, list := range []string{"contents", "styles", "content_targets", "style_targets"} {
		inputs = append(inputs, read[[]numbers](e, list)...)
	}
	call := func(options sl.Options) func() numbers {
		return func() numbers {
			return evaluate(func(in []*Node) *Node {
				l := sl.Losses(f(in[0], in[1:2], in[2:4], in[4:5], in[5:7], options))
				return Stack([]*Node{l.Content, l.Style, l.TV, l.Total}, 0)
			}, inputs...)
		}
	}
	other := sl.Default()
	other.ContentWeight, other.StyleWeight, other.TVWeight, other.StyleRepeat = 2, 500, 0, 3
	return judge("ComputeLoss",
		try("[content style TV total], the chapter's weights", call(sl.Default()), e.numbers("want"), e.slips(map[string]string{
			"once":             "In the total each style loss counts StyleRepeat times.",
			"shown_ten_times":  "StyleRepeat belongs to the total only, not to the style loss that is shown.",
			"unweighted":       "Multiply each loss by its weight.",
			"tv_unweighted":    "Multiply the total variation loss by TVWeight.",
			"style_unweighted": "Multiply the style losses by StyleWeight.",
			"all_ten_times":    "StyleRepeat counts for the style losses only: in the book 10 * styles_l comes before the other lists are added.",
			"no_tv":            "The total variation loss is missing in the total.",
			"no_content":       "The content losses are missing in the total.",
		})...),
		try("the same, weights 2, 500, 0, StyleRepeat 3", call(other), e.numbers("other_weights"),
			slip{e.numbers("want"), "The weights come from options."},
			slip{e.numbers("other_content"), "Multiply the content losses by ContentWeight."}))
}
