package main

import (
	"math"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"

	"github.com/gomlx/compute/dtypes"
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

// breakdown measures the parts of a step one by one.
type breakdown struct {
	extractor *sl.Extractor
	parts     []part
}

// where tells what each layer, each loss with its gradient, and Adam's update take.
func where(e *engine.Engine, r request) error {
	net, options, err := randomNetwork(r)
	if err != nil {
		return err
	}
	extractor, err := sl.NewExtractor(e.Backend, net, options)
	if err != nil {
		return err
	}
	defer extractor.Finalize()
	b := &breakdown{extractor: extractor}
	number, image := shapes.Make(dtypes.Float32), shapes.Make(dtypes.Float32, 1, r.height, r.width, 3)
	at := image
	for i, layer := range extractor.Layers {
		if at, err = b.layer(i, at); err != nil {
			return err
		}
		if layer.In(options.ContentLayers) {
			if err := b.loss("content", sl.ContentLoss, at, at); err != nil {
				return err
			}
		}
		if layer.In(options.StyleLayers) {
			if err := b.loss("style", sl.StyleLoss, at, shapes.Make(at.DType, at.Dim(3), at.Dim(3))); err != nil {
				return err
			}
		}
	}
	tv := func(x, _ *Node) *Node { return sl.TVLoss(x) }
	if err := b.loss("total variation", tv, image, number); err != nil {
		return err
	}
	update, err := b.least(func(_ *sl.VGG, in []*Node) []*Node {
		x, m, v := sl.AdamUpdate(in[0], in[1], in[2], in[3], in[4], in[5], sl.AdamBeta1, sl.AdamBeta2)
		return []*Node{x, m, v}
	}, image, image, image, image, number, number)
	if err != nil {
		return err
	}
	write(answer{Parts: append(b.parts, part{Name: "update", Backward: update}), Engine: e.Name})
	return nil
}

// layer measures layer i on a map of shape x, and returns the shape of the result.
func (b *breakdown) layer(i int, x shapes.Shape) (y shapes.Shape, err error) {
	p := part{Name: b.extractor.Layers[i].Name}
	y = shapeAfter(b.extractor, b.extractor.Layers[i], x)
	if p.Forward, err = b.least(func(vgg *sl.VGG, in []*Node) []*Node { return []*Node{vgg.Layers[i].Forward(in[0])} }, x); err != nil {
		return y, err
	}
	p.Backward, err = b.least(func(vgg *sl.VGG, in []*Node) []*Node {
		return Gradient(ReduceAllSum(Mul(vgg.Layers[i].Forward(in[0]), in[1])), in[0])
	}, x, y)
	b.parts = append(b.parts, p)
	return y, err
}

// loss measures a loss of features and a target together with its gradient.
func (b *breakdown) loss(name string, of func(x, target *Node) *Node, x, target shapes.Shape) error {
	took, err := b.least(func(_ *sl.VGG, in []*Node) []*Node {
		value := of(in[0], in[1])
		return append(Gradient(value, in[0]), value)
	}, x, target)
	b.parts = append(b.parts, part{Name: name, Backward: took})
	return err
}

// shapeAfter is the shape of what a layer makes of a map.
func shapeAfter(extractor *sl.Extractor, layer sl.Layer, x shapes.Shape) shapes.Shape {
	switch layer.Kind {
	case sl.PoolLayer:
		return shapes.Make(x.DType, 1, x.Dim(1)/2, x.Dim(2)/2, x.Dim(3))
	case sl.ConvLayer:
		return shapes.Make(x.DType, 1, x.Dim(1), x.Dim(2), extractor.Channels[layer.Index])
	}
	return x
}

// least returns how long a graph takes on noise of these shapes, the shortest of several times.
func (b *breakdown) least(build func(*sl.VGG, []*Node) []*Node, of ...shapes.Shape) (float64, error) {
	program, err := b.extractor.Compile(build)
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
