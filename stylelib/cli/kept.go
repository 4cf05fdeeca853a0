package cli

import (
	"context"
	"image"
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/runs"
)

// kept is what is kept of a training, a picture's or a network's.
type kept struct {
	store *runs.Store // nil: nothing is
	run   *runs.Run   // nil as long as it has not begun, or is not kept
}

// keeping runs do with the store that an option names; nil for none.
func keeping(dir string, do func(*runs.Store) error) error {
	store, err := openRuns(dir)
	if err != nil {
		return err
	}
	if store != nil {
		defer store.Close()
	}
	return do(store)
}

// before are the losses of earlier sittings, which it writes into the log.
func (k kept) before(log *epochLog) ([]sl.Record, error) {
	if k.run == nil {
		return nil, nil
	}
	losses, err := k.store.Losses(k.run.ID)
	if err != nil {
		return nil, err
	}
	losses = slices.DeleteFunc(losses, func(r sl.Record) bool { return r.Epoch > k.run.Epoch })
	for _, r := range losses {
		if err := log.Write(r); err != nil {
			return nil, err
		}
	}
	return losses, nil
}

// end notes how the run ended and gives it free. picture is nil where there is none.
func (k kept) end(ctx context.Context, picture image.Image, trainErr error) error {
	if k.run == nil {
		return nil
	}
	return k.run.End(ctx, picture, trainErr)
}
