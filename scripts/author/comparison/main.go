// Command comparison makes data/comparison.jpg: our own two pictures, and what the presets painting and pytorch make of them,
// with VGG-16 and with the network that ships.
//
//	go run ./scripts/author/comparison
package main

import (
	"context"
	"fmt"
	"image"
	"os"
	"os/signal"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/figure"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"

	"github.com/gomlx/compute"
)

const (
	content = "data/content.jpg"
	style   = "data/style.jpg"
	out     = "data/comparison.jpg"

	height, width = 150, 225 // of the pictures made
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "comparison:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	e, err := engine.Open("")
	if err != nil {
		return err
	}
	defer e.Close()
	var panels []figure.Picture
	for _, path := range []string{content, style} {
		picture, err := sl.ReadImage(path)
		if err != nil {
			return err
		}
		panels = append(panels, figure.Picture{Title: path, Image: picture})
	}
	for _, way := range []struct{ preset, weights string }{
		{transfer.Painting, weights.VGG16}, {"pytorch", weights.VGG16}, {"pytorch", weights.Offline}, {transfer.Painting, weights.Offline},
	} {
		panel := figure.Picture{Title: fmt.Sprintf("-preset %s -weights %s", way.preset, way.weights)}
		if panel.Image, err = paint(ctx, e.Backend, way.preset, way.weights); err != nil {
			return fmt.Errorf("%s: %w", panel.Title, err)
		}
		panels = append(panels, panel)
	}
	return sl.WriteImage(out, figure.Pictures(panels...))
}

func paint(ctx context.Context, backend compute.Backend, preset, network string) (image.Image, error) {
	request := transfer.NewRequest(content, style)
	request.Weights.Spec, request.Height, request.Width = network, height, width
	var err error
	if request.Options, err = transfer.Choose(transfer.Choice{Preset: preset}); err != nil {
		return nil, err
	}
	t, err := transfer.Open(ctx, backend, request)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	x, err := t.Train(ctx, nil, func(e transfer.Epoch) error {
		fmt.Printf("\r%s %s: epoch %d of %d ", preset, network, e.Epoch, t.Options.Epochs)
		return nil
	})
	fmt.Println()
	if err != nil {
		return nil, err
	}
	return t.Picture(x, 8)
}
