// Command distil makes the network that ships: narrow, of VGG-19's shape, with the features of VGG-16.
//
//	go run ./scripts/author/distil
//
// It keeps the channels of VGG-16 that tell most about all of them, and fits each layer by least squares to what VGG-16 gives
// there.
//
// He, Zhang, Sun 2017 thin networks by such fits.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/weights"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "distil:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	begin := time.Now()
	flags := flag.NewFlagSet("distil", flag.ExitOnError)
	out := flags.String("out", "stylelib/weights/offline.safetensors", "`file` to write")
	from := flags.String("weights", weights.VGG16, "the teacher: vgg16 or a `file` of it")
	seed := flags.Uint64("seed", 1, "`seed` of the pictures")
	trial := flags.Bool("quick", false, "a tiny network on tiny pictures: shows that everything works")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r := full(*seed)
	if *trial {
		r = quick(*seed)
	}
	options := weights.DefaultOptions()
	options.Spec, options.Sources = *from, nil
	loaded, err := weights.Load(ctx, options)
	if err != nil {
		return err
	}
	if loaded.Network.Architecture != teacherKind {
		return fmt.Errorf("%s is no %s", *from, teacherKind)
	}
	e, err := engine.Open("")
	if err != nil {
		return err
	}
	defer e.Close()
	say := func(format string, args ...any) {
		fmt.Printf("[%4.0f s] %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
	}
	say("engine %s, teacher %s", e, loaded.Source)
	t, err := newThinner(ctx, r, e.Backend, loaded.Network, say)
	if err != nil {
		return err
	}
	net, err := t.make(ctx)
	if err != nil {
		return err
	}
	if err := weights.WriteHalf(*out, net, r.metadata(e.Name)); err != nil {
		return err
	}
	say("wrote %s", *out)
	return nil
}
