package main

import (
	"bufio"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/weights"

	"github.com/gomlx/gomlx/core/tensors"
)

// errEnough ends a training whose steps nobody asks for any more.
var errEnough = errors.New("enough")

// steps does steps of a training of noise with a random network of VGG-19's widths: two at once, the first of which
// compiles, then one for each line of input.
func steps(e *engine.Engine, r request) error {
	options := sl.Default()
	options.LearningRate = 1e-3 // noise is no picture: the loss must stay a number
	options.Epochs = math.MaxInt
	net, err := weights.Random(1, weights.FullWidths(), options.LastLayer())
	if err != nil {
		return err
	}
	start := time.Now()
	extractor, err := sl.NewExtractor(e.Backend, net, options)
	if err != nil {
		return err
	}
	lines, ready := bufio.NewScanner(os.Stdin), answer{Engine: e.Name}
	_, err = sl.Train(context.Background(), extractor, noise(1, r.height, r.width), noise(2, r.height, r.width), options, func(record sl.Record) error {
		switch record.Epoch {
		case 1:
			ready.Setup, ready.Compile = time.Since(start).Seconds()-record.Seconds, record.Seconds
			return nil
		case 2:
			ready.Compile, ready.PeakBytes = max(0, ready.Compile-record.Seconds), peakBytes()
			write(ready)
		default:
			write(answer{Seconds: record.Seconds, PeakBytes: peakBytes()})
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

func noise(seed uint64, height, width int) *tensors.Tensor {
	rng := rand.New(rand.NewPCG(seed, 0))
	values := make([]float32, height*width*3)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, 1, height, width, 3)
}
