package stylelib

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Net returns the layers that have to be computed: up to the last one that the names mean, as
// [Layer.Is] knows them.
func Net(layers []Layer, names []string) []Layer {
	for i := len(layers); i > 0; i-- {
		if layers[i-1].In(names) {
			return layers[:i]
		}
	}
	return nil
}

// ExtractFeatures runs x through the network layer by layer and keeps what the content layers and
// the style layers put out, in the order of the network.
//
// x is a normalized picture of shape [1, h, w, 3]; each result has shape [1, h', w', c]. Layers are
// called as [Layer.Is] knows them; order and duplicates in the lists do not matter. It panics on
// wrong shapes.
func ExtractFeatures(vgg *VGG, x *Node,
	contentLayers, styleLayers []string) (contents, styles []*Node) {
	for _, layer := range vgg.Layers {
		x = layer.Forward(x)
		if layer.In(contentLayers) {
			contents = append(contents, layer.Tap(x))
		}
		if layer.In(styleLayers) {
			styles = append(styles, layer.Tap(x))
		}
	}
	return contents, styles
}

// GetContents returns the content features of the content image: one tensor [1, h', w', c] for each
// content layer. They are computed once, because the network's weights are frozen.
func GetContents(extractor *Extractor, content *tensors.Tensor,
	options Options) ([]*tensors.Tensor, error) {
	return extractor.RunOnce(func(vgg *VGG, inputs []*Node) []*Node {
		contents, _ := ExtractFeatures(vgg, inputs[0], options.ContentLayers, nil)
		return contents
	}, content)
}

// GetStyles returns the style features of the style image: one tensor [1, h', w', c] for each style
// layer.
func GetStyles(extractor *Extractor, style *tensors.Tensor,
	options Options) ([]*tensors.Tensor, error) {
	return extractor.RunOnce(func(vgg *VGG, inputs []*Node) []*Node {
		_, styles := ExtractFeatures(vgg, inputs[0], nil, options.StyleLayers)
		return styles
	}, style)
}
