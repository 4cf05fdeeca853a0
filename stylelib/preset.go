package stylelib

import (
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
// An unknown name is an *[OptionError].
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
