package sweep

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/runs"
)

// Collect writes sheet.png, all results side by side, table.csv and, where the seed is varied, summary.csv; the tables for people
// too, to stdout.
func (w *Work) Collect(ctx context.Context, results []*runs.Summary, stdout io.Writer) error {
	if err := w.sheet(results); err != nil {
		return err
	}
	measures, unmeasured, err := w.measure(ctx, results)
	if err != nil {
		return err
	}
	if err := w.tables(newTable(w, results, measures), stdout); err != nil {
		return err
	}
	failed := 0
	for _, r := range results {
		if r == nil {
			failed++
		}
	}
	switch {
	case failed > 0:
		return fmt.Errorf("%d of %d runs failed", failed, len(results))
	case unmeasured > 0:
		return fmt.Errorf("%d of %d runs could not be measured", unmeasured, len(results))
	}
	return nil
}

// sheet puts all results side by side.
func (w *Work) sheet(results []*runs.Summary) error {
	var pictures []figure.Picture
	for i, r := range results {
		picture := figure.Picture{Title: w.sheetLabel(i)}
		if r == nil {
			picture.Title += " (failed)"
		} else {
			image, err := sl.ReadImage(r.Picture())
			if err != nil {
				return err
			}
			picture.Image = image
		}
		pictures = append(pictures, picture)
	}
	columns := 1
	if n := len(w.Vary); n > 0 {
		columns = min(w.Vary[n-1].Values, 8)
	}
	sheet, err := figure.Sheet(columns, pictures...)
	if err != nil {
		return err
	}
	return sl.WriteImage(w.sheetPath(), sheet)
}

func (w *Work) sheetLabel(run int) string {
	var parts []string
	for _, axis := range w.Vary {
		parts = append(parts, w.value(run, axis))
	}
	return strings.Join(parts, " · ")
}

// measure returns the measures of each finished run, NaN where one can't be measured, and how many can't.
func (w *Work) measure(ctx context.Context, results []*runs.Summary) (all [][]float64, unmeasured int, err error) {
	all = make([][]float64, len(results))
	for i, r := range results {
		if r == nil || w.Measure == nil {
			continue
		}
		if ctx.Err() != nil {
			return nil, 0, &InterruptedError{"the runs are finished; the same command measures them"}
		}
		measures, err := w.Measure(i, r)
		if err != nil {
			w.Warn("run %d (%s) can't be measured: %v", i, w.Label(i), err)
			measures = slices.Repeat([]float64{math.NaN()}, len(w.Measures))
			unmeasured++
		}
		all[i] = measures
	}
	return all, unmeasured, nil
}

// tables writes the tables and prints them.
func (w *Work) tables(t *table, stdout io.Writer) error {
	if err := writeCSV(w.tablePath(), t.cells()); err != nil {
		return err
	}
	if err := oneline.Table(stdout, t.cells()); err != nil {
		return err
	}
	saved := w.sheetPath() + " and " + filepath.Base(w.tablePath())
	if summary := t.summaryFile(); summary != nil {
		if err := writeCSV(w.summaryPath(), summary); err != nil {
			return err
		}
		fmt.Fprintln(stdout)
		if err := oneline.Table(stdout, t.summaryText()); err != nil {
			return err
		}
		saved = fmt.Sprintf("%s, %s and %s", w.sheetPath(), filepath.Base(w.tablePath()), filepath.Base(w.summaryPath()))
	}
	w.Say("saved    %s", saved)
	return nil
}
