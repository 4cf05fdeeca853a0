package stylelib

import (
	"fmt"
	"strings"
)

// Presets returns the names that [Preset] takes.
func Presets() []string { return []string{"pytorch", "paddle", "mxnet"} }

// Preset returns the options of one variant of the chapter.
//
//	         taps         resize                   Adam      learning rate
//	pytorch  in place     antialiased bilinear     PyTorch   0.3
//	paddle   before ReLU  antialiased bilinear     PyTorch   0.3
//	mxnet    before ReLU  plain bilinear (OpenCV)  MXNet     0.9
//
// An unknown name is an *[OptionError]. [DescribePreset] says the same in words.
func Preset(name string) (Options, error) {
	options := Default()
	switch name {
	case "pytorch":
	case "paddle":
		options.Taps = TapsBeforeReLU
	case "mxnet":
		options.Taps = TapsBeforeReLU
		options.Resize = PlainBilinear
		options.Adam = AdamMXNet
		options.LearningRate = 0.9
	default:
		return Options{}, &OptionError{"preset", "there is no " + name + ": choose " + strings.Join(Presets(), ", ")}
	}
	return options, nil
}

// DescribePreset tells what one variant of the chapter computes and why it differs from the others, in six short lines.
// data/presets.md has the measured effect of each difference.
//
// An unknown name is an *[OptionError].
func DescribePreset(name string) (string, error) {
	options, err := Preset(name)
	if err != nil {
		return "", err
	}
	title := map[string]string{"pytorch": "PyTorch", "paddle": "Paddle", "mxnet": "MXNet"}[name]
	taps := "before the ReLU: " + title + "'s ReLU makes a new array, so a stored convolution output stays as it is"
	if options.Taps == TapsInPlace {
		taps = "after the ReLU, but for the last layer used: torchvision's ReLU overwrites the stored convolution output"
	}
	resize := "Pillow's bilinear with antialiasing: a new pixel is the mean of all old ones under it"
	if options.Resize == PlainBilinear {
		resize = "OpenCV's bilinear: four neighbours whatever the scale, so shrinking leaves sharp, noisy pixels"
	}
	adam := "ε is added to √v after the correction of v, as in the paper's algorithm"
	if options.Adam == AdamMXNet {
		adam = "ε is added to √v before the correction of v: small gradients move a pixel less in the first epochs"
	}
	size := "height 300, width 450"
	if name == "mxnet" {
		size = "the tab writes (450, 300), width first: " + size + " like the others"
	}
	return fmt.Sprintf("%s: what the chapter's %s tab computes\n  taps      %s\n  resize    %s\n  Adam      %s\n"+
		"  rate      %g, times %g after every %d epochs\n  size      %s\n",
		name, title, taps, resize, adam, options.LearningRate, options.LRDecay, options.LRDecayEvery, size), nil
}
