package sweep

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/runs"

	"github.com/google/go-cmp/cmp"
)

// found is the table of a sweep over two styles in folders of their own and three seeds, in which one run failed.
func found(t *testing.T) *table {
	t.Helper()
	plan, err := parse("", []byte("set: {content: a.png}\nvary: {content-mask: [a.png], style: [x/s.png, y/s.png], epochs: [2], seed: [1, 2, 3]}"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWork(plan, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w.Measures = []string{"grain_ratio"}
	var results []*runs.Summary
	var measures [][]float64
	for i := range w.Runs {
		v := float64(i)
		last := sl.Record{Total: 10 * v, Losses: []sl.TermLoss{{Name: "content", Value: v}, {Name: "style", Value: v * v}}}
		results = append(results, &runs.Summary{ID: "id", Epoch: 2, Last: last, Seconds: 1})
		measures = append(measures, []float64{1})
	}
	results[5], measures[5] = nil, nil
	measures[0] = []float64{math.NaN()}
	return newTable(w, results, measures)
}

// Whatever is varied, one name is one column: a reader that goes by names gets the number that it asks for.
func TestTableHasOneColumnForAName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "table.csv")
	if err := writeCSV(path, found(t).cells()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields("run_id content-mask style epochs seed epochs_done content_loss style_loss total_loss grain_ratio seconds_taken peak_bytes")
	if diff := cmp.Diff(want, rows[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(strings.Split("id,a.png,s.png,2,2,2,1,1,10,1,1,0", ","), rows[2]); diff != "" || len(rows) != 6 {
		t.Errorf("%d rows (-want +got):\n%s", len(rows), diff)
	}
	t.Run("read by pandas", func(t *testing.T) {
		if err := exec.Command("python3", "-c", "import pandas").Run(); err != nil {
			t.Skip("skipped: pandas is not installed")
		}
		script := "import sys, pandas; t = pandas.read_csv(sys.argv[1]); print(t.groupby('style')['content_loss'].mean().iloc[0], t['content-mask'].iloc[0])"
		out, err := exec.Command("python3", "-c", script, path).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "2.0 a.png" {
			t.Errorf("%s %v", out, err)
		}
	})
}

// Over seeds there are mean and standard deviation for each combination of the others; styles of the same name in two folders are two.
func TestSummary(t *testing.T) {
	for name, test := range map[string]struct {
		rows [][]string
		want []string
	}{
		"file": {found(t).summaryFile(), []string{
			"content-mask style epochs seeds_done content_loss_mean content_loss_sd style_loss_mean style_loss_sd total_loss_mean total_loss_sd grain_ratio_mean grain_ratio_sd",
			"a.png s.png 2 3 1 1 1.66667 2.08167 10 10  ",
			"a.png s.png 2 2 3.5 0.707107 12.5 4.94975 35 7.07107 1 0"}},
		"text": {found(t).summaryText(), []string{
			"content-mask style epochs seeds_done content_loss style_loss total_loss grain_ratio",
			"a.png s.png 2 3 1 ± 1 1.667 ± 2.1 10 ± 10 ",
			"a.png s.png 2 2 3.5 ± 0.71 12.5 ± 4.9 35 ± 7.1 1 ± 0"}},
	} {
		var got []string
		for _, row := range test.rows {
			got = append(got, strings.Join(row, " "))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := plusMinus(2, math.NaN()); got != "2" {
		t.Errorf("of one run: %s", got)
	}
	without := found(t)
	without.sweep = &Sweep{Vary: []Axis{{"epochs", 1}}}
	if without.summaryFile() != nil {
		t.Error("there is a summary without seeds")
	}
}
