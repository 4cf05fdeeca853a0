package cli

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/webpicture"
	"stylebook/stylelib/quality"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/sweep"
	"stylebook/stylelib/transfer"
)

const sweepHelp = `stylize sweep FILE runs every combination of the options in a file, each run once:

  set:                      # options of every run, as on the command line; files count from this file's folder
    content: photo.jpg
    height: 60
    epochs: 100
  vary:                     # lists of values: every combination is a run
    style: [oak.jpg, stars.jpg]
    style-layers: ["conv1_1", "conv1_1,conv2_1:0.5"]

In a sweep the preset is ` + sweep.Preset + ` unless the file names another: stylize -preset ` + sweep.Preset + ` -help lists what goes with it. Runs that are finished are not run again, also those of other
sweeps; runs that were stopped go on. Several processes may work on one file, each run is one's only.

At the end there are sheet.png, all results side by side, and table.csv in the folder -out. The table's columns are the options
that are varied, by their names, and our own, whose names have an underscore: content_loss, style_loss, tv_loss, epochs_done, … Where
seed is varied, summary.csv has mean and standard deviation over the seeds, for each combination of the others.

Options:
`

// sweepOptions are the flags of stylize sweep.
type sweepOptions struct {
	out, dir, backend string
	slurm             bool
	slurmOptions      string
	measure           bool
	task              int // the only run to do, for a task of Slurm; -1 for all
	quiet             bool
}

func (c *command) sweep(ctx context.Context, args []string) error {
	var o sweepOptions
	flags := newFlags("sweep")
	flags.StringVar(&o.out, "out", "", "`folder` for sheet and table (default: the file's name without its extension)")
	flags.StringVar(&o.dir, "runs", "", "`folder` of the runs")
	flags.StringVar(&o.backend, "backend", "", "`engine`: xla:cpu, xla:cuda or go")
	flags.BoolVar(&o.slurm, "slurm", false, "submit the runs to Slurm as one array job, wait for it and collect the results; -runs and -out must be seen by all nodes")
	flags.StringVar(&o.slurmOptions, "slurm-options", "", "`options` for sbatch, such as \"--partition=gpu --mem=8G\"")
	flags.BoolVar(&o.measure, "measure", false, "add to the table how far each result is from its pictures, by measures that no training minimizes, under VGG-16 where it is here: "+strings.Join(quality.Names(), ", "))
	flags.IntVar(&o.task, "task", -1, "do only this `run`, counted from 0; tasks of Slurm are called so")
	flags.BoolVar(&o.quiet, "quiet", false, "print errors only")
	names, err := parseFlags(flags, args, sweepHelp, c.stdout, "FILE")
	if err != nil {
		return err
	}
	w, inputs, err := c.work(names[0], o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(w.Out, 0o755); err != nil {
		return err
	}
	err = withStore(o.dir, func(store *runs.Store) error {
		w.Store, o.dir = store, store.Dir()
		for _, path := range w.Outputs() {
			if err := protect("-out", path, inputs, store); err != nil {
				return err
			}
		}
		return c.doSweep(ctx, w, o)
	})
	return stopped(err)
}

// stopped makes the command's error of one that says how far several runs got.
func stopped(err error) error {
	var interrupted *sweep.InterruptedError
	if errors.As(err, &interrupted) {
		return &interruptedError{sweep: interrupted.State}
	}
	return err
}

// speak lets several runs speak as the command does.
func (c *command) speak(w *sweep.Work, quiet bool) {
	w.Say = func(format string, args ...any) { c.say(quiet, format, args...) }
	w.Warn = func(format string, args ...any) { c.tell("stylize: "+format, args...) }
}

// work reads the file and checks each run's options before any begins. inputs are all files that the runs are made from.
func (c *command) work(file string, o sweepOptions) (w *sweep.Work, inputs []string, err error) {
	plan, err := sweep.Read(file, c.own...)
	if err != nil {
		return nil, nil, err
	}
	if w, err = sweep.NewWork(plan, o.out); err != nil {
		return nil, nil, err
	}
	c.speak(w, o.quiet)
	if o.task >= len(w.Runs) {
		return nil, nil, &usageError{fmt.Errorf("sweep: -task %d: %s has %d runs", o.task, file, len(w.Runs))}
	}
	all := map[string]bool{file: true}
	for i, asked := range w.Runs {
		one, err := c.sharedRun(w, i)
		if err == nil {
			err = asked.Require("content", "style")
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: run %d (%s): %w", file, i, w.Label(i), err)
		}
		for _, input := range one.inputs() {
			all[input] = true
		}
	}
	return w, slices.Collect(maps.Keys(all)), nil
}

// sharedRun are the settings of one run of a sweep.
func (c *command) sharedRun(w *sweep.Work, i int) (*settings, error) {
	one, err := c.settings(w.Runs[i])
	if err == nil {
		one.shared = true
	}
	return one, err
}

// doSweep does what is not finished, here or elsewhere, and collects the results.
func (c *command) doSweep(ctx context.Context, w *sweep.Work, o sweepOptions) error {
	w.Say("preset   %s", w.Presets())
	var e *engine.Engine
	if !o.slurm || o.measure {
		var err error
		if e, err = engine.Open(o.backend); err != nil {
			return err
		}
		defer e.Close()
		w.Say("engine   %s", e)
		cache := transfer.NewCache(e.Backend)
		defer cache.Close()
		w.Do = c.doOn(w, e, cache)
	}
	if o.task >= 0 {
		return w.Task(ctx, o.task)
	}
	if o.measure { // before the runs, so that a judge without a network is told of at once
		judge, err := c.judge(ctx, w, e)
		if err != nil {
			return err
		}
		defer judge.Close()
	}
	results, err := results(ctx, w, o)
	if err != nil {
		return err
	}
	stdout := c.stdout
	if o.quiet {
		stdout = io.Discard
	}
	return w.Collect(ctx, results, stdout)
}

// results does what is not finished: on the engine, or by Slurm.
func results(ctx context.Context, w *sweep.Work, o sweepOptions) ([]*runs.Summary, error) {
	if !o.slurm {
		return w.All(ctx)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return w.Slurm(ctx, sweepCommand(program, o), o.slurmOptions)
}

// doOn does runs on an engine; what they have in common is in the cache.
func (c *command) doOn(w *sweep.Work, e *engine.Engine, cache *transfer.Cache) func(context.Context, int) (*runs.Summary, bool, error) {
	return func(ctx context.Context, i int) (*runs.Summary, bool, error) {
		one, err := c.sharedRun(w, i)
		if err != nil {
			return nil, false, err
		}
		one.Cache = cache
		return c.doRun(ctx, one, e, w.Store)
	}
}

// judge lets the runs be measured against their photographs and their first paintings.
func (c *command) judge(ctx context.Context, w *sweep.Work, e *engine.Engine) (*quality.Judge, error) {
	judge, err := quality.OpenUsual(ctx, e.Backend)
	if err != nil {
		return nil, fmt.Errorf("-measure: %w", err)
	}
	w.Say("judge    %s", judge.Source)
	w.Measures = quality.Names()
	w.Measure = func(i int, record *runs.Summary) ([]float64, error) {
		one, err := c.sharedRun(w, i)
		if err != nil {
			return nil, err
		}
		var pictures []image.Image
		for _, path := range []string{record.Picture(), one.Content, one.Styles[0]} {
			local, err := webpicture.Local(ctx, path, webpicture.Default())
			if err != nil {
				return nil, err
			}
			picture, err := sl.ReadImage(local)
			if err != nil {
				return nil, err
			}
			pictures = append(pictures, picture)
		}
		m, err := judge.Measure(pictures[0], pictures[1], pictures[2], record.Spec.Height, record.Spec.Width)
		return m.Values(), err
	}
	return judge, nil
}

// doRun makes sure that a run is finished.
func (c *command) doRun(ctx context.Context, one *settings, e *engine.Engine, store *runs.Store) (record *runs.Summary, before bool, err error) {
	j, err := one.newJob(ctx, e, store)
	if err != nil {
		return nil, false, err
	}
	defer j.Close()
	err = j.begin()
	var finished *runs.FinishedError
	if errors.As(err, &finished) {
		return &finished.Run, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer c.unsaved.Store(false)
	x, trainErr := j.train(ctx, func(sl.Record) error {
		c.unsaved.Store(true)
		return nil
	})
	var picture image.Image
	if trainErr == nil {
		picture, trainErr = j.Picture(x, j.Bits)
	}
	if err := errors.Join(trainErr, j.end(ctx, picture, trainErr)); err != nil {
		return nil, false, err
	}
	return &j.run.Summary, false, nil
}

// sweepCommand is how a task calls the program.
func sweepCommand(program string, o sweepOptions) []string {
	command := []string{program, "sweep", "-runs", o.dir}
	if o.backend != "" {
		command = append(command, "-backend", o.backend)
	}
	return command
}
