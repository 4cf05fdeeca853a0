package checks

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/model"
)

// modelTry calls a function of a network with the entry's parameters on its x.
func (e example) modelTry(call string, f func(scope *model.Scope, x *Node) *Node, hints map[string]string) attempt {
	return try(call, func() numbers {
		return evaluateModel(func(scope *model.Scope, in []*Node) *Node { return f(scope, in[0]) }, read[map[string]numbers](e, "parameters"), e.numbers("x"))
	}, e.numbers("want"), e.slips(hints)...)
}

// Convolution checks a convolution with mirrored borders, of the painting network.
func Convolution(f func(scope *model.Scope, x *Node, kernel, channels, stride int) *layers.ConvBuilder) Result {
	return judge("Convolution", goldenExample("convolution").modelTry("of x [1 5 7 2]: kernel 5, 3 channels, stride 2",
		func(scope *model.Scope, x *Node) *Node { return f(scope, x, 5, 3, 2).UseBias(false).Done() }, map[string]string{
			"zeros":        "There are zeros outside of the border: mirror what is inside, by kernel/2 on each side.",
			"valid":        "Nothing is put outside of the border yet: mirror what is inside, by kernel/2 on each side.",
			"repeated":     "The border itself is repeated outside: mirror what lies behind it.",
			"border_twice": "The border is there twice: the mirror lies on it, so the first row outside is the second one inside.",
			"around":       "What is outside comes from the opposite border: mirror at the near one.",
			"every_place":  "The stride is missing: with 2 the filter stops at every second place only.",
		}))
}

// InstanceNorm checks an instance normalization over height and width, with variables scale and offset for each channel.
func InstanceNorm(f func(scope *model.Scope, x *Node) *Node) Result {
	return judge("InstanceNorm", goldenExample("instance_norm").modelTry("of x [2 3 4 3]", f, map[string]string{
		"batch":      "That is batch normalization: each picture has a mean and a deviation of its own.",
		"layer":      "That is one mean for all channels of a picture: each channel has its own.",
		"channels":   "That normalizes at each place: take mean and deviation over height and width, axes 1 and 2.",
		"no_root":    "Divide by the root of the variance.",
		"no_epsilon": "Add 1e-5 to the variance before the root: a map that is the same everywhere would divide by 0.",
		"epsilon":    "GoMLX adds 1e-3 to the variance by itself: ask for 1e-5.",
		"unbiased":   "Divide the sum of the squares by h·w, not by one less.",
		"no_mean":    "Subtract the mean first.",
		"no_scale":   "Multiply by the channel's scale.",
		"no_offset":  "Add the channel's offset.",
		"alone":      "Now multiply by the channel's scale, and add its offset.",
		"nothing":    "Nothing is normalized yet.",
	}))
}

// Enlarge checks a function that doubles height and width.
func Enlarge(f func(x *Node) *Node) Result {
	return judge("Enlarge", goldenExample("enlarge").modelTry("of x [1 2 3 2]",
		func(_ *model.Scope, x *Node) *Node { return f(x) }, map[string]string{
			"nearest": "Each value is only repeated: mix the two nearest, 0.75 of the nearer and 0.25 of the other.",
			"corners": "There the corners stay in place: old values lie in the middle between two new ones, 0.25 of a pixel from each.",
			"zeros":   "There are zeros between the values: that is the first half of a transposed convolution.",
			"height":  "The width is to be doubled, too.",
			"width":   "The height is to be doubled, too.",
		}))
}

// ResidualBlock checks a residual block, whose two convolutions have the scopes a and b.
func ResidualBlock(f func(scope *model.Scope, x *Node) *Node) Result {
	return judge("ResidualBlock", goldenExample("residual_block").modelTry("of x [1 3 4 2]", f, map[string]string{
		"no_sum":          "Add x to what the two convolutions make.",
		"relu_after":      "No ReLU follows the sum: x must come through unchanged.",
		"no_relu":         "A ReLU belongs between the two convolutions.",
		"not_normalized":  "Each of the convolutions is followed by instance normalization.",
		"one_convolution": "The second convolution, b, is missing.",
	}))
}

// PaintingNetwork checks the whole network, whose layers have the library's names.
func PaintingNetwork(f func(scope *model.Scope, photographs *Node, channels, blocks int) *Node) Result {
	return judge("PaintingNetwork", goldenExample("painting_network").modelTry("of a photograph [1 8 8 3]: 4 channels, 1 block",
		func(scope *model.Scope, x *Node) *Node { return f(scope, x, 4, 1) }, map[string]string{
			"not_normalized": "Normalize red, green and blue first, as Preprocess does.",
			"colours_first":  "In a square of 2×2 the places come before the colours: permute to 0, 1, 3, 2, 4, 5.",
			"no_blocks":      "The residual blocks are missing.",
			"no_sigmoid":     "A sigmoid at the end keeps the picture between 0 and 1.",
			"tanh":           "Tanh goes from -1 to 1: a picture has values from 0 to 1, as a sigmoid gives.",
			"no_relu":        "A ReLU follows each normalization outside the blocks.",
			"no_biases":      "The last convolution has biases, for no normalization with an offset follows it.",
			"nearest":        "Enlarge with your function, not by repeating values.",
		}))
}
