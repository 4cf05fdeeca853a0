package cli

import (
	"context"
	"errors"
	"fmt"

	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
)

const resumeHelp = `stylize resume RUN continues a run that was stopped; the beginning of its name is enough. It ends with the same bits as if it had
not been stopped.

`

// resume continues a run.
func (c *command) resume(ctx context.Context, args []string) error {
	asked := request.Request{}
	flags, wrong := asked.Flags("resume", request.OfCalls())
	names, err := parseFlags(flags, args, resumeHelp, c.stdout, "RUN")
	var none *noOptionError
	if errors.As(err, &none) {
		if o, other := request.Find(none.name); other == nil {
			err = &usageError{ofTheRun(o)}
		}
	}
	if err != nil {
		return err
	}
	if err := wrong(); err != nil {
		return &usageError{err}
	}
	s, err := asked.Settings()
	if err != nil {
		return &usageError{err}
	}
	return look(s.Runs, func(store *runs.Store) error {
		resumed, err := c.resumed(names[0], s, store)
		if err != nil {
			return err
		}
		if resumed.training {
			return c.trainInto(ctx, resumed, store)
		}
		return c.paintInto(ctx, resumed, store)
	})
}

// ofTheRun refuses an option beside a run that it would change.
func ofTheRun(o request.Option) error {
	return fmt.Errorf("-%s: a run is resumed as it was begun: leave it out", o.Name)
}

// resumed returns the settings with which a run was begun; what is of the process is as in s.
func (c *command) resumed(run string, s *request.Settings, store *runs.Store) (*settings, error) {
	record, err := store.Find(run)
	if err != nil {
		return nil, err
	}
	if record.Status == runs.Finished {
		return nil, &runs.FinishedError{Run: record}
	}
	if len(record.Request) == 0 {
		return nil, fmt.Errorf("resume: run %s was begun by a program or a notebook: only that can go on with it", record.ID)
	}
	again, err := c.settings(record.Request)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", record.ID, err)
	}
	again.shared = again.Out == "" // which the runs of a sweep have not
	again.asked, again.resume, again.training = record.Request, record.ID, record.Spec.Network != nil
	again.Quiet, again.CheckpointEvery, again.Memory, again.Backend = s.Quiet, s.CheckpointEvery, s.Memory, record.Spec.Engine
	return again, nil
}
