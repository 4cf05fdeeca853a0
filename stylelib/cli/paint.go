package cli

import (
	"context"
	"errors"
	"fmt"
	"image"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/film"
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"

	"github.com/gomlx/gomlx/core/tensors"
)

// goLimit is how long a run on the pure-Go engine may take when nothing is said about size and epochs.
const goLimit = 10 * time.Minute

// paint makes the picture.
func (c *command) paint(ctx context.Context, s *settings) error {
	store, err := openRuns(s.Runs)
	if err != nil {
		return err
	}
	if store != nil {
		defer store.Close()
	}
	return c.paintInto(ctx, s, store)
}

// paintInto makes the picture and keeps the run in store if that is not nil.
func (c *command) paintInto(ctx context.Context, s *settings, store *runs.Store) error {
	if err := s.checkOutputs(store); err != nil {
		return err
	}
	e, err := c.begin(s)
	if err != nil {
		return err
	}
	defer e.Close()
	return c.paintOn(ctx, e, s, store)
}

const resumeHelp = `stylize resume RUN continues a run that was stopped; the beginning of its name is enough. It ends with the same bits as if it had
not been stopped.

`

// resume continues a run.
func (c *command) resume(ctx context.Context, args []string) error {
	asked := request.Request{}
	flags, wrong := asked.Flags("resume", request.OfCalls)
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
		return c.paintInto(ctx, resumed, store)
	})
}

// ofTheRun refuses an option beside a run that it would change.
func ofTheRun(o request.Option) error {
	return fmt.Errorf("-%s: a run is resumed as it was begun: leave it out", o.Name)
}

// begin says what will be done, and opens the engine for it.
func (c *command) begin(s *settings) (*engine.Engine, error) {
	s.Say = func(line string) { c.sayOf(s, "%s", line) }
	if !s.Quiet {
		s.Weights.Progress = newDownloadProgress(c.stderr)
	}
	if s.Choice.Preset == transfer.Painting {
		c.say(s.Quiet, "preset   painting, strength %g: losses relative to their size; the chapter's own numbers are -preset pytorch", s.Strength)
	} else if description, err := sl.DescribePreset(s.Choice.Preset); err != nil {
		return nil, err
	} else {
		for line := range strings.Lines("preset   " + strings.TrimSpace(description)) {
			c.say(s.Quiet, "%s", strings.TrimSuffix(line, "\n"))
		}
	}
	if s.Choice.Optimizer == transfer.Fast {
		c.say(s.Quiet, "fast     learning rate, Adam and epochs are our own, the loss is the preset's")
	}
	e, err := engine.Open(s.Backend)
	if err != nil {
		return nil, err
	}
	c.say(s.Quiet, "engine   %s", e)
	if e.Notice != "" {
		c.say(s.Quiet, "         %s", e.Notice)
	}
	return e, nil
}

// paintOn makes the picture on an open engine, and keeps the run in store if that is not nil.
func (c *command) paintOn(ctx context.Context, e *engine.Engine, s *settings, store *runs.Store) error {
	j, err := s.newJob(ctx, e, store)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	defer j.Close()
	if !s.Quiet || s.watch != nil {
		estimate, err := j.Estimate()
		if err != nil {
			return err
		}
		c.sayOf(s, "size     %d × %d (height × width), %d epochs: %s", j.Height, j.Width, j.Options.Epochs, estimate)
	}
	if err := j.begin(); err != nil {
		return err
	}
	log, err := openLog(s.Log)
	if err != nil {
		return errors.Join(err, j.end(ctx, nil, err))
	}
	defer log.Close()
	done := 0
	if j.run != nil {
		done = j.run.Epoch
		c.say(s.Quiet, "run      %s%s", j.run.ID, after(done))
		if err := j.tellBefore(log); err != nil {
			return errors.Join(err, j.end(ctx, nil, err))
		}
	}
	bar := newProgress(c.stderr, done, j.Options.Epochs, s.Quiet)
	x, trainErr := j.train(ctx, func(r sl.Record) error {
		done = r.Epoch
		c.unsaved.Store(true)
		bar.report(r)
		return errors.Join(j.tellPage(r, bar.left(r.Epoch)), log.Write(r))
	})
	bar.finish()
	if err := j.finish(ctx, x, done, trainErr); err != nil {
		return err
	}
	c.sayOf(s, "saved    %s", j.result())
	if s.Animation != "" {
		c.sayOf(s, "film     %s", s.Animation)
	}
	return nil
}

// after says where a resumed run goes on.
func after(epoch int) string {
	if epoch == 0 {
		return ""
	}
	return fmt.Sprintf(", after epoch %d", epoch)
}

// checkOutputs refuses, before any work, a result that can't be written, and outputs that would destroy what the run reads or
// each other.
func (s *settings) checkOutputs(store *runs.Store) error {
	if s.Out != "" { // else it is a run of a sweep
		if err := imagefile.CheckWritable(s.Out); err != nil {
			return err
		}
	}
	if s.Animation != "" {
		if err := film.Check(s.Animation); err != nil {
			return fmt.Errorf("-animation: %w", err)
		}
	}
	inputs := s.inputs()
	for flag, path := range s.outputs() {
		if s.Log != "" && flag != "-log" && place(path) == place(s.Log) {
			return fmt.Errorf("-log %s would overwrite the result: choose another name", s.Log)
		}
		if err := protect(flag, path, inputs, store); err != nil {
			return err
		}
	}
	return nil
}

// inputs are the files that the run is made from.
func (s *settings) inputs() []string {
	r := s.Request
	return slices.Concat([]string{r.Content, r.ContentMask, r.ColoursMask, r.Init, r.Weights.Spec, os.Getenv(weights.EnvWeights)}, r.Styles, r.StyleMasks)
}

// outputs yields the files that the run writes, each with its option.
func (s *settings) outputs() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		more := (s.Log == "" || yield("-log", s.Log)) && (s.Animation == "" || yield("-animation", s.Animation)) && s.Out != "" && yield("-out", s.Out)
		for epoch := s.SaveEvery; more && s.SaveEvery > 0 && epoch <= s.Options.Epochs; epoch += s.SaveEvery {
			more = yield("-save-every", s.pictureOf(epoch, s.Out))
		}
	}
}

// protect refuses to write a file of an option over inputs, or over what the store keeps.
func protect(flag, path string, inputs []string, store *runs.Store) error {
	if store != nil && store.Owns(path) {
		return fmt.Errorf("%s: %s is in the store of runs: choose another place", flag, path)
	}
	out, err := os.Stat(path)
	if err != nil {
		return nil // not there yet
	}
	for _, input := range inputs {
		if in, err := os.Stat(input); err == nil && os.SameFile(in, out) {
			return fmt.Errorf("%s: %s would overwrite what the run is made from: choose another name", flag, path)
		}
	}
	return nil
}

// place is where a file is, or would be made.
func place(path string) string {
	if target, err := os.Readlink(path); err == nil {
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	path = absolutePath(path)
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path))
	}
	return path
}

// openRuns opens the store that the command line asks for; nil for none.
func openRuns(dir string) (*runs.Store, error) {
	if dir == runsOff {
		return nil, nil
	}
	if dir == "" {
		var err error
		if dir, err = runs.DefaultDir(); err != nil {
			return nil, err
		}
	}
	store, err := runs.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: choose another folder with -runs, or -runs off", err)
	}
	return store, nil
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
	again.asked, again.resume = record.Request, record.ID
	again.Quiet, again.CheckpointEvery, again.Memory, again.Backend = s.Quiet, s.CheckpointEvery, s.Memory, record.Spec.Engine
	return again, nil
}

// job is a training that is ready to begin.
type job struct {
	*settings
	*transfer.Transfer
	spec  runs.Spec
	store *runs.Store // nil: the run is not kept
	run   *runs.Run   // nil as long as it has not begun, or is not kept
	reel  *film.Reel  // nil: no film is asked for
}

// newJob gets everything ready for the run.
func (s *settings) newJob(ctx context.Context, e *engine.Engine, store *runs.Store) (*job, error) {
	r := s.Request
	if r.Memory == 0 && !strings.HasPrefix(e.Name, "xla:cuda") { // a GPU's own memory is not known here
		r.Memory, _ = transfer.FreeMemory()
	}
	if strings.HasPrefix(e.Name, "go") && r.Limit == 0 && !s.asked.Sized() && !s.shared {
		r.Limit = goLimit
	}
	t, err := transfer.Open(ctx, e.Backend, r)
	if err != nil {
		return nil, err
	}
	if s.opened != nil {
		s.opened(t)
	}
	if r.Limit > 0 { // so that the run is resumed with the same size and epochs
		s.asked = s.asked.With("minutes", nil)
		for name, number := range map[string]int{"height": t.Height, "width": t.Width, "epochs": t.Options.Epochs} {
			if err := s.asked.Set("", name, fmt.Sprint(number)); err != nil {
				return nil, err
			}
		}
	}
	spec, err := runs.NewSpec(t, s.Bits, e.Name)
	if err != nil {
		t.Close()
		return nil, err
	}
	return &job{settings: s, Transfer: t, spec: spec, store: store}, nil
}

// begin makes a folder and a row for the run, or takes up the ones it has.
func (j *job) begin() (err error) {
	switch {
	case j.store == nil:
	case j.resume != "":
		j.run, err = j.store.Resume(j.resume, j.spec, j.CheckpointEvery)
	case j.shared:
		j.run, err = j.store.Claim(j.spec, j.asked, j.CheckpointEvery)
	default:
		j.run, err = j.store.Begin(j.spec, j.asked, j.CheckpointEvery)
		if err == nil && j.uploads != nil {
			if err = j.adopt(); err != nil {
				err = errors.Join(err, j.end(context.Background(), nil, err))
			}
		}
	}
	if err != nil || j.Animation == "" {
		return err
	}
	j.reel = film.NewReel(j.Options.Epochs, 1)
	if j.run == nil {
		return nil
	}
	if err := j.reel.Keep(j.frames(), j.run.Epoch); err != nil {
		return errors.Join(err, j.end(context.Background(), nil, err))
	}
	return nil
}

// frames is where the run keeps the pictures of its film.
func (j *job) frames() string { return filepath.Join(j.run.Folder, "film") }

// train runs the training; report is called after each epoch and before what is kept.
func (j *job) train(ctx context.Context, report func(sl.Record) error) (*tensors.Tensor, error) {
	var from *transfer.State
	if j.run != nil {
		from = j.run.From()
	}
	return j.Train(ctx, from, func(p transfer.Epoch) error {
		if err := report(p.Record); err != nil {
			return err
		}
		if err := j.savePicture(p); err != nil {
			return err
		}
		if err := j.filmPicture(p); err != nil || j.run == nil {
			return err
		}
		return j.run.Report(p, ctx.Err() != nil)
	})
}

// tellBefore tells the log and the page of the epochs of earlier sessions.
func (j *job) tellBefore(log *epochLog) error {
	losses, err := j.store.Losses(j.run.ID)
	if err != nil {
		return err
	}
	losses = slices.DeleteFunc(losses, func(r sl.Record) bool { return r.Epoch > j.run.Epoch })
	if j.watch != nil {
		j.watch.Begin(j.run.ID, j.Height, j.Width, j.Options.Epochs, losses)
	}
	for _, r := range losses {
		if err := log.Write(r); err != nil {
			return err
		}
	}
	return nil
}

// savePicture writes the picture so far, where that is asked for: out-0050.png beside out.png.
func (j *job) savePicture(p transfer.Epoch) error {
	if j.SaveEvery == 0 || p.Epoch%j.SaveEvery != 0 {
		return nil
	}
	picture, err := j.Picture(p.Image, j.Bits)
	if err != nil {
		return err
	}
	return sl.WriteImage(j.pictureOf(p.Epoch, j.result()), picture)
}

// result is where the picture goes.
func (j *job) result() string {
	if j.Out == "" {
		return j.run.Picture()
	}
	return j.Out
}

// filmPicture keeps the picture so far for the film.
func (j *job) filmPicture(p transfer.Epoch) error {
	if j.reel == nil || !j.reel.Wants(p.Epoch) {
		return nil
	}
	picture, err := j.Picture(p.Image, 8)
	if err != nil {
		return err
	}
	return j.reel.Add(p.Epoch, picture)
}

// writeFilm makes the film, if one is asked for. What it is made of is kept as long as the run can go on.
func (j *job) writeFilm(ended bool) error {
	if j.reel == nil {
		return nil
	}
	if err := j.reel.Write(j.Animation); err != nil {
		return fmt.Errorf("-animation: %w", err)
	}
	if j.run == nil || !ended {
		return nil
	}
	return os.RemoveAll(j.frames())
}

// pictureOf is where the picture of an epoch is written: out-0050.png for out.png.
func (s *settings) pictureOf(epoch int, out string) string {
	extension := filepath.Ext(out)
	return fmt.Sprintf("%s-%04d%s", strings.TrimSuffix(out, extension), epoch, extension)
}

// finish saves the picture, also after an error that came later than the first epoch.
func (j *job) finish(ctx context.Context, x *tensors.Tensor, done int, trainErr error) error {
	if trainErr != nil && done == 0 {
		return errors.Join(interruptedOr(ctx, trainErr), j.end(ctx, nil, trainErr))
	}
	picture, err := j.Picture(x, j.Bits)
	if err == nil && j.Out != "" {
		err = sl.WriteImage(j.Out, picture)
	}
	if err != nil {
		err = errors.Join(trainErr, err)
		return errors.Join(err, j.end(ctx, nil, err))
	}
	filmErr := j.writeFilm(trainErr == nil)
	if err := j.end(ctx, picture, trainErr); err != nil {
		return errors.Join(trainErr, filmErr, err)
	}
	switch {
	case filmErr != nil && trainErr == nil:
		return fmt.Errorf("%w; the picture is in %s", filmErr, j.result())
	case ctx.Err() != nil:
		interrupted := &interruptedError{epoch: done, epochs: j.Options.Epochs, saved: j.result()}
		if j.run != nil {
			interrupted.run = j.run.ID
		}
		return errors.Join(interrupted, filmErr)
	case trainErr != nil:
		return errors.Join(fmt.Errorf("%w; the picture of the last good epoch is in %s", trainErr, j.result()), filmErr)
	}
	return nil
}

// end notes how the run ended and gives it free. picture is nil where there is none.
func (j *job) end(ctx context.Context, picture image.Image, trainErr error) error {
	if j.run == nil {
		return nil
	}
	return j.run.End(ctx, picture, trainErr)
}

func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &interruptedError{}
	}
	return err
}
