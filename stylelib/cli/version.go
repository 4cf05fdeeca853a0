package cli

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/runs"
)

const versionHelp = "stylize version tells the versions of the program and of what it computes with, and the engine that is taken.\n\n"

// version prints what the program is made of, and the engine that it would take.
func (c *command) version(ctx context.Context, args []string) error {
	flags := newFlags("version")
	backend := flags.String("backend", "", "`engine`: xla:cpu, xla:cuda or go")
	if _, err := parseFlags(flags, args, versionHelp, c.stdout); err != nil {
		return err
	}
	of := runs.Versions()
	fmt.Fprintf(c.stdout, "stylize  %s\n", of["stylebook"])
	fmt.Fprintf(c.stdout, "Go       %s, %s/%s\n", of["go"], runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(c.stdout, "GoMLX    %s", of["github.com/gomlx/gomlx"])
	if xla := of["github.com/gomlx/go-xla"]; xla != "" {
		fmt.Fprintf(c.stdout, ", go-xla %s", xla)
	}
	fmt.Fprintln(c.stdout)
	e, err := engine.Open(*backend)
	if err != nil {
		return err
	}
	defer e.Close()
	printLine(c.stdout, "engine   %s", e)
	if e.Plugin == "" {
		return nil
	}
	plugin, err := describePlugin(ctx, e)
	if err != nil {
		return err
	}
	printLine(c.stdout, "plugin   %s", plugin)
	return nil
}

// describePlugin names XLA's plugin by its file, its hash and the version of its interface.
func describePlugin(ctx context.Context, e *engine.Engine) (string, error) {
	file, err := os.Open(e.Plugin)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum, err := atomicfile.SHA256(ctx, file)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", e.Plugin, err)
	}
	return fmt.Sprintf("%s, PJRT %s, SHA-256 %s", e.Plugin, e.PJRT, sum), nil
}
