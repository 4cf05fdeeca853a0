// Package cli is the command stylize: its flags, messages, exit codes and sub-commands. A command with losses, an optimizer or a
// network of one's own is a main of a few lines, in which they are options like the others:
//
//	cli.Main(transfer.Term{Name: "grey", Weight: 1, Image: func(image *Node) *Node { … }})
package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/request"
	"stylebook/stylelib/transfer"
)

// Exit statuses.
const (
	statusError       = 1
	statusUsage       = 2
	statusInterrupted = 130
)

// Main runs the command with the program's arguments and ends the program. It ends with status 0, 1 for an error, 2 for wrong
// use, or 130 when it was interrupted and has saved the picture as far as it got. own is what the caller has of its own: terms, each
// a part of the loss with its weight, and an optimizer, which is used unless -optimizer names another.
func Main(own ...transfer.Extension) {
	c := &command{own: own, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(c.status(c.untilSignal(), os.Args[1:]))
}

// Run runs the command with its arguments and returns its exit status.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, own ...transfer.Extension) int {
	c := &command{own: own, stdout: stdout, stderr: stderr}
	return c.status(ctx, args)
}

// patience is how long after a signal the program may be silent.
const patience = time.Second

// untilSignal returns a context that ends with the first signal. If there is nothing to save, the program ends soon after
// whatever it is at; else a second Ctrl-C ends it. A closed terminal sends SIGHUP more than once, and a reader of our messages
// that is gone is no reason to die, so of these none does.
func (c *command) untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // by nohup, say
			signal.Notify(signals, s)
		}
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		<-signals
		cancel()
		signal.Reset(os.Interrupt)
		time.Sleep(patience)
		if !c.unsaved.Load() {
			fmt.Fprintln(c.stderr, "stylize: interrupted before an epoch was done: nothing more is saved")
			os.Exit(statusInterrupted)
		}
		fmt.Fprintln(c.stderr, "stylize: ends after this epoch and saves the picture; another Ctrl-C ends at once")
	}()
	return ctx
}

func (c *command) status(ctx context.Context, args []string) int {
	err := c.run(ctx, args)
	var interrupted *interruptedError
	var usage *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &usage):
		c.tell("stylize: %v (stylize -help lists the options)", err)
		return statusUsage
	}
	c.tell("stylize: %v", err)
	if errors.As(err, &interrupted) {
		return statusInterrupted
	}
	return statusError
}

// command is one call of stylize.
type command struct {
	own            []transfer.Extension
	stdout, stderr io.Writer
	unsaved        atomic.Bool // whether there are epochs since the last picture or run was saved
}

func (c *command) run(ctx context.Context, args []string) error {
	args = renamed(args)
	if len(args) > 0 {
		if other := c.others()[args[0]]; other != nil {
			return other(ctx, args[1:])
		}
		if hint := didYouMean("stylize ", args[0], slices.Sorted(maps.Keys(c.others()))); hint != "" && args[0][0] != '-' {
			return &usageError{fmt.Errorf("there is no sub-command %q%s", args[0], hint)}
		}
	}
	asked := request.Request{}
	flags, wrong := asked.Flags("stylize", request.OfPictures(), c.own...)
	s, err := c.read(flags, wrong, asked, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(c.stdout, usage)
		return cmp.Or(asked.PrintHelp(c.stdout, request.OfPictures(), c.own...), err)
	}
	if err != nil {
		return err
	}
	if asked.Given("network") {
		if err := asked.Require("content", "out"); err != nil {
			return &usageError{err}
		}
		return c.byNetwork(ctx, s)
	}
	if err := asked.Require("content", "style", "out"); err != nil {
		return &usageError{err}
	}
	pictures, left, err := s.contents()
	if err != nil {
		return fmt.Errorf("-content: %w", err)
	}
	if pictures != nil {
		return c.paintMany(ctx, s, pictures, left)
	}
	return c.paint(ctx, s)
}

// others are the sub-commands.
func (c *command) others() map[string]func(context.Context, []string) error {
	return map[string]func(context.Context, []string) error{
		"resume": c.resume, "runs": c.list, "show": c.show, "compare": c.compare, "sweep": c.sweep, "web": c.web,
		"train-network": c.trainNetwork, "doctor": c.doctor, "version": c.version,
	}
}

// renamed puts sub-commands that were options once, -web, -resume RUN and -version, first.
func renamed(args []string) []string {
	for _, name := range []string{"web", "resume", "version"} {
		for i, arg := range args {
			dashes := len(arg) - len(strings.TrimLeft(arg, "-"))
			word, run, _ := strings.Cut(arg[dashes:], "=")
			if dashes == 0 || word != name {
				continue
			}
			first := []string{name}
			if run != "" {
				first = append(first, run)
			}
			return slices.Concat(first, args[:i], args[i+1:])
		}
	}
	return args
}

// usageError is wrong use of the command.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// say tells the user something, unless only errors are asked for.
func (c *command) say(quiet bool, format string, args ...any) {
	if !quiet {
		c.tell(format, args...)
	}
}

// tell prints a message of one line; names in it can't make another, or move the terminal's cursor.
func (c *command) tell(format string, args ...any) { printLine(c.stderr, format, args...) }

func printLine(w io.Writer, format string, args ...any) {
	fmt.Fprintln(w, oneline.Escape(fmt.Sprintf(format, args...)))
}

// interruptedError tells what is left of a run that was stopped.
type interruptedError struct {
	epoch, epochs int
	saved         string
	run           string // that can be resumed
	sweep         string // how far a sweep is, if it was one
	network       bool   // it is a network that is trained
}

func (e *interruptedError) Error() string {
	if e.sweep != "" {
		return "interrupted: " + e.sweep
	}
	if e.saved == "" {
		return "interrupted before the first epoch was done: nothing is saved"
	}
	message := fmt.Sprintf("interrupted after epoch %d of %d: the picture so far is in %s", e.epoch, e.epochs, e.saved)
	if e.network {
		message = fmt.Sprintf("interrupted after step %d of %d: the network so far is in %s", e.epoch, e.epochs, e.saved)
	}
	if e.run != "" {
		message += "; stylize resume " + e.run + " continues"
	}
	return message
}
