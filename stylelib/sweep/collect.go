package sweep

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/runs"
)

// Collect writes sheet.png, all results side by side, and table.csv; the table for people too, to stdout.
func (w *Work) Collect(results []*runs.Summary, stdout io.Writer) error {
	var pictures []figure.Picture
	failed := 0
	for i, r := range results {
		picture := figure.Picture{Title: w.sheetLabel(w.Runs[i])}
		if r == nil {
			failed++
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
		columns = min(len(w.Vary[n-1].Values), 8)
	}
	sheet, err := figure.Sheet(columns, pictures...)
	if err != nil {
		return err
	}
	if err := sl.WriteImage(w.sheetPath(), sheet); err != nil {
		return err
	}
	if err := w.table(results, stdout); err != nil {
		return err
	}
	w.Say("saved    %s and table.csv", w.sheetPath())
	if failed > 0 {
		return fmt.Errorf("%d of %d runs failed", failed, len(results))
	}
	return nil
}

func (w *Work) sheetLabel(settings []Setting) string {
	var parts []string
	for _, s := range settings {
		parts = append(parts, w.short(s))
	}
	return strings.Join(parts, " · ")
}

// table writes table.csv and, for people, the same to stdout.
func (w *Work) table(results []*runs.Summary, stdout io.Writer) error {
	header := []string{"run"}
	for _, axis := range w.Vary {
		header = append(header, axis.Name)
	}
	var done []runs.Summary
	for _, r := range results {
		if r != nil {
			done = append(done, *r)
		}
	}
	terms := runs.TermNames(done...)
	header = append(append(header, "epochs"), terms...)
	rows := [][]string{append(header, "total", "seconds", "peak_bytes")}
	for i, r := range results {
		if r == nil {
			continue
		}
		row := []string{r.ID}
		for _, setting := range w.Runs[i] {
			row = append(row, w.short(setting))
		}
		row = append(row, strconv.Itoa(r.Epoch))
		for _, term := range terms {
			row = append(row, number(r.Last.Loss(term)))
		}
		row = append(row, number(r.Last.Total), number(r.Seconds))
		rows = append(rows, append(row, strconv.FormatInt(r.PeakBytes, 10)))
	}
	_, err := atomicfile.Write(w.tablePath(), func(out io.Writer) error { return csv.NewWriter(out).WriteAll(harmless(rows)) })
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = oneline.Escape(row[i])
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

// harmless puts an apostrophe before cells that a spreadsheet would take for formulas.
func harmless(rows [][]string) [][]string {
	safe := make([][]string, len(rows))
	for i, row := range rows {
		for _, cell := range row {
			if _, err := strconv.ParseFloat(cell, 64); err != nil && strings.ContainsAny(cell[:min(len(cell), 1)], "=+-@\t\r") {
				cell = "'" + cell
			}
			safe[i] = append(safe[i], cell)
		}
	}
	return safe
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
