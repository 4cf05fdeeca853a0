package session

import (
	"context"
	"errors"
	"fmt"
	"image"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/nbui"
	"stylebook/stylelib/quality"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
)

// Laboratory is an engine, a folder of runs and a judge: what was trained before is not trained again. Close it when done.
type Laboratory struct {
	Engine  *engine.Engine
	Store   *runs.Store
	Judge   *quality.Judge
	Context context.Context // ends when the notebook's user interrupts the cell

	cache  *transfer.Cache
	status *nbui.Status
}

// OpenLaboratory opens a folder of runs, which it makes if need be, on the fastest engine. The judge's network is VGG-16 or,
// where that is not here, the best that is: its Source says which.
func OpenLaboratory(folder string) (*Laboratory, error) {
	l := &Laboratory{Context: cell(), status: nbui.NewStatus("opening the engine, the pictures and the network")}
	defer l.status.Say("")
	var err error
	if l.Engine, err = engine.Open(""); err != nil {
		return nil, err
	}
	l.cache = transfer.NewCache(l.Engine.Backend)
	if l.Store, err = runs.Open(folder); err == nil {
		l.Judge, err = quality.OpenUsual(l.Context, l.Engine.Backend)
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Close frees what OpenLaboratory took.
func (l *Laboratory) Close() {
	if l.Judge != nil {
		l.Judge.Close()
	}
	if l.Store != nil {
		l.Store.Close()
	}
	l.cache.Close()
	l.Engine.Close()
}

// Run is a finished run with what there is to see of it.
type Run struct {
	runs.Summary
	quality.Measures // against the first style image

	Before bool        // it was finished before
	Image  *image.RGBA // the result
	Losses []sl.Record // of each epoch
}

// Clock returns the time at which each epoch was over, in seconds from the beginning of the first.
func (r *Run) Clock() (seconds []float64) {
	sum := 0.0
	for _, epoch := range r.Losses {
		sum += epoch.Seconds
		seconds = append(seconds, sum)
	}
	return seconds
}

// checkpointEvery is after how many epochs the state of a run is saved.
const checkpointEvery = 50

// Run makes sure that what is asked for is finished. A run is known by its options, the contents of its pictures and of its
// weights, the engine, and what terms of the caller's compute, so that a changed function makes another run. One that was
// interrupted goes on where it was; one that another process is at is a *[runs.BusyError].
func (l *Laboratory) Run(r transfer.Request) (*Run, error) {
	r.Cache = l.cache
	t, err := transfer.Open(l.Context, l.Engine.Backend, r)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	result := &Run{}
	if result.Summary, result.Before, err = l.finish(t); err != nil {
		return nil, err
	}
	if result.Losses, err = l.Store.Losses(result.ID); err != nil {
		return nil, err
	}
	if result.Image, err = sl.ReadImage(result.Picture()); err != nil {
		return nil, err
	}
	result.Measures, err = l.Judge.Measure(result.Image, t.Pictures.Content, t.Pictures.Styles[0], t.Height, t.Width)
	return result, err
}

// finish trains what is not finished.
func (l *Laboratory) finish(t *transfer.Transfer) (record runs.Summary, before bool, err error) {
	spec, err := runs.NewSpec(t, 8, l.Engine.Name)
	if err != nil {
		return record, false, err
	}
	run, err := l.Store.Claim(spec, nil, checkpointEvery)
	var finished *runs.FinishedError
	if errors.As(err, &finished) {
		return finished.Run, true, nil
	}
	if err != nil {
		return record, false, err
	}
	l.status.Train(t.Options.Epochs)
	defer l.status.Say("")
	x, trainErr := t.Train(l.Context, run.From(), func(p transfer.Epoch) error {
		l.status.Report(p.Record)
		return run.Report(p, l.Context.Err() != nil)
	})
	var picture image.Image
	if trainErr == nil {
		picture, trainErr = t.Picture(x, 8)
	}
	if err := errors.Join(trainErr, run.End(l.Context, picture, trainErr)); err != nil {
		return record, false, fmt.Errorf("run %s: %w", run.ID, err)
	}
	return run.Summary, false, nil
}
