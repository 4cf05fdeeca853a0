package stylelib

import (
	"fmt"
	"math"
	"time"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// SynthesizedImage is the model that is trained: its only parameter is the image itself, beside which the optimizer keeps
// its state.
type SynthesizedImage struct {
	Image *tensors.Tensor   // the synthesized image, normalized, float32 [1, height, width, 3]
	State []*tensors.Tensor // of the optimizer; nil before the first epoch
	Epoch int               // updates made so far

	previous *tensors.Tensor // the image before the latest update, known to have a finite loss
}

// NewSynthesizedImage returns the initial state: a copy of initial, which in the chapter is the content image, and an
// optimizer that has seen no gradient.
func NewSynthesizedImage(initial *tensors.Tensor) (*SynthesizedImage, error) {
	image, err := initial.LocalClone()
	if err != nil {
		return nil, err
	}
	return &SynthesizedImage{Image: image}, nil
}

// GetInits returns what the training starts from: the synthesized image, set to the content image,
// and the Gram matrices [c, c] of the style features, which the style loss compares with.
func GetInits(extractor *Extractor, content *tensors.Tensor, styles []*tensors.Tensor) (
	*SynthesizedImage, []*tensors.Tensor, error) {
	x, err := NewSynthesizedImage(content)
	if err != nil {
		return nil, nil, err
	}
	grams, err := extractor.RunOnce(func(_ *VGG, styles []*Node) (grams []*Node) {
		for _, features := range styles {
			grams = append(grams, Gram(features))
		}
		return grams
	}, styles...)
	return x, grams, err
}

// Split sorts the inputs that [SynthesizedImage.Step] gives to the graph of an epoch: the image, the optimizer's state and
// numbers, and the objective's inputs.
func (x *SynthesizedImage) Split(in []*Node, optimizer Optimizer) (image *Node, state, numbers, inputs []*Node) {
	image, in = in[0], in[1:]
	state, in = in[:len(optimizer.State)], in[len(optimizer.State):]
	n := len(optimizer.Numbers(1))
	return image, state, in[:n], in[n:]
}

// Join sorts the outputs of the graph of an epoch as [SynthesizedImage.Step] takes them.
func (x *SynthesizedImage) Join(image *Node, state []*Node, total *Node, parts []Part) []*Node {
	var names []string
	var losses []*Node
	for _, part := range parts {
		names, losses = append(names, part.Name), append(losses, part.Value)
	}
	return append([]*Node{image, named(Stack(append(losses, total), 0), names)}, state...)
}

// Step runs one epoch of a graph between Split and Join. The optimizer's state is given away, so that the engine can write
// the new one in its place; the image is not, because the previous one may be needed again.
// A total that is not a number is a *[DivergedError]; Image is then the one before the update that spoiled it.
func (x *SynthesizedImage) Step(program *Program, optimizer Optimizer, inputs []*tensors.Tensor) (Record, error) {
	start, epoch := time.Now(), x.Epoch+1
	if x.State == nil {
		for _, array := range optimizer.State {
			dims := append([]int{array.Copies}, x.Image.Shape().Dimensions[1:]...)
			x.State = append(x.State, tensors.FromShape(shapes.Make(x.Image.DType(), dims...)))
		}
	}
	in := []any{x.Image}
	for _, array := range x.State {
		in = append(in, donated{array})
	}
	for _, number := range optimizer.Numbers(epoch) {
		in = append(in, float32(number))
	}
	out, names, err := program.run(append(in, AsInputs(inputs)...))
	if err != nil {
		return Record{}, fmt.Errorf("epoch %d: %w", epoch, err)
	}
	losses := tensors.MustCopyFlatData[float32](out[1])
	record := Record{Epoch: epoch, Total: float64(losses[len(losses)-1]), LR: optimizer.LearningRate(epoch)}
	for i, name := range names {
		record.Losses = append(record.Losses, TermLoss{name, float64(losses[i])})
	}
	if math.IsNaN(record.Total) || math.IsInf(record.Total, 0) {
		if x.previous != nil {
			x.Image = x.previous
		}
		return Record{}, &DivergedError{Epoch: epoch}
	}
	free(x.previous, out[1])
	x.previous, x.Image, x.State, x.Epoch = x.Image, out[0], out[2:], epoch
	record.Image, record.Seconds = x.Image, time.Since(start).Seconds()
	return record, nil
}

// free gives memory back at once instead of at the next garbage collection.
func free(ts ...*tensors.Tensor) {
	for _, t := range ts {
		if t != nil {
			_ = t.FinalizeAll()
		}
	}
}
