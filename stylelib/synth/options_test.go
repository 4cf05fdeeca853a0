package synth_test

import (
	"image"
	"strings"
	"testing"

	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/synth"

	"github.com/google/go-cmp/cmp"
)

func TestParseLayers(t *testing.T) {
	layers, weights, err := synth.ParseLayers("conv1_1:2, 5 ,conv3_1:0,relu4_1:1e-2")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{0, 5, 10, 20}, layers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[int]float64{0: 2, 10: 0, 20: 0.01}, weights); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if layers, weights, err := synth.ParseLayers("conv1_1,28"); err != nil || len(layers) != 2 || weights != nil {
		t.Errorf("%v %v %v", layers, weights, err)
	}
	for _, bad := range []string{"conv1_1:", "conv1_1:x", "conv1_1:-1", "conv1_1:NaN", "conv1_1:Inf", ":2", "conv9_1:2"} {
		if _, _, err := synth.ParseLayers(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*synth.Options){
		"init: there is no":                    func(o *synth.Options) { o.Init = "nothing" },
		"colours: there is no":                 func(o *synth.Options) { o.Colours = "" },
		"style layer weights: layer 3 has":     func(o *synth.Options) { o.StyleLayerWeights = map[int]float64{3: 1} },
		"content layer weights: -1 of":         func(o *synth.Options) { o.ContentLayerWeights = map[int]float64{25: -1} },
		"blend: 2 weights for 1 style":         func(o *synth.Options) { o.Blend = []float64{1, 2} },
		"blend: at least one style image":      func(o *synth.Options) { o.Blend = []float64{0} },
		"style scale: 0 is not":                func(o *synth.Options) { o.StyleScale = 0 },
		"history: L-BFGS needs at least 1":     func(o *synth.Options) { o.History = 0 },
		"tile: -1 is below 0":                  func(o *synth.Options) { o.Tile = -1 },
		"tile: the fast optimizer can't":       func(o *synth.Options) { o.Tile, o.Optimizer = 64, synth.Fast },
		"scales: 500 epochs do not suffice":    func(o *synth.Options) { o.Scales = 501 },
		"learning rate: -1 is not a number of": func(o *synth.Options) { o.LearningRate = -1 },
	} {
		o := synth.Default()
		change(&o)
		if err := o.Validate(1); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if err := synth.Default().Validate(1); err != nil {
		t.Error(err)
	}
}

// Another seed is other noise, the same seed the same.
func TestNoise(t *testing.T) {
	e := testkit.Engine(t, "go")
	run := func(seed int64) []float32 {
		s := newSetting(func(s *setting) { s.options.Init, s.options.Seed, s.options.Epochs = synth.InitNoise, seed, 0 })
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
	memory := func(change func(*synth.Options)) error {
		o := synth.Default()
		change(&o)
		return synth.CheckMemory(extractor, 2000, 3000, o, 300e6)
	}
	err := memory(func(o *synth.Options) {})
	large, ok := err.(*synth.TooLargeError)
	if !ok || large.Height < 100 || large.Height >= 2000 || large.Width != large.Height*3/2 && large.Width != large.Height*3/2+1 {
		t.Fatalf("got %v", err)
	}
	o := synth.Default()
	if err := synth.CheckMemory(extractor, large.Height, large.Width, o, 300e6); err != nil {
		t.Errorf("the size that fits does not: %v", err)
	}
	if err := synth.CheckMemory(extractor, large.Height+large.Height/50, large.Width+large.Width/50, o, 300e6); err == nil {
		t.Error("a larger one fits too")
	}
	if tiled, ok := memory(func(o *synth.Options) { o.Tile = 64 }).(*synth.TooLargeError); !ok || tiled.Needs >= large.Needs/4 {
		t.Errorf("tiles must need much less: %v", tiled)
	}
}

func TestGrayPicturesHaveNoColoursToMatch(t *testing.T) {
	gray := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range gray.Pix {
		gray.Pix[i] = uint8(4 * i)
	}
	matched, err := synth.MatchColours(gray, waves(8, 8, 1))
	if err != nil {
		t.Fatal(err)
	}
	if matched.Pix[0] == matched.Pix[4*63] && matched.Pix[1] == matched.Pix[4*63+1] {
		t.Error("nothing is left of the picture")
	}
}
