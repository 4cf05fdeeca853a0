package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/film"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"

	"github.com/gomlx/gomlx/core/tensors"
)

// job is a training that is ready to begin.
type job struct {
	*settings
	*transfer.Transfer
	kept
	spec     runs.Spec
	recorder *film.Recorder // nil: nobody asks for a film
}

// newJob gets everything ready for the run.
func (s *settings) newJob(ctx context.Context, e *engine.Engine, store *runs.Store) (*job, error) {
	r := s.Request
	if r.Memory == 0 && !strings.HasPrefix(e.Name, "xla:cuda") { // a GPU's own memory is not known here
		r.Memory, _ = transfer.FreeMemory()
	}
	if strings.HasPrefix(e.Name, "go") && r.Limit == 0 && !s.asked.Sized() && !s.shared {
		r.Limit = goLimit
	}
	t, err := transfer.Open(ctx, e.Backend, r)
	if err != nil {
		return nil, err
	}
	if s.opened != nil {
		s.opened(t)
	}
	if r.Limit > 0 { // so that the run is resumed with the same size and epochs
		s.asked = s.asked.With("minutes", nil).With("size", nil)
		for name, number := range map[string]int{"height": t.Height, "width": t.Width, "epochs": t.Options.Epochs} {
			if err := s.asked.Set("", name, fmt.Sprint(number)); err != nil {
				t.Close()
				return nil, err
			}
		}
	}
	spec, err := runs.NewSpec(t, s.Bits, e.Name)
	if err != nil {
		t.Close()
		return nil, err
	}
	return &job{settings: s, Transfer: t, kept: kept{store: store}, spec: spec}, nil
}

// begin makes a folder and a row for the run, or takes up the ones it has.
func (j *job) begin() (err error) {
	switch {
	case j.store == nil:
	case j.resume != "":
		j.run, err = j.store.Resume(j.resume, j.spec, j.CheckpointEvery)
	case j.shared:
		j.run, err = j.store.Claim(j.spec, j.asked, j.CheckpointEvery)
	default:
		j.run, err = j.store.Begin(j.spec, j.asked, j.CheckpointEvery)
		if err == nil && j.uploads != nil {
			if err = j.adopt(); err != nil {
				err = errors.Join(err, j.end(context.Background(), nil, err))
			}
		}
	}
	switch {
	case err != nil:
		return err
	case j.Animation != "":
		j.recorder = film.NewRecorder(j.Options.Epochs, 1)
	case j.watch != nil && j.run != nil:
		j.recorder = film.NewRecorder(j.Options.Epochs, 1+(j.Options.Epochs-1)/pageFrames)
		j.recorder.Quality = pageQuality
	}
	if j.recorder == nil || j.run == nil {
		return nil
	}
	if err := j.recorder.Keep(j.run.Film(), j.run.Epoch); err != nil {
		return errors.Join(err, j.end(context.Background(), nil, err))
	}
	return nil
}

// train runs the training; report is called after each epoch and before what is kept.
func (j *job) train(ctx context.Context, report func(sl.Record) error) (*tensors.Tensor, error) {
	var from *transfer.State
	if j.run != nil {
		from = j.run.From()
	}
	return j.Train(ctx, from, func(p transfer.Epoch) error {
		if err := report(p.Record); err != nil {
			return err
		}
		if err := j.savePicture(p); err != nil {
			return err
		}
		if err := j.filmPicture(p); err != nil || j.run == nil {
			return err
		}
		return j.run.Report(p, ctx.Err() != nil)
	})
}

// tellBefore tells the log and the page of the epochs of earlier sittings.
func (j *job) tellBefore(log *epochLog) error {
	losses, err := j.before(log)
	if err != nil || j.watch == nil {
		return err
	}
	id := ""
	if j.run != nil {
		id = j.run.ID
	}
	j.watch.Begin(id, j.Height, j.Width, j.Options.Epochs, losses)
	return nil
}

// savePicture writes the picture so far, where that is asked for: out-0050.png beside out.png.
func (j *job) savePicture(p transfer.Epoch) error {
	if j.SaveEvery == 0 || p.Epoch%j.SaveEvery != 0 {
		return nil
	}
	picture, err := j.Picture(p.Image, j.Bits)
	if err != nil {
		return err
	}
	return sl.WriteImage(j.pictureOf(p.Epoch, j.result()), picture)
}

// result is where the picture goes; "": it is only shown.
func (j *job) result() string {
	if j.Out == "" && j.run != nil {
		return j.run.Picture()
	}
	return j.Out
}

// filmPicture keeps the picture so far for the film.
func (j *job) filmPicture(p transfer.Epoch) error {
	if j.recorder == nil || !j.recorder.Wants(p.Epoch) {
		return nil
	}
	picture, err := j.Picture(p.Image, 8)
	if err != nil {
		return err
	}
	if j.Animation == "" {
		picture = film.Within(picture, pageSide)
	}
	return j.recorder.Add(p.Epoch, picture)
}

// writeFilm makes the film, if one is asked for. What it is made of is kept as long as the run can go on, or for the page.
func (j *job) writeFilm(ended bool) error {
	if j.Animation == "" {
		return nil
	}
	if err := j.recorder.Write(j.Animation); err != nil {
		return fmt.Errorf("-animation: %w", err)
	}
	if j.run == nil || !ended || j.watch != nil {
		return nil
	}
	return os.RemoveAll(j.run.Film())
}

// pictureOf is where the picture of an epoch is written: out-0050.png for out.png.
func (s *settings) pictureOf(epoch int, out string) string {
	extension := filepath.Ext(out)
	return fmt.Sprintf("%s-%04d%s", strings.TrimSuffix(out, extension), epoch, extension)
}

// finish saves the picture, also after an error that came later than the first epoch.
func (j *job) finish(ctx context.Context, x *tensors.Tensor, done int, trainErr error) error {
	if trainErr != nil && done == 0 {
		return errors.Join(interruptedOr(ctx, trainErr), j.end(ctx, nil, trainErr))
	}
	picture, err := j.Picture(x, j.Bits)
	if err == nil && j.Out != "" {
		err = sl.WriteImage(j.Out, picture)
	}
	if err != nil {
		err = errors.Join(trainErr, err)
		return errors.Join(err, j.end(ctx, nil, err))
	}
	filmErr := j.writeFilm(trainErr == nil)
	if err := j.end(ctx, picture, trainErr); err != nil {
		return errors.Join(trainErr, filmErr, err)
	}
	switch {
	case filmErr != nil && trainErr == nil:
		return fmt.Errorf("%w; the picture is in %s", filmErr, j.result())
	case ctx.Err() != nil:
		interrupted := &interruptedError{epoch: done, epochs: j.Options.Epochs, saved: j.result()}
		if j.run != nil {
			interrupted.run = j.run.ID
		}
		return errors.Join(interrupted, filmErr)
	case trainErr != nil:
		return errors.Join(fmt.Errorf("%w; the picture of the last good epoch is in %s", trainErr, j.result()), filmErr)
	}
	return nil
}
