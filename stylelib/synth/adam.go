package synth

import (
	"fmt"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Names of what is kept of a training.
const (
	imageArray = "image"
	adamM      = "adam_m"
	adamV      = "adam_v"
)

// adamStepper is the chapter's training, or the fast one: without tiles one graph from the image to the next.
type adamStepper struct {
	x       *sl.SynthesizedImage
	program *sl.Program
	targets []*tensors.Tensor
	options sl.Options
	fast    *sl.Fast // nil: the chapter's
	pieces  *tiled   // nil: the loss is computed whole, in program
}

func newAdamStepper(o *objective, pieces *tiled, t *training, image *tensors.Tensor) (*adamStepper, error) {
	x, err := sl.NewSynthesizedImage(image)
	if err != nil {
		return nil, err
	}
	if t.from != nil {
		if x.M, err = t.from.array(adamM, t.from.Height, t.from.Width); err != nil {
			return nil, err
		}
		if x.V, err = t.from.array(adamV, t.from.Height, t.from.Width); err != nil {
			return nil, err
		}
		x.Epoch = t.from.Epoch
	}
	a := &adamStepper{x: x, options: t.options.Options, fast: t.fast(), pieces: pieces}
	build := func(vgg *sl.VGG, in []*Node) []*Node {
		image, m, v, rate, scale, targets := in[0], in[1], in[2], in[3], in[4], in[5:]
		l := o.losses(vgg, image, targets)
		gradient := Gradient(l.Total, image)[0]
		image, m, v = sl.AdamUpdate(image, m, v, gradient, rate, scale)
		return []*Node{image, m, v, Stack([]*Node{l.Content, l.Style, l.TV, l.Total}, 0)}
	}
	if a.fast != nil {
		build = func(vgg *sl.VGG, in []*Node) []*Node {
			return a.fast.Update(in[:6], o.losses(vgg, in[0], in[6:]), a.options)
		}
	}
	if pieces != nil {
		build = func(_ *sl.VGG, in []*Node) []*Node {
			image, m, v := sl.AdamUpdate(in[0], in[1], in[2], in[5], in[3], in[4])
			return []*Node{image, m, v, Identity(in[6])}
		}
	} else {
		a.targets = o.targets()
	}
	a.program, err = o.extractor.Compile(build)
	return a, err
}

// fast returns the settings of the fast training, nil for another.
func (t *training) fast() *sl.Fast {
	if t.options.Optimizer != Fast {
		return nil
	}
	fast := sl.DefaultFast()
	fast.Epochs, fast.LearningRate = t.epochs, t.options.LearningRate
	return &fast
}

func (a *adamStepper) step() (record sl.Record, err error) {
	targets := a.targets
	seconds, err := measureTime(func() error {
		if a.pieces != nil {
			losses, gradient, err := a.pieces.at(a.x.Image)
			if err != nil {
				return fmt.Errorf("epoch %d: %w", a.x.Epoch+1, err)
			}
			targets = []*tensors.Tensor{gradient, tensorOf(losses[:], 4)}
		}
		if a.fast != nil {
			record, err = a.fast.Step(a.x, a.program, targets)
		} else {
			record, err = a.x.Step(a.program, targets, a.options)
		}
		return err
	})
	record.Seconds = seconds
	return record, err
}

func (a *adamStepper) image() *tensors.Tensor { return a.x.Image }

func (a *adamStepper) save(s *State) (err error) {
	for name, tensor := range map[string]*tensors.Tensor{imageArray: a.x.Image, adamM: a.x.M, adamV: a.x.V} {
		if s.Arrays[name], err = tensors.CopyFlatData[float32](tensor); err != nil {
			return err
		}
	}
	return nil
}

func (a *adamStepper) finalize() {
	a.program.Finalize()
	if a.pieces != nil {
		a.pieces.finalize()
	}
}

// array returns an array of the state as a tensor [1, height, width, 3].
func (s *State) array(name string, height, width int) (*tensors.Tensor, error) {
	values, ok := s.Arrays[name]
	if !ok || len(values) != height*width*3 {
		return nil, fmt.Errorf("the saved state has no %s of %d × %d pixels: it is of another training", name, height, width)
	}
	return tensors.FromFlatDataAndDimensions(append([]float32(nil), values...), 1, height, width, 3), nil
}
