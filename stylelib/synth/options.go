package synth

import (
	"fmt"
	"maps"
	"math"
	"slices"

	sl "stylebook/stylelib"
)

// Init says what the synthesized image is at first.
type Init string

const (
	InitContent Init = "content" // the content image, as in the chapter
	InitStyle   Init = "style"   // the first style image, at the size of the content image
	InitNoise   Init = "noise"   // each value drawn from a normal distribution with mean 0 and variance 1, after normalization
	InitFile    Init = "file"    // a picture of the caller's
)

// Pooling says how the network halves its maps.
type Pooling string

const (
	PoolingOfWeights Pooling = "weights" // as the file of weights says: the maximum, if it says nothing
	PoolingMax       Pooling = "max"
	PoolingAverage   Pooling = "average" // Gatys, Ecker, Bethge 2016, section 2, found its pictures slightly more appealing
)

// Optimizer says how the image follows the gradient.
type Optimizer string

const (
	Adam  Optimizer = "adam"  // the chapter's
	Fast  Optimizer = "fast"  // Adam with another schedule, as in [sl.Fast]; of its numbers, epochs and learning rate are the options'
	LBFGS Optimizer = "lbfgs" // limited-memory BFGS with steps of fixed length, as in torch.optim.LBFGS
)

// StyleLoss says what of a feature map is its style.
type StyleLoss string

const (
	GramLoss        StyleLoss = "gram"        // the Gram matrix, as in the chapter
	WassersteinLoss StyleLoss = "wasserstein" // mean and covariance, compared by the Wasserstein-2 distance
)

// Colours says whose colours the result has.
type Colours string

const (
	ColoursOfStyle   Colours = "style"     // as they come, as in the chapter
	ColoursLuminance Colours = "luminance" // the content image's chroma under the result's luminance
	ColoursHistogram Colours = "histogram" // the style images get the content image's mean and covariance of colour first
)

// Options are the chapter's and more. Every field means what it says, 0 included. Start from [Default].
type Options struct {
	sl.Options

	ContentLayerWeights map[int]float64 `json:",omitempty"` // factor on the loss of a layer, by index; 1 for one not named
	StyleLayerWeights   map[int]float64 `json:",omitempty"`
	NormalizeLayers     bool            // divide each layer's loss by its value for a feature map of zeros: see [NormalizedStyleWeight]

	Blend      []float64 `json:",omitempty"` // share of each style image, of any sum; nil gives all the same
	StyleScale float64   // size of the style images as a multiple of the result's

	Init Init
	Seed int64 // of the noise

	Pooling   Pooling
	StyleLoss StyleLoss
	Colours   Colours

	Optimizer Optimizer
	History   int // steps that L-BFGS remembers

	Scales int // trainings one after the other, each √2 times as high and wide as the one before; 1 is the chapter's
	Tile   int // height and width of the pieces in which the loss is computed, in pixels; 0 computes it whole
}

// Default returns the chapter's PyTorch variant.
func Default() Options { return From(sl.Default()) }

// From returns the chapter's way with the given options.
func From(options sl.Options) Options {
	return Options{
		Options:    options,
		StyleScale: 1,
		Init:       InitContent,
		Pooling:    PoolingOfWeights,
		StyleLoss:  GramLoss,
		Colours:    ColoursOfStyle,
		Optimizer:  Adam,
		History:    20,
		Scales:     1,
	}
}

// Validate reports the first option that can't be used, as a *[sl.OptionError] or *[sl.LayerError]. styles is how many
// style images there are.
func (o Options) Validate(styles int) error {
	if err := o.Options.Validate(); err != nil {
		return err
	}
	for _, check := range []error{
		oneOf("init", o.Init, InitContent, InitStyle, InitNoise, InitFile),
		oneOf("pooling", o.Pooling, PoolingOfWeights, PoolingMax, PoolingAverage),
		oneOf("style loss", o.StyleLoss, GramLoss, WassersteinLoss),
		oneOf("colours", o.Colours, ColoursOfStyle, ColoursLuminance, ColoursHistogram),
		oneOf("optimizer", o.Optimizer, Adam, Fast, LBFGS),
		layerWeights("content layer weights", o.ContentLayerWeights, o.ContentLayers),
		layerWeights("style layer weights", o.StyleLayerWeights, o.StyleLayers),
		o.checkBlend(styles),
		o.checkNumbers(),
	} {
		if check != nil {
			return check
		}
	}
	return nil
}

func oneOf[T ~string](name string, value T, known ...T) error {
	if slices.Contains(known, value) {
		return nil
	}
	return &sl.OptionError{Option: name, Reason: fmt.Sprintf("there is no %q: choose one of %v", string(value), known)}
}

func layerWeights(name string, weights map[int]float64, layers []int) error {
	for _, index := range slices.Sorted(maps.Keys(weights)) {
		if weight := weights[index]; !slices.Contains(layers, index) {
			return &sl.OptionError{Option: name, Reason: fmt.Sprintf("layer %d has one and is not used", index)}
		} else if !notNegative(weight) {
			return &sl.OptionError{Option: name, Reason: fmt.Sprintf("%g of layer %d is not a number of at least 0", weight, index)}
		}
	}
	return nil
}

func notNegative(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }

func (o Options) checkBlend(styles int) error {
	if o.Blend == nil {
		return nil
	}
	if len(o.Blend) != styles {
		return &sl.OptionError{Option: "blend", Reason: fmt.Sprintf("%d weights for %d style images", len(o.Blend), styles)}
	}
	sum := 0.0
	for _, share := range o.Blend {
		if !notNegative(share) {
			return &sl.OptionError{Option: "blend", Reason: fmt.Sprintf("%g is not a number of at least 0", share)}
		}
		sum += share
	}
	if sum == 0 {
		return &sl.OptionError{Option: "blend", Reason: "at least one style image needs a weight above 0"}
	}
	return nil
}

func (o Options) checkNumbers() error {
	switch {
	case !(o.StyleScale > 0) || math.IsInf(o.StyleScale, 0):
		return &sl.OptionError{Option: "style scale", Reason: fmt.Sprintf("%g is not a number above 0", o.StyleScale)}
	case o.History < 1:
		return &sl.OptionError{Option: "history", Reason: fmt.Sprintf("L-BFGS needs at least 1 step to remember, not %d", o.History)}
	case o.Scales < 1:
		return &sl.OptionError{Option: "scales", Reason: fmt.Sprintf("%d is below 1", o.Scales)}
	case o.Epochs > 0 && o.Scales > o.Epochs:
		return &sl.OptionError{Option: "scales", Reason: fmt.Sprintf("%d epochs do not suffice for %d scales", o.Epochs, o.Scales)}
	case o.Tile > 0 && o.Optimizer == Fast:
		return &sl.OptionError{Option: "tile", Reason: "the fast optimizer can't compute in pieces: choose another"}
	case o.Tile < 0:
		return &sl.OptionError{Option: "tile", Reason: fmt.Sprintf("%d is below 0", o.Tile)}
	}
	return nil
}

// shares returns the blend weights of n style images with a sum of 1.
func (o Options) shares(n int) []float64 {
	shares, sum := make([]float64, n), 0.0
	for i := range shares {
		shares[i] = 1
		if o.Blend != nil {
			shares[i] = o.Blend[i]
		}
		sum += shares[i]
	}
	for i := range shares {
		shares[i] /= sum
	}
	return shares
}

// weightOf returns the factor of a layer's loss.
func weightOf(weights map[int]float64, index int) float64 {
	if weight, ok := weights[index]; ok {
		return weight
	}
	return 1
}

// sizes returns height and width of each scale, coarsest first.
func (o Options) sizes(height, width int) [][2]int {
	sizes := make([][2]int, o.Scales)
	for i := range sizes {
		factor := math.Pow(2, -float64(o.Scales-1-i)/2)
		sizes[i] = [2]int{max(1, int(math.Round(float64(height)*factor))), max(1, int(math.Round(float64(width)*factor)))}
	}
	return sizes
}

// epochsOf returns how many epochs each scale has; the finest has what is left over.
func (o Options) epochsOf() []int {
	epochs := make([]int, o.Scales)
	for i := range epochs {
		epochs[i] = o.Epochs / o.Scales
	}
	epochs[o.Scales-1] += o.Epochs % o.Scales
	return epochs
}
