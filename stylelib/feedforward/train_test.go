package feedforward

import (
	"context"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// extractor is the small random network of the golden tests.
func extractor(t *testing.T, e *engine.Engine) *sl.Extractor {
	t.Helper()
	loaded, err := weights.Load(context.Background(), weights.Options{Spec: filepath.Join(testkit.Root(t), "data", "weights", "vgg19-random.safetensors")})
	if err != nil {
		t.Fatal(err)
	}
	vgg, err := sl.NewExtractor(e.Backend, loaded.Network, Taps())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(vgg.Finalize)
	return vgg
}

// noisePicture is a picture in which no two places are alike.
func noisePicture(height, width int, seed uint64) *image.RGBA {
	draw := rand.New(rand.NewPCG(seed, 1))
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(draw.UintN(256))
		if i%4 == 3 {
			picture.Pix[i] = 255
		}
	}
	return picture
}

func stripes(height, width int) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.SetRGBA(x, y, []color.RGBA{{200, 40, 20, 255}, {20, 60, 160, 255}, {240, 220, 90, 255}}[(x+y)/5%3])
		}
	}
	return picture
}

func small() Options {
	o := Default()
	o.Architecture, o.Crop, o.StyleSide, o.Steps = Architecture{Channels: 8, Blocks: 1}, 32, 64, 4
	return o
}

func newTraining(t *testing.T, vgg *sl.Extractor, o Options, from *State) *Training {
	t.Helper()
	training, err := NewTraining(vgg, []image.Image{noisePicture(60, 80, 2), noisePicture(50, 40, 3)}, stripes(40, 60), o, from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(training.Finalize)
	return training
}

func values(t *testing.T, n *Network) (all []float32) {
	t.Helper()
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range n.Parameters {
			if !yield(name) {
				return
			}
		}
	}) {
		data, err := tensors.CopyFlatData[float32](n.Parameters[name])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

func TestResumedTrainingHasTheSameBits(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		vgg := extractor(t, e)
		whole := newTraining(t, vgg, small(), nil)
		var state *State
		var losses []float64
		err := whole.Run(context.Background(), func(s Step) (err error) {
			losses = append(losses, s.Total)
			if s.Epoch == 2 {
				state, err = s.Snapshot()
			}
			return err
		})
		if err != nil || len(losses) != 4 {
			t.Fatal(losses, err)
		}
		resumed, again := newTraining(t, vgg, small(), state), []float64(nil)
		if err := resumed.Run(context.Background(), func(s Step) error { again = append(again, s.Total); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(losses[2:], again) {
			t.Errorf("losses %v, resumed %v", losses, again)
		}
		var networks [2][]float32
		for i, training := range []*Training{whole, resumed} {
			n, err := training.Network(nil)
			if err != nil {
				t.Fatal(err)
			}
			networks[i] = values(t, n)
		}
		if len(networks[0]) == 0 || !slices.Equal(networks[0], networks[1]) {
			t.Error("the resumed training ends with another network")
		}
	})
}

// A training from a network begins with its numbers, and with the first step.
func TestTrainingFromANetwork(t *testing.T) {
	e := testkit.Fastest(t)
	first := Filled(small().Architecture, func(place int) float32 { return float32(place%7-3) / 8 })
	state, err := first.State()
	if err != nil {
		t.Fatal(err)
	}
	training := newTraining(t, extractor(t, e), small(), state)
	alone, err := NewPainter(e.Backend, first)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Finalize()
	begun, err := training.Painter()
	if err != nil {
		t.Fatal(err)
	}
	defer begun.Finalize()
	var painted [2]*image.RGBA
	for i, painter := range []*Painter{alone, begun} {
		if painted[i], err = painter.Paint(noisePicture(40, 48, 5)); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(painted[0].Pix, painted[1].Pix) {
		t.Error("before its first step it paints otherwise than the network that it begins with")
	}
	var steps []int
	if err := training.Run(context.Background(), func(s Step) error { steps = append(steps, s.Epoch); return nil }); err != nil || !slices.Equal(steps, []int{1, 2, 3, 4}) {
		t.Error(steps, err)
	}
	changed, err := training.Network(nil)
	if err != nil || slices.Equal(values(t, first), values(t, changed)) {
		t.Error("the training changed nothing", err)
	}
}

func TestTrainingLowersTheLoss(t *testing.T) {
	o := small()
	o.Steps, o.Steady = 60, 20 // what is painted alike of noise that moves has hardly any style
	var style []float64
	training := newTraining(t, extractor(t, testkit.Fastest(t)), o, nil)
	err := training.Run(context.Background(), func(s Step) error { style = append(style, s.Loss("style")); return nil })
	if err != nil {
		t.Fatal(err)
	}
	mean := func(of []float64) (sum float64) {
		for _, v := range of {
			sum += v / float64(len(of))
		}
		return sum
	}
	if before, after := mean(style[:10]), mean(style[50:]); after > 0.8*before {
		t.Errorf("style loss %g at first, %g at last", before, after)
	}
}

func TestStoppedTraining(t *testing.T) {
	training := newTraining(t, extractor(t, testkit.Fastest(t)), small(), nil)
	ctx, cancel := context.WithCancel(context.Background())
	steps := 0
	err := training.Run(ctx, func(s Step) error {
		if steps++; s.Epoch == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || steps != 2 {
		t.Errorf("%d steps, %v", steps, err)
	}
	own := errors.New("no more disk")
	training = newTraining(t, extractor(t, testkit.Fastest(t)), small(), nil)
	if err := training.Run(context.Background(), func(Step) error { return own }); err != own {
		t.Error(err)
	}
}

func TestDivergedTraining(t *testing.T) {
	o := small()
	o.LearningRate, o.Steps = 1e30, 10
	err := newTraining(t, extractor(t, testkit.Fastest(t)), o, nil).Run(context.Background(), func(Step) error { return nil })
	if !errors.As(err, new(*sl.DivergedError)) {
		t.Error(err)
	}
}

func TestOptionsThatCantBeUsed(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"channels": func(o *Options) { o.Channels = 7 }, "crop": func(o *Options) { o.Crop = 130 }, "batch": func(o *Options) { o.Batch = 0 },
		"steps": func(o *Options) { o.Steps = 1 << 25 }, "style weight": func(o *Options) { o.Style = -1 }, "style side": func(o *Options) { o.StyleSide = 0 },
	} {
		o := Default()
		change(&o)
		var wrong *sl.OptionError
		if err := o.Validate(); !errors.As(err, &wrong) || wrong.Option != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A picture that moved is not unsteady; one that stayed is.
func TestSteady(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		const side, dy, dx = 24, 5, -3
		draw := rand.New(rand.NewPCG(1, 1))
		large := make([]float32, 0, 40*40*3)
		for range 40 * 40 * 3 {
			large = append(large, draw.Float32())
		}
		cut := func(y0, x0 int) *tensors.Tensor {
			var cut []float32
			for y := range side {
				for x := range side {
					at := ((y0+y)*40 + x0 + x) * 3
					cut = append(cut, large[at:at+3]...)
				}
			}
			return tensors.FromFlatDataAndDimensions(cut, 1, side, side, 3)
		}
		before, after := cut(8, 8), cut(8+dy, 8+dx)
		measure := func(before, after *tensors.Tensor) float64 {
			out := MustExecOnce(e.Backend, unsteady, before, after, mover(side, dy), mover(side, dx))
			return float64(tensors.ToScalar[float32](out))
		}
		if v := measure(before, after); v > 1e-12 {
			t.Errorf("%g where the picture moved as it should", v)
		}
		if v := measure(before, before); v < 0.1 || v > 0.25 { // two numbers drawn from 0 to 1 differ by 1/6, squared
			t.Errorf("%g where it stayed", v)
		}
	})
}

func TestCropsDependOnSeedAndStep(t *testing.T) {
	crop := func(seed uint64, step int) (all []float32) {
		c := crops{photographs: []*image.RGBA{noisePicture(90, 120, 1), noisePicture(40, 33, 2)}, batch: 2, side: 32, seed: seed}
		for _, in := range c.step(step) {
			data, err := tensors.CopyFlatData[float32](in)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	}
	if !slices.Equal(crop(1, 7), crop(1, 7)) || slices.Equal(crop(1, 7), crop(1, 8)) || slices.Equal(crop(1, 7), crop(2, 7)) {
		t.Error("crops are others than seed and step say")
	}
	for step := range 200 { // all places in the photograph, the small one too
		crop(3, step)
	}
}
