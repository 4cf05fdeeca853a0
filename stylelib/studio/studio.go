// Package studio gets everything ready for a training in one call: the two pictures and the network, on an engine that
// the caller has opened. The command and the notebooks' computing cells start with it.
package studio

import (
	"context"
	"fmt"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/synth"
	"stylebook/stylelib/weights"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
)

// Request says what to get ready. Start from [Default].
type Request struct {
	Content, Style string        // picture files
	Height, Width  int           // of both images in pixels; with one 0 it follows the content's shape, with both 0 Area counts
	Area           int           // pixels, where neither height nor width is given
	Limit          time.Duration // if not 0 and neither height nor width is given, for how long the training may take
	Options        sl.Options
	Pooling        synth.Pooling     // how the network halves its maps
	Weights        weights.Options   // LastLayer is set from Options
	Say            func(line string) // gets messages for the user; may be nil

	// Fits is asked before anything is computed whether a training at this size may be; nil: it may.
	Fits func(extractor *sl.Extractor, height, width int) error
}

// Default asks for the chapter's PyTorch variant at the area of its picture, with the best weights that can be had.
// Content and Style are for the caller to fill in.
func Default() Request {
	return Request{Area: sl.DefaultArea, Options: sl.Default(), Pooling: synth.PoolingOfWeights, Weights: weights.DefaultOptions()}
}

// Studio is what a training needs. Close it when done.
type Studio struct {
	Network        *sl.Network
	Extractor      *sl.Extractor
	Content, Style *tensors.Tensor // normalized, [1, height, width, 3], both of the same size
	Options        sl.Options
}

// Open reads the pictures and the weights, says where the weights are from, and places the network on the engine. The
// error is a one-line message of the part that failed.
func Open(ctx context.Context, backend compute.Backend, r Request) (*Studio, error) {
	if err := r.Options.Validate(); err != nil {
		return nil, err
	}
	content, style, err := r.pictures()
	if err != nil {
		return nil, err
	}
	s := &Studio{Content: content, Style: style, Options: r.Options}
	if err := s.placeNetwork(ctx, backend, r); err != nil {
		return nil, err
	}
	if r.Limit > 0 && r.Height == 0 && r.Width == 0 {
		if err := s.fit(r); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// smallestArea is how small fit makes a picture before it takes epochs away.
const smallestArea = 100 * 150

// fit makes the picture smaller, and then the epochs fewer, until the training is likely to end within the limit.
func (s *Studio) fit(r Request) error {
	shape := s.Content.Shape()
	height, width := shape.Dim(1), shape.Dim(2)
	estimate, err := sl.EstimateRun(s.Extractor, height, width, s.Options)
	if err != nil || estimate.Total <= r.Limit {
		return err
	}
	share := 0.9 * float64(r.Limit) / float64(estimate.Total) // the time goes with the area; a tenth is for a wrong estimate
	pixels := share * float64(height*width)
	r.Area = max(min(smallestArea, height*width), int(pixels))
	if share = pixels / float64(r.Area); share < 0.99 {
		s.Options.Epochs = max(1, int(share*float64(s.Options.Epochs)))
	}
	if s.Content, s.Style, err = r.pictures(); err != nil {
		return err
	}
	smaller := s.Content.Shape()
	r.say("limit    %s: %d × %d pixels instead of %d × %d and %d epochs; give a size or epochs to go without the limit",
		r.Limit, smaller.Dim(1), smaller.Dim(2), height, width, s.Options.Epochs)
	return nil
}

// Close frees the network on the engine; the engine stays open.
func (s *Studio) Close() { s.Extractor.Finalize() }

func (r Request) say(format string, args ...any) {
	if r.Say != nil {
		r.Say(fmt.Sprintf(format, args...))
	}
}

// pictures returns content and style image, preprocessed at the size of the result.
func (r Request) pictures() (content, style *tensors.Tensor, err error) {
	contentPicture, err := sl.ReadImage(r.Content)
	if err != nil {
		return nil, nil, err
	}
	stylePicture, err := sl.ReadImage(r.Style)
	if err != nil {
		return nil, nil, err
	}
	bounds := contentPicture.Bounds()
	height, width, err := sl.FitSize(bounds.Dy(), bounds.Dx(), r.Height, r.Width, r.Area)
	if err != nil {
		return nil, nil, err
	}
	if content, err = sl.Preprocess(contentPicture, height, width, r.Options.Resize); err != nil {
		return nil, nil, err
	}
	style, err = sl.Preprocess(stylePicture, height, width, r.Options.Resize)
	return content, style, err
}

// placeNetwork loads the weights, fits untrained ones to the two pictures, and places the network on the engine.
func (s *Studio) placeNetwork(ctx context.Context, backend compute.Backend, r Request) error {
	r.Weights.LastLayer = r.Options.LastLayer()
	loaded, err := weights.Load(ctx, r.Weights)
	if err != nil {
		return err
	}
	r.say("weights  %s", loaded.Source)
	if loaded.Note != "" {
		r.say("         %s", loaded.Note)
	}
	s.Network = synth.WithPooling(loaded.Network, r.Pooling)
	if err := s.fits(backend, r); err != nil {
		return err
	}
	if loaded.Normalize {
		if s.Network, err = sl.NormalizeLayers(backend, s.Network, r.Options, s.Content, s.Style); err != nil {
			return err
		}
	}
	s.Extractor, err = sl.NewExtractor(backend, s.Network, r.Options)
	return err
}

// fits asks r.Fits, with an extractor that is not on the engine yet.
func (s *Studio) fits(backend compute.Backend, r Request) error {
	if r.Fits == nil {
		return nil
	}
	extractor, err := sl.NewExtractor(backend, s.Network, r.Options)
	if err != nil {
		return err
	}
	shape := s.Content.Shape()
	return r.Fits(extractor, shape.Dim(1), shape.Dim(2))
}
