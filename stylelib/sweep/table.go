package sweep

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"

	"gonum.org/v1/gonum/stat"
)

// seedOption is the option over whose values results are summed up.
const seedOption = "seed"

// table is what a sweep found: a row for each finished run, with a column for each option that is varied. All other columns have
// an underscore in their names, which no option has, so no two columns have one name.
type table struct {
	sweep   *Sweep
	numbers []string // losses and measures
	rows    []row
	left    []LeftOut
}

// row is a run in numbers; one that it lacks is NaN.
type row struct {
	run     *runs.Summary
	asked   request.Request
	values  []string // on each axis, for people
	numbers []float64
}

// newTable is of the runs that have a record; measures are those of each run, as many as there are names, or none.
func newTable(w *Work, results []*runs.Summary, measures [][]float64) *table {
	var done []runs.Summary
	for _, r := range results {
		if r != nil {
			done = append(done, *r)
		}
	}
	terms := runs.TermNames(done...)
	t := &table{sweep: w.Sweep, left: w.LeftOut}
	for _, term := range append(terms[:len(terms):len(terms)], "total") {
		t.numbers = append(t.numbers, term+"_loss")
	}
	t.numbers = append(t.numbers, w.Measures...)
	for i, r := range results {
		if r != nil {
			numbers := append(lossesOf(r, terms), r.Last.Total)
			var values []string
			for _, axis := range w.Vary {
				values = append(values, w.value(i, axis))
			}
			t.rows = append(t.rows, row{r, w.Runs[i], values, append(numbers, measures[i]...)})
		}
	}
	return t
}

// lossesOf are a run's losses of the last epoch, by the names of the terms.
func lossesOf(r *runs.Summary, terms []string) (losses []float64) {
	for _, term := range terms {
		loss := math.NaN()
		for _, l := range r.Last.Losses {
			if l.Name == term {
				loss = l.Value
			}
		}
		losses = append(losses, loss)
	}
	return losses
}

// cells are the table with its header.
func (t *table) cells() [][]string {
	header := []string{"run_id"}
	for _, axis := range t.sweep.Vary {
		header = append(header, axis.Name)
	}
	header = append(append(header, "epochs_done"), t.numbers...)
	all := [][]string{append(header, "seconds_taken", "peak_bytes")}
	for _, r := range t.rows {
		cells := append(append([]string{r.run.ID}, r.values...), strconv.Itoa(r.run.Epoch))
		for _, v := range r.numbers {
			cells = append(cells, number(v))
		}
		all = append(all, append(cells, number(r.run.Seconds), strconv.FormatInt(r.run.PeakBytes, 10)))
	}
	return withLeftOut(all, t.left)
}

// withLeftOut adds a column of reasons, and a row for each that has one.
func withLeftOut(cells [][]string, left []LeftOut) [][]string {
	if len(left) == 0 {
		return cells
	}
	for i := range cells {
		cells[i] = append(cells[i], "")
	}
	last := len(cells[0]) - 1
	cells[0][last] = "left_out"
	for _, l := range left {
		row := make([]string, last+1)
		row[1], row[last] = l.Label, l.Reason
		cells = append(cells, row)
	}
	return cells
}

// group are the runs that differ in their seeds only.
type group struct {
	others request.Request // what they have in common
	values []string        // on each axis but the seed's
	rows   []row
}

// overSeeds are the groups in the order of their first runs; nil where the seed is not varied.
func (t *table) overSeeds() (groups []*group) {
	seed := slices.IndexFunc(t.sweep.Vary, func(a Axis) bool { return a.Name == seedOption })
	if seed < 0 {
		return nil
	}
	for _, r := range t.rows {
		others := r.asked.With(seedOption, nil)
		i := slices.IndexFunc(groups, func(g *group) bool { return slices.Equal(g.others.Words(), others.Words()) })
		if i < 0 {
			values := slices.Delete(slices.Clone(r.values), seed, seed+1)
			i, groups = len(groups), append(groups, &group{others: others, values: values})
		}
		groups[i].rows = append(groups[i].rows, r)
	}
	return groups
}

// spread is the mean of a number over the group's runs, and its standard deviation in the population that they are a sample of:
// NaN for one run.
func (g *group) spread(i int) (mean, deviation float64) {
	var values []float64
	for _, r := range g.rows {
		values = append(values, r.numbers[i])
	}
	return stat.MeanStdDev(values, nil)
}

// summary are mean and standard deviation of each number over the seeds, with a header; nil where the seed is not varied.
// What columns names and cells hold of a number is the caller's.
func (t *table) summary(columns func(name string) []string, cells func(mean, deviation float64) []string) (all [][]string) {
	for _, g := range t.overSeeds() {
		var header, line []string
		for _, axis := range t.sweep.Vary {
			if axis.Name != seedOption {
				header = append(header, axis.Name)
			}
		}
		line = append(line, g.values...)
		header, line = append(header, "seeds_done"), append(line, strconv.Itoa(len(g.rows)))
		for i, name := range t.numbers {
			header, line = append(header, columns(name)...), append(line, cells(g.spread(i))...)
		}
		if all == nil {
			all = [][]string{header}
		}
		all = append(all, line)
	}
	return all
}

// summaryFile is the summary with a column for the mean and one for the deviation.
func (t *table) summaryFile() [][]string {
	return t.summary(
		func(name string) []string { return []string{name + "_mean", name + "_sd"} },
		func(mean, deviation float64) []string { return []string{number(mean), number(deviation)} })
}

// summaryText is the summary for people.
func (t *table) summaryText() [][]string {
	return t.summary(
		func(name string) []string { return []string{name} },
		func(mean, deviation float64) []string { return []string{plusMinus(mean, deviation)} })
}

func plusMinus(mean, deviation float64) string {
	if math.IsNaN(deviation) { // of one run
		return number(mean)
	}
	return fmt.Sprintf("%.4g ± %.2g", mean, deviation)
}

// writeCSV writes rows to a file.
func writeCSV(path string, rows [][]string) error {
	_, err := atomicfile.Write(path, func(out io.Writer) error { return csv.NewWriter(out).WriteAll(harmless(rows)) })
	return err
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

// number is a cell of a table: empty where there is none.
func number(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}
