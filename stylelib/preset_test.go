package stylelib_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	sl "stylebook/stylelib"
)

// What the chapter's tabs say, written out once more.
func TestPresets(t *testing.T) {
	common := sl.Options{
		ContentLayers: []string{"conv4_last"}, StyleLayers: []string{"conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"},
		ContentWeight: 1, StyleWeight: 1000, StyleRepeat: 10, TVWeight: 10,
		LearningRate: 0.3, LRDecay: 0.8, LRDecayEvery: 50, Epochs: 500,
	}
	pytorch, paddle, mxnet := common, common, common
	pytorch.Resize, pytorch.Taps, pytorch.Adam = sl.AntialiasBilinear, sl.TapsInPlace, sl.AdamPyTorch
	paddle.Resize, paddle.Taps, paddle.Adam = sl.AntialiasBilinear, sl.TapsBeforeReLU, sl.AdamPyTorch
	mxnet.Resize, mxnet.Taps, mxnet.Adam, mxnet.LearningRate = sl.PlainBilinear, sl.TapsBeforeReLU, sl.AdamMXNet, 0.9

	want := map[string]sl.Options{"pytorch": pytorch, "paddle": paddle, "mxnet": mxnet}
	if len(sl.Presets()) != len(want) {
		t.Errorf("presets %v, want %d", sl.Presets(), len(want))
	}
	for _, name := range sl.Presets() {
		got, err := sl.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want[name]) {
			t.Errorf("%s: got %+v, want %+v", name, got, want[name])
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !reflect.DeepEqual(sl.Default(), pytorch) {
		t.Errorf("the default is %+v, want PyTorch's", sl.Default())
	}
}

// A preset is the caller's own: changing one must not change the next.
func TestPresetsShareNoMemory(t *testing.T) {
	first := sl.Default()
	first.StyleLayers[0], first.ContentLayers[0] = "conv2_2", "conv2_2"
	if again := sl.Default(); again.StyleLayers[0] != "conv1_1" || again.ContentLayers[0] != "conv4_last" {
		t.Errorf("a changed copy changed the default: %+v", again)
	}
}

func TestUnknownPreset(t *testing.T) {
	for _, name := range []string{"", "tensorflow", "PyTorch"} {
		_, err := sl.Preset(name)
		var option *sl.OptionError
		if !errors.As(err, &option) || !strings.Contains(err.Error(), "pytorch, paddle, mxnet") {
			t.Errorf("%q: got %v, want an *OptionError that lists the presets", name, err)
		}
		if _, err := sl.DescribePreset(name); !errors.As(err, &option) {
			t.Errorf("%q: describing it gives %v, want an *OptionError", name, err)
		}
	}
}

// Each way in which a preset differs from the default must be told.
func TestDescribePreset(t *testing.T) {
	for name, words := range map[string][]string{
		"pytorch": {"after the ReLU", "antialias", "0.3", "height 300, width 450"},
		"paddle":  {"before the ReLU", "antialias", "0.3", "height 300, width 450"},
		"mxnet":   {"before the ReLU", "OpenCV", "0.9", "ε", "width first"},
	} {
		text, err := sl.DescribePreset(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(text, word) {
				t.Errorf("%s: %q is not told in %q", name, word, text)
			}
		}
	}
}

func TestLearningRates(t *testing.T) {
	options := sl.Default()
	for epoch, want := range map[int]float64{1: 0.3, 50: 0.3, 51: 0.24, 100: 0.24, 101: 0.192, 500: 0.3 * math.Pow(0.8, 9)} {
		if got := sl.LearningRate(options, epoch); math.Abs(got-want) > 1e-12 {
			t.Errorf("epoch %d: learning rate %g, want %g", epoch, got, want)
		}
	}
	options.LRDecayEvery = 0
	if got := sl.LearningRate(options, 500); got != 0.3 {
		t.Errorf("without a decay the learning rate of epoch 500 is %g, want 0.3", got)
	}
	options.LRDecayEvery, options.LRDecay = 1, 0
	if first, second := sl.LearningRate(options, 1), sl.LearningRate(options, 2); first != 0.3 || second != 0 {
		t.Errorf("with decay 0 the learning rates are %g, %g, want 0.3, 0", first, second)
	}
}

// StepLR, StepDecay and the MXNet tab's own multiplication.
func TestLearningRatesOfTheTabs(t *testing.T) {
	file := ownAdam(t)
	for name, run := range map[string]adamRun{"pytorch": file.PyTorch, "paddle": file.Paddle, "mxnet": file.MXNet} {
		options, err := sl.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(run.Rates) != options.Epochs {
			t.Fatalf("%s: %d learning rates, want %d", name, len(run.Rates), options.Epochs)
		}
		for i, want := range run.Rates {
			if got := sl.LearningRate(options, i+1); math.Abs(got-want) > 1e-12 {
				t.Fatalf("%s: epoch %d has learning rate %g, want %g", name, i+1, got, want)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	for name, spoil := range map[string]func(*sl.Options){
		"content weight":      func(o *sl.Options) { o.ContentWeight = -1 },
		"style weight":        func(o *sl.Options) { o.StyleWeight = math.NaN() },
		"style repeat":        func(o *sl.Options) { o.StyleRepeat = math.Inf(1) },
		"TV weight":           func(o *sl.Options) { o.TVWeight = -1e-9 },
		"learning rate":       func(o *sl.Options) { o.LearningRate = math.Inf(1) },
		"learning rate decay": func(o *sl.Options) { o.LRDecayEvery = -1 },
		"epochs":              func(o *sl.Options) { o.Epochs = -1 },
	} {
		options := sl.Default()
		spoil(&options)
		var option *sl.OptionError
		if err := options.Validate(); !errors.As(err, &option) || option.Option != name {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, spoil := range []func(*sl.Options){
		func(o *sl.Options) { o.StyleLayers = []string{"conv1_1", "37"} },
		func(o *sl.Options) { o.ContentLayers = []string{"-1"} },
		func(o *sl.Options) { o.ContentLayers = []string{"conv6_last"} },
	} {
		options := sl.Default()
		spoil(&options)
		var layer *sl.LayerError
		if err := options.Validate(); !errors.As(err, &layer) {
			t.Errorf("got %v, want a *LayerError", err)
		}
	}
	options := sl.Default()
	options.StyleLayers = []string{"5", "relu3_1", "pool2", "conv3_last"}
	if err := options.Validate(); err != nil {
		t.Error(err)
	}
	if err := (sl.Options{}).Validate(); err != nil {
		t.Errorf("all zeros mean what they say, got %v", err)
	}
}

func ExamplePreset() {
	options, err := sl.Preset("mxnet")
	fmt.Println(options.LearningRate, options.Resize, err)
	_, err = sl.Preset("caffe")
	fmt.Println(err)
	// Output:
	// 0.9 plain bilinear <nil>
	// preset: there is no caffe: choose pytorch, paddle, mxnet
}

func ExampleDescribePreset() {
	text, err := sl.DescribePreset("mxnet")
	fmt.Println(text, err)
	// Output:
	// mxnet: what the chapter's MXNet tab computes
	//   taps      before the ReLU: MXNet's ReLU makes a new array, so a stored convolution output stays as it is
	//   resize    OpenCV's bilinear: four neighbours whatever the scale, so shrinking leaves sharp, noisy pixels
	//   Adam      ε is added to √v before the correction of v: small gradients move a pixel less in the first epochs
	//   rate      0.9, times 0.8 after every 50 epochs
	//   size      the tab writes (450, 300), width first: height 300, width 450 like the others
	//  <nil>
}

func ExampleLearningRate() {
	options := sl.Default()
	for _, epoch := range []int{1, 50, 51, 500} {
		fmt.Printf("%.4f\n", sl.LearningRate(options, epoch))
	}
	// Output:
	// 0.3000
	// 0.3000
	// 0.2400
	// 0.0403
}
