package transfer_test

import (
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"reflect"
	"testing"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"

	"github.com/gomlx/gomlx/core/tensors"
)

// waves is a picture that is different everywhere.
func waves(height, width int, frequency float64) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			wave := func(a, b float64) uint8 {
				return uint8(127 + 120*math.Sin(frequency*(a*float64(x)+b*float64(y))/9+float64(x*y%7)/5))
			}
			picture.SetRGBA(x, y, color.RGBA{wave(1, 0.2), wave(0.3, 1), wave(1, 1), 255})
		}
	}
	return picture
}

// setting is a small training.
type setting struct {
	inputs        transfer.Pictures
	height, width int
	options       transfer.Options
}

func newSetting(change func(*setting)) *setting {
	s := &setting{
		inputs: transfer.Pictures{Content: waves(40, 60, 1), Styles: []image.Image{waves(50, 50, 3)}},
		height: 32, width: 48,
		options: transfer.Default(),
	}
	s.options.Epochs = 6
	if change != nil {
		change(s)
	}
	return s
}

func (s *setting) network(t *testing.T) *sl.Network {
	t.Helper()
	net, err := weights.Random(1, sl.VGG19, [5]int{4, 4, 8, 8, 8}, s.options.Layers()...)
	if err != nil {
		t.Fatal(err)
	}
	return pooled(net, s.options)
}

func (s *setting) extractor(t *testing.T, e *engine.Engine) *sl.Extractor {
	t.Helper()
	extractor, err := transfer.NewExtractor(e.Backend, s.network(t), s.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(extractor.Finalize)
	return extractor
}

// on makes the training ready on an engine.
func (s *setting) on(t *testing.T, e *engine.Engine) *transfer.Transfer {
	t.Helper()
	training, err := transfer.New(e.Backend, s.network(t), s.inputs, s.height, s.width, s.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(training.Close)
	return training
}

// run returns the final image, the records and the states after each epoch.
func (s *setting) run(t *testing.T, e *engine.Engine, from *transfer.State) ([]float32, []sl.Record, []*transfer.State) {
	t.Helper()
	var records []sl.Record
	var states []*transfer.State
	x, err := s.on(t, e).Train(t.Context(), from, func(p transfer.Epoch) error {
		state, err := p.Snapshot()
		states = append(states, state)
		p.Record.Seconds = 0
		p.Record.Image = nil
		records = append(records, p.Record)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](x), records, states
}

// pictures are content and style image as the chapter's functions take them.
func (s *setting) pictures(t *testing.T) (content, style *tensors.Tensor) {
	t.Helper()
	read := func(picture image.Image) *tensors.Tensor {
		tensor, err := sl.Preprocess(picture, s.height, s.width, s.options.Resize)
		if err != nil {
			t.Fatal(err)
		}
		return tensor
	}
	return read(s.inputs.Content), read(s.inputs.Styles[0])
}

func equalBits(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}

// With the chapter's options the result is the chapter's: to the last bit in pure Go. XLA folds the chapter's weights, which are
// constants of its graph, into other constants; here they are inputs, and so losses part by what rounding does.
func TestDefaultIsTheChapter(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		s := newSetting(nil)
		got, records, _ := s.run(t, e, nil)
		content, style := s.pictures(t)
		i := 0
		want, err := sl.Train(t.Context(), s.extractor(t, e), content, style, s.options.Options, func(r sl.Record) error {
			r.Seconds, r.Image = 0, nil
			if !reflect.DeepEqual(r, records[i]) && (e.Name == "go" || testkit.RelativeError(records[i].Total, r.Total) > losses) {
				t.Errorf("epoch %d: %+v, the chapter has %+v", i+1, records[i], r)
			}
			i++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		chapters := tensors.MustCopyFlatData[float32](want)
		if !equalBits(got, chapters) && (e.Name == "go" || testkit.RelativeL2(t, got, chapters) > losses) {
			t.Error("the picture is not the chapter's")
		}
	})
}

// ways are trainings that go through every part of the package.
var ways = map[string]func(*setting){
	"chapter": nil,
	"L-BFGS":  func(s *setting) { s.use(transfer.LBFGS); s.options.LearningRate, s.options.History = 0.5, 3 },
	"noise, average pooling, Wasserstein": func(s *setting) {
		s.options.Init, s.options.Seed = transfer.InitNoise, 3
		s.options.Pooling, s.options.StyleLoss, s.options.NormalizeLayers = sl.AveragePooling, "wasserstein", true
	},
	"fast, coarse to fine": func(s *setting) {
		s.use(transfer.Fast)
		s.options.Scales, s.height, s.width = 2, 46, 64
	},
	"transports": func(s *setting) {
		s.mask()
		s.options, _ = transfer.Choose(transfer.Choice{Preset: transfer.Painting})
		s.options.Epochs, s.options.Renew = 6, 3
	},
	"coarse to fine": func(s *setting) { s.options.Scales, s.height, s.width = 2, 46, 64 },
	"two styles, layer weights, half scale": func(s *setting) {
		s.inputs.Styles = append(s.inputs.Styles, waves(30, 60, 5))
		s.options.Blend, s.options.StyleScale = []float64{3, 1}, 1.5
		s.options.StyleLayerWeights = map[string]float64{"conv1_1": 2, "conv5_1": 0}
	},
	"masks":  func(s *setting) { s.mask() },
	"tiles":  func(s *setting) { s.options.Tile, s.height, s.width = 32, 64, 80 },
	"colour": func(s *setting) { s.options.Colours = transfer.ColoursMeanCovariance },
	"tiles, masks, L-BFGS": func(s *setting) {
		s.mask()
		s.use(transfer.LBFGS)
		s.options.Tile = 32
	},
	"tiles, fast": func(s *setting) {
		s.use(transfer.Fast)
		s.options.Tile, s.height, s.width = 32, 64, 80
	},
	"sampled terms": func(s *setting) {
		s.options.UseContentLoss("selfsim")
		s.options.UseStyleLoss("remd")
		s.options.Samples, s.options.Seed = 50, 7
	},
}

// When a transport is found the loss and its gradient are those of the Wasserstein distance, and in between the training follows
// them: it ends near the loss that exact gradients reach, and its last loss is exact.
func TestTransportsFollowTheDistance(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		run := func(renew int) (first, last sl.Record, gradient []float32) {
			s := newSetting(func(s *setting) {
				s.mask()
				s.options, _ = transfer.Choose(transfer.Choice{Preset: transfer.Painting})
				s.options.Epochs, s.options.Renew = 20, renew
			})
			_, records, states := s.run(t, e, nil)
			return records[0], records[len(records)-1], states[0].Arrays["adam_m"]
		}
		first, last, gradient := run(1)
		got, end, same := run(5)
		if off := testkit.RelativeError(got.Loss("style"), first.Loss("style")); off > 1e-4 {
			t.Errorf("the first loss is %g, exact %g", got.Loss("style"), first.Loss("style"))
		}
		if off := testkit.RelativeL2(t, same, gradient); off > 1e-3 {
			t.Errorf("the first gradient is off by %.1e", off)
		}
		if !(end.Total < 1.1*last.Total && end.Total > 0.9*last.Total && end.Total < 0.75*got.Total) {
			t.Errorf("from %g to %g, exact to %g", got.Total, end.Total, last.Total)
		}
	})
}

// use chooses an optimizer with its numbers, but as many epochs as before.
func (s *setting) use(optimizer string) {
	epochs := s.options.Epochs
	s.options.Use(optimizer)
	s.options.Epochs = epochs
}

// mask divides both pictures into two parts.
func (s *setting) mask() {
	halves := func(height, width int) image.Image {
		m := image.NewRGBA(image.Rect(0, 0, width, height))
		for y := range height {
			for x := range width {
				c := color.RGBA{255, 0, 0, 255}
				if x > y {
					c = color.RGBA{0, 0, 255, 255}
				}
				m.SetRGBA(x, y, c)
			}
		}
		return m
	}
	s.inputs.ContentMask, s.inputs.StyleMasks = halves(40, 60), []image.Image{halves(50, 50)}
}

// A training that is continued from any of its states ends with the same bits.
func TestResumeIsExact(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		for name, change := range ways {
			t.Run(name, func(t *testing.T) {
				if e.Name != "go" && name != "chapter" && name != "L-BFGS" && name != "tiles" && name != "transports" {
					t.Skip("skipped: nothing in it depends on the engine, and XLA takes long to compile")
				}
				s := newSetting(change)
				want, records, states := s.run(t, e, nil)
				if len(records) != s.options.Epochs {
					t.Fatalf("%d epochs, want %d", len(records), s.options.Epochs)
				}
				const epoch = 4
				got, rest, _ := s.run(t, e, states[epoch-1])
				if !equalBits(got, want) {
					t.Error("continued it ends with another picture")
				}
				for i, r := range rest {
					if !reflect.DeepEqual(r, records[epoch+i]) {
						t.Errorf("continued: %+v, unbroken %+v", r, records[epoch+i])
					}
				}
			})
		}
	})
}

func TestStateOfAnotherTrainingIsRefused(t *testing.T) {
	e := testkit.Engine(t, "go")
	s := newSetting(nil)
	_, _, states := s.run(t, e, nil)
	for name, change := range map[string]func(*setting){
		"size":      func(s *setting) { s.width = 64 },
		"optimizer": func(s *setting) { s.use(transfer.LBFGS) },
	} {
		other := newSetting(change)
		_, err := other.on(t, e).Train(t.Context(), states[2], nil)
		if err == nil {
			t.Errorf("%s: a state of another training is taken", name)
		}
	}
}

func TestCancelAndReportEndTheTraining(t *testing.T) {
	e := testkit.Engine(t, "go")
	s := newSetting(nil)
	ctx, cancel := context.WithCancel(t.Context())
	x, err := s.on(t, e).Train(ctx, nil, func(p transfer.Epoch) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || x == nil {
		t.Errorf("got %v, image %v", err, x)
	}
	full := errors.New("the disk is full")
	x, err = s.on(t, e).Train(t.Context(), nil, func(transfer.Epoch) error { return full })
	if !errors.Is(err, full) || x == nil {
		t.Errorf("got %v, image %v", err, x)
	}
}

func TestDivergenceKeepsAFiniteImage(t *testing.T) {
	for name, optimizer := range map[string]string{"adam": transfer.Adam, "fast": transfer.Fast, "lbfgs": transfer.LBFGS} {
		s := newSetting(func(s *setting) {
			s.options.Use(optimizer)
			s.options.LearningRate, s.options.Epochs = 1e30, 20
		})
		e := testkit.Engine(t, "go")
		x, err := s.on(t, e).Train(t.Context(), nil, nil)
		var diverged *sl.DivergedError
		if !errors.As(err, &diverged) {
			t.Fatalf("%s: got %v, want a DivergedError", name, err)
		}
		if _, err := sl.Postprocess(x); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The seconds of an epoch that is computed in pieces are those of its pieces too.
func TestSecondsOfTiles(t *testing.T) {
	s := newSetting(func(s *setting) { s.options.Tile, s.height, s.width = 32, 64, 80 })
	var told, passed float64
	start := time.Now()
	if _, err := s.on(t, testkit.Engine(t, "go")).Train(t.Context(), nil, func(p transfer.Epoch) error {
		if p.Epoch > 1 {
			told, passed = told+p.Seconds, passed+time.Since(start).Seconds()
		}
		start = time.Now()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if told < passed/2 || told > passed {
		t.Errorf("records tell of %g s, %g s passed", told, passed)
	}
}

// What stands for the chapter's layers depends on the network, and so does what one sees there.
func TestDescribeNamesTheLayersOfTheNetwork(t *testing.T) {
	options, err := transfer.Default().Resolve(sl.VGG16)
	if err != nil {
		t.Fatal(err)
	}
	net, err := weights.Random(1, sl.VGG16, [5]int{4, 4, 8, 8, 16}, options.Layers()...)
	if err != nil {
		t.Fatal(err)
	}
	extractor, err := transfer.NewExtractor(testkit.Engine(t, "go").Backend, net, options)
	if err != nil {
		t.Fatal(err)
	}
	got := (&transfer.Transfer{Network: net, Extractor: extractor, Source: "somewhere", Options: options}).Describe()
	want := "weights         somewhere\n" +
		"content layers  conv4_3 (21) with 8 channels\n" +
		"style layers    conv1_1 (0) with 4 channels, conv2_1 (5) with 4, conv3_1 (10) with 8, conv4_1 (17) with 8, conv5_1 (24) with 16"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
