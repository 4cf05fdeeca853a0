package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
)

// goLimit is how long a run on the pure-Go engine may take when nothing is said about size and epochs.
const goLimit = 10 * time.Minute

// paint makes the picture.
func (c *command) paint(ctx context.Context, s *settings) error {
	return keeping(s.Runs, func(store *runs.Store) error { return c.paintInto(ctx, s, store) })
}

// paintInto makes the picture and keeps the run in store if that is not nil.
func (c *command) paintInto(ctx context.Context, s *settings, store *runs.Store) error {
	if err := s.checkOutputs(store); err != nil {
		return err
	}
	e, err := c.begin(s)
	if err != nil {
		return err
	}
	defer e.Close()
	return c.paintOn(ctx, e, s, store)
}

// begin says what will be done, and opens the engine for it.
func (c *command) begin(s *settings) (*engine.Engine, error) {
	s.Say = func(line string) { c.sayOf(s, "%s", line) }
	if !s.Quiet {
		s.Weights.Progress = newDownloadProgress(c.stderr)
	}
	if s.Choice.Preset == transfer.Painting {
		c.say(s.Quiet, "preset   painting, strength %g: losses relative to their size; the chapter's own numbers are -preset pytorch", s.Strength)
	} else if s.Choice.Preset == transfer.NNST {
		c.say(s.Quiet, "preset   nnst, strength %g: each place is painted like the place of the painting that is nearest to it (neural neighbours)", s.Strength)
	} else if description, err := sl.DescribePreset(s.Choice.Preset); err != nil {
		return nil, err
	} else {
		for line := range strings.Lines("preset   " + strings.TrimSpace(description)) {
			c.say(s.Quiet, "%s", strings.TrimSuffix(line, "\n"))
		}
	}
	if s.Choice.Optimizer == transfer.Fast {
		c.say(s.Quiet, "fast     learning rate, Adam and epochs are our own, the loss is the preset's")
	}
	e, err := engine.Open(s.Backend)
	if err != nil {
		return nil, err
	}
	c.say(s.Quiet, "engine   %s", e)
	if e.Notice != "" {
		c.say(s.Quiet, "         %s", e.Notice)
	}
	return e, nil
}

// paintOn makes the picture on an open engine, and keeps the run in store if that is not nil.
func (c *command) paintOn(ctx context.Context, e *engine.Engine, s *settings, store *runs.Store) error {
	j, err := s.newJob(ctx, e, store)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	defer j.Close()
	var estimate transfer.Estimate
	if !s.Quiet || s.watch != nil {
		if estimate, err = j.Estimate(); err != nil {
			return err
		}
		c.sayOf(s, "size     %d × %d (height × width), %d epochs: %s", j.Height, j.Width, j.Options.Epochs, estimate)
	}
	if err := j.begin(); err != nil {
		return err
	}
	log, err := openLog(s.Log)
	if err != nil {
		return errors.Join(err, j.end(ctx, nil, err))
	}
	defer log.Close()
	done := 0
	if j.run != nil {
		done = j.run.Epoch
		c.say(s.Quiet, "run      %s%s", j.run.ID, after("epoch", done))
	}
	if err := j.tellBefore(log); err != nil {
		return errors.Join(err, j.end(ctx, nil, err))
	}
	bar := newProgress(c.stderr, "epoch", done, j.Options.Epochs, s.Quiet)
	bar.pace.Expected = estimate.Epochs
	x, trainErr := j.train(ctx, func(r sl.Record) error {
		done = r.Epoch
		c.unsaved.Store(true)
		bar.report(r)
		return errors.Join(j.tellPage(r, bar.pace.Left(r.Epoch)), log.Write(r))
	})
	bar.finish()
	if err := j.finish(ctx, x, done, trainErr); err != nil {
		return err
	}
	if j.result() != "" {
		c.sayOf(s, "saved    %s", j.result())
	}
	if s.Animation != "" {
		c.sayOf(s, "film     %s", s.Animation)
	}
	return nil
}

// after says where a resumed run goes on.
func after(of string, done int) string {
	if done == 0 {
		return ""
	}
	return fmt.Sprintf(", after %s %d", of, done)
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

func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &interruptedError{}
	}
	return err
}
