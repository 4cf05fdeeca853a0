package transfer_test

import (
	"errors"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"

	"github.com/google/go-cmp/cmp"
)

func TestParseLayers(t *testing.T) {
	layers, weights, err := transfer.ParseLayers("conv1_1:2, 5 ,conv3_1:0,relu4_1:1e-2")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"conv1_1", "5", "conv3_1", "relu4_1"}, layers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]float64{"conv1_1": 2, "conv3_1": 0, "relu4_1": 0.01}, weights); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if layers, weights, err := transfer.ParseLayers("conv1_1,28"); err != nil || len(layers) != 2 || weights != nil {
		t.Errorf("%v %v %v", layers, weights, err)
	}
	for _, bad := range []string{"conv1_1:", "conv1_1:x", "conv1_1:-1", "conv1_1:NaN", "conv1_1:Inf", ":2"} {
		if _, _, err := transfer.ParseLayers(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*transfer.Options){
		"init: there is no":                    func(o *transfer.Options) { o.Init = "nothing" },
		"colours: there is no":                 func(o *transfer.Options) { o.Colours = "" },
		"style layer weights: layer 3 has":     func(o *transfer.Options) { o.StyleLayerWeights = map[string]float64{"3": 1} },
		"content layer weights: -1 of":         func(o *transfer.Options) { o.ContentLayerWeights = map[string]float64{"conv4_last": -1} },
		"blend: 2 weights for 1 style":         func(o *transfer.Options) { o.Blend = []float64{1, 2} },
		"blend: at least one style image":      func(o *transfer.Options) { o.Blend = []float64{0} },
		"style scale: 0 is not":                func(o *transfer.Options) { o.StyleScale = 0 },
		"history: 0 is not from 1":             func(o *transfer.Options) { o.History = 0 },
		"tile: -2 is not from -1":              func(o *transfer.Options) { o.Tile = -2 },
		"scales: 0 is not from 1":              func(o *transfer.Options) { o.Scales = 0 },
		"samples: 1 is not from 2":             func(o *transfer.Options) { o.Samples = 1 },
		"optimizer: there is no":               func(o *transfer.Options) { o.Optimizer = "sgd" },
		"optimizer: the learning rate of L":    func(o *transfer.Options) { o.Optimizer = transfer.LBFGS },
		"pooling: there is no":                 func(o *transfer.Options) { o.Pooling = "least" },
		"content loss: there is no":            func(o *transfer.Options) { o.ContentLoss = "gram" },
		"style loss: there is no":              func(o *transfer.Options) { o.StyleLoss = "content" },
		"scales: 5 epochs do not suffice for":  func(o *transfer.Options) { o.Epochs, o.Scales = 5, 6 },
		"learning rate: -1 is not a number of": func(o *transfer.Options) { o.LearningRate = -1 },
	} {
		o := transfer.Default()
		change(&o)
		if err := o.Validate(1); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if err := transfer.Default().Validate(1); err != nil {
		t.Error(err)
	}
}

// Another seed is other noise, the same seed the same.
func TestNoise(t *testing.T) {
	e := testkit.Engine(t, "go")
	run := func(seed int64) []float32 {
		s := newSetting(func(s *setting) { s.options.Init, s.options.Seed, s.options.Epochs = transfer.InitNoise, seed, 0 })
		values, _, _ := s.run(t, e, nil)
		return values
	}
	a := run(1)
	if !equalBits(a, run(1)) || equalBits(a, run(2)) {
		t.Error("the noise does not follow the seed")
	}
	var sum, squares float64
	for _, v := range a {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	if n := float64(len(a)); sum/n > 0.06 || sum/n < -0.06 || squares/n < 0.92 || squares/n > 1.08 { // four standard errors
		t.Errorf("mean %g, variance %g", sum/n, squares/n)
	}
}

func TestEstimateOfTilesAndScales(t *testing.T) {
	e := testkit.Engine(t, "go")
	extractor := newSetting(nil).extractor(t, e)
	memory := func(height, width, tile int) error {
		o := transfer.Default()
		o.Tile = tile
		return (&transfer.Transfer{Extractor: extractor, Options: o, Height: height, Width: width}).CheckMemory(300e6)
	}
	err := memory(2000, 3000, 0)
	large, ok := err.(*transfer.TooLargeError)
	if !ok || large.Height < 100 || large.Height >= 2000 || large.Width != large.Height*3/2 && large.Width != large.Height*3/2+1 {
		t.Fatalf("got %v", err)
	}
	if err := memory(large.Height, large.Width, 0); err != nil {
		t.Errorf("the size that fits does not: %v", err)
	}
	if err := memory(large.Height+large.Height/50, large.Width+large.Width/50, 0); err == nil {
		t.Error("a larger one fits too")
	}
	if tiled, ok := memory(2000, 3000, 64).(*transfer.TooLargeError); !ok || tiled.Needs >= large.Needs/4 {
		t.Errorf("tiles must need much less: %v", tiled)
	}
}

func TestGrayPicturesHaveNoColoursToMatch(t *testing.T) {
	gray := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range gray.Pix {
		gray.Pix[i] = uint8(4 * i)
	}
	matched, err := transfer.MatchColours(gray, waves(8, 8, 1))
	if err != nil {
		t.Fatal(err)
	}
	if matched.Pix[0] == matched.Pix[4*63] && matched.Pix[1] == matched.Pix[4*63+1] {
		t.Error("nothing is left of the picture")
	}
}

// What brings numbers of its own sets these, and leaves the others as they are.
func TestChoicesBringTheirNumbers(t *testing.T) {
	o := transfer.Default()
	o.StyleLayers = []string{"conv2_1"}
	o.Normalize()
	o.Use(transfer.LBFGS)
	if o.StyleWeight != transfer.NormalizedStyleWeight || len(o.StyleLayers) != 1 || o.LearningRate != 1 || o.LRDecayEvery != 0 || o.Epochs != 500 {
		t.Errorf("%+v", o)
	}
	o.Use(transfer.Fast)
	if o.Epochs != 150 || o.LearningRate != 0.05 {
		t.Errorf("%+v", o)
	}
	o = transfer.Default()
	o.Optimizer = transfer.LBFGS // by hand, at the chapter's learning rate
	if err := o.Validate(1); err == nil || !strings.Contains(err.Error(), "choose it with Use") {
		t.Errorf("%v", err)
	}
	chosen, err := transfer.Choose(transfer.Choice{Preset: "mxnet", Optimizer: transfer.Fast, ContentLoss: "content", StyleLoss: "remd", NormalizeLayers: true})
	if err != nil || chosen.StyleWeight != 3 || chosen.LearningRate != 0.05 || chosen.Adam != sl.AdamMXNet {
		t.Errorf("%+v, %v", chosen, err)
	}
}

func TestPainting(t *testing.T) {
	o, err := transfer.Choose(transfer.Choice{Preset: transfer.Painting})
	if err != nil || !o.NormalizeLayers || o.StyleLoss != "wasserstein" || o.Optimizer != transfer.Fast || o.Epochs != 150 {
		t.Errorf("%+v, %v", o, err)
	}
	middle := o.StyleWeight
	if err := o.Strengthen(2); err != nil || o.StyleWeight != 4*middle {
		t.Errorf("style weight %g at strength 2, %g at 1: %v", o.StyleWeight, middle, err)
	}
	if err := o.Strengthen(0); err != nil || o.StyleWeight != 0 {
		t.Errorf("style weight %g at strength 0: %v", o.StyleWeight, err)
	}
	for _, strength := range []float64{-1, 11, math.NaN()} {
		var option *sl.OptionError
		if err := o.Strengthen(strength); !errors.As(err, &option) || option.Option != "strength" {
			t.Errorf("strength %g: %v", strength, err)
		}
	}
	// What the caller chooses goes before what the preset would.
	o, err = transfer.Choose(transfer.Choice{Preset: transfer.Painting, StyleLoss: "gram", Optimizer: transfer.Adam})
	if err != nil || o.StyleLoss != "gram" || o.StyleWeight != transfer.NormalizedStyleWeight || o.Epochs != 500 {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := transfer.Choose(transfer.Choice{Preset: "oil"}); err == nil || !strings.Contains(err.Error(), "nnst, painting, pytorch") {
		t.Errorf("%v", err)
	}
}

// A run of before the Wasserstein loss was relative is no run of now.
func TestRelativeWassersteinIsAConstant(t *testing.T) {
	o := transfer.Default()
	if len(o.Constants()) != 0 {
		t.Errorf("the chapter has constants %v", o.Constants())
	}
	o.UseStyleLoss("wasserstein")
	if o.Constants()["style relative"] != 1 {
		t.Errorf("constants %v", o.Constants())
	}
	o.Normalize() // where it was relative before
	if _, ok := o.Constants()["style relative"]; ok {
		t.Errorf("normalized: constants %v", o.Constants())
	}
}

func FuzzParseLayers(f *testing.F) {
	for _, list := range []string{"conv1_1:2,conv2_1,10:0.5", "conv4_last", ":,", "1:NaN", "-1", "99999999999999999999:1e400", " conv1_1 : 1 "} {
		f.Add(list)
	}
	f.Fuzz(func(t *testing.T, list string) {
		layers, weights, err := transfer.ParseLayers(list)
		if err != nil {
			return
		}
		for name, weight := range weights {
			if !slices.Contains(layers, name) || !(weight >= 0) {
				t.Errorf("%q: %s has the weight %g", list, name, weight)
			}
		}
		options := transfer.Default()
		options.StyleLayers, options.StyleLayerWeights = layers, weights
		if err := options.Validate(1); err != nil {
			t.Errorf("%q is taken and then refused: %v", list, err)
		}
	})
}
