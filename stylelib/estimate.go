package stylelib

import (
	"fmt"
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

// Measured on two cores, both engines, with narrow and full-width networks.
const (
	stepPerForward   = 2.4 // a training step takes this many times a forward pass
	copiesOfMaps     = 4   // feature maps alive at the peak, for each layer
	copiesOfWeights  = 9   // as read, and two transformed forms, each four times as large, on the engine
	processBytes     = 350e6
	compileSeconds   = 1.5
	probeArea        = 75 * 112 // pixels of the picture that is timed
	smallestProbe    = 32
	bytesPerFloat    = 4
	probeRepetitions = 2
)

// EstimateRun tells what Train will take for a picture of height × width pixels. It times a forward pass of a small
// picture on the engine, which takes about a second.
func EstimateRun(extractor *Extractor, height, width int, options Options) (Estimate, error) {
	h, w := height, width
	for h*w > probeArea && min(h, w)/2 >= smallestProbe {
		h, w = h/2, w/2
	}
	forward, err := timeForward(extractor, h, w)
	if err != nil {
		return Estimate{}, fmt.Errorf("estimate the time: %w", err)
	}
	perPixel := float64(forward) / float64(h*w)
	perEpoch := time.Duration(stepPerForward * perPixel * float64(height*width))
	compile := time.Duration(compileSeconds * float64(time.Second))
	return Estimate{
		PerEpoch: perEpoch,
		Total:    compile + perEpoch*time.Duration(options.Epochs),
		Bytes:    EstimateMemory(extractor, height, width),
	}, nil
}

// EstimateMemory tells how much memory the process will take at most while it trains a picture of height × width pixels,
// in bytes.
func EstimateMemory(extractor *Extractor, height, width int) int64 {
	return processBytes + copiesOfWeights*extractor.weightBytes() + copiesOfMaps*extractor.mapBytes(height, width)
}

func timeForward(extractor *Extractor, height, width int) (time.Duration, error) {
	program, err := extractor.Compile(func(vgg *VGG, in []*Node) []*Node {
		x := in[0]
		for _, layer := range vgg.Layers {
			x = layer.Forward(x)
		}
		return []*Node{ReduceAllSum(x)}
	})
	if err != nil {
		return 0, err
	}
	defer program.Finalize()
	picture := tensors.FromShape(shapes.Make(dtypes.Float32, 1, height, width, 3))
	var best time.Duration
	for i := range probeRepetitions + 1 { // the first compiles
		start := time.Now()
		if _, err := program.Run(picture); err != nil {
			return 0, err
		}
		if took := time.Since(start); i == 1 || (i > 1 && took < best) {
			best = took
		}
	}
	return best, nil
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
