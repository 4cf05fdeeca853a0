package stylelib

import (
	"fmt"
	"slices"
	"strconv"

	"stylebook/stylelib/conv"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// LayerKind says what a layer of the feature network does.
type LayerKind int

const (
	ConvLayer  LayerKind = iota // 3×3 convolution, stride 1, same size
	ReLULayer                   // max(x, 0)
	PoolLayer                   // 2×2 pooling, stride 2
	OtherLayer                  // what another network than the VGG family's has
)

// Layer is one of a network's feature layers.
type Layer struct {
	Index int    // position in the network, from 0; that in torchvision's features
	Name  string // conv4_4, relu4_4, pool4
	Kind  LayerKind
	Block int  // 1 to 5; 0 where there are no blocks
	Last  bool // the last convolution of its block

	// Halvings is how many times the layer's map has been halved: it is 2 to the power of that smaller than the picture.
	Halvings int

	// Reach is how many values of its input, up, down, left or right of the one at its own place, decide a value; what is pooled
	// or left out on the way counts. Below 0: all of them, so that pictures can't be computed in pieces.
	Reach int
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
			add(Layer{Kind: ConvLayer, Block: block, Last: conv == convs, Halvings: i, Reach: 1}, "conv%d_%d", block, conv)
			add(Layer{Kind: ReLULayer, Block: block, Halvings: i}, "relu%d_%d", block, conv)
		}
		add(Layer{Kind: PoolLayer, Block: block, Halvings: block, Reach: 1}, "pool%d", block)
	}
	return layers
}

// Find is [FindLayers].
func (a Architecture) Find(names ...string) (found []Layer, err error) {
	return FindLayers(a, names...)
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

// String returns the name of its architecture.
func (n *Network) String() string { return n.Architecture.String() }

// Layers returns those of its architecture; its weights may end before the last of them.
func (n *Network) Layers() []Layer { return n.Architecture.Layers() }

// Input is [ImageNet]'s normalization.
func (n *Network) Input() Normalization { return ImageNet() }

// Parameters returns filter and bias of each convolution. A layer that the weights do not reach is a *[MissingLayerError].
func (n *Network) Parameters(first []Layer) ([][]*tensors.Tensor, error) {
	all, convs := make([][]*tensors.Tensor, len(first)), n.Convs
	for i, layer := range first {
		if layer.Kind != ConvLayer {
			continue
		}
		if len(convs) == 0 || convs[0].Index != layer.Index {
			return nil, n.missing(first[len(first)-1])
		}
		all[i], convs = []*tensors.Tensor{convs[0].Filter, convs[0].Bias}, convs[1:]
	}
	return all, nil
}

// MissingLayerError reports a layer that the options name and the network's weights do not reach.
type MissingLayerError struct {
	Layer Layer
	Last  Layer // the deepest layer that the weights reach
}

func (e *MissingLayerError) Error() string {
	return fmt.Sprintf("the weights end at %s, but %s is used: choose earlier layers or complete weights", e.Last, e.Layer)
}

func (n *Network) missing(layer Layer) error {
	if len(n.Convs) == 0 {
		return fmt.Errorf("the network has no convolutions")
	}
	// After its last convolution a network still reaches what needs no weights: the ReLU, and a pool that follows it.
	all, last := n.Architecture.Layers(), n.Convs[len(n.Convs)-1].Index+1
	if last+1 < len(all) && all[last+1].Kind == PoolLayer {
		last++
	}
	return &MissingLayerError{Layer: layer, Last: all[last]}
}

// gradientFilters puts the filter of each convolution's gradient between filter and bias: it is made once.
func (n *Network) gradientFilters(backend compute.Backend, parameters [][]*tensors.Tensor) ([][]*tensors.Tensor, error) {
	var filters []*tensors.Tensor
	for _, p := range parameters {
		if p != nil {
			filters = append(filters, p[0])
		}
	}
	backward, err := conv.GradientFilters(backend, filters)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(parameters)
	for i, p := range all {
		if p != nil {
			all[i], backward = []*tensors.Tensor{p[0], backward[0], p[1]}, backward[1:]
		}
	}
	return all, nil
}

// Forward is convolution with bias, ReLU or pooling. A pooling layer halves h and w, rounding down. It panics when the map is too
// small to be pooled.
func (n *Network) Forward(layer Layer, x *Node, parameters []*Node) *Node {
	switch layer.Kind {
	case ConvLayer:
		filter := conv.NewFilter(parameters[0])
		if len(parameters) == 3 {
			filter = conv.Filter{Forward: parameters[0], Backward: parameters[1]}
		}
		bias := parameters[len(parameters)-1]
		if n.Padding == ReflectPadding {
			return conv.Conv3x3(conv.Reflect(x), filter, bias, 0)
		}
		return conv.Conv3x3(x, filter, bias, 1)
	case ReLULayer:
		return conv.Relu(x)
	default:
		if h, w := x.Shape().Dim(1), x.Shape().Dim(2); h < 2 || w < 2 {
			exceptions.Panicf("%s: a map of %d × %d (height × width) can't be halved: use larger pictures or earlier layers",
				layer.Name, h, w)
		}
		if n.Pooling == AveragePooling {
			return conv.AveragePool2(x)
		}
		return conv.MaxPool2(x)
	}
}

// Pooled returns a network that pools in the given way and shares its weights with n.
func (n *Network) Pooled(pooling Pooling) *Network {
	other := *n
	other.Pooling = pooling
	return &other
}
