package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/figure"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/studio"
	"stylebook/stylelib/sweep"
)

const sweepHelp = `stylize sweep FILE runs every combination of the options in a file, each run once:

  set:                      # options of every run, as on the command line; files count from this file's folder
    content: photo.jpg
    height: 60
    epochs: 100
  vary:                     # lists of values: every combination is a run
    style: [oak.jpg, stars.jpg]
    style-layers: ["conv1_1", "conv1_1,conv2_1:0.5"]

Runs that are finished are not run again, also those of other sweeps; runs that were stopped go on. Several processes may
work on one file, each run is one's only. At the end there are sheet.png, all results side by side, and table.csv in the
folder -out.

Options:
`

// sweeping is a sweep that is being run.
type sweeping struct {
	file    string
	out     string // folder of the results
	dir     string // of the runs
	backend string
	options string // of sbatch
	slurm   bool
	image   string // of pods: print a Kubernetes manifest for them
	volume  string // that they mount
	task    int    // the only run to do, for a task of Slurm or Kubernetes; -1 for all
	quiet   bool

	plan         *sweep.Sweep
	combinations [][]sweep.Setting
}

func sweepCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s := &sweeping{}
	flags := newFlags("sweep")
	flags.StringVar(&s.out, "out", "", "`folder` for sheet and table (default: the file's name without its extension)")
	flags.StringVar(&s.dir, "runs", "", "`folder` of the runs")
	flags.StringVar(&s.backend, "backend", "", "`engine`: xla:cpu, xla:cuda or go")
	flags.BoolVar(&s.slurm, "slurm", false, "submit the runs to Slurm as one array job, wait for it and collect the results; -runs and -out must be seen by all nodes")
	flags.StringVar(&s.options, "slurm-options", "", "`options` for sbatch, such as \"--partition=gpu --mem=8G\"")
	flags.StringVar(&s.image, "kubernetes", "", "print a Kubernetes Job that does the runs with this `image`, in which stylize is, and end; when it is done, the command without this collects")
	flags.StringVar(&s.volume, "volume", "", "`claim:folder` of the persistent volume that holds the file, -runs and -out, at the folder in which they are here")
	flags.IntVar(&s.task, "task", -1, "do only this `run`, counted from 0; tasks of Slurm and Kubernetes are called so")
	flags.BoolVar(&s.quiet, "quiet", false, "print errors only")
	if err := parseFlags(flags, args, sweepHelp, stdout, "FILE"); err != nil {
		return err
	}
	s.file = flags.Arg(0)
	if err := s.read(); err != nil {
		return err
	}
	if s.image != "" {
		return s.printManifest(stdout)
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	return withStore(s.dir, func(store *runs.Store) error {
		s.dir = store.Dir()
		results, err := s.results(ctx, store, stderr)
		if err != nil || s.task >= 0 {
			return err
		}
		return s.collect(results, stdout, stderr)
	})
}

// read reads the file and checks each run's options before any begins.
func (s *sweeping) read() (err error) {
	if s.plan, err = sweep.Read(s.file); err != nil {
		return err
	}
	s.combinations = s.plan.Combinations()
	if s.task >= len(s.combinations) {
		return &usageError{fmt.Sprintf("sweep: -task %d: %s has %d runs", s.task, s.file, len(s.combinations))}
	}
	if s.out == "" {
		s.out = strings.TrimSuffix(s.file, filepath.Ext(s.file))
		if s.out == s.file {
			s.out += "-results"
		}
	}
	s.out = absolutePath(s.out)
	for i := range s.combinations {
		if _, err := s.settings(i); err != nil {
			return fmt.Errorf("%s: run %d (%s): %w", s.file, i, label(s.combinations[i]), err)
		}
	}
	return nil
}

// settings are those of one run.
func (s *sweeping) settings(i int) (*settings, error) {
	var arguments []string
	for _, setting := range append(s.plan.Set[:len(s.plan.Set):len(s.plan.Set)], s.combinations[i]...) {
		switch setting.Name {
		case "out", "log", "runs", "resume", "quiet", "backend":
			return nil, fmt.Errorf("%s can't be set in a sweep", setting.Name)
		}
		arguments = append(arguments, "-"+setting.Name+"="+s.fromFile(setting))
	}
	one := &settings{request: studio.Default()}
	one.research.sweep = true
	one, err := parseInto(one, arguments, io.Discard)
	if err != nil {
		return nil, err
	}
	one.quiet, one.backend = true, s.backend
	return one, nil
}

// fromFile makes paths count from the folder of the sweep file.
func (s *sweeping) fromFile(setting sweep.Setting) string {
	here := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(filepath.Dir(s.file), path)
	}
	switch setting.Name {
	case "content", "content-mask":
		return here(setting.Value)
	case "style", "style-mask":
		var paths []string
		for _, path := range strings.Split(setting.Value, ",") {
			paths = append(paths, here(strings.TrimSpace(path)))
		}
		return strings.Join(paths, ",")
	case "init", "weights":
		if _, err := os.Stat(here(setting.Value)); err == nil {
			return here(setting.Value)
		}
	}
	return setting.Value
}

func label(settings []sweep.Setting) string {
	var parts []string
	for _, s := range settings {
		parts = append(parts, s.Name+"="+shortened(s))
	}
	return strings.Join(parts, "  ")
}

// shortened is a setting's value without the folders of files.
func shortened(s sweep.Setting) string {
	switch s.Name {
	case "content", "style", "content-mask", "style-mask":
		return filepath.Base(s.Value)
	}
	return s.Value
}

// results runs what is not finished and returns the record of each run; nil for one that failed.
func (s *sweeping) results(ctx context.Context, store *runs.Store, stderr io.Writer) ([]*runs.Record, error) {
	if s.slurm {
		return s.throughSlurm(ctx, store, stderr)
	}
	e, err := engine.Open(s.backend)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	s.say(stderr, "engine   %s", e)
	results := make([]*runs.Record, len(s.combinations))
	var pending []int
	for i := range s.combinations {
		if s.task < 0 || s.task == i {
			pending = append(pending, i)
		}
	}
	finished := 0
	for len(pending) > 0 {
		var busy []int
		for _, i := range pending {
			record, err := s.one(ctx, e, store, i, stderr)
			var another *runs.BusyError
			switch {
			case errors.As(err, &another):
				busy = append(busy, i)
				continue
			case ctx.Err() != nil:
				return nil, &interruptedError{sweep: fmt.Sprintf("%d of %d runs are finished; the same command goes on", finished, len(s.combinations))}
			case err != nil:
				fmt.Fprintf(stderr, "stylize: run %d (%s): %v\n", i, label(s.combinations[i]), err)
			default:
				finished++
			}
			results[i] = record
		}
		if len(busy) == len(pending) {
			select { // others are at all that is left
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
		pending = busy
	}
	if s.task >= 0 {
		if results[s.task] == nil {
			return nil, fmt.Errorf("run %d failed", s.task)
		}
		return results, s.note(s.task, results[s.task].ID)
	}
	return results, nil
}

// one makes sure that a run is finished.
func (s *sweeping) one(ctx context.Context, e *engine.Engine, store *runs.Store, i int, stderr io.Writer) (*runs.Record, error) {
	one, err := s.settings(i)
	if err != nil {
		return nil, err
	}
	ready, err := one.open(ctx, e)
	if err != nil {
		return nil, err
	}
	defer ready.Close()
	j, err := one.newJob(e, ready)
	if err != nil {
		return nil, err
	}
	j.store = store
	err = j.begin()
	var finished *runs.FinishedError
	if errors.As(err, &finished) {
		s.say(stderr, "run %d/%d  %s  %s  finished before", i+1, len(s.combinations), finished.Record.ID, label(s.combinations[i]))
		return &finished.Record, nil
	}
	if err != nil {
		return nil, err
	}
	x, trainErr := j.train(ctx, func(sl.Record) error { return nil })
	var picture image.Image
	if trainErr == nil {
		picture, trainErr = j.picture(x)
	}
	if err := errors.Join(trainErr, j.end(ctx, picture, trainErr)); err != nil {
		return nil, err
	}
	s.say(stderr, "run %d/%d  %s  %s  total %.4g  %s", i+1, len(s.combinations), j.run.ID, label(s.combinations[i]), j.run.Last.Total, seconds(j.run.Seconds))
	return &j.run.Record, nil
}

// collect writes sheet and table.
func (s *sweeping) collect(results []*runs.Record, stdout, stderr io.Writer) error {
	var pictures []figure.Picture
	failed := 0
	for i, r := range results {
		picture := figure.Picture{Title: sheetLabel(s.combinations[i])}
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
	if n := len(s.plan.Vary); n > 0 {
		columns = min(len(s.plan.Vary[n-1].Values), 8)
	}
	sheet, err := figure.Sheet(columns, pictures...)
	if err != nil {
		return err
	}
	if err := sl.WriteImage(filepath.Join(s.out, "sheet.png"), sheet); err != nil {
		return err
	}
	if err := s.table(results, stdout); err != nil {
		return err
	}
	s.say(stderr, "saved    %s and table.csv", filepath.Join(s.out, "sheet.png"))
	if failed > 0 {
		return fmt.Errorf("%d of %d runs failed", failed, len(results))
	}
	return nil
}

func sheetLabel(settings []sweep.Setting) string {
	var parts []string
	for _, s := range settings {
		parts = append(parts, shortened(s))
	}
	return strings.Join(parts, " · ")
}

// table writes table.csv and, for people, the same to stdout.
func (s *sweeping) table(results []*runs.Record, stdout io.Writer) error {
	header := []string{"run"}
	for _, axis := range s.plan.Vary {
		header = append(header, axis.Name)
	}
	rows := [][]string{append(header, "epochs", "content", "style", "tv", "total", "seconds", "peak_bytes")}
	for i, r := range results {
		if r == nil {
			continue
		}
		row := []string{r.ID}
		for _, setting := range s.combinations[i] {
			row = append(row, shortened(setting))
		}
		row = append(row, strconv.Itoa(r.Epoch))
		for _, value := range []float64{r.Last.Content, r.Last.Style, r.Last.TV, r.Last.Total, r.Seconds} {
			row = append(row, strconv.FormatFloat(value, 'g', 6, 64))
		}
		rows = append(rows, append(row, strconv.FormatInt(r.PeakBytes, 10)))
	}
	file, err := os.Create(filepath.Join(s.out, "table.csv"))
	if err != nil {
		return err
	}
	if err := errors.Join(csv.NewWriter(file).WriteAll(rows), file.Close()); err != nil {
		return err
	}
	if s.quiet {
		return nil
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

func (s *sweeping) say(w io.Writer, format string, args ...any) {
	if !s.quiet {
		fmt.Fprintf(w, format+"\n", args...)
	}
}
