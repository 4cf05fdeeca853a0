package stylelib

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// ExtractFeatures runs x through the network layer by layer and keeps what the content layers and the style layers put
// out, in the order of the network.
//
// x is a normalized picture of shape [1, h, w, 3]; each result has shape [1, h', w', c]. Layers are indices (25 is
// conv4_4); order and duplicates in the lists do not matter. It panics on wrong shapes.
func ExtractFeatures(vgg *VGG, x *Node, contentLayers, styleLayers []int) (contents, styles []*Node) {
	for _, layer := range vgg.Layers {
		x = layer.Forward(x)
		if slices.Contains(contentLayers, layer.Index) {
			contents = append(contents, layer.Tap(x))
		}
		if slices.Contains(styleLayers, layer.Index) {
			styles = append(styles, layer.Tap(x))
		}
	}
	return contents, styles
}

// GetContents returns the content features of the content image: one tensor [1, h', w', c] for each content layer.
// They are computed once, because the network's weights are frozen.
func GetContents(extractor *Extractor, content *tensors.Tensor, options Options) ([]*tensors.Tensor, error) {
	program, err := extractor.CompileOnce(func(vgg *VGG, inputs []*Node) []*Node {
		contents, _ := ExtractFeatures(vgg, inputs[0], options.ContentLayers, nil)
		return contents
	})
	if err != nil {
		return nil, err
	}
	defer program.Finalize()
	return program.Run(content)
}

// GetStyles returns the style features of the style image: one tensor [1, h', w', c] for each style layer.
func GetStyles(extractor *Extractor, style *tensors.Tensor, options Options) ([]*tensors.Tensor, error) {
	program, err := extractor.CompileOnce(func(vgg *VGG, inputs []*Node) []*Node {
		_, styles := ExtractFeatures(vgg, inputs[0], nil, options.StyleLayers)
		return styles
	})
	if err != nil {
		return nil, err
	}
	defer program.Finalize()
	return program.Run(style)
}
