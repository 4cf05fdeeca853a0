package session

import (
	"fmt"
	"image"

	sl "stylebook/stylelib"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Total puts a loss together from the losses of the layers, in the order of the options, and total variation. All are scalars
// without weights.
type Total func(contents, styles []*Node, tv *Node) *Node

// Result is what a training made.
type Result struct {
	Image   *tensors.Tensor // normalized, [1, height, width, 3]
	Picture *image.RGBA
	Last    sl.Record // of the last epoch
}

// Under trains as the chapter does, with total in place of its sum: from the content image, with the options' optimizer and
// epochs. The record's losses are the sums of contents and styles, and tv. An interrupted training returns what it
// has; one that was finished before is not repeated, see [TrainingsEnv].
func (s *Studio) Under(total Total) (Result, error) {
	targets, err := s.given()
	if err != nil {
		return Result{}, err
	}
	loss := func(vgg *sl.VGG, x *Node, in []*Node) (*Node, []sl.Part) {
		contents, styles := s.layerLosses(vgg, x, in)
		tv := sl.TVLoss(x)
		parts := []sl.Part{{Name: "content", Value: sum(contents, tv)}, {Name: "style", Value: sum(styles, tv)}, {Name: "tv", Value: tv}}
		return total(contents, styles, tv), parts
	}
	scalars := make([]shapes.Shape, len(targets)+1) // a loss for each target, and tv
	for i := range scalars {
		scalars[i] = shapes.Make(dtypes.Float32)
	}
	n := len(s.Options.ContentLayers)
	print := s.printOf(scalars, func(in []*Node) []*Node {
		return []*Node{total(in[:n:n], in[n:len(targets):len(targets)], in[len(targets)])}
	})
	return s.minimize(loss, targets, print)
}

// minimize is the chapter's training of any loss. print tells what the loss computes.
func (s *Studio) minimize(loss func(*sl.VGG, *Node, []*Node) (*Node, []sl.Part), targets []*tensors.Tensor, print string) (r Result, err error) {
	r.Image, r.Last, err = s.keeping(s.trainingFile(print, targets), func() (*tensors.Tensor, sl.Record, error) {
		return s.lower(loss, targets)
	})
	if err != nil {
		return Result{}, err
	}
	r.Picture, err = sl.Postprocess(r.Image)
	return r, err
}

// lower trains.
func (s *Studio) lower(loss func(*sl.VGG, *Node, []*Node) (*Node, []sl.Part), targets []*tensors.Tensor) (x *tensors.Tensor, last sl.Record, err error) {
	start, err := sl.NewTraining(s.Content)
	if err != nil {
		return nil, last, err
	}
	epochs := s.Options.Epochs
	objective := sl.Objective{Loss: loss, Inputs: sl.Constant(targets)}
	s.status.Train(epochs)
	defer s.status.Say("")
	x, err = sl.Minimize(s.Context, s.Extractor, objective, start, s.Options.NewOptimizer(epochs), epochs, func(record sl.Record) error {
		last = record
		s.status.Report(record)
		return nil
	})
	x, err = s.kept(x, err, last.Epoch)
	return x, last, err
}

// Losses are those of a picture at each content and each style layer, without weights.
type Losses struct{ Contents, Styles []float64 }

// Measure returns the losses of a picture, normalized, of shape [1, height, width, 3].
func (s *Studio) Measure(picture *tensors.Tensor) (Losses, error) {
	targets, err := s.given()
	if err != nil {
		return Losses{}, err
	}
	if s.losses == nil {
		s.losses, err = s.Extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
			contents, styles := s.layerLosses(vgg, in[0], in[1:])
			return []*Node{Stack(append(contents, styles...), 0)}
		})
		if err != nil {
			return Losses{}, err
		}
	}
	out, err := s.losses.Run(append([]any{picture}, sl.AsInputs(targets)...)...)
	if err != nil {
		return Losses{}, fmt.Errorf("measure the losses: %w", err)
	}
	var all []float64
	for _, v := range tensors.MustCopyFlatData[float32](out[0]) {
		all = append(all, float64(v))
	}
	n := len(s.Options.ContentLayers)
	return Losses{all[:n:n], all[n:]}, nil
}

// given returns what the losses compare with.
func (s *Studio) given() ([]*tensors.Tensor, error) {
	if s.targets != nil {
		return s.targets, nil
	}
	contents, err := sl.GetContents(s.Extractor, s.Content, s.Options.Options)
	if err != nil {
		return nil, err
	}
	grams, err := s.grams(s.Style)
	s.targets = append(contents, grams...)
	return s.targets, err
}

// grams returns the Gram matrices of a picture at the style layers.
func (s *Studio) grams(picture *tensors.Tensor) ([]*tensors.Tensor, error) {
	styles, err := sl.GetStyles(s.Extractor, picture, s.Options.Options)
	if err != nil {
		return nil, err
	}
	_, grams, err := sl.GetInits(s.Extractor, s.Content, styles)
	return grams, err
}

// layerLosses are the losses at the layers of the options.
func (s *Studio) layerLosses(vgg *sl.VGG, x *Node, targets []*Node) (contents, styles []*Node) {
	contents, styles = sl.ExtractFeatures(vgg, x, s.Options.ContentLayers, s.Options.StyleLayers)
	for i := range contents {
		contents[i] = sl.ContentLoss(contents[i], targets[i])
	}
	for i := range styles {
		styles[i] = sl.StyleLoss(styles[i], targets[len(contents)+i])
	}
	return contents, styles
}

// sum adds scalars; of none it is 0, in the graph of like.
func sum(values []*Node, like *Node) *Node {
	total := ZerosLike(like)
	for _, v := range values {
		total = Add(total, v)
	}
	return total
}
