package stylelib

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// FeatureNetwork is a network whose features style transfer compares: a chain of layers, the first of which sees the picture, and each
// other what the one before it puts out. A layer may be a whole block, such as a residual one. [Network], of the VGG family, is one.
type FeatureNetwork interface {
	Chain

	// Input is how the network wants red, green and blue.
	Input() Normalization

	// Parameters returns the weights of each of the first layers, with frozen values: none for a layer that has none. They
	// belong to the network. The error says what is missing.
	Parameters(first []Layer) ([][]*tensors.Tensor, error)

	// Forward is the graph of one layer. x has shape [1, h, w, c], parameters is a node for each of the layer's. A map is as
	// high and wide as the picture, halved [Layer.Halvings] times and rounded down each time. It panics on wrong shapes.
	Forward(layer Layer, x *Node, parameters []*Node) *Node
}

// Chain is what has layers, in order: an [Architecture], or a [FeatureNetwork].
type Chain interface {
	String() string // what it is called
	Layers() []Layer
}

// Normalization is how a network wants its input, red, green and blue with values from 0 to 1:
//
//	x = (v - mean) / std
type Normalization struct {
	Mean, Std [3]float32
}

// ImageNet is the normalization of networks that were trained on ImageNet's photographs, as torchvision has them. Pictures are
// trained in it whatever the network.
func ImageNet() Normalization { return Normalization{RGBMean, RGBStd} }

// of brings a picture [1, h, w, 3] from ImageNet's normalization to this one.
func (n Normalization) of(x *Node) *Node {
	if n == ImageNet() {
		return x
	}
	var scale, shift [3]float64
	for c := range scale {
		scale[c] = float64(RGBStd[c]) / float64(n.Std[c])
		shift[c] = (float64(RGBMean[c]) - float64(n.Mean[c])) / float64(n.Std[c])
	}
	channels := func(values [3]float64) *Node {
		return ConvertDType(Const(x.Graph(), [][][][]float64{{{values[:]}}}), x.DType())
	}
	return Add(Mul(x, channels(scale)), channels(shift))
}

// FindLayers returns the layers that the names mean, in the order of the network, each once. A name that means none is a
// *[LayerError].
func FindLayers(of Chain, names ...string) (found []Layer, err error) {
	layers := of.Layers()
	for _, name := range names {
		if !slices.ContainsFunc(layers, func(l Layer) bool { return l.Is(name) }) {
			return nil, &LayerError{Network: of, Layer: name}
		}
	}
	for _, layer := range layers {
		if layer.In(names) {
			found = append(found, layer)
		}
	}
	return found, nil
}

// LayerError reports a layer that a network does not have.
type LayerError struct {
	Network Chain
	Layer   string // as it was asked for
}

// Error lists what there is.
func (e *LayerError) Error() string {
	layers := e.Network.Layers()
	var convs, all []string
	for _, layer := range layers {
		all = append(all, layer.Name)
		if layer.Kind == ConvLayer {
			convs = append(convs, layer.Name)
		}
	}
	has := strings.Join(all, " ")
	if family(e.Network) {
		has = strings.Join(convs, " ") + ", a relu of the same number after each, pool1 to pool5"
	}
	return fmt.Sprintf("%s has no layer %q: it has %s, or indices from 0 to %d", e.Network, e.Layer, has, len(layers)-1)
}

// family says whether a network is one of the VGG family.
func family(of Chain) bool {
	switch of.(type) {
	case Architecture, *Network:
		return true
	}
	return false
}

// checkChain refuses a network whose layers can't be told apart, or whose sizes can't be.
func checkChain(of Chain) error {
	halvings, seen := 0, map[string]bool{}
	for i, layer := range of.Layers() {
		switch {
		case layer.Name == "" || seen[layer.Name]:
			return fmt.Errorf("%s: layer %d is called %q: give each layer a name of its own", of, i, layer.Name)
		case layer.Index != i:
			return fmt.Errorf("%s: layer %s has the index %d and is number %d, counted from 0", of, layer.Name, layer.Index, i)
		case layer.Halvings < halvings || layer.Halvings > 16:
			return fmt.Errorf("%s: %s has been halved %d times, the layer before it %d: a map is never larger than the one before", of, layer.Name, layer.Halvings, halvings)
		}
		halvings, seen[layer.Name] = layer.Halvings, true
	}
	return nil
}
