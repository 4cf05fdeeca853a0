package stylelib

import (
	"fmt"
	"math"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Estimate is what a training will take.
type Estimate struct {
	PerEpoch time.Duration
	Total    time.Duration // all epochs and the compilation
	Bytes    int64         // peak memory of the process
}

// String says it in a few words.
func (e Estimate) String() string {
	return fmt.Sprintf("about %s (%s an epoch) and %.1f GB of memory", rounded(e.Total), rounded(e.PerEpoch), float64(e.Bytes)/1e9)
}

func rounded(d time.Duration) time.Duration {
	switch {
	case d > time.Minute:
		return d.Round(time.Second)
	case d > time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

const (
	stepPerForward    = 2.5       // a training step takes this many times a forward pass
	compilePerForward = 3.0       // its compilation this many times that of a forward pass
	probeArea         = 150 * 225 // pixels of the picture that is timed: with fewer, reading the weights counts for too much
	smallestProbe     = 32
	bytesPerFloat     = 4
	probeRepetitions  = 4
	probeTime         = 500 * time.Millisecond // after which it is not repeated
)

// memoryModel is how an engine's memory grows: base, and so many copies of the weights and of all feature maps. While
// the weights are brought to the engine there are more copies of them, but no maps yet.
//
// Fitted on two cores with VGG-19's widths and a quarter of them, from 60 × 90 to 300 × 450; on sizes between and beyond
// that were not fitted it is off by less than 30 %.
type memoryModel struct {
	base                   float64 // bytes
	placing, weights, maps float64 // copies
}

var (
	memoryOfXLA = memoryModel{base: 440e6, placing: 10, weights: 4.5, maps: 2}
	memoryOfGo  = memoryModel{base: 100e6, placing: 6, weights: 6, maps: 9.9}
)

// EstimateRun tells what Train will take for a picture of height × width pixels. It times a forward pass of a small
// picture on the engine, which takes a second or two. What else the machine does meanwhile is in what it says.
func EstimateRun(extractor *Extractor, height, width int, options Options) (Estimate, error) {
	h, w := height, width
	if shrink := math.Sqrt(probeArea / float64(h*w)); shrink < 1 {
		h, w = max(smallestProbe, int(float64(h)*shrink)), max(smallestProbe, int(float64(w)*shrink))
	}
	forward, compile, err := timeForward(extractor, h, w)
	if err != nil {
		return Estimate{}, fmt.Errorf("estimate the time: %w", err)
	}
	perPixel := float64(forward) / float64(h*w)
	perEpoch := time.Duration(stepPerForward * perPixel * float64(height*width))
	return Estimate{
		PerEpoch: perEpoch,
		Total:    time.Duration(compilePerForward*float64(compile)) + perEpoch*time.Duration(options.Epochs),
		Bytes:    EstimateMemory(extractor, height, width),
	}, nil
}

// EstimateMemory tells how much memory the process will take at most while it trains a picture of height × width pixels,
// in bytes.
func EstimateMemory(extractor *Extractor, height, width int) int64 {
	model := memoryOfGo
	if extractor.backend.Name() == "xla" {
		model = memoryOfXLA
	}
	weights, maps := float64(extractor.weightBytes()), float64(extractor.mapBytes(height, width))
	return int64(model.base + max(model.placing*weights, model.weights*weights+model.maps*maps))
}

// timeForward returns how long a forward pass takes to run, and how much longer the first one takes, which compiles.
func timeForward(extractor *Extractor, height, width int) (run, compile time.Duration, err error) {
	program, err := extractor.Compile(func(vgg *VGG, in []*Node) []*Node {
		x := in[0]
		for _, layer := range vgg.Layers {
			x = layer.Forward(x)
		}
		return []*Node{ReduceAllSum(x)}
	})
	if err != nil {
		return 0, 0, err
	}
	defer program.Finalize()
	picture := tensors.FromShape(shapes.Make(dtypes.Float32, 1, height, width, 3))
	begin := time.Now()
	for i := range probeRepetitions + 1 { // the first compiles
		if i > 1 && time.Since(begin)-compile > probeTime {
			break
		}
		start := time.Now()
		if _, err := program.Run(picture); err != nil {
			return 0, 0, err
		}
		switch took := time.Since(start); {
		case i == 0:
			compile = took
		case i == 1 || took < run:
			run = took
		}
	}
	return run, max(0, compile-run), nil
}

func (e *Extractor) weightBytes() int64 {
	var total int64
	for _, c := range e.convs {
		total += int64(c.Filter.Size()) * bytesPerFloat
	}
	return total
}

// mapBytes is the memory of one copy of all feature maps.
func (e *Extractor) mapBytes(height, width int) int64 {
	var total int64
	channels, conv := 3, 0
	for _, layer := range e.layers {
		switch layer.Kind {
		case ConvLayer:
			channels = e.convs[conv].Bias.Size()
			conv++
		case PoolLayer:
			height, width = height/2, width/2
		}
		total += int64(height*width*channels) * bytesPerFloat
	}
	return total
}
