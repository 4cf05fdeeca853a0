package main

import (
	"bufio"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// steps does steps of a training of noise with a random network of VGG-19's widths: two at once, the first of which
// compiles, then one for each line of input.
func steps(e *engine.Engine, r request) error {
	options := sl.Default()
	options.LearningRate = 1e-3 // noise is no picture: the loss must stay a number
	net, err := weights.Random(1, weights.FullWidths(), options.LastLayer())
	if err != nil {
		return err
	}
	start := time.Now()
	step, err := newStep(e, net, options, noise(1, r.height, r.width), noise(2, r.height, r.width))
	if err != nil {
		return err
	}
	ready := answer{Engine: e.Name, Setup: time.Since(start).Seconds()}
	first, err := timed(step)
	if err != nil {
		return err
	}
	second, err := timed(step)
	if err != nil {
		return err
	}
	ready.Compile, ready.PeakBytes = max(0, first-second), peakBytes()
	write(ready)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		seconds, err := timed(step)
		if err != nil {
			return err
		}
		write(answer{Seconds: seconds, PeakBytes: peakBytes()})
	}
	return nil
}

func timed(step func() error) (float64, error) {
	start := time.Now()
	err := step()
	return time.Since(start).Seconds(), err
}

// newStep does what sl.Train does before its first epoch and returns a function that does one.
func newStep(e *engine.Engine, net *sl.Network, options sl.Options, content, style *tensors.Tensor) (func() error, error) {
	extractor, err := sl.NewExtractor(e.Backend, net, options)
	if err != nil {
		return nil, err
	}
	contents, err := sl.GetContents(extractor, content, options)
	if err != nil {
		return nil, err
	}
	styles, err := sl.GetStyles(extractor, style, options)
	if err != nil {
		return nil, err
	}
	image, grams, err := sl.GetInits(extractor, content, styles)
	if err != nil {
		return nil, err
	}
	program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node { return epoch(vgg, in, options) })
	if err != nil {
		return nil, err
	}
	targets := slices.Concat(contents, grams)
	return func() error {
		_, err := image.Step(program, targets, options)
		return err
	}, nil
}

// epoch is sl.Train's graph.
func epoch(vgg *sl.VGG, in []*Node, options sl.Options) []*Node {
	image, m, v, rate, scale, targets := in[0], in[1], in[2], in[3], in[4], in[5:]
	contents, styles := sl.ExtractFeatures(vgg, image, options.ContentLayers, options.StyleLayers)
	l := sl.ComputeLoss(image, contents, styles, targets[:len(contents)], targets[len(contents):], options)
	gradient := Gradient(l.Total, image)[0]
	image, m, v = sl.AdamUpdate(image, m, v, gradient, rate, scale)
	return []*Node{image, m, v, Stack([]*Node{l.Content, l.Style, l.TV, l.Total}, 0)}
}

func noise(seed uint64, height, width int) *tensors.Tensor {
	rng := rand.New(rand.NewPCG(seed, 0))
	values := make([]float32, height*width*3)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, 1, height, width, 3)
}
