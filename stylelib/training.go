package stylelib

import (
	"fmt"
	"math"
	"time"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Training is an image on its way, with what the optimizer remembers: all that an interrupted training goes on from.
type Training struct {
	Image *tensors.Tensor   // normalized, float32 [1, height, width, 3]
	State []*tensors.Tensor // of the optimizer; nil before the first epoch
	Epoch int               // updates made so far

	previous *tensors.Tensor // the image before the latest update, known to have a finite loss
}

// NewTraining returns the state before the first epoch: a copy of initial, and an optimizer that has seen no gradient.
func NewTraining(initial *tensors.Tensor) (*Training, error) {
	image, err := initial.LocalClone()
	if err != nil {
		return nil, err
	}
	return &Training{Image: image}, nil
}

// Split sorts the inputs that [Training.Step] gives to the graph of an epoch: the image, the optimizer's state and
// numbers, and the objective's inputs.
func (t *Training) Split(in []*Node, optimizer Optimizer) (image *Node, state, numbers, inputs []*Node) {
	image, in = in[0], in[1:]
	state, in = in[:len(optimizer.State)], in[len(optimizer.State):]
	n := len(optimizer.Numbers(1))
	return image, state, in[:n], in[n:]
}

// Join sorts the outputs of the graph of an epoch as [Training.Step] takes them.
func (t *Training) Join(image *Node, state []*Node, total *Node, parts []Part) []*Node {
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
func (t *Training) Step(program *Program, optimizer Optimizer, inputs []*tensors.Tensor) (Record, error) {
	start, epoch := time.Now(), t.Epoch+1
	if t.State == nil {
		for _, array := range optimizer.State {
			dims := append([]int{array.Copies}, t.Image.Shape().Dimensions[1:]...)
			t.State = append(t.State, tensors.FromShape(shapes.Make(t.Image.DType(), dims...)))
		}
	}
	in := []any{t.Image}
	for _, array := range t.State {
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
		if t.previous != nil {
			t.Image = t.previous
		}
		return Record{}, &DivergedError{Epoch: epoch}
	}
	free(t.previous, out[1])
	t.previous, t.Image, t.State, t.Epoch = t.Image, out[0], out[2:], epoch
	record.Image, record.Seconds = t.Image, time.Since(start).Seconds()
	return record, nil
}

// free gives memory back at once instead of at the next garbage collection.
func free(arrays ...*tensors.Tensor) {
	for _, a := range arrays {
		if a != nil {
			_ = a.FinalizeAll()
		}
	}
}
