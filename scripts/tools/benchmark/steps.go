package main

import (
	"bufio"
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

// errEnough ends a training whose steps have all been measured.
var errEnough = errors.New("enough")

// steps does steps of a training of noise with a random network of a VGG's widths: two at once, the first of which
// compiles, then one for each line of input.
func steps(e *engine.Engine, r request) error {
	net, options, err := randomNetwork(r)
	if err != nil {
		return err
	}
	start := time.Now()
	extractor, err := sl.NewExtractor(e.Backend, net, options)
	if err != nil {
		return err
	}
	lines, ready := bufio.NewScanner(os.Stdin), answer{Engine: e.Name}
	_, err = sl.Train(context.Background(), extractor, transfer.Noise(1, r.height, r.width), transfer.Noise(2, r.height, r.width), options, func(record sl.Record) error {
		_, peak := used()
		switch record.Epoch {
		case 1:
			ready.Setup, ready.Compile = time.Since(start).Seconds()-record.Seconds, record.Seconds
			return nil
		case 2:
			ready.Compile, ready.PeakBytes = max(0, ready.Compile-record.Seconds), peak
			write(ready)
		default:
			write(answer{Seconds: record.Seconds, PeakBytes: peak})
		}
		if !lines.Scan() {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// randomNetwork is a network of a VGG's widths, and the options of a training with it.
func randomNetwork(r request) (*sl.Network, sl.Options, error) {
	options := sl.Default()
	options.LearningRate = 1e-3 // noise is no picture: the loss must stay a number
	options.Epochs = math.MaxInt
	net, err := weights.Random(1, sl.Architecture(r.vgg), weights.FullWidths(), slices.Concat(options.ContentLayers, options.StyleLayers)...)
	return net, options, err
}
