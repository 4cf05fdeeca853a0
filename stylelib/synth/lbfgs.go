package synth

import (
	"fmt"
	"math"
	"slices"

	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
)

// lbfgs is limited-memory BFGS as torch.optim.LBFGS has it without line search: steps of fixed length along the
// quasi-Newton direction, the first one no longer than lr in the 1-norm.
//
// Nocedal, Wright 2006, algorithm 7.4. Libraries keep the history to themselves, which a training that can be resumed must
// save, so this is written out.
type lbfgs struct {
	history  int
	steps    [][]float32 // s: differences of the image, oldest first
	changes  [][]float32 // y: differences of the gradient
	gradient []float32   // the last one; nil before the first
	step     []float32   // the last one
}

// leastCurvature is the s·y below which a pair is not remembered.
const leastCurvature = 1e-10

// update moves x by one step against the gradient.
func (l *lbfgs) update(x, gradient []float32, lr float64) {
	length := lr
	direction := make([]float64, len(x))
	for i, g := range gradient {
		direction[i] = -float64(g)
	}
	if l.gradient == nil {
		length *= min(1, 1/norm1(gradient))
	} else {
		l.remember(gradient)
		l.turn(direction)
	}
	l.gradient = append(l.gradient[:0], gradient...)
	step := make([]float32, len(x))
	for i := range x {
		step[i] = float32(length * direction[i])
		x[i] += step[i]
	}
	l.step = step
}

// remember adds the pair of the last step, if the loss curves upwards along it.
func (l *lbfgs) remember(gradient []float32) {
	change := make([]float32, len(gradient))
	for i, g := range gradient {
		change[i] = g - l.gradient[i]
	}
	if dot(l.step, change) <= leastCurvature {
		return
	}
	if len(l.steps) == l.history {
		l.steps, l.changes = l.steps[1:], l.changes[1:]
	}
	l.steps, l.changes = append(l.steps, l.step), append(l.changes, change)
}

// turn applies the inverse Hessian that the pairs suggest: the two-loop recursion.
func (l *lbfgs) turn(d []float64) {
	n := len(l.steps)
	along := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		along[i] = mixed(l.steps[i], d) / dot(l.changes[i], l.steps[i])
		add(d, -along[i], l.changes[i])
	}
	if n > 0 {
		last := l.changes[n-1]
		scale := dot(last, l.steps[n-1]) / dot(last, last)
		for i := range d {
			d[i] *= scale
		}
	}
	for i := range n {
		back := mixed(l.changes[i], d) / dot(l.changes[i], l.steps[i])
		add(d, along[i]-back, l.steps[i])
	}
}

func dot(a, b []float32) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

func mixed(a []float32, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * b[i]
	}
	return sum
}

func add(d []float64, factor float64, v []float32) {
	for i := range d {
		d[i] += factor * float64(v[i])
	}
}

func norm1(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += math.Abs(float64(x))
	}
	return sum
}

// lbfgsStepper trains an image with L-BFGS.
type lbfgsStepper struct {
	slope   slope
	memory  lbfgs
	options Options
	dims    []int
	x       []float32
	current *tensors.Tensor
	last    *tensors.Tensor // the image before, known to have a finite loss
	epoch   int
}

func newLBFGSStepper(slope slope, t *training, image *tensors.Tensor) (*lbfgsStepper, error) {
	x, err := tensors.CopyFlatData[float32](image)
	if err != nil {
		return nil, err
	}
	l := &lbfgsStepper{slope: slope, memory: lbfgs{history: t.options.History}, options: t.options,
		dims: image.Shape().Dimensions, x: x, current: image, last: image}
	if t.from != nil {
		l.epoch = t.from.Epoch
		return l, l.load(t.from)
	}
	return l, nil
}

func (l *lbfgsStepper) step() (record sl.Record, err error) {
	l.epoch++
	record.Seconds, err = measureTime(func() error {
		losses, gradient, err := l.slope.at(l.current)
		if err != nil {
			return fmt.Errorf("epoch %d: %w", l.epoch, err)
		}
		record.Content, record.Style, record.TV, record.Total = losses[0], losses[1], losses[2], losses[3]
		if math.IsNaN(record.Total) || math.IsInf(record.Total, 0) {
			l.current = l.last
			return &sl.DivergedError{Epoch: l.epoch}
		}
		values, err := tensors.CopyFlatData[float32](gradient)
		if err != nil {
			return err
		}
		record.LR = l.options.LearningRateAt(l.epoch)
		l.memory.update(l.x, values, record.LR)
		l.last = l.current
		l.current = tensors.FromFlatDataAndDimensions(append([]float32(nil), l.x...), l.dims...)
		return nil
	})
	return record, err
}

func (l *lbfgsStepper) image() *tensors.Tensor { return l.current }
func (l *lbfgsStepper) finalize()              { l.slope.finalize() }

// Names of what is kept of L-BFGS.
const (
	lbfgsSteps    = "lbfgs_steps"
	lbfgsChanges  = "lbfgs_changes"
	lbfgsGradient = "lbfgs_gradient"
	lbfgsStep     = "lbfgs_step"
)

func (l *lbfgsStepper) save(s *State) error {
	join := func(vectors [][]float32) (all []float32) {
		for _, v := range vectors {
			all = append(all, v...)
		}
		return all
	}
	s.Arrays[imageArray] = append([]float32(nil), l.x...)
	s.Arrays[lbfgsSteps], s.Arrays[lbfgsChanges] = join(l.memory.steps), join(l.memory.changes)
	s.Arrays[lbfgsGradient] = append([]float32(nil), l.memory.gradient...)
	s.Arrays[lbfgsStep] = append([]float32(nil), l.memory.step...)
	return nil
}

func (l *lbfgsStepper) load(s *State) error {
	n := len(l.x)
	split := func(all []float32) (vectors [][]float32) {
		for ; len(all) >= n; all = all[n:] {
			vectors = append(vectors, all[:n:n])
		}
		return vectors
	}
	l.memory.steps, l.memory.changes = split(s.Arrays[lbfgsSteps]), split(s.Arrays[lbfgsChanges])
	l.memory.gradient, l.memory.step = slices.Clone(s.Arrays[lbfgsGradient]), s.Arrays[lbfgsStep]
	if len(l.memory.gradient) != n || len(l.memory.step) != n || len(l.memory.steps) != len(l.memory.changes) {
		return fmt.Errorf("the saved state is not one of L-BFGS with %d values", n)
	}
	return nil
}
