package stylelib

import (
	"fmt"
	"math"
	"slices"
)

// Taps says whether a tapped convolution is seen before or after the ReLU that follows it.
type Taps int

const (
	// TapsInPlace: after the ReLU, except for the last layer of the network, which no ReLU follows. What the chapter's
	// PyTorch variant computes, because torchvision's ReLU overwrites the stored convolution output.
	TapsInPlace Taps = iota
	// TapsBeforeReLU: the convolution's own output. What the MXNet and Paddle variants compute.
	TapsBeforeReLU
)

func (t Taps) String() string {
	if t == TapsBeforeReLU {
		return "before the ReLU"
	}
	return "after the ReLU"
}

// AdamForm says where Adam's ε stands.
type AdamForm int

const (
	// AdamPyTorch divides by √(v/(1-β₂ᵗ)) + ε. Paddle's form is algebraically the same.
	AdamPyTorch AdamForm = iota
	// AdamMXNet divides by √v + ε and scales the learning rate by √(1-β₂ᵗ)/(1-β₁ᵗ).
	AdamMXNet
)

func (a AdamForm) String() string {
	if a == AdamMXNet {
		return "MXNet's"
	}
	return "PyTorch's"
}

// Options set what is minimized and how. Every field means what it says, 0 included: weight 0 turns a loss off, 0 epochs
// return the initial image. Start from [Default] or a [Preset].
type Options struct {
	Resize ResizeFilter // how pictures are brought to size
	Taps   Taps         // how tapped convolutions are seen

	ContentLayers []string // names or indices, as Layer.Is knows them; order and duplicates do not matter
	StyleLayers   []string

	ContentWeight float64
	StyleWeight   float64
	StyleRepeat   float64 // how many times each style loss counts in the total but not in what is displayed
	TVWeight      float64

	Adam         AdamForm
	LearningRate float64
	LRDecay      float64 // factor on the learning rate after every LRDecayEvery epochs
	LRDecayEvery int     // 0: the learning rate stays
	Epochs       int
}

// Default returns the chapter's PyTorch variant: content from the last convolution of block 4 (conv4_4 in VGG-19), style
// from the first of each block (conv1_1 to conv5_1), weights 1, 1000 (counted ten times) and 10, 500 epochs of Adam at
// learning rate 0.3, times 0.8 every 50 epochs.
func Default() Options {
	return Options{
		Resize:        AntialiasBilinear,
		Taps:          TapsInPlace,
		ContentLayers: []string{"conv4_last"},
		StyleLayers:   []string{"conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"},
		ContentWeight: 1,
		StyleWeight:   1e3,
		StyleRepeat:   10,
		TVWeight:      10,
		Adam:          AdamPyTorch,
		LearningRate:  0.3,
		LRDecay:       0.8,
		LRDecayEvery:  50,
		Epochs:        500,
	}
}

// ChapterHeight and ChapterWidth are the size of the chapter's synthesized image, in pixels.
const (
	ChapterHeight = 300
	ChapterWidth  = 450
)

// OptionError reports an option that can't be used.
type OptionError struct {
	Option string
	Reason string
}

func (e *OptionError) Error() string { return e.Option + ": " + e.Reason }

// Validate reports the first option that can't be used, as a *[OptionError] or *[LayerError]. Layers need only be of one of the
// networks, by default of some network of the VGG family; which one runs shows when it is loaded.
func (o Options) Validate(networks ...Chain) error {
	if networks == nil {
		for _, a := range Architectures() {
			networks = append(networks, a)
		}
	}
	for _, name := range slices.Concat(o.ContentLayers, o.StyleLayers) {
		known := slices.ContainsFunc(networks, func(of Chain) bool {
			_, err := FindLayers(of, name)
			return err == nil
		})
		if !known {
			return &LayerError{Network: networks[0], Layer: name}
		}
	}
	for _, weight := range []struct {
		name  string
		value float64
	}{
		{"content weight", o.ContentWeight}, {"style weight", o.StyleWeight}, {"style repeat", o.StyleRepeat},
		{"TV weight", o.TVWeight}, {"learning rate", o.LearningRate}, {"learning rate decay", o.LRDecay},
	} {
		if weight.value < 0 || math.IsNaN(weight.value) || math.IsInf(weight.value, 0) {
			return &OptionError{weight.name, fmt.Sprintf("%g is not a number of at least 0", weight.value)}
		}
	}
	if o.LRDecayEvery < 0 {
		return &OptionError{"learning rate decay", fmt.Sprintf("can't happen every %d epochs", o.LRDecayEvery)}
	}
	if o.Epochs < 0 {
		return &OptionError{"epochs", fmt.Sprintf("%d is below 0", o.Epochs)}
	}
	return nil
}

// LearningRate returns the learning rate of an epoch, counted from 1: options.LearningRate, times
// LRDecay after every LRDecayEvery epochs.
func LearningRate(options Options, epoch int) float64 {
	if options.LRDecayEvery == 0 {
		return options.LearningRate
	}
	return options.LearningRate * math.Pow(options.LRDecay, float64((epoch-1)/options.LRDecayEvery))
}
