package stylelib

import (
	"fmt"
	"slices"
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

// Layer is one of a network's feature layers.
type Layer struct {
	Index int    // position in torchvision's features, from 0
	Name  string // conv4_4, relu4_4, pool4
	Kind  LayerKind
	Block int  // 1 to 5
	Last  bool // the last convolution of its block
}

// Is says whether a name means the layer: its name (conv4_4), its index (25), or conv4_last for the last convolution of
// block 4, which is conv4_4 in VGG-19 and conv4_3 in VGG-16.
func (l Layer) Is(name string) bool {
	return name == l.Name || name == strconv.Itoa(l.Index) || (l.Last && name == fmt.Sprintf("conv%d_last", l.Block))
}

// In says whether one of the names means the layer.
func (l Layer) In(names []string) bool { return slices.ContainsFunc(names, l.Is) }

// String returns the name with the index beside it: conv4_4 (25).
func (l Layer) String() string { return fmt.Sprintf("%s (%d)", l.Name, l.Index) }

// Architecture is a network of the VGG family, called by its number of layers with weights; three of them belong to the
// classifier, which style transfer leaves out.
type Architecture int

const (
	VGG11 Architecture = 11
	VGG13 Architecture = 13
	VGG16 Architecture = 16
	VGG19 Architecture = 19
)

// Architectures returns the known ones, the chapter's first.
func Architectures() []Architecture { return []Architecture{VGG19, VGG16, VGG13, VGG11} }

// String returns the usual name, such as VGG-19.
func (a Architecture) String() string { return fmt.Sprintf("VGG-%d", int(a)) }

// convsPerBlock is the number of convolutions in each of the five blocks; a pooling layer follows each block.
func (a Architecture) convsPerBlock() [5]int {
	return map[Architecture][5]int{
		VGG11: {1, 1, 2, 2, 2},
		VGG13: {2, 2, 2, 2, 2},
		VGG16: {2, 2, 3, 3, 3},
		VGG19: {2, 2, 4, 4, 4},
	}[a]
}

// Layers returns the feature layers in order: each convolution is followed by a ReLU, each of the five blocks ends with
// a pooling layer. VGG-19 has 37.
//
// Simonyan, Zisserman 2014, configurations A, B, D and E; indices are those of torchvision's features.
func (a Architecture) Layers() []Layer {
	var layers []Layer
	add := func(l Layer, format string, place ...any) {
		l.Index, l.Name = len(layers), fmt.Sprintf(format, place...)
		layers = append(layers, l)
	}
	for i, convs := range a.convsPerBlock() {
		block := i + 1
		for conv := 1; conv <= convs; conv++ {
			add(Layer{Kind: ConvLayer, Block: block, Last: conv == convs}, "conv%d_%d", block, conv)
			add(Layer{Kind: ReLULayer, Block: block}, "relu%d_%d", block, conv)
		}
		add(Layer{Kind: PoolLayer, Block: block}, "pool%d", block)
	}
	return layers
}

// Find returns the layers that the names mean, in the order of the network, each once. A name that means none is a
// *[LayerError].
func (a Architecture) Find(names ...string) (found []Layer, err error) {
	layers := a.Layers()
	for _, name := range names {
		if !slices.ContainsFunc(layers, func(l Layer) bool { return l.Is(name) }) {
			return nil, &LayerError{Architecture: a, Layer: name}
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
	Architecture Architecture
	Layer        string // as it was asked for
}

// Error lists what there is.
func (e *LayerError) Error() string {
	var convs []string
	layers := e.Architecture.Layers()
	for _, layer := range layers {
		if layer.Kind == ConvLayer {
			convs = append(convs, layer.Name)
		}
	}
	return fmt.Sprintf("%s has no layer %q: it has %s, a relu of the same number after each, pool1 to pool5, or indices from 0 to %d",
		e.Architecture, e.Layer, strings.Join(convs, " "), len(layers)-1)
}

// Pooling is how a network halves its feature maps.
type Pooling string

const (
	MaxPooling     Pooling = "max"     // the largest of four values, as VGG was trained
	AveragePooling Pooling = "average" // the mean of four values: Gatys, Ecker, Bethge 2016, section 2
)

// Padding is what a network's convolutions see beyond the border.
type Padding string

const (
	ZeroPadding    Padding = "zero"    // zeros, as VGG was trained
	ReflectPadding Padding = "reflect" // the map mirrored about its outermost row or column
)

// Conv is a 3×3 convolution of the network.
type Conv struct {
	Index  int             // layer index, 0 for conv1_1
	Filter *tensors.Tensor // float32 [3, 3, in, out]: height, width, input channels, output channels
	Bias   *tensors.Tensor // float32 [out]
}

// Network is the feature network: the convolutions of an architecture in order, up to some layer, with frozen weights.
// Narrow variants have fewer channels. Input is RGB, normalized by [Preprocess].
type Network struct {
	Architecture Architecture
	Convs        []Conv
	Pooling      Pooling
	Padding      Padding
}

// Pooled returns a network that pools in the given way and shares its weights with n.
func (n *Network) Pooled(pooling Pooling) *Network {
	other := *n
	other.Pooling = pooling
	return &other
}
