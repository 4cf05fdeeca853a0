package synth

import (
	"context"
	"fmt"
	"time"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Progress tells of one finished epoch, counted over all scales.
type Progress struct {
	sl.Record
	Snapshot func() (*State, error) // copies the state after this epoch; valid during the callback only
}

// State is where a training stands: what is needed to go on and end with the same bits.
type State struct {
	Scale         int                  // from 0, the coarsest
	Epoch         int                  // epochs done at this scale
	Height, Width int                  // of this scale's image, in pixels
	Arrays        map[string][]float32 // the image and what the optimizer keeps, each a multiple of height·width·3 values
	Numbers       map[string]float64   // what else the optimizer keeps
}

// WithPooling returns a network that pools as told; its weights are shared with the given one.
func WithPooling(network *sl.Network, pooling Pooling) *sl.Network {
	other := *network
	switch pooling {
	case PoolingMax:
		other.Pooling = sl.MaxPooling
	case PoolingAverage:
		other.Pooling = sl.AveragePooling
	}
	return &other
}

// Train synthesizes an image of height × width pixels. The extractor's network must already pool as the options say:
// see [WithPooling].
//
// from, if not nil, is a state of a training with the same inputs, options and engine; the rest of it is then computed
// with the same bits as if it had never stopped. report, if not nil, is called after each epoch; an error from it ends the
// training.
//
// When ctx is done, report fails or the loss stops being a number (*[sl.DivergedError]), Train returns the image of the
// latest good epoch together with the error.
func Train(ctx context.Context, extractor *sl.Extractor, in Inputs, height, width int, options Options, from *State,
	report func(Progress) error) (*tensors.Tensor, error) {
	if err := in.Check(options); err != nil {
		return nil, err
	}
	var image *tensors.Tensor
	before := 0 // epochs of the scales before
	for scale, size := range options.sizes(height, width) {
		epochs := options.epochsOf()[scale]
		if from != nil && scale < from.Scale {
			before += epochs
			continue
		}
		pictures, err := in.at(size[0], size[1], options)
		if err != nil {
			return image, err
		}
		t := training{extractor: extractor, pictures: pictures, options: options, scale: scale, epochs: epochs, before: before}
		if from != nil && scale == from.Scale {
			t.from = from
		}
		if image, err = t.start(in, image); err != nil {
			return image, err
		}
		if image, err = t.run(ctx, image, report); err != nil {
			return image, err
		}
		before += epochs
	}
	return image, nil
}

// training is that of one scale.
type training struct {
	extractor *sl.Extractor
	pictures  *sized
	options   Options
	scale     int
	epochs    int
	before    int
	from      *State // nil: from the beginning
}

// start returns the image to start from: that of the state, of the scale before, or what the options say.
func (t *training) start(in Inputs, coarser *tensors.Tensor) (*tensors.Tensor, error) {
	height, width := t.pictures.height, t.pictures.width
	switch {
	case t.from != nil:
		if t.from.Height != height || t.from.Width != width {
			return nil, fmt.Errorf("the saved state is %d × %d (height × width), this training %d × %d",
				t.from.Height, t.from.Width, height, width)
		}
		return t.from.array(imageArray, height, width)
	case coarser != nil:
		return Enlarge(coarser, height, width)
	}
	return in.initial(t.pictures, t.options)
}

// stepper makes one update of the image after the other.
type stepper interface {
	step() (sl.Record, error)
	image() *tensors.Tensor
	save(s *State) error // adds everything but scale, epoch and size
	finalize()
}

func (t *training) run(ctx context.Context, image *tensors.Tensor, report func(Progress) error) (*tensors.Tensor, error) {
	done := 0
	if t.from != nil {
		done = t.from.Epoch
	}
	if done >= t.epochs {
		return image, nil
	}
	s, err := t.newStepper(image)
	if err != nil {
		return image, err
	}
	defer s.finalize()
	for ; done < t.epochs; done++ {
		if ctx.Err() != nil {
			return s.image(), context.Cause(ctx)
		}
		record, err := s.step()
		if err != nil {
			return s.image(), err
		}
		record.Epoch = t.before + done + 1
		record.Image = s.image()
		if report == nil {
			continue
		}
		snapshot := func() (*State, error) {
			state := &State{Scale: t.scale, Epoch: done + 1, Height: t.pictures.height, Width: t.pictures.width,
				Arrays: map[string][]float32{}, Numbers: map[string]float64{}}
			return state, s.save(state)
		}
		if err := report(Progress{record, snapshot}); err != nil {
			return s.image(), err
		}
	}
	return s.image(), nil
}

func (t *training) newStepper(image *tensors.Tensor) (stepper, error) {
	o, err := newObjective(t.extractor, t.pictures, t.options)
	if err != nil {
		return nil, err
	}
	var pieces *tiled
	if o.tiles(t.pictures.height, t.pictures.width) {
		if pieces, err = newTiled(o, t.pictures); err != nil {
			return nil, err
		}
	}
	switch {
	case t.options.Optimizer == LBFGS && pieces != nil:
		return newLBFGSStepper(pieces, t, image)
	case t.options.Optimizer == LBFGS:
		whole, err := newWhole(o)
		if err != nil {
			return nil, err
		}
		return newLBFGSStepper(whole, t, image)
	}
	return newAdamStepper(o, pieces, t, image)
}

// slope computes the losses of an image and the gradient of their total.
type slope interface {
	at(image *tensors.Tensor) (losses [4]float64, gradient *tensors.Tensor, err error) // content, style, tv, total
	finalize()
}

// whole computes them in one piece.
type whole struct {
	program *sl.Program
	targets []any
}

func newWhole(o *objective) (*whole, error) {
	program, err := o.extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
		l := o.losses(vgg, in[0], in[1:])
		return []*Node{Stack([]*Node{l.Content, l.Style, l.TV, l.Total}, 0), Gradient(l.Total, in[0])[0]}
	})
	return &whole{program, sl.AsInputs(o.targets())}, err
}

func (w *whole) at(image *tensors.Tensor) (losses [4]float64, gradient *tensors.Tensor, err error) {
	out, err := w.program.Run(append([]any{image}, w.targets...)...)
	if err != nil {
		return losses, nil, err
	}
	for i, v := range tensors.MustCopyFlatData[float32](out[0]) {
		losses[i] = float64(v)
	}
	return losses, out[1], nil
}

func (w *whole) finalize() { w.program.Finalize() }

// at computes them in two passes over the tiles.
func (t *tiled) at(image *tensors.Tensor) (losses [4]float64, gradient *tensors.Tensor, err error) {
	values, err := tensors.CopyFlatData[float32](image)
	if err != nil {
		return losses, nil, err
	}
	styleMasks := len(t.styles) * t.regions
	total, err := t.sum(t.first, values, t.width, styleMasks)
	if err != nil {
		return losses, nil, err
	}
	var inputs []any
	for _, sum := range total {
		inputs = append(inputs, tensorOf(sum, dimensions(sum, len(inputs), t.options.StyleLoss)...))
	}
	for _, layer := range t.styles {
		for _, part := range layer.regions {
			inputs = append(inputs, sl.AsInputs(part.target)...)
		}
	}
	slopes := []*tensors.Tensor{}
	if len(total) > 0 {
		out, err := t.middle.Run(inputs...)
		if err != nil {
			return losses, nil, err
		}
		losses[1], slopes = float64(tensors.ToScalar[float32](out[0])), out[1:]
	}
	variation, err := t.tv.Run(image)
	if err != nil {
		return losses, nil, err
	}
	losses[2] = float64(tensors.ToScalar[float32](variation[0]))
	sum, err := tensors.CopyFlatData[float32](variation[1])
	if err != nil {
		return losses, nil, err
	}
	for i, piece := range t.pieces {
		inputs := append([]any{window(values, t.width, piece.window)}, sl.AsInputs(t.masks[i])...)
		inputs = append(append(inputs, sl.AsInputs(t.targets[i])...), sl.AsInputs(slopes)...)
		out, err := t.second.Run(inputs...)
		if err != nil {
			return losses, nil, err
		}
		losses[0] += float64(tensors.ToScalar[float32](out[0]))
		addWindow(sum, t.width, piece.window, tensors.MustCopyFlatData[float32](out[1]))
		_ = out[1].FinalizeAll()
	}
	losses[3] = t.options.StyleRepeat*losses[1] + losses[0] + losses[2]
	return losses, tensors.FromFlatDataAndDimensions(sum, image.Shape().Dimensions...), nil
}

// dimensions tells the shape of sum number i: products of channels, or means before them.
func dimensions(sum []float64, i int, kind StyleLoss) []int {
	if kind == WassersteinLoss && i%2 == 0 {
		return []int{len(sum)}
	}
	c := 1
	for c*c < len(sum) {
		c++
	}
	return []int{c, c}
}

func addWindow(sum []float32, width int, r rect, part []float32) {
	row := 3 * r.width()
	for i := range r.height() {
		to := sum[((r.top+i)*width+r.left)*3:]
		for j, v := range part[i*row : (i+1)*row] {
			to[j] += v
		}
	}
}

// measureTime runs f and returns its wall time in seconds.
func measureTime(f func() error) (float64, error) {
	start := time.Now()
	err := f()
	return time.Since(start).Seconds(), err
}
