package feedforward

import (
	"fmt"
	"math"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Architecture is how large a network is.
type Architecture struct {
	Channels int // of the residual blocks' maps, which are a quarter as high and wide as the picture; a multiple of 4
	Blocks   int // residual blocks
}

// Weights are those of the parts of the loss, beside that of the content, which is 1. All parts are relative, so that they suit any
// painting.
type Weights struct {
	Style  float64
	TV     float64
	Steady float64 // of how little a picture moves otherwise than its photograph
}

// Options say how a network is trained. Every field means what it says, 0 included. Start from [Default].
type Options struct {
	Architecture
	Weights
	StyleSide    int     // longer side, in pixels, to which the painting is brought: the larger, the broader the strokes
	Batch        int     // pieces of photographs in a step
	Crop         int     // their height and width, in pixels: a multiple of [Multiple]
	LearningRate float64 // of Adam in the first step; it falls evenly to 0
	Steps        int
	Seed         int64 // of the first weights, and of which pieces are taken

	// Graph is a network of the caller's, in the place of [Forward], with the same input and output; nil: there is none. [Load] reads
	// what such a training saves where its variables have the names and shapes of [Architecture.Shapes].
	Graph func(scope *model.Scope, photographs *Node) *Node `json:"-"`
}

// forward is the network's graph.
func (o Options) forward(scope *model.Scope, photographs *Node) *Node {
	if o.Graph != nil {
		return o.Graph(scope, photographs)
	}
	return Forward(scope, photographs, o.Architecture)
}

// Default returns what the networks that ship were trained with: 0.42 million parameters, a piece of 192 × 192 pixels in each step.
func Default() Options {
	return Options{
		Architecture: Architecture{Channels: 64, Blocks: 5},
		Weights:      Weights{Style: 3, TV: 0.05, Steady: 100},
		StyleSide:    512,
		Batch:        1,
		Crop:         192,
		LearningRate: 4e-3,
		Steps:        4000,
	}
}

// Bytes is about how much memory a training takes, without its photographs: measured on a CPU with [Default].
func (o Options) Bytes() int64 { return 400e6 + 15_000*int64(o.Batch*o.Crop*o.Crop) }

// Validate reports the first option that can't be used, as an *[sl.OptionError].
func (o Options) Validate() error {
	for _, number := range []struct {
		name                   string
		value, least, most, of int
	}{
		{"channels", o.Channels, 4, maxChannels, 4}, {"blocks", o.Blocks, 0, maxBlocks, 1}, {"style side", o.StyleSide, 32, 4096, 1},
		{"batch", o.Batch, 1, 64, 1}, {"crop", o.Crop, 32, 1024, Multiple}, {"steps", o.Steps, 1, maxSteps, 1},
	} {
		if number.value < number.least || number.value > number.most || number.value%number.of != 0 {
			return &sl.OptionError{Option: number.name, Reason: fmt.Sprintf("%d is no multiple of %d from %d to %d", number.value, number.of, number.least, number.most)}
		}
	}
	for _, number := range []struct {
		name  string
		value float64
	}{{"style weight", o.Style}, {"TV weight", o.TV}, {"steady weight", o.Steady}, {"learning rate", o.LearningRate}} {
		if !(number.value >= 0) || math.IsInf(number.value, 0) {
			return &sl.OptionError{Option: number.name, Reason: fmt.Sprintf("%g is not a number of at least 0", number.value)}
		}
	}
	return nil
}

// maxSteps is how many steps are counted exactly in a checkpoint.
const maxSteps = 1 << 24

// rate is the learning rate of a step, counted from 1.
func (o Options) rate(step int) float64 {
	return o.LearningRate * (1 - float64(step-1)/float64(o.Steps))
}
