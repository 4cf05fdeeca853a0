package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func fastest(t *testing.T) *engine.Engine {
	t.Helper()
	e, err := engine.Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func silent(string, ...any) {}

// The same seed must give the same file, and the file must be one that the library reads.
func TestQuickTwice(t *testing.T) {
	e := fastest(t)
	path := filepath.Join(t.TempDir(), "net.safetensors")
	file := func(seed uint64) []byte {
		r := quick(seed)
		net, err := r.make(context.Background(), e, silent)
		if err == nil {
			err = write(path, net, r.metadata())
		}
		content, readErr := os.ReadFile(path)
		if err := errors.Join(err, readErr); err != nil {
			t.Fatal(err)
		}
		return content
	}
	other, first := file(2), file(1)
	if bytes.Equal(first, other) {
		t.Error("another seed gave the same file")
	}
	if !bytes.Equal(first, file(1)) {
		t.Error("two runs gave different files")
	}
	net, err := weights.Read(context.Background(), path, sl.Default().StyleLayers...)
	if err != nil {
		t.Fatal(err)
	}
	if net.Pooling != sl.AveragePooling || net.Padding != sl.ReflectPadding {
		t.Errorf("pooling %v, padding %v", net.Pooling, net.Padding)
	}
}

func TestCommandWritesOnlyCompleteFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := run(ctx, []string{"-quick", "-out", path}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted, it gives %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("interrupted, it left a file")
	}
}

// The finished network must compute what the trained one did, layer by layer, but for the sizes of channels and the
// rounding of the file.
func TestFoldingKeepsTheFeatures(t *testing.T) {
	e, r := fastest(t), quick(3)
	all, err := r.pictures(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	batch := r.batchOf(all, 7)
	n, err := newNetwork(r, batch)
	if err != nil {
		t.Fatal(err)
	}
	one := batch.crops.Shape().Size() / r.batch
	crop := tensors.FromFlatDataAndDimensions(tensors.MustCopyFlatData[float32](batch.crops)[:one], 1, r.crop, r.crop, 3)
	r.batch, r.calibration = 1, 1

	// Measured on the crop itself, the statistics are those of a training step on that crop.
	n.recipe = r
	stats, want := trained(t, e, n, crop)
	layers, err := n.folded(stats[0], stats[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range [][]layer{layers, withPyramid(layers)} {
		got := outputs(t, e, form, crop)
		for k := range want {
			learned := r.widths[blockOf(k)]
			if d := difference(want[k], got[k], learned); d > 1e-3 {
				t.Errorf("convolution %d differs by %g", k, d)
			}
		}
	}
}

// trained returns the batch norm's means and variances and the convolutions' outputs after the ReLU, for one crop.
func trained(t *testing.T, e *engine.Engine, n *network, crop *tensors.Tensor) (stats [2][][]float64, maps []*tensors.Tensor) {
	t.Helper()
	out, err := ExecOnceN(e.Backend, func(in []*Node) []*Node {
		taps, all := features(in[0], in[3:], in[1:3], averagePool)
		out := taps
		for _, s := range all {
			out = append(out, s.mean, s.variance)
		}
		return out
	}, append([]any{crop, n.analytic[0], n.analytic[1]}, sl.AsInputs(n.parameters[:perConv*convCount])...)...)
	if err != nil {
		t.Fatal(err)
	}
	maps = make([]*tensors.Tensor, convCount)
	for i, k := range tapConvs {
		maps[k] = out[i]
	}
	for k := range convCount {
		for i := range stats {
			stats[i] = append(stats[i], addMean(nil, out[5+2*k+i], 1))
		}
	}
	return stats, maps
}

func outputs(t *testing.T, e *engine.Engine, layers []layer, crop *tensors.Tensor) []*tensors.Tensor {
	t.Helper()
	extractor, err := sl.NewExtractor(e.Backend, finished(layers), sl.Default())
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
		var out []*Node
		x := in[0]
		for _, layer := range vgg.Layers {
			if x = layer.Forward(x); layer.Kind == sl.ConvLayer {
				out = append(out, relu(x))
			}
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Finalize()
	out, err := program.Run(crop)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// difference compares the first channels of two maps, relative to the largest value. Nothing differs from no map.
func difference(want, got *tensors.Tensor, channels int) float64 {
	if want == nil {
		return 0
	}
	a, b := tensors.MustCopyFlatData[float32](want), tensors.MustCopyFlatData[float32](got)
	wideA, wideB := want.Shape().Dim(-1), got.Shape().Dim(-1)
	worst, largest := 0.0, 1e-9
	for i := range len(a) / wideA {
		for c := range channels {
			va, vb := float64(a[i*wideA+c]), float64(b[i*wideB+c])
			worst, largest = max(worst, math.Abs(va-vb)), max(largest, math.Abs(va))
		}
	}
	return worst / largest
}

func TestTexturesOfEveryKind(t *testing.T) {
	for number := range kinds {
		a, b := texture(5, number), texture(5, number)
		var sum, squares float64
		for i, p := range a.pix {
			if p != b.pix[i] {
				t.Fatalf("%s: two drawings differ", kinds[number].name)
			}
			for _, v := range p {
				if !(v >= 0 && v <= 1) {
					t.Fatalf("%s: a value is %v", kinds[number].name, v)
				}
				sum += v
				squares += v * v
			}
		}
		n := float64(3 * len(a.pix))
		if deviation := math.Sqrt(squares/n - sum*sum/n/n); deviation < 0.005 {
			t.Errorf("%s: nothing to see, deviation %v", kinds[number].name, deviation)
		}
	}
}

func TestResizeKeepsAConstant(t *testing.T) {
	c := newCanvas(100, 100, rgb{0.2, 0.5, 0.7})
	for _, from := range []int{44, 64, 99} {
		for _, p := range c.resized(1, 0, from, 64).pix {
			for i, v := range p {
				if math.Abs(v-c.pix[0][i]) > 1e-12 {
					t.Fatalf("from %d: %v", from, p)
				}
			}
		}
	}
}

func TestAnalyticChannelsAreActiveForAQuarter(t *testing.T) {
	r := quick(1)
	all, err := r.pictures(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	crops := r.batchOf(all, 0).crops
	filter, bias, err := analyticFilter(crops)
	if err != nil {
		t.Fatal(err)
	}
	values, biases := tensors.MustCopyFlatData[float32](filter), tensors.MustCopyFlatData[float32](bias)
	pixels := tensors.MustCopyFlatData[float32](crops)
	for channel, b := range biases {
		var kernel [27]float64
		for i := range kernel {
			kernel[i] = float64(values[i*analyticChannels+channel])
		}
		response, above := convolved(pixels, r.batch, r.crop, kernel), 0
		for _, v := range response {
			if v+float64(b) > 0 {
				above++
			}
		}
		if share := float64(above) / float64(len(response)); math.Abs(share-active) > 0.01 {
			t.Errorf("%s: active at %.3f of the pixels", analyticNames()[channel], share)
		}
	}
}
