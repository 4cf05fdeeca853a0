package stylelib

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// SynthesizedImage is the model that is trained. Its only parameter is the image itself.
type SynthesizedImage struct {
	Image *tensors.Tensor // normalized, float32 [1, height, width, 3]
}

// Forward returns what the model computes: its parameter, whose node in the graph is pixels.
func (x SynthesizedImage) Forward(pixels *Node) *Node {
	return pixels
}

// GetInits returns what the training starts from: the synthesized image, set to the content image,
// and the Gram matrices [c, c] of the style features, which the style loss compares with.
func GetInits(extractor *Extractor, content *tensors.Tensor, styles []*tensors.Tensor) (
	SynthesizedImage, []*tensors.Tensor, error) {
	pixels, err := content.LocalClone()
	if err != nil {
		return SynthesizedImage{}, nil, err
	}
	grams, err := extractor.RunOnce(func(_ *VGG, styles []*Node) (grams []*Node) {
		for _, features := range styles {
			grams = append(grams, Gram(features))
		}
		return grams
	}, styles...)
	return SynthesizedImage{pixels}, grams, err
}
