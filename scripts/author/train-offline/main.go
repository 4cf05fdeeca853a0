// Command train-offline makes the feature network that ships with stylebook, without any other network: a narrow network of
// VGG-19's shape with orthogonal filters, a pyramid of colours and edges beside them, and all channels and layers scaled
// on generated textures and public-domain photographs.
//
// It can also train the filters first, to tell those pictures apart (-steps). The file that ships is not trained: pictures
// made with trained filters were farther from their content at the same distance from the style, see the recipe.
//
// The same seed gives the same file on the same engine and machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "train-offline:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("train-offline", flag.ExitOnError)
	out := flags.String("out", "stylelib/weights/offline.safetensors", "`file` to write")
	seed := flags.Uint64("seed", 1, "`seed` of pictures, batches and filters")
	steps := flags.Int("steps", 0, "training `steps`, 0 for none; 700 take about 12 minutes on two cores")
	backend := flags.String("backend", "", "`engine`: xla:cpu, xla:cuda or go (default: GOMLX_BACKEND, else the fastest present)")
	trial := flags.Bool("quick", false, "a tiny network, a few steps: shows that everything works")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r := full(*seed, *steps)
	if *trial {
		r = quick(*seed)
	}
	e, err := engine.Open(*backend)
	if err != nil {
		return err
	}
	defer e.Close()
	begin := time.Now()
	say := func(format string, args ...any) {
		fmt.Printf("[%4.0f s] %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
	}
	say("engine %s", e)
	net, err := r.make(ctx, e, say)
	if err != nil {
		return err
	}
	if err := write(*out, net, r.metadata()); err != nil {
		return err
	}
	say("wrote %s", *out)
	return nil
}

// make runs the whole recipe and returns the network.
func (r recipe) make(ctx context.Context, e *engine.Engine, say func(string, ...any)) (*sl.Network, error) {
	all, err := r.pictures(ctx)
	if err != nil {
		return nil, err
	}
	say("%d textures and %d photographs: %d classes", r.textures, r.photographs, len(all))
	n, err := newNetwork(r, r.batchOf(all, 1<<20))
	if err != nil {
		return nil, err
	}
	if err := n.train(ctx, e.Backend, all, say); err != nil {
		return nil, err
	}
	layers, err := n.fold(ctx, e.Backend, all)
	if err != nil {
		return nil, err
	}
	var learned []int
	for k := range layers {
		learned = append(learned, r.widths[blockOf(k)])
	}
	layers = withPyramid(layers)
	pictures, err := r.measuredPictures()
	if err != nil {
		return nil, err
	}
	if err := scaleChannels(e.Backend, layers, pictures); err != nil {
		return nil, err
	}
	calm(layers, learned)
	if err := scaleLayers(e.Backend, layers, pictures); err != nil {
		return nil, err
	}
	return finished(layers), nil
}

func (r recipe) metadata() map[string]string {
	return map[string]string{
		"name":    "stylebook offline network",
		"recipe":  r.text(),
		"seed":    fmt.Sprint(r.seed),
		"steps":   fmt.Sprint(r.steps),
		"program": "scripts/train-offline", // where it lay when the committed file was made, which it makes again bit for bit
		"licence": "CC0-1.0: made from generated textures and public-domain photographs, and dedicated to the public domain",
	}
}
