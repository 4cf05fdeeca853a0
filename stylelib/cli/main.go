// Package cli is the command stylize: its flags, messages, exit codes and sub-commands. A command with losses of one's own is a
// main of a few lines, in which their weights and layers are flags like the others:
//
//	cli.Main(transfer.Term{Name: "grey", Weight: 1, Image: func(image *Node) *Node { … }})
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"stylebook/stylelib/transfer"
)

// Exit statuses.
const (
	statusError       = 1
	statusUsage       = 2
	statusInterrupted = 130
)

// Main runs the command with the program's arguments and ends the program. It ends with status 0, 1 for an error, 2 for wrong
// use, or 130 when it was interrupted and has saved the picture as far as it got. terms are losses of the caller's own, each a
// part of the loss with its weight.
func Main(terms ...transfer.Term) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(Run(ctx, os.Args[1:], os.Stdout, os.Stderr, terms...))
}

// Run runs the command with its arguments and returns its exit status.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer, terms ...transfer.Term) int {
	c := &command{terms: terms, stdout: stdout, stderr: stderr}
	err := c.run(ctx, args)
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

// command is one call of stylize.
type command struct {
	terms          []transfer.Term
	stdout, stderr io.Writer
}

func (c *command) run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		other := map[string]func(context.Context, []string) error{
			"runs": c.list, "show": c.show, "compare": c.compare, "sweep": c.sweep,
		}[args[0]]
		if other != nil {
			return other(ctx, args[1:])
		}
	}
	s := c.settings()
	err := s.parse(args, c.stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		err = &usageError{err}
	}
	if err != nil {
		return err
	}
	return c.paint(ctx, s)
}

func (c *command) settings() *settings {
	return &settings{choice: transfer.Choice{Own: c.terms}}
}

// usageError is wrong use of the command.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// say prints a message for the user, unless only errors are asked for.
func (c *command) say(quiet bool, format string, args ...any) {
	if !quiet {
		fmt.Fprintf(c.stderr, format+"\n", args...)
	}
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
