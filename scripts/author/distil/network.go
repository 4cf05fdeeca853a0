package main

import (
	sl "stylebook/stylelib"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// teacherKind is the network that is taught from, pupilKind the one whose layers and names the pupil has.
const teacherKind, pupilKind = sl.VGG16, sl.VGG19

// maps are what a convolution sees, and gives before and after its ReLU, [n, h, w, channels].
type maps struct{ in, before, after *Node }

// forward runs pictures, bytes [n, h, w, 3], through a network's convolutions. parameters hold a filter and a bias for each, from
// the first on; of the first convolution without any, the map has only what it sees.
func forward(kind sl.Architecture, pictures *Node, parameters []*Node, pool func(*Node) *Node) map[string]maps {
	x, all := normalize(pictures), map[string]maps{}
	for _, layer := range kind.Layers() {
		switch {
		case layer.Kind == sl.PoolLayer:
			x = pool(x)
		case layer.Kind == sl.ConvLayer && len(parameters) == 0:
			all[layer.Name] = maps{in: x}
			return all
		case layer.Kind == sl.ConvLayer:
			before := Add(Convolve(x, parameters[0]).PadSame().Done(), Reshape(parameters[1], 1, 1, 1, -1))
			after := Max(before, ScalarZero(x.Graph(), x.DType()))
			all[layer.Name] = maps{x, before, after}
			x, parameters = after, parameters[2:]
		}
	}
	return all
}

// normalize brings bytes to what networks see.
func normalize(x *Node) *Node {
	g := x.Graph()
	x = DivScalar(ConvertDType(x, dtypes.Float32), 255)
	return Div(Sub(x, Const(g, [][][][]float32{{{sl.RGBMean[:]}}})), Const(g, [][][][]float32{{{sl.RGBStd[:]}}}))
}

// squares brings the 2 × 2 squares of maps of even size into axes of their own: [n, h/2, 2, w/2, 2, c].
func squares(x *Node) *Node {
	d := x.Shape().Dimensions
	return Reshape(x, d[0], d[1]/2, 2, d[2]/2, 2, d[3])
}

func maxPool(x *Node) *Node     { return ReduceMax(squares(x), 2, 4) }
func averagePool(x *Node) *Node { return ReduceMean(squares(x), 2, 4) }

// convs are a kind's convolutions up to conv5_1.
func convs(kind sl.Architecture) (layers []sl.Layer) {
	for _, l := range kind.Layers() {
		if l.Kind == sl.ConvLayer && (l.Block < 5 || l.Name == "conv5_1") {
			layers = append(layers, l)
		}
	}
	return layers
}

// conv is a convolution that is being made: its filter [3·3·in, out] row by row, as [3, 3, in, out], and its bias.
type conv struct {
	in, out      int
	filter, bias []float32
}

// parameters are a filter and a bias for each convolution.
func parameters(all []conv) (list []*tensors.Tensor) {
	for _, c := range all {
		list = append(list, tensors.FromFlatDataAndDimensions(c.filter, 3, 3, c.in, c.out), tensors.FromFlatDataAndDimensions(c.bias, c.out))
	}
	return list
}

// roleModel says which of the teacher's convolutions, counted from 0, a convolution of the pupil is to do like: its namesake, and
// where VGG-16 has none, the last of the block. So the third and the fourth of a block both learn from the third.
func roleModel(pupil sl.Layer) int {
	found := 0
	for i, l := range convs(teacherKind) {
		if l.Block < pupil.Block || l.Block == pupil.Block && l.Name <= pupil.Name {
			found = i
		}
	}
	return found
}

// beyond says whether VGG-16 lacks a layer: it comes after the one that does the same.
func beyond(pupil sl.Layer) bool { return convs(teacherKind)[roleModel(pupil)].Name != pupil.Name }

// network makes a network of its convolutions.
func network(all []conv) *sl.Network {
	net := &sl.Network{Architecture: pupilKind, Pooling: sl.AveragePooling, Padding: sl.ZeroPadding}
	list := parameters(all)
	for i, l := range convs(pupilKind) {
		net.Convs = append(net.Convs, sl.Conv{Index: l.Index, Filter: list[2*i], Bias: list[2*i+1]})
	}
	return net
}

func (m maps) seen(before bool) *Node {
	if before {
		return m.before
	}
	return m.after
}
