package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"stylebook/stylelib/runs"
)

// Work is a sweep that is being done.
type Work struct {
	*Sweep
	Out   string // folder of the results, absolute
	Store *runs.Store

	// Do makes sure that a run is finished; before says that it was so already. One that another process is at is a
	// *[runs.BusyError].
	Do func(ctx context.Context, run int) (record *runs.Summary, before bool, err error)

	LeftOut []LeftOut // what is no run, for the table

	Measures []string // names of what else is measured of each run, each with an underscore; see table
	Measure  func(run int, record *runs.Summary) ([]float64, error)

	Say  func(format string, args ...any) // gets messages for the user
	Warn func(format string, args ...any) // and those of runs that failed
}

// LeftOut is what would have been a run, and why it is none.
type LeftOut struct{ Label, Reason string }

// InterruptedError tells how far a sweep is that was stopped.
type InterruptedError struct{ State string }

func (e *InterruptedError) Error() string { return "interrupted: " + e.State }

// NewWork returns the work of a sweep, whose results go to the folder out; "" is the file's name without its extension.
func NewWork(s *Sweep, out string) (*Work, error) {
	if out == "" {
		if out = strings.TrimSuffix(s.Path, filepath.Ext(s.Path)); out == s.Path {
			out += "-results"
		}
	}
	out, err := filepath.Abs(out)
	return &Work{Sweep: s, Out: out}, err
}

// All does all runs, also together with other processes, and returns the record of each; nil for one that failed.
func (w *Work) All(ctx context.Context) ([]*runs.Summary, error) {
	results := make([]*runs.Summary, len(w.Runs))
	var pending []int
	for i := range w.Runs {
		pending = append(pending, i)
	}
	finished := 0
	for len(pending) > 0 {
		var busy []int
		for _, i := range pending {
			record, err := w.one(ctx, i)
			var another *runs.BusyError
			switch {
			case errors.As(err, &another):
				busy = append(busy, i)
				continue
			case ctx.Err() != nil:
				return nil, &InterruptedError{fmt.Sprintf("%d of %d runs are finished; the same command goes on", finished, len(w.Runs))}
			case err != nil:
				w.Warn("run %d (%s): %v", i, w.Label(i), err)
			default:
				finished++
			}
			results[i] = record
		}
		if len(busy) == len(pending) {
			wait(ctx) // others are at all that is left
		}
		pending = busy
	}
	return results, nil
}

// Task does one run, and says which it was in a file beside the results: its machine may have another engine than that of
// who asks.
func (w *Work) Task(ctx context.Context, i int) error {
	for {
		record, err := w.one(ctx, i)
		var another *runs.BusyError
		switch {
		case ctx.Err() != nil:
			return &InterruptedError{"the same command goes on"}
		case errors.As(err, &another):
			wait(ctx)
		case err != nil:
			return fmt.Errorf("run %d (%s): %w", i, w.Label(i), err)
		default:
			return os.WriteFile(w.notePath(i), []byte(record.ID+"\n"), 0o644)
		}
	}
}

func wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(200 * time.Millisecond):
	}
}

// one does a run and says what came of it.
func (w *Work) one(ctx context.Context, i int) (*runs.Summary, error) {
	record, before, err := w.Do(ctx, i)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("total %.4g  %s", record.Last.Total, Duration(record.Seconds))
	if before {
		what = "finished before"
	}
	w.Say("run %d/%d  %s  %s  %s", i+1, len(w.Runs), record.ID, w.Label(i), what)
	return record, nil
}

// Duration is a number of seconds as one writes it.
func Duration(seconds float64) time.Duration {
	return time.Duration(seconds * float64(time.Second)).Round(10 * time.Millisecond)
}

// Outputs are the files that the work may write beside its runs.
func (w *Work) Outputs() []string {
	paths := []string{w.sheetPath(), w.tablePath(), w.summaryPath()}
	for i := range w.Runs {
		paths = append(paths, w.notePath(i))
	}
	return paths
}

func (w *Work) sheetPath() string   { return filepath.Join(w.Out, "sheet.png") }
func (w *Work) tablePath() string   { return filepath.Join(w.Out, "table.csv") }
func (w *Work) summaryPath() string { return filepath.Join(w.Out, "summary.csv") }

func (w *Work) notePath(task int) string {
	return filepath.Join(w.Out, fmt.Sprintf("task-%d.run", task))
}

// arguments are those of a task: of the sub-command, not of the engine and the folder of runs, which the caller puts before.
func (w *Work) arguments(task string) []string {
	file, err := filepath.Abs(w.Path)
	if err != nil {
		file = w.Path
	}
	return []string{"-task", task, "-out", w.Out, file}
}
