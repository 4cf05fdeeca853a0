package stylelib

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
)

// LayerKind says what a layer of the feature network does.
type LayerKind int

const (
	ConvLayer LayerKind = iota // 3×3 convolution, stride 1, same size
	ReLULayer                  // max(x, 0)
	PoolLayer                  // 2×2 pooling, stride 2
)

// Layer is one of the 37 feature layers of VGG-19.
type Layer struct {
	Index int    // position in torchvision's vgg19().features, 0 to 36
	Name  string // conv4_4, relu4_4, pool4
	Kind  LayerKind
}

// convsPerBlock is VGG-19's shape: five blocks of 3×3 convolutions, a pooling layer after each.
var convsPerBlock = [5]int{2, 2, 4, 4, 4}

// Layers returns the 37 feature layers of VGG-19 in order: each convolution is followed by a ReLU, each of the five
// blocks ends with a pooling layer.
//
// Simonyan, Zisserman 2014, configuration E; indices are those of torchvision's vgg19().features.
func Layers() []Layer {
	var layers []Layer
	add := func(kind LayerKind, format string, args ...any) {
		layers = append(layers, Layer{Index: len(layers), Name: fmt.Sprintf(format, args...), Kind: kind})
	}
	for block, convs := range convsPerBlock {
		for conv := range convs {
			add(ConvLayer, "conv%d_%d", block+1, conv+1)
			add(ReLULayer, "relu%d_%d", block+1, conv+1)
		}
		add(PoolLayer, "pool%d", block+1)
	}
	return layers
}

// LayerError reports a layer that VGG-19 does not have.
type LayerError struct {
	Layer string // as it was asked for
}

func (e *LayerError) Error() string {
	return fmt.Sprintf("VGG-19 has no layer %q: use an index from 0 to 36 or a name such as conv4_4, relu3_1, pool2", e.Layer)
}

// ParseLayers reads a comma-separated list of layer names or indices, such as "conv1_1,5,conv3_1", and returns the
// indices. An empty list gives no layers. An unknown layer gives a *LayerError.
func ParseLayers(list string) ([]int, error) {
	indices := []int{}
	for field := range strings.SplitSeq(list, ",") {
		field = strings.TrimSpace(field)
		if field == "" {
			continue
		}
		index, err := layerIndex(field)
		if err != nil {
			return nil, err
		}
		indices = append(indices, index)
	}
	return indices, nil
}

func layerIndex(nameOrIndex string) (int, error) {
	wanted, notNumber := strconv.Atoi(nameOrIndex)
	for _, layer := range Layers() {
		if layer.Name == nameOrIndex || (notNumber == nil && layer.Index == wanted) {
			return layer.Index, nil
		}
	}
	return 0, &LayerError{Layer: nameOrIndex}
}

// Pooling is how a network halves its feature maps.
type Pooling int

const (
	MaxPooling     Pooling = iota // the largest of four values, as VGG-19 was trained
	AveragePooling                // the mean of four values
)

// Padding is what a network's convolutions see beyond the border.
type Padding int

const (
	ZeroPadding    Padding = iota // zeros, as VGG-19 was trained
	ReflectPadding                // the map mirrored about its outermost row or column
)

// Conv is a 3×3 convolution of the network.
type Conv struct {
	Index  int             // layer index, 0 for conv1_1
	Filter *tensors.Tensor // float32 [3, 3, in, out]: height, width, input channels, output channels
	Bias   *tensors.Tensor // float32 [out]
}

// Network is the feature network: the convolutions of VGG-19 in order, up to some layer, with frozen weights.
// Narrow variants have fewer channels; the topology is always VGG-19's. Input is RGB, normalized by [Preprocess].
type Network struct {
	Convs   []Conv
	Pooling Pooling
	Padding Padding
}
