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
	"stylebook/stylelib/studio"

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
	s, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "stylize: %v (stylize -help lists the options)\n", err)
		return statusUsage
	}
	err = s.run(ctx, stderr)
	var interrupted *interruptedError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &interrupted):
		fmt.Fprintf(stderr, "stylize: %v\n", err)
		return statusInterrupted
	default:
		fmt.Fprintf(stderr, "stylize: %v\n", err)
		return statusError
	}
}

// interruptedError tells what is left of a run that was stopped.
type interruptedError struct {
	epoch, epochs int
	saved         string
}

func (e *interruptedError) Error() string {
	if e.saved == "" {
		return "interrupted before the first epoch was done: nothing is saved"
	}
	return fmt.Sprintf("interrupted after epoch %d of %d: the picture so far is in %s", e.epoch, e.epochs, e.saved)
}

// run makes the picture; messages and progress go to stderr.
func (s *settings) run(ctx context.Context, stderr io.Writer) error {
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
	if s.fast {
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
	if e.Name == "go" && !s.sized {
		s.request.Limit = goLimit
	}
	ready, err := studio.Open(ctx, e.Backend, s.request)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	defer ready.Close()
	s.request.Options = ready.Options // of which a limit may have taken epochs
	if err := s.announce(ready, stderr); err != nil {
		return err
	}
	log, err := openLog(s.log)
	if err != nil {
		return err
	}
	defer log.Close()

	bar := newProgress(stderr, ready.Options.Epochs, s.quiet)
	done := 0
	image, trainErr := s.train(ctx, ready, func(r sl.Record) error {
		done = r.Epoch
		bar.report(r)
		return log.Write(r)
	})
	bar.finish()
	return s.finish(ctx, image, done, trainErr, stderr)
}

// checkOut refuses, before any work, a result that can't be written or would destroy a picture it is made from.
func (s *settings) checkOut() error {
	if err := sl.CheckWritable(s.out); err != nil {
		return err
	}
	out, err := os.Stat(s.out)
	if err != nil {
		return nil // not there yet
	}
	for _, input := range []string{s.request.Content, s.request.Style} {
		if in, err := os.Stat(input); err == nil && os.SameFile(in, out) {
			return fmt.Errorf("-out %s would overwrite the picture it is made from: choose another name", s.out)
		}
	}
	return nil
}

// announce says how large the result will be and what making it will take.
func (s *settings) announce(ready *studio.Studio, stderr io.Writer) error {
	if s.quiet {
		return nil
	}
	shape := ready.Content.Shape()
	height, width := shape.Dim(1), shape.Dim(2)
	estimate, err := sl.EstimateRun(ready.Extractor, height, width, ready.Options)
	if err != nil {
		return err
	}
	s.say(stderr, "size     %d × %d (height × width), %d epochs: %s", height, width, ready.Options.Epochs, estimate)
	return nil
}

// finish saves the picture, also after an error that came later than the first epoch.
func (s *settings) finish(ctx context.Context, image *tensors.Tensor, done int, trainErr error, stderr io.Writer) error {
	stopped := ctx.Err() != nil
	if trainErr != nil && done == 0 {
		return interruptedOr(ctx, trainErr)
	}
	picture, err := sl.Postprocess(image)
	if err != nil {
		return errors.Join(trainErr, err)
	}
	if err := sl.WriteImage(s.out, picture); err != nil {
		return errors.Join(trainErr, err)
	}
	switch {
	case stopped:
		return &interruptedError{epoch: done, epochs: s.request.Options.Epochs, saved: s.out}
	case trainErr != nil:
		return fmt.Errorf("%w; the picture of the last good epoch is in %s", trainErr, s.out)
	}
	s.say(stderr, "saved    %s", s.out)
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
