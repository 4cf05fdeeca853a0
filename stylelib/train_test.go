package stylelib_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"

	"github.com/google/go-cmp/cmp"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// tiny is a random network of few channels.
func tiny(t *testing.T, last string) *sl.Network {
	t.Helper()
	net, err := weights.Random(1, sl.VGG19, [5]int{4, 4, 8, 8, 8}, last)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func noise(seed uint64, height, width int) *tensors.Tensor {
	rng := rand.New(rand.NewPCG(seed, 0))
	values := make([]float32, height*width*3)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, 1, height, width, 3)
}

// training is a small training that a test can start.
type training struct {
	extractor      *sl.Extractor
	content, style *tensors.Tensor
	options        sl.Options
}

func newTraining(t *testing.T, e *engine.Engine, change func(*sl.Options)) training {
	t.Helper()
	options := sl.Default()
	options.Epochs = 5
	if change != nil {
		change(&options)
	}
	extractor, err := sl.NewExtractor(e.Backend, tiny(t, "conv5_1"), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(extractor.Finalize)
	return training{extractor, noise(1, 32, 48), noise(2, 40, 32), options}
}

func (r training) run(ctx context.Context, report func(sl.Record) error) (*tensors.Tensor, error) {
	return sl.Train(ctx, r.extractor, r.content, r.style, r.options, report)
}

func TestTrainLowersTheTotal(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		r := newTraining(t, e, func(o *sl.Options) { o.LearningRate, o.Epochs = 0.02, 20 })
		var records []sl.Record
		image, err := r.run(t.Context(), func(r sl.Record) error {
			records = append(records, r)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !image.Shape().Equal(r.content.Shape()) {
			t.Errorf("the result has shape %s, want the content's %s", image.Shape(), r.content.Shape())
		}
		if len(records) != 20 || records[0].Epoch != 1 || records[19].Epoch != 20 {
			t.Fatalf("%d records", len(records))
		}
		if content := records[0].Loss("content"); content != 0 {
			t.Errorf("the first record must tell of the content image itself, its content loss is %g", content)
		}
		if records[19].Total >= records[0].Total {
			t.Errorf("the total went from %g to %g", records[0].Total, records[19].Total)
		}
		for _, r := range records {
			if want := 10*r.Loss("style") + r.Loss("content") + r.Loss("tv"); math.Abs(r.Total-want) > 1e-5*want {
				t.Errorf("epoch %d: total %g is not 10·style + content + tv = %g", r.Epoch, r.Total, want)
			}
		}
	})
}

func TestTrainDoesNotTouchItsInputs(t *testing.T) {
	r := newTraining(t, testkit.Engine(t, "go"), nil)
	before := tensors.MustCopyFlatData[float32](r.content)
	if _, err := r.run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tensors.MustCopyFlatData[float32](r.content)); diff != "" {
		t.Error("training changed the content image")
	}
}

func TestZeroEpochsReturnTheContentImage(t *testing.T) {
	r := newTraining(t, testkit.Engine(t, "go"), func(o *sl.Options) { o.Epochs = 0 })
	image, err := r.run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tensors.MustCopyFlatData[float32](r.content), tensors.MustCopyFlatData[float32](image)); diff != "" {
		t.Error("not the content image")
	}
}

func TestCancelKeepsTheLatestImage(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		r := newTraining(t, e, func(o *sl.Options) { o.Epochs = 1000 })
		ctx, cancel := context.WithCancel(t.Context())
		var latest []float32
		image, err := r.run(ctx, func(r sl.Record) error {
			if r.Epoch == 3 {
				latest = tensors.MustCopyFlatData[float32](r.Image)
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
		if diff := cmp.Diff(latest, tensors.MustCopyFlatData[float32](image)); diff != "" {
			t.Error("not the image of the latest epoch")
		}
	})
}

func TestReportEndsTheTraining(t *testing.T) {
	r := newTraining(t, testkit.Engine(t, "go"), nil)
	full := errors.New("the disk is full")
	calls := 0
	image, err := r.run(t.Context(), func(sl.Record) error {
		calls++
		return full
	})
	if !errors.Is(err, full) || calls != 1 || image == nil {
		t.Errorf("got %v after %d calls, image %v", err, calls, image)
	}
}

func TestDivergenceKeepsAFiniteImage(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		r := newTraining(t, e, func(o *sl.Options) { o.LearningRate, o.Epochs = 1e30, 20 })
		image, err := r.run(t.Context(), nil)
		var diverged *sl.DivergedError
		if !errors.As(err, &diverged) || !strings.Contains(err.Error(), "lower the learning rate") {
			t.Fatalf("got %v, want a DivergedError", err)
		}
		if _, err := sl.Postprocess(image); err != nil {
			t.Error(err)
		}
	})
}

func TestLayersBeyondTheWeights(t *testing.T) {
	_, err := sl.NewExtractor(testkit.Engine(t, "go").Backend, tiny(t, "conv3_4"), sl.Default())
	var missing *sl.MissingLayerError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v, want a MissingLayerError", err)
	}
	if want := "the weights end at pool3 (18), but conv5_1 (28) is used"; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %q, want %q", err, want)
	}
	options := sl.Default()
	options.StyleLayers, options.ContentLayers = []string{"conv1_1"}, []string{"pool3"}
	if _, err := sl.NewExtractor(testkit.Engine(t, "go").Backend, tiny(t, "conv3_4"), options); err != nil {
		t.Errorf("the pooling layer after the last convolution needs no weights: %v", err)
	}
}

func TestTooSmallPictures(t *testing.T) {
	r := newTraining(t, testkit.Engine(t, "go"), nil)
	r.style = noise(2, 12, 40)
	if _, err := r.run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "pool4: a map of 1 × 5") {
		t.Errorf("got %v", err)
	}
}

func TestNoLayersLeaveTheTotalVariation(t *testing.T) {
	r := newTraining(t, testkit.Engine(t, "go"), func(o *sl.Options) { o.ContentLayers, o.StyleLayers = nil, nil })
	_, err := r.run(t.Context(), func(r sl.Record) error {
		if r.Loss("content") != 0 || r.Loss("style") != 0 || r.Loss("tv") == 0 || r.Total != r.Loss("tv") {
			t.Errorf("%+v", r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The network's pooling and padding, which come from the weights' file, must reach the graph.
func TestPoolingAndPaddingAreHonoured(t *testing.T) {
	e := testkit.Engine(t, "go")
	features := func(pooling sl.Pooling, padding sl.Padding) []float32 {
		net := tiny(t, "conv5_1")
		net.Pooling, net.Padding = pooling, padding
		extractor, err := sl.NewExtractor(e.Backend, net, sl.Default())
		if err != nil {
			t.Fatal(err)
		}
		defer extractor.Finalize()
		program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
			x := in[0]
			for _, layer := range vgg.Layers[:5] { // to pool1
				x = layer.Forward(x)
			}
			return []*Node{x}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer program.Finalize()
		out, err := program.Run(noise(1, 16, 16))
		if err != nil {
			t.Fatal(err)
		}
		return tensors.MustCopyFlatData[float32](out[0])
	}
	standard := features(sl.MaxPooling, sl.ZeroPadding)
	average, reflected := features(sl.AveragePooling, sl.ZeroPadding), features(sl.MaxPooling, sl.ReflectPadding)
	for i := range standard {
		if average[i] > standard[i]+1e-5 {
			t.Fatalf("a mean, %g, above the maximum, %g", average[i], standard[i])
		}
	}
	// Two convolutions see two pixels beyond the border; the inner maps don't change.
	at := func(values []float32, y, x int) float32 { return values[(y*8+x)*4] }
	if at(standard, 4, 4) != at(reflected, 4, 4) {
		t.Error("padding changes the middle of the picture")
	}
	if cmp.Equal(standard, reflected) || cmp.Equal(standard, average) {
		t.Error("the setting changes nothing")
	}
}

func TestPostprocessRefuses(t *testing.T) {
	nan := tensors.FromFlatDataAndDimensions([]float32{0, 0, float32(math.NaN())}, 1, 1, 1, 3)
	if _, err := sl.Postprocess(nan); err == nil || !strings.Contains(err.Error(), "not numbers") {
		t.Errorf("got %v", err)
	}
	flat := tensors.FromFlatDataAndDimensions([]float32{0, 0, 0}, 1, 3)
	if _, err := sl.Postprocess(flat); err == nil || !strings.Contains(err.Error(), "[1, height, width, 3]") {
		t.Errorf("got %v", err)
	}
}
