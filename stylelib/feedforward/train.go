package feedforward

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/oneline"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/metric"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Training trains a network. It is for one goroutine; call [Training.Finalize] when done.
type Training struct {
	Options
	vgg     *sl.Extractor
	store   *model.Store
	frozen  []string // VGG's variables, and the targets
	targets int      // of them are of the painting, the last ones
	loop    *train.Loop
	crops   *crops
}

// Step tells of one finished step: its losses, before the weights that it changes.
type Step struct {
	sl.Record
	Snapshot func() (*State, error) // copies the state after this step; valid during the callback only
}

// NewTraining prepares a training on photographs, of a network that paints like a painting. vgg is a network of the VGG family with
// [Taps]. from, if not nil, is where an earlier training with all the same stopped, or [Network.State].
func NewTraining(vgg *sl.Extractor, photographs []image.Image, painting image.Image, o Options, from *State) (*Training, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	t := &Training{Options: o, vgg: vgg, store: model.NewStore(), crops: &crops{batch: o.Batch, side: o.Crop, seed: uint64(o.Seed)}}
	for _, photograph := range photographs {
		t.crops.photographs = append(t.crops.photographs, imagefile.Flatten(photograph))
	}
	if err := t.place(painting); err != nil {
		return nil, err
	}
	if err := t.store.SetRNGStateFromSeed(o.Seed); err != nil {
		return nil, err
	}
	if from != nil {
		t.crops.next = from.Step
		t.store.SetLoader(&restored{from, o.Shapes()})
	}
	var metrics []metric.Interface
	for i, name := range parts[1:] {
		metrics = append(metrics, metric.NewBaseMetric(name, name, metric.LossMetricType,
			func(_ *model.Scope, _, losses []*Node) *Node { return losses[i+1] }, nil))
	}
	trainer := train.NewTrainer(vgg.Backend, t.store, t.losses, func(_, losses []*Node) *Node { return losses[0] },
		optimizer.Adam().LearningRate(o.LearningRate).Done(), metrics, nil)
	t.loop = train.NewLoop(trainer)
	return t, nil
}

// frozen is how the paths of variables begin that nothing changes.
const frozen = "/frozen/"

// place makes variables of what isn't trained.
func (t *Training) place(painting image.Image) error {
	longer := max(painting.Bounds().Dy(), painting.Bounds().Dx(), 1)
	scaled := func(side int) int { return max(1, int(math.Round(float64(side*t.StyleSide)/float64(longer)))) }
	style, err := sl.Preprocess(painting, scaled(painting.Bounds().Dy()), scaled(painting.Bounds().Dx()), sl.AntialiasBilinear)
	if err != nil {
		return err
	}
	targets, err := measure(t.vgg, style)
	if err != nil {
		return err
	}
	parameters, err := t.vgg.Parameters()
	if err != nil {
		return err
	}
	t.targets = len(targets)
	for i, value := range slices.Concat(parameters, targets) {
		t.frozen = append(t.frozen, fmt.Sprintf("%s%d", frozen, i))
		v, err := t.store.CreateVariable(t.frozen[i], value)
		if err != nil {
			return err
		}
		v.SetTrainable(false)
	}
	return nil
}

// losses is the graph of a step.
func (t *Training) losses(scope *model.Scope, _ any, in []*Node) []*Node {
	still, moved, rows, columns := in[0], in[1], in[2], in[3]
	var known []*Node
	for _, path := range t.frozen {
		known = append(known, t.store.GetVariable(path).NodeValue(still))
	}
	vgg, style := t.vgg.Graph(known[:len(known)-t.targets]), known[len(known)-t.targets:]
	all := t.forward(scope, Concatenate([]*Node{still, moved}, 0))
	painted := SliceAxis(all, 0, AxisRange(0, t.Batch))
	steady := unsteady(SliceAxis(all, 0, AxisElem(0)), SliceAxis(all, 0, AxisElem(t.Batch)), rows, columns)
	return loss(vgg, still, painted, steady, paintingOf(style), t.Weights)
}

// Run runs the steps that are left, and calls report after each. It ends early when ctx is done, with its error, when report returns an
// error, with that, and when a loss is no longer a number, with an *[sl.DivergedError].
func (t *Training) Run(ctx context.Context, report func(Step) error) error {
	rate := optimizer.LearningRateVar(t.store.RootScope(), dtypes.Float32, t.LearningRate)
	setRate := func(step int) error { return rate.SetValue(tensors.FromScalar(float32(t.rate(step)))) }
	if t.loop.LoopStep >= t.Steps {
		return nil
	}
	if err := setRate(t.loop.LoopStep + 1); err != nil {
		return err
	}
	began, ended := time.Now(), error(nil)
	t.loop.OnStep("report", 0, func(loop *train.Loop, metrics []*tensors.Tensor) error {
		step := Step{Record: t.record(loop.LoopStep+1, metrics), Snapshot: t.snapshot}
		step.Seconds = time.Since(began).Seconds()
		began = time.Now()
		if math.IsNaN(step.Total) || math.IsInf(step.Total, 0) {
			ended = &sl.DivergedError{Epoch: step.Epoch}
		} else if ended = report(step); ended == nil {
			ended = ctx.Err()
		}
		if ended != nil {
			return ended
		}
		return setRate(step.Epoch + 1)
	})
	_, err := t.loop.RunSteps(t.crops, t.Steps-t.loop.LoopStep)
	switch {
	case ended != nil:
		return ended // without the loop's own words
	case err != nil:
		return fmt.Errorf("train the network: %s", oneline.First(err))
	}
	return nil
}

// paceSteps are run to find out how long a step takes, after a first one that compiles.
const paceSteps = 5

// Pace is how many steps a second the training of such a network makes here. It runs some.
func Pace(ctx context.Context, vgg *sl.Extractor, photographs []image.Image, painting image.Image, o Options) (float64, error) {
	o.Steps = 1 + paceSteps
	t, err := NewTraining(vgg, photographs, painting, o, nil)
	if err != nil {
		return 0, err
	}
	defer t.Finalize()
	var seconds []float64
	err = t.Run(ctx, func(s Step) error { seconds = append(seconds, s.Seconds); return nil })
	if err != nil {
		return 0, err
	}
	slices.Sort(seconds)
	return 1 / seconds[paceSteps/2], nil
}

// record is what a step tells: the trainer puts the loss and its moving average before our metrics.
func (t *Training) record(step int, metrics []*tensors.Tensor) sl.Record {
	number := func(i int) float64 { return float64(tensors.ToScalar[float32](metrics[i])) }
	r := sl.Record{Epoch: step, LR: t.rate(step), Total: number(0)}
	for i, name := range parts[1:] {
		r.Losses = append(r.Losses, sl.TermLoss{Name: name, Value: number(i + 2)})
	}
	return r
}

// Painter paints with the network as far as it is trained. It belongs to the training.
func (t *Training) Painter() (*Painter, error) {
	return newPainter(t.vgg.Backend, t.store, t.forward)
}

// Network returns a copy of the network as far as it is trained; about is what it will say of itself.
func (t *Training) Network(about map[string]string) (*Network, error) {
	n := &Network{Architecture: t.Architecture, Parameters: map[string]*tensors.Tensor{}, About: about}
	err := t.each(func(v *model.Variable, value *tensors.Tensor) (err error) {
		if v.Trainable {
			n.Parameters[strings.TrimPrefix(v.Path(), "/")], err = value.LocalClone()
		}
		return err
	})
	return n, err
}

// Finalize frees the training; its extractor stays.
func (t *Training) Finalize() {
	t.loop.Trainer.ResetComputationGraphs()
	for v := range t.store.IterVariables() {
		if !strings.HasPrefix(v.Path(), frozen) {
			_ = v.Finalize() // nobody has it any more
		}
	}
}
