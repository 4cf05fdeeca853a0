package main

import (
	"math"
	"slices"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// part is what a part of a step takes when nothing else is computed, in seconds.
type part struct {
	Name     string  `json:"name"`
	Forward  float64 `json:"forward,omitempty"`
	Backward float64 `json:"backward,omitempty"` // a loss's and the update's has all that they compute
}

// repetitions of a part, of which the shortest counts.
const repetitions = 10

// where measures the parts of a step one by one: each layer, each loss with its gradient, and Adam's update.
func where(e *engine.Engine, r request) error {
	extractor, options, err := randomNetwork(e, r)
	if err != nil {
		return err
	}
	defer extractor.Finalize()
	image := shapes.Make(transfer.Noise(1, 1, 1).DType(), 1, r.height, r.width, 3)
	parts, at := []part{}, image
	add := func(name string, forward, backward float64) {
		parts = append(parts, part{name, forward, backward})
	}
	for i, layer := range extractor.Layers {
		out := shapeAfter(extractor, layer, at)
		forward, err := least(extractor, func(vgg *sl.VGG, in []*Node) []*Node { return []*Node{vgg.Layers[i].Forward(in[0])} }, at)
		if err != nil {
			return err
		}
		backward, err := least(extractor, func(vgg *sl.VGG, in []*Node) []*Node {
			return Gradient(ReduceAllSum(Mul(vgg.Layers[i].Forward(in[0]), in[1])), in[0])
		}, at, out)
		if err != nil {
			return err
		}
		add(layer.Name, forward, backward)
		if at = out; layer.In(options.ContentLayers) {
			if err := loss(extractor, add, "content", sl.ContentLoss, out, out); err != nil {
				return err
			}
		}
		if channels := out.Dim(3); layer.In(options.StyleLayers) {
			if err := loss(extractor, add, "style", sl.StyleLoss, out, shapes.Make(out.DType, channels, channels)); err != nil {
				return err
			}
		}
	}
	tv := func(x, _ *Node) *Node { return sl.TVLoss(x) }
	if err := loss(extractor, add, "total variation", tv, image, shapes.Make(image.DType)); err != nil {
		return err
	}
	number := shapes.Make(image.DType)
	update, err := least(extractor, func(_ *sl.VGG, in []*Node) []*Node {
		x, m, v := sl.AdamUpdate(in[0], in[1], in[2], in[3], in[4], in[5], sl.AdamBeta1, sl.AdamBeta2)
		return []*Node{x, m, v}
	}, image, image, image, image, number, number)
	if err != nil {
		return err
	}
	add("update", 0, update)
	write(answer{Parts: parts, Engine: e.Name})
	return nil
}

// loss measures a loss of features and a target together with its gradient.
func loss(extractor *sl.Extractor, add func(string, float64, float64), name string, of func(x, target *Node) *Node, x, target shapes.Shape) error {
	took, err := least(extractor, func(_ *sl.VGG, in []*Node) []*Node {
		value := of(in[0], in[1])
		return append(Gradient(value, in[0]), value)
	}, x, target)
	add(name, 0, took)
	return err
}

// shapeAfter is the shape of what a layer makes of a map.
func shapeAfter(extractor *sl.Extractor, layer sl.Layer, x shapes.Shape) shapes.Shape {
	switch layer.Kind {
	case sl.PoolLayer:
		return shapes.Make(x.DType, 1, x.Dim(1)/2, x.Dim(2)/2, x.Dim(3))
	case sl.ConvLayer:
		i := slices.IndexFunc(extractor.Convs, func(c sl.Conv) bool { return c.Index == layer.Index })
		return shapes.Make(x.DType, 1, x.Dim(1), x.Dim(2), extractor.Convs[i].Bias.Size())
	}
	return x
}

// least returns how long a graph takes on noise of these shapes, the shortest of several times.
func least(extractor *sl.Extractor, build func(*sl.VGG, []*Node) []*Node, of ...shapes.Shape) (float64, error) {
	program, err := extractor.Compile(build)
	if err != nil {
		return 0, err
	}
	defer program.Finalize()
	var inputs []any
	for i, shape := range of {
		values := tensors.MustCopyFlatData[float32](transfer.Noise(int64(i), 1, (shape.Size()+2)/3))
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(values[:shape.Size()], shape.Dimensions...))
	}
	shortest := math.Inf(1)
	for i := range repetitions + 1 {
		start := time.Now()
		outputs, err := program.Run(inputs...)
		if err != nil {
			return 0, err
		}
		if took := time.Since(start).Seconds(); i > 0 { // the first compiles
			shortest = min(shortest, took)
		}
		for _, output := range outputs {
			output.MustFinalizeAll()
		}
	}
	return shortest, nil
}
