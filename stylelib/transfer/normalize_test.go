package transfer_test

import (
	"math"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"

	"github.com/gomlx/gomlx/core/tensors"
)

func TestNormalizeLayersGivesUnitVariance(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		pictures := []*tensors.Tensor{transfer.Noise(1, 32, 48), transfer.Noise(2, 32, 32)}
		options := transfer.Default()
		net, err := weights.Random(1, sl.VGG19, [5]int{4, 4, 8, 8, 8}, options.Layers()...)
		if err != nil {
			t.Fatal(err)
		}
		if net, err = transfer.NormalizeLayers(e.Backend, net, options, pictures...); err != nil {
			t.Fatal(err)
		}
		options.Taps = sl.TapsBeforeReLU
		options.StyleLayers = []string{"conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3", "conv3_4",
			"conv4_1", "conv4_2", "conv4_3", "conv4_4", "conv5_1"}
		extractor, err := transfer.NewExtractor(e.Backend, net, options)
		if err != nil {
			t.Fatal(err)
		}
		defer extractor.Finalize()
		var values [13][]float32
		for _, picture := range pictures {
			styles, err := sl.GetStyles(extractor, picture, options.Options)
			if err != nil {
				t.Fatal(err)
			}
			for i, features := range styles {
				values[i] = append(values[i], tensors.MustCopyFlatData[float32](features)...)
			}
		}
		for i, v := range values {
			if got := variance(v); math.Abs(got-1) > 1e-3 {
				t.Errorf("layer %s has variance %g", options.StyleLayers[i], got)
			}
		}
	})
}

func variance(values []float32) float64 {
	var sum, squares float64
	for _, v := range values {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(values))
	return squares/n - sum*sum/n/n
}

func TestEstimate(t *testing.T) {
	extractor := newSetting(nil).extractor(t, testkit.Engine(t, "go"))
	estimate := func(height, width int) transfer.Estimate {
		o := transfer.Default()
		o.Epochs = 100
		e, err := (&transfer.Transfer{Extractor: extractor, Options: o, Height: height, Width: width}).Estimate()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	small, large := estimate(64, 96), estimate(640, 960)
	if large.PerEpoch < 20*small.PerEpoch || large.Bytes <= small.Bytes || small.Total < 100*small.PerEpoch {
		t.Errorf("small %s, a hundred times larger %s", small, large)
	}
}
