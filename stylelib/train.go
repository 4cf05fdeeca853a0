package stylelib

import (
	"context"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Record tells of one finished epoch. The losses are those of the epoch's forward pass, before its update.
type Record struct {
	Epoch   int     `json:"epoch"`   // from 1
	Content float64 `json:"content"` // sum over the content layers, weighted
	Style   float64 `json:"style"`   // sum over the style layers, weighted, not yet times StyleRepeat
	TV      float64 `json:"tv"`      // weighted
	Total   float64 `json:"total"`   // what is minimized: StyleRepeat·Style + Content + TV
	LR      float64 `json:"lr"`      // learning rate of the update
	Seconds float64 `json:"seconds"` // wall time of the epoch

	// Image is the synthesized image after the update, normalized. It is valid during the callback only.
	Image *tensors.Tensor `json:"-"`
}

// DivergedError reports a loss that is no longer a number. The image returned with it is the last good one.
type DivergedError struct {
	Epoch int
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("training diverged: the loss of epoch %d is not a number; lower the learning rate or the weights", e.Epoch)
}

// Train synthesizes an image with the content of one picture and the style of another: starting from the content image,
// it lowers the total loss with Adam for options.Epochs epochs.
//
// content and style are normalized pictures of shape [1, height, width, 3], of any two sizes; the result has the
// content's size. report, if not nil, is called after each epoch; an error from it ends the training.
//
// When ctx is done, report fails or the loss stops being a number (*[DivergedError]), Train returns the image of the
// latest good epoch together with the error.
func Train(ctx context.Context, extractor *Extractor, content, style *tensors.Tensor, options Options, report func(Record) error) (*tensors.Tensor, error) {
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
	// One epoch as one graph: features, losses, gradient with respect to the image, update.
	program, err := extractor.Compile(func(vgg *VGG, in []*Node) []*Node {
		image, m, v, rate, scale, targets := in[0], in[1], in[2], in[3], in[4], in[5:]
		contents, styles := ExtractFeatures(vgg, image, options.ContentLayers, options.StyleLayers)
		l := ComputeLoss(image, contents, styles, targets[:len(contents)], targets[len(contents):], options)
		gradient := Gradient(l.Total, image)[0]
		image, m, v = AdamUpdate(image, m, v, gradient, rate, scale)
		return []*Node{image, m, v, Stack([]*Node{l.Content, l.Style, l.TV, l.Total}, 0)}
	})
	if err != nil {
		return nil, err
	}
	defer program.Finalize()
	for epoch := 1; epoch <= options.Epochs; epoch++ {
		if ctx.Err() != nil {
			return x.Image, context.Cause(ctx)
		}
		record, err := x.Step(program, append(contentTargets, styleTargets...), options)
		if err != nil {
			return x.Image, err
		}
		if report != nil {
			if err := report(record); err != nil {
				return x.Image, err
			}
		}
	}
	return x.Image, nil
}
