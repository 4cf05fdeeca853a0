package session

import (
	sl "stylebook/stylelib"
	"stylebook/stylelib/ops"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Blended trains under relative losses with the Gram matrices of two styles, the request's and another, put together by blend
// under the given weights. other is normalized, of shape [1, h, w, 3]. An interrupted training returns what it has.
func (s *Studio) Blended(other *tensors.Tensor, blend func(grams []*Node, weights []float64) *Node, weights []float64) (Result, error) {
	targets, err := s.given()
	if err != nil {
		return Result{}, err
	}
	others, err := s.grams(other)
	if err != nil {
		return Result{}, err
	}
	o := s.Options.Options
	loss := func(vgg *sl.VGG, x *Node, in []*Node) (total *Node, parts []sl.Part) {
		contents, styles := sl.ExtractFeatures(vgg, x, o.ContentLayers, o.StyleLayers)
		total = MulScalar(sl.TVLoss(x), o.TVWeight)
		for i := range contents {
			total = Add(total, Div(sl.ContentLoss(contents[i], in[i]), ops.ReduceAllMean(Square(in[i]))))
		}
		grams := in[len(contents):]
		for i := range styles {
			target := blend([]*Node{grams[i], grams[len(styles)+i]}, weights)
			relative := Div(sl.StyleLoss(styles[i], target), ops.ReduceAllMean(Square(target)))
			total = Add(total, MulScalar(relative, o.StyleRepeat*o.StyleWeight))
		}
		return total, nil
	}
	return s.minimize(loss, append(targets[:len(targets):len(targets)], others...))
}
