package stylelib

import (
	"context"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Train synthesizes an image with the content of one picture and the style of another: starting
// from the content image, it lowers the total loss with Adam for options.Epochs epochs.
//
// content and style are normalized pictures of shape [1, height, width, 3], of any two sizes; the
// result has the content's size. report and errors are [Minimize]'s.
func Train(ctx context.Context, extractor *Extractor, content, style *tensors.Tensor,
	options Options, report func(Record) error) (*tensors.Tensor, error) {
	contentTargets, err := GetContents(extractor, content, options)
	if err != nil {
		return nil, fmt.Errorf("content features: %w", err)
	}
	styles, err := GetStyles(extractor, style, options)
	if err != nil {
		return nil, fmt.Errorf("style features: %w", err)
	}
	x, styleTargets, err := GetInits(extractor, content, styles)
	if err != nil {
		return nil, err
	}
	loss := func(vgg *VGG, pixels *Node, targets []*Node) (total *Node, parts []Part) {
		pixels = x.Forward(pixels)
		contents, styles := ExtractFeatures(vgg, pixels, options.ContentLayers, options.StyleLayers)
		l := ComputeLoss(pixels, contents, styles, targets[:len(contents)], targets[len(contents):],
			options)
		return l.Total, []Part{{"content", l.Content}, {"style", l.Style}, {"tv", l.TV}}
	}
	objective := Objective{Loss: loss,
		Inputs: Constant(append(contentTargets, styleTargets...))}
	adam := Adam(options.Adam, AdamBeta1, AdamBeta2,
		func(epoch int) float64 { return LearningRate(options, epoch) })
	return Minimize(ctx, extractor, objective, &Training{Image: x.Image}, adam, options.Epochs,
		report)
}

// EpochGraph returns one epoch as one graph: losses, gradient of the total with respect to the
// pixels, update.
func EpochGraph(objective Objective, t *Training,
	optimizer Optimizer) func(vgg *VGG, in []*Node) []*Node {
	return func(vgg *VGG, in []*Node) []*Node {
		pixels, state, numbers, inputs := t.Split(in, optimizer)
		total, parts := objective.Loss(vgg, pixels, inputs)
		gradient := Gradient(total, pixels)[0]
		pixels, state = optimizer.Update(pixels, gradient, state, numbers)
		return t.Join(pixels, state, total, parts)
	}
}

// Minimize lowers an objective by changing the image of t, until t has so many epochs behind it.
//
// report, if not nil, is called after each epoch; an error from it ends the training. When ctx is
// done, report fails or the loss stops being a number (*[DivergedError]), Minimize returns the
// image of the latest good epoch together with the error.
func Minimize(ctx context.Context, extractor *Extractor, objective Objective,
	t *Training, optimizer Optimizer, epochs int,
	report func(Record) error) (*tensors.Tensor, error) {
	program, err := extractor.Compile(EpochGraph(objective, t, optimizer))
	if err != nil {
		return nil, err
	}
	defer program.Finalize()
	for t.Epoch < epochs {
		if ctx.Err() != nil {
			return t.Image, context.Cause(ctx)
		}
		inputs, err := objective.Inputs(t.Image, t.Epoch+1)
		if err != nil {
			return t.Image, err
		}
		record, err := t.Step(program, optimizer, inputs)
		if err != nil {
			return t.Image, err
		}
		if report != nil {
			if err := report(record); err != nil {
				return t.Image, err
			}
		}
	}
	return t.Image, nil
}
