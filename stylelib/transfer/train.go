package transfer

import (
	"context"
	"fmt"
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/kernels"

	"github.com/gomlx/gomlx/core/tensors"
)

// Epoch tells of one finished epoch, counted over all scales.
type Epoch struct {
	sl.Record
	Snapshot func() (*State, error) // copies the state after this epoch; valid during the callback only
}

// State is where a training stands: what is needed to go on and end with the same bits.
type State struct {
	Scale         int                  // number of the stage, from 0, the coarsest scale
	Epoch         int                  // epochs done at this scale
	Height, Width int                  // of this scale's image, in pixels
	Arrays        map[string][]float32 // the image and what the optimizer keeps, each a multiple of height·width·3 values
}

// What the image is called in a state, and the one for which a transport was found.
const (
	imageArray     = "image"
	transportArray = "transport"
)

// Train synthesizes the image.
//
// from, if not nil, is a state of a training with the same pictures, options and engine; the rest of it is then computed
// with the same bits as if it had never stopped. report and errors are [sl.Minimize]'s.
func (t *Transfer) Train(ctx context.Context, from *State, report func(Epoch) error) (*tensors.Tensor, error) {
	if from != nil {
		if err := from.Check(t.Options, t.Height, t.Width); err != nil {
			return nil, err
		}
	}
	var image *tensors.Tensor
	var before *sized
	stages := t.Options.stages(t.Height, t.Width)
	for scale, of := range stages {
		if from != nil && scale < from.Scale {
			continue
		}
		s := training{extractor: t.Extractor, options: t.Options.ofStage(scale, stages), scale: scale, stage: of,
			before: t.Options.EpochsBefore(scale, t.Height, t.Width)}
		if from != nil && scale == from.Scale {
			s.from = from
		}
		var err error
		if s.pictures, err = t.resized(of.size); err != nil {
			return image, err
		}
		x, err := s.start(t.Pictures, image, before)
		if err != nil {
			return image, err
		}
		before = s.pictures
		image, err = s.run(ctx, x, report)
		kernels.ReleaseMemory() // what its steps took has no other use
		if err != nil {
			return image, err
		}
	}
	return image, nil
}

// training is that of one scale.
type training struct {
	extractor *sl.Extractor
	pictures  *sized
	options   Options
	scale     int // the stage's number
	stage     stage
	before    int    // epochs
	from      *State // nil: from the beginning
}

// start returns the image to start from: that of the state, of the scale before, or what the options say.
func (t *training) start(pictures Pictures, coarser *tensors.Tensor, before *sized) (*sl.Training, error) {
	if t.from != nil {
		return t.from.restore(t.pictures.size, t.options.NewOptimizer(t.stage.epochs)), nil
	}
	initial, err := coarser, error(nil)
	if coarser != nil {
		initial, err = Enlarge(coarser, t.pictures.height, t.pictures.width)
	} else {
		initial, err = pictures.initial(t.pictures, t.options)
	}
	if err == nil && coarser != nil && t.options.byNeighbours() {
		initial, err = withDetail(initial, t.pictures.content, before.content)
	}
	if err != nil {
		return nil, err
	}
	return sl.NewTraining(initial)
}

func (t *training) run(ctx context.Context, x *sl.Training, report func(Epoch) error) (*tensors.Tensor, error) {
	if x.Epoch >= t.stage.epochs {
		return x.Image, nil
	}
	o, err := newObjective(t.extractor, t.pictures, t.options, t.stage, t.scale)
	if err != nil {
		return x.Image, err
	}
	defer o.finalize()
	if t.from != nil {
		if err := o.restore(t.from); err != nil {
			return x.Image, err
		}
	}
	objective, pieces := o.minimized(), (*tiled)(nil)
	if o.inPieces(t.pictures.size) {
		if pieces, err = newTiled(o); err != nil {
			return x.Image, err
		}
		defer pieces.finalize()
		objective = pieces.minimized()
	}
	optimizer := t.options.NewOptimizer(t.stage.epochs)
	return sl.Minimize(ctx, t.extractor, objective, x, optimizer, t.stage.epochs, func(record sl.Record) error {
		if report == nil {
			return nil
		}
		record.Epoch += t.before
		if pieces != nil {
			record.Seconds += pieces.took.Seconds() // before the step that the record tells of
		}
		return report(Epoch{record, func() (*State, error) { return t.snapshot(x, optimizer, o) }})
	})
}

// snapshot copies where the training stands.
func (t *training) snapshot(x *sl.Training, optimizer sl.Optimizer, o *objective) (s *State, err error) {
	s = &State{Scale: t.scale, Epoch: x.Epoch, Height: t.pictures.height, Width: t.pictures.width, Arrays: map[string][]float32{}}
	if s.Arrays[imageArray], err = tensors.CopyFlatData[float32](x.Image); err != nil {
		return nil, err
	}
	for i, array := range optimizer.State {
		if s.Arrays[array.Name], err = tensors.CopyFlatData[float32](x.State[i]); err != nil {
			return nil, err
		}
	}
	for _, p := range o.renewed() {
		if s.Arrays[p.array()], err = tensors.CopyFlatData[float32](p.foundFor()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Check says what makes a state none of a training of height × width pixels with these options; nil if it is one. Arrays of
// several copies may have fewer, as earlier versions saved them.
func (s *State) Check(o Options, height, width int) error {
	stages := o.stages(height, width)
	if s.Scale < 0 || s.Scale >= len(stages) {
		return fmt.Errorf("the saved state is of scale %d of %d", s.Scale, len(stages))
	}
	if _, err := o.method(); err != nil {
		return err
	}
	of, epochs := stages[s.Scale].size, stages[s.Scale].epochs
	if s.Height != of.height || s.Width != of.width {
		return fmt.Errorf("the saved state is %d × %d (height × width), this training %d × %d", s.Height, s.Width, of.height, of.width)
	}
	if s.Epoch < 0 || s.Epoch > epochs {
		return fmt.Errorf("the saved state is of epoch %d of %d", s.Epoch, epochs)
	}
	wanted, each := append(o.NewOptimizer(epochs).State, sl.StateArray{Name: imageArray, Copies: 1}), 3*of.area()
	if o.transports(of) {
		wanted = append(wanted, sl.StateArray{Name: transportArray, Copies: 1})
	}
	for _, t := range o.terms() {
		if (t.Target != nil || t.bind != nil) && t.counts() {
			wanted = append(wanted, sl.StateArray{Name: targetArray(t.name), Copies: 1})
		}
	}
	for _, array := range wanted {
		saved, ok := s.Arrays[array.Name]
		if n := len(saved); !ok || n > array.Copies*each || n%each != 0 || (array.Copies == 1 && n == 0) {
			return fmt.Errorf("the saved state has no %s of %d × %d pixels: it is of another training", array.Name, of.height, of.width)
		}
		if slices.ContainsFunc(saved, func(v float32) bool { return v-v != 0 }) {
			return fmt.Errorf("the saved state's %s has values that are no numbers", array.Name)
		}
	}
	if len(s.Arrays) != len(wanted) {
		return fmt.Errorf("the saved state has %d arrays, this training %d", len(s.Arrays), len(wanted))
	}
	return nil
}

// restore is the inverse of snapshot. The copies that an array lacks are zeros, and come first.
func (s *State) restore(of size, optimizer sl.Optimizer) *sl.Training {
	array := func(name string, copies int) *tensors.Tensor {
		values, saved := make([]float32, copies*3*of.area()), s.Arrays[name]
		copy(values[len(values)-len(saved):], saved)
		return tensors.FromFlatDataAndDimensions(values, copies, of.height, of.width, 3)
	}
	x := &sl.Training{Epoch: s.Epoch, Image: array(imageArray, 1)}
	for _, kept := range optimizer.State {
		x.State = append(x.State, array(kept.Name, kept.Copies))
	}
	return x
}
