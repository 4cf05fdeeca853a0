package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/request"
	"stylebook/stylelib/transfer"

	"github.com/gofrs/flock"
)

// Run is a run that this process computes. Nobody else can, until Close.
type Run struct {
	Summary
	store     *Store
	lock      *flock.Flock
	from      *transfer.State
	every     int
	unsaved   []sl.Record
	session   float64 // seconds computed since the last save
	doneEpoch int
}

// BusyError reports a run that another process is computing.
type BusyError struct{ ID string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("run %s is being computed by another process", e.ID)
}

// FinishedError reports a run that has nothing left to do.
type FinishedError struct{ Run Summary }

func (e *FinishedError) Error() string {
	return fmt.Sprintf("run %s is finished: its picture is %s", e.Run.ID, e.Run.Picture())
}

// ChangedError reports a checkpoint that was made of something else than what is there now.
type ChangedError struct {
	ID          string
	Differences []string
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("run %s can't be resumed, it was begun with something else: %s", e.ID, strings.Join(e.Differences, "; "))
}

const idLength = 10

// Begin starts a new run. asked is what somebody asked for, nil if a program did; a checkpoint is written every so many epochs.
func (s *Store) Begin(spec Spec, asked request.Request, every int) (*Run, error) {
	id := spec.Key()[:idLength]
	for n := 2; ; n++ {
		_, err := s.get(id)
		if err == nil {
			err = &BusyError{id}
		} else if errors.As(err, new(*NoRunError)) { // a folder without a row is of a process that died here
			var r *Run
			if r, err = s.open(id, spec, asked, every); err == nil {
				return r, nil
			}
		}
		if !errors.As(err, new(*BusyError)) {
			return nil, err
		}
		id = fmt.Sprintf("%s-%d", spec.Key()[:idLength], n)
	}
}

// Claim starts or continues the one run of a spec that sweeps share. One that is finished is a *[FinishedError], one that
// another process is at a *[BusyError].
func (s *Store) Claim(spec Spec, asked request.Request, every int) (*Run, error) {
	id, err := s.byKey(spec.Key())
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = spec.Key()[:idLength]
	}
	return s.open(id, spec, asked, every)
}

// Resume continues a run. Inputs other than it was begun with are a *[ChangedError].
func (s *Store) Resume(id string, spec Spec, every int) (*Run, error) {
	record, err := s.Find(id)
	if err != nil {
		return nil, err
	}
	if record.Key != spec.Key() {
		return nil, &ChangedError{record.ID, spec.Differences(record.Spec)}
	}
	return s.open(record.ID, spec, record.Request, every)
}

// open locks a run's folder, which it makes if need be, then looks how the run stands.
func (s *Store) open(id string, spec Spec, asked request.Request, every int) (*Run, error) {
	folder := filepath.Join(s.dir, id)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	lock := flock.New(filepath.Join(folder, lockName))
	mine, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	if !mine {
		return nil, &BusyError{id}
	}
	r, err := s.openLocked(id, spec, asked, every)
	if err != nil {
		_ = lock.Unlock()
		return nil, err
	}
	r.lock = lock
	return r, nil
}

func (s *Store) openLocked(id string, spec Spec, asked request.Request, every int) (*Run, error) {
	record, err := s.get(id)
	switch {
	case errors.As(err, new(*NoRunError)):
		record = Summary{ID: id, Key: spec.Key(), Spec: spec, Request: asked, Versions: Versions(), Created: time.Now(),
			Folder: filepath.Join(s.dir, id)}
		if err := s.insert(record); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case record.deleted:
		if err := s.Restore(id); err != nil { // who claims it wants it again
			return nil, err
		}
	}
	if record.Status == Finished {
		return nil, &FinishedError{record}
	}
	c, state, err := readCheckpoint(filepath.Join(record.Folder, checkpointName), spec)
	if err != nil {
		return nil, err
	}
	if c == nil {
		c = &checkpoint{}
	}
	r := &Run{Summary: record, store: s, from: state, every: every}
	r.Epoch, r.Seconds = c.Done, c.Seconds
	r.doneEpoch = r.Epoch
	r.Status, r.Error = Running, ""
	resetPeak()
	return r, s.update(r)
}

func (s *Store) insert(r Summary) error {
	var texts [3]string
	for i, value := range []any{r.Spec, r.Request, r.Versions} {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		texts[i] = string(text)
	}
	_, err := s.db.Exec(`insert into runs (id, key, created, status, height, width, engine, spec, request, versions, epochs)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.ID, r.Key, r.Created.Format(time.RFC3339Nano), Running, r.Spec.Height, r.Spec.Width,
		r.Spec.Engine, texts[0], texts[1], texts[2], r.Spec.Options.Epochs)
	if err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	return nil
}

// update writes how the run stands and the losses that are not saved yet, both or neither.
func (s *Store) update(r *Run) error {
	tx, err := s.db.Begin()
	if err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	defer tx.Rollback() // does nothing after the commit
	for _, l := range r.unsaved {
		if _, err := tx.Exec("insert or replace into epochs values (?, ?, ?, ?, ?)", r.ID, l.Epoch, l.Total, l.LR, l.Seconds); err != nil {
			return fmt.Errorf("runs: save the losses: %w", err)
		}
		for place, term := range l.Losses {
			if _, err := tx.Exec("insert or replace into terms values (?, ?, ?, ?, ?)", r.ID, l.Epoch, place, term.Name, term.Value); err != nil {
				return fmt.Errorf("runs: save the losses: %w", err)
			}
		}
	}
	_, err = tx.Exec("update runs set status = ?, epoch = ?, seconds = ?, peak_bytes = ?, error = ? where id = ?", r.Status, r.Epoch,
		r.Seconds, r.PeakBytes, r.Error, r.ID)
	if err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	r.unsaved = nil
	return nil
}

// From is the state to continue from; nil for the beginning.
func (r *Run) From() *transfer.State { return r.from }

// Report notes an epoch, and saves a checkpoint where one is due: after every so many epochs, and when last says that
// the training is about to end.
func (r *Run) Report(p transfer.Epoch, last bool) error {
	record := p.Record
	record.Image = nil
	r.unsaved, r.Last, r.doneEpoch = append(r.unsaved, record), record, p.Epoch
	r.session += record.Seconds
	if !last && (r.every == 0 || p.Epoch%r.every != 0) {
		return nil
	}
	state, err := p.Snapshot()
	if err != nil {
		return err
	}
	return r.save(state)
}

// save writes the losses first: should the process die before the checkpoint is in place, they are written again, the same.
func (r *Run) save(state *transfer.State) error {
	r.Epoch, r.Seconds, r.session = r.doneEpoch, r.Seconds+r.session, 0
	r.PeakBytes = max(r.PeakBytes, peakBytes())
	if err := r.store.update(r); err != nil {
		return err
	}
	err := writeCheckpoint(filepath.Join(r.Folder, checkpointName), checkpoint{Spec: r.Spec, Scale: state.Scale, Epoch: state.Epoch,
		Done: r.Epoch, Height: state.Height, Width: state.Width, Seconds: r.Seconds}, state.Arrays)
	if err != nil {
		return fmt.Errorf("runs: save a checkpoint: %w", err)
	}
	return nil
}

// Finish saves the result and closes the run for good.
func (r *Run) Finish(picture image.Image) error {
	if err := sl.WriteImage(r.Picture(), picture); err != nil {
		return err
	}
	r.Epoch, r.Seconds, r.session = r.doneEpoch, r.Seconds+r.session, 0
	r.PeakBytes = max(r.PeakBytes, peakBytes())
	r.Status = Finished
	if err := r.store.update(r); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(r.Folder, checkpointName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("runs: %w", err)
	}
	return nil
}

// Stop notes that the training ended early, and saves the picture so far, if there is one. err says why it ended, nil that it was
// interrupted.
func (r *Run) Stop(picture image.Image, err error) error {
	var saveErr error
	if picture != nil {
		saveErr = sl.WriteImage(r.Picture(), picture)
	}
	r.unsaved = nil // a checkpoint that has them was not saved
	r.Status = Stopped
	if err != nil {
		r.Status, r.Error = Failed, oneline.First(err)
	}
	r.PeakBytes = max(r.PeakBytes, peakBytes())
	return errors.Join(saveErr, r.store.update(r))
}

// End notes how the training ended, and lets others have the run: by [Run.Stop] where ctx is done or there is an error, else by
// [Run.Finish]. picture is nil where there is none.
func (r *Run) End(ctx context.Context, picture image.Image, err error) error {
	defer r.Close()
	switch {
	case ctx.Err() != nil:
		return r.Stop(picture, nil)
	case err != nil:
		return r.Stop(picture, err)
	}
	return r.Finish(picture)
}

// Adopt moves files into the run's folder; asked names them there.
func (r *Run) Adopt(files []string, asked request.Request) error {
	for _, path := range files {
		if err := os.Rename(path, r.Inside(path)); err != nil {
			return fmt.Errorf("runs: %w", err)
		}
	}
	text, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	r.Request = asked
	if _, err = r.store.db.Exec("update runs set request = ? where id = ?", string(text), r.ID); err != nil {
		return fmt.Errorf("runs: %w", err)
	}
	return nil
}

// Inside is where [Run.Adopt] puts a file.
func (r *Run) Inside(path string) string { return filepath.Join(r.Folder, filepath.Base(path)) }

// Close lets others have the run.
func (r *Run) Close() { _ = r.lock.Unlock() }

// locked says whether a process is computing a run.
func (s *Store) locked(id string) bool {
	path := filepath.Join(s.dir, id, lockName)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	lock := flock.New(path)
	free, err := lock.TryRLock()
	if err == nil && free {
		_ = lock.Unlock()
	}
	return err == nil && !free
}

// Versions are those of what computes: stylebook, go, GoMLX's modules by their paths.
func Versions() map[string]string {
	all := map[string]string{"go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return all
	}
	all["stylebook"] = info.Main.Version
	for _, module := range info.Deps {
		switch module.Path {
		case "github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla":
			all[module.Path] = module.Version
		}
	}
	return all
}
