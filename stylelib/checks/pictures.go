package checks

import (
	"image"

	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
)

// pictureOf makes a picture of golden values [height, width, 3].
func pictureOf(n numbers) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, n.Shape[1], n.Shape[0]))
	for i, v := range n.Values {
		picture.Pix[i/3*4+i%3] = uint8(v)
	}
	for i := 3; i < len(picture.Pix); i += 4 {
		picture.Pix[i] = 255
	}
	return picture
}

// levelsOf returns a picture's values as [height, width, 3].
func levelsOf(picture *image.RGBA) numbers {
	if picture == nil {
		panic("nothing comes back")
	}
	b := picture.Bounds()
	n := numbers{Shape: []int{b.Dy(), b.Dx(), 3}}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := picture.RGBAAt(x, y)
			n.Values = append(n.Values, float64(c.R), float64(c.G), float64(c.B))
		}
	}
	return n
}

// Preprocess checks a learner's [sl.Preprocess].
func Preprocess(f func(picture image.Image, height, width int, filter sl.ResizeFilter) (*tensors.Tensor, error)) Result {
	e := goldenExample("preprocess")
	call := func(picture string) func() numbers {
		return func() numbers {
			x, err := f(pictureOf(e.numbers(picture)), 2, 3, sl.AntialiasBilinear)
			if err != nil {
				panic(err)
			}
			return fromTensor(x)
		}
	}
	slips := e.slips(map[string]string{
		"levels":   "Divide by 255 first: mean and deviation are those of values from 0 to 1.",
		"mean":     "Subtract the channel's mean before you divide.",
		"std":      "Divide by the channel's standard deviation.",
		"plain":    "That is only divided by 255: subtract the mean, divide by the standard deviation.",
		"bgr":      "The channels are in the order red, green, blue.",
		"order":    "Subtract the mean first, then divide by the deviation.",
		"no_batch": "An axis for the batch comes first, the book's unsqueeze(0): [1, height, width, 3].",
	})
	slips = append(slips, slip{e.numbers("channels_first"), "Height comes first and channels last: [1, height, width, 3]."})
	swapped := numbers{[]int{1, 3, 2, 3}, e.numbers("resized").Values}
	return judge("Preprocess",
		try("Preprocess(2 × 3 pixels)", call("small"), e.numbers("want"), slips...),
		try("Preprocess(4 × 9 pixels) to 2 × 3", call("large"), e.numbers("resized"),
			slip{swapped, "Height comes before width."}))
}

// Postprocess checks a learner's [sl.Postprocess].
func Postprocess(f func(x *tensors.Tensor) (*image.RGBA, error)) Result {
	e := goldenExample("postprocess")
	return judge("Postprocess",
		try("Postprocess(2 × 3 pixels, some out of range)", func() numbers {
			picture, err := f(e.numbers("x").tensor())
			if err != nil {
				panic(err)
			}
			return levelsOf(picture)
		}, e.numbers("want"), e.slips(map[string]string{
			"truncated":        "That is cut down to whole levels, as the chapter's PyTorch tab does: round.",
			"wrapped":          "Values below 0 or above 1 come out at the other end: clip them first.",
			"not_denormalized": "First undo the normalization: times the deviation, plus the mean.",
			"normalized_again": "That normalizes once more: times the deviation, plus the mean.",
			"order":            "First times the deviation, then plus the mean.",
			"unscaled":         "A picture's levels go from 0 to 255: multiply by 255.",
		})...))
}
