package session

import (
	"fmt"

	sl "stylebook/stylelib"
	"stylebook/stylelib/nbui"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Wishes returns what each of the chapter's losses alone wants of an image, normalized, of shape [1, height, width, 3], at an epoch: the
// negative gradient of the content loss, the style loss and the total variation loss, each with its weight in the options.
func (s *Studio) Wishes(epoch int, image *tensors.Tensor) (nbui.Stage, error) {
	targets, err := s.given()
	if err != nil {
		return nbui.Stage{}, err
	}
	o := s.Options.Options
	if s.wishes == nil {
		s.wishes, err = s.Extractor.Compile(func(vgg *sl.VGG, in []*Node) (wishes []*Node) {
			contents, styles := s.layerLosses(vgg, in[0], in[1:])
			tv := sl.TVLoss(in[0])
			for _, loss := range []*Node{MulScalar(sum(contents, tv), o.ContentWeight),
				MulScalar(sum(styles, tv), o.StyleWeight*o.StyleRepeat), MulScalar(tv, o.TVWeight)} {
				wishes = append(wishes, Neg(Gradient(loss, in[0])[0]))
			}
			return wishes
		})
		if err != nil {
			return nbui.Stage{}, err
		}
	}
	out, err := s.wishes.Run(append([]any{image}, sl.AsInputs(targets)...)...)
	if err != nil {
		return nbui.Stage{}, fmt.Errorf("what the losses want: %w", err)
	}
	picture, err := sl.Postprocess(image)
	if err != nil {
		return nbui.Stage{}, err
	}
	values := tensors.MustCopyFlatData[float32]
	return nbui.Stage{Epoch: epoch, Picture: picture, Content: values(out[0]), Style: values(out[1]), TV: values(out[2])}, nil
}
