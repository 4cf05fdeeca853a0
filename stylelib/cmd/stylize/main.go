// Command stylize paints one picture in the style of another:
//
//	go run ./stylelib/cmd/stylize -content house.jpg -style painting.jpg -out result.png
//
// Run it with -help for its options. It ends with status 0, 1 for an error, 2 for wrong use, or 130 when it was
// interrupted and has saved the picture as far as it got.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/synth"

	"github.com/gomlx/gomlx/core/tensors"
)

const (
	statusError       = 1
	statusUsage       = 2
	statusInterrupted = 130
)

// goLimit is how long a run on the pure-Go engine may take when nothing is said about size and epochs.
const goLimit = 10 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command runs the program with its arguments and returns its exit status.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		if other := subcommands[args[0]]; other != nil {
			return status(other(ctx, args[1:], stdout, stderr), stderr)
		}
	}
	s, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "stylize: %v (stylize -help lists the options)\n", err)
		return statusUsage
	}
	return status(s.run(ctx, stderr), stderr)
}

// status prints an error and returns the program's exit status.
func status(err error, stderr io.Writer) int {
	var interrupted *interruptedError
	var usage *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "stylize: %v (stylize -help lists the options)\n", err)
		return statusUsage
	}
	fmt.Fprintf(stderr, "stylize: %v\n", err)
	if errors.As(err, &interrupted) {
		return statusInterrupted
	}
	return statusError
}

// interruptedError tells what is left of a run that was stopped.
type interruptedError struct {
	epoch, epochs int
	saved         string
	run           string // that can be resumed
	sweep         string // how far a sweep is, if it was one
}

func (e *interruptedError) Error() string {
	if e.sweep != "" {
		return "interrupted: " + e.sweep
	}
	if e.saved == "" {
		return "interrupted before the first epoch was done: nothing is saved"
	}
	message := fmt.Sprintf("interrupted after epoch %d of %d: the picture so far is in %s", e.epoch, e.epochs, e.saved)
	if e.run != "" {
		message += "; stylize -resume " + e.run + " continues"
	}
	return message
}

// run makes the picture; messages and progress go to stderr.
func (s *settings) run(ctx context.Context, stderr io.Writer) error {
	store, err := openRuns(s.research.runs)
	if err != nil {
		return err
	}
	if store != nil {
		defer store.Close()
	}
	if s.research.resume != "" {
		if s, err = s.resumed(store, io.Discard); err != nil {
			return err
		}
	}
	if err := s.checkOut(); err != nil {
		return err
	}
	if !s.quiet {
		s.request.Say = func(line string) { fmt.Fprintln(stderr, line) }
		s.request.Weights.Progress = newDownloadProgress(stderr)
	}
	if s.preset != "" {
		description, err := sl.DescribePreset(s.preset)
		if err != nil {
			return err
		}
		s.say(stderr, "preset   %s", strings.TrimSpace(description))
	}
	if s.research.options.Optimizer == synth.Fast {
		s.say(stderr, "fast     learning rate, Adam and epochs are our own, the loss is the preset's")
	}
	e, err := engine.Open(s.backend)
	if err != nil {
		return err
	}
	defer e.Close()
	s.say(stderr, "engine   %s", e)
	if e.Notice != "" {
		s.say(stderr, "         %s", e.Notice)
	}
	return s.runOn(ctx, e, store, stderr)
}

// runOn makes the picture on an open engine, and keeps the run in store if that is not nil.
func (s *settings) runOn(ctx context.Context, e *engine.Engine, store *runs.Store, stderr io.Writer) error {
	ready, err := s.open(ctx, e)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	defer ready.Close()
	s.limited(ready)
	j, err := s.newJob(e, ready)
	if err != nil {
		return err
	}
	j.store = store
	if err := j.announce(stderr); err != nil {
		return err
	}
	log, err := openLog(s.log)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := j.begin(); err != nil {
		return err
	}
	done := 0
	if j.run != nil {
		done = j.run.Epoch
		s.say(stderr, "run      %s%s", j.run.ID, after(done))
		if err := j.logBefore(log); err != nil {
			return err
		}
	}

	bar := newProgress(stderr, done, ready.Options.Epochs, s.quiet)
	image, trainErr := j.train(ctx, func(r sl.Record) error {
		done = r.Epoch
		bar.report(r)
		return log.Write(r)
	})
	bar.finish()
	return j.finish(ctx, image, done, trainErr, stderr)
}

// after says where a resumed run goes on.
func after(epoch int) string {
	if epoch == 0 {
		return ""
	}
	return fmt.Sprintf(", after epoch %d", epoch)
}

// checkOut refuses, before any work, a result that can't be written or would destroy a picture it is made from.
func (s *settings) checkOut() error {
	if s.out == "" {
		return nil // a run of a sweep
	}
	if err := sl.CheckWritable(s.out); err != nil {
		return err
	}
	out, err := os.Stat(s.out)
	if err != nil {
		return nil // not there yet
	}
	inputs := append([]string{s.request.Content, s.research.contentMask, s.research.init}, s.research.styles...)
	for _, input := range append(inputs, files(s.research.styleMasks)...) {
		if in, err := os.Stat(input); err == nil && os.SameFile(in, out) {
			return fmt.Errorf("-out %s would overwrite the picture it is made from: choose another name", s.out)
		}
	}
	return nil
}

// announce says how large the result will be and what making it will take, and refuses what memory won't do.
func (j *job) announce(stderr io.Writer) error {
	height, width := j.spec.Height, j.spec.Width
	if j.quiet {
		return nil
	}
	estimate, err := synth.EstimateRun(j.ready.Extractor, height, width, j.research.options)
	if err != nil {
		return err
	}
	j.say(stderr, "size     %d × %d (height × width), %d epochs: %s", height, width, j.research.options.Epochs, estimate)
	return nil
}

// finish saves the picture, also after an error that came later than the first epoch.
func (j *job) finish(ctx context.Context, x *tensors.Tensor, done int, trainErr error, stderr io.Writer) error {
	if trainErr != nil && done == 0 {
		return errors.Join(interruptedOr(ctx, trainErr), j.end(ctx, nil, trainErr))
	}
	picture, err := j.picture(x)
	if err == nil && j.out != "" {
		err = sl.WriteImage(j.out, picture)
	}
	if err != nil {
		err = errors.Join(trainErr, err)
		return errors.Join(err, j.end(ctx, nil, err))
	}
	if err := j.end(ctx, picture, trainErr); err != nil {
		return errors.Join(trainErr, err)
	}
	switch {
	case ctx.Err() != nil:
		interrupted := &interruptedError{epoch: done, epochs: j.request.Options.Epochs, saved: j.out}
		if j.run != nil {
			interrupted.run = j.run.ID
		}
		return interrupted
	case trainErr != nil:
		return fmt.Errorf("%w; the picture of the last good epoch is in %s", trainErr, j.out)
	}
	j.say(stderr, "saved    %s", j.out)
	return nil
}

func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &interruptedError{}
	}
	return err
}

func (s *settings) say(w io.Writer, format string, args ...any) {
	if !s.quiet {
		fmt.Fprintf(w, format+"\n", args...)
	}
}
