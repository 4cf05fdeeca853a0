// Package paint makes a picture of two, in one call.
package paint

import (
	"context"
	"image"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"
)

// Picture paints content in the style of style: the whole way from two pictures to a third, on the fastest engine, with the best weights
// that can be had, in the size of content, at most of
// [transfer.DefaultArea]. nil options are [transfer.DefaultPreset]'s. For another size, several styles,
// masks or an engine that stays open: [transfer.Open].
//
// The error is one line. When ctx is done, it comes with the picture as far as it got, nil before the first epoch.
func Picture(ctx context.Context, content, style image.Image, options *transfer.Options) (image.Image, error) {
	if options == nil {
		usual, err := transfer.Choose(transfer.Choice{Preset: transfer.DefaultPreset})
		if err != nil {
			return nil, err
		}
		options = &usual
	}
	r := transfer.NewRequest("", "").With(transfer.Pictures{Content: content, Styles: []image.Image{style}})
	r.Options = *options
	if content != nil {
		bounds := content.Bounds()
		r.Area = min(r.Area, bounds.Dx()*bounds.Dy())
	}
	fastest, err := engine.Open("")
	if err != nil {
		return nil, err
	}
	defer fastest.Close()
	t, err := transfer.Open(ctx, fastest.Backend, r)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	begun := false
	x, trained := t.Train(ctx, nil, func(transfer.Epoch) error { begun = true; return nil })
	if trained != nil && !begun {
		return nil, trained
	}
	picture, err := t.Picture(x, 8)
	if err != nil {
		return nil, err
	}
	return picture, trained
}
