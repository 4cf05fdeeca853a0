package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"slices"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/studio"
	"stylebook/stylelib/synth"

	"github.com/gomlx/gomlx/core/tensors"
)

// job is a training that is ready to begin.
type job struct {
	*settings
	ready  *studio.Studio
	inputs synth.Inputs
	spec   runs.Spec
	store  *runs.Store // nil: the run is not kept
	run    *runs.Run   // nil as long as it has not begun, or is not kept
}

func (s *settings) newJob(e *engine.Engine, ready *studio.Studio) (*job, error) {
	inputs, hashes, err := s.inputs()
	if err != nil {
		return nil, err
	}
	network, err := runs.HashNetwork(ready.Network)
	if err != nil {
		return nil, err
	}
	shape := ready.Content.Shape()
	return &job{settings: s, ready: ready, inputs: inputs, spec: runs.Spec{Height: shape.Dim(1), Width: shape.Dim(2),
		Bits: s.research.bits, Options: s.research.options, Files: hashes, Weights: network, Engine: e.Name}}, nil
}

// fits refuses a run that needs more memory than -memory allows or than is free. A GPU's own memory is not known here.
func (s *settings) fits(e *engine.Engine) func(extractor *sl.Extractor, height, width int) error {
	return func(extractor *sl.Extractor, height, width int) error {
		has, known := freeMemory()
		if strings.HasPrefix(e.Name, "xla:cuda") {
			known = false
		}
		if s.research.memory != "" {
			var err error
			if has, err = parseMemory(s.research.memory); err != nil {
				return err
			}
			known = true
		}
		if !known {
			return nil
		}
		return synth.CheckMemory(extractor, height, width, s.research.options, has)
	}
}

// open gets everything ready for the run.
func (s *settings) open(ctx context.Context, e *engine.Engine) (*studio.Studio, error) {
	s.request.Fits = s.fits(e)
	if e.Name == "go" && !s.sized && !s.research.sweep {
		s.request.Limit = goLimit
	}
	return studio.Open(ctx, e.Backend, s.request)
}

// limited takes over the size and epochs that a limit has left, so that the run is resumed with the same.
func (s *settings) limited(ready *studio.Studio) {
	if s.request.Limit == 0 {
		return
	}
	shape := ready.Content.Shape()
	s.request.Options = ready.Options
	s.research.options.Options = ready.Options
	s.research.arguments = append(s.research.arguments, fmt.Sprintf("-height=%d", shape.Dim(1)), fmt.Sprintf("-width=%d", shape.Dim(2)),
		fmt.Sprintf("-epochs=%d", ready.Options.Epochs))
}

// openRuns opens the store that the command line asks for; nil for none.
func openRuns(dir string) (*runs.Store, error) {
	if dir == runsOff {
		return nil, nil
	}
	if dir == "" {
		var err error
		if dir, err = runs.DefaultDir(); err != nil {
			return nil, err
		}
	}
	store, err := runs.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: choose another folder with -runs, or -runs off", err)
	}
	return store, nil
}

// begin makes a folder and a row for the run, or takes up the ones it has.
func (j *job) begin() (err error) {
	every := j.research.checkpointEvery
	switch {
	case j.store == nil:
	case j.research.resume != "":
		j.run, err = j.store.Resume(j.research.resume, j.spec, every)
	case j.research.sweep:
		j.run, err = j.store.Claim(j.spec, j.research.arguments, every)
	default:
		j.run, err = j.store.Begin(j.spec, j.research.arguments, every)
	}
	return err
}

// train runs the training; report is called after each epoch and before what is kept.
func (j *job) train(ctx context.Context, report func(sl.Record) error) (*tensors.Tensor, error) {
	var from *synth.State
	if j.run != nil {
		from = j.run.From()
	}
	return synth.Train(ctx, j.ready.Extractor, j.inputs, j.spec.Height, j.spec.Width, j.research.options, from, func(p synth.Progress) error {
		if err := report(p.Record); err != nil {
			return err
		}
		if err := j.savePicture(p); err != nil || j.run == nil {
			return err
		}
		return j.run.Report(p, ctx.Err() != nil)
	})
}

// logBefore writes the epochs of earlier sittings to the log.
func (j *job) logBefore(log *epochLog) error {
	losses, err := j.store.Losses(j.run.ID)
	if err != nil {
		return err
	}
	for _, r := range losses {
		if r.Epoch > j.run.Epoch {
			break
		}
		if err := log.Write(r); err != nil {
			return err
		}
	}
	return nil
}

// savePicture writes the picture so far, where that is asked for: out-0050.png beside out.png.
func (j *job) savePicture(p synth.Progress) error {
	every := j.research.saveEvery
	if every == 0 || p.Epoch%every != 0 {
		return nil
	}
	picture, err := j.picture(p.Image)
	if err != nil {
		return err
	}
	out := j.out
	if out == "" {
		out = j.run.Picture()
	}
	extension := filepath.Ext(out)
	return sl.WriteImage(fmt.Sprintf("%s-%04d%s", strings.TrimSuffix(out, extension), p.Epoch, extension), picture)
}

func (j *job) picture(x *tensors.Tensor) (image.Image, error) {
	return synth.Picture(x, j.inputs.Content, j.research.options, j.research.bits)
}

// end notes how the run ended and gives it free. picture is nil where there is none.
func (j *job) end(ctx context.Context, picture image.Image, trainErr error) error {
	if j.run == nil {
		return nil
	}
	defer j.run.Close()
	switch {
	case ctx.Err() != nil:
		return j.run.Stop(nil)
	case trainErr != nil:
		return j.run.Stop(trainErr)
	}
	return j.run.Finish(picture)
}

// resumed returns the settings with which a run was begun.
func (s *settings) resumed(store *runs.Store, stdout io.Writer) (*settings, error) {
	if store == nil {
		return nil, errors.New("-resume: no runs are kept with -runs off")
	}
	record, err := store.Find(s.research.resume)
	if err != nil {
		return nil, err
	}
	if record.Status == runs.Finished {
		return nil, &runs.FinishedError{Record: record}
	}
	again := &settings{request: studio.Default()}
	// The runs of a sweep have no -out.
	again.research.sweep = !slices.ContainsFunc(record.Arguments, func(a string) bool { return strings.HasPrefix(a, "-out=") })
	if again, err = parseInto(again, record.Arguments, stdout); err != nil {
		return nil, fmt.Errorf("run %s: %w", record.ID, err)
	}
	again.quiet, again.backend = s.quiet, record.Spec.Engine
	again.research.resume, again.research.memory, again.research.checkpointEvery = record.ID, s.research.memory, s.research.checkpointEvery
	return again, nil
}
