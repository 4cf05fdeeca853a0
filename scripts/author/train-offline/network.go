package main

import (
	"math"
	"math/rand/v2"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// convsPerBlock and lastConv are VGG-19's shape up to conv5_1, the deepest layer that the chapter uses.
var convsPerBlock = [5]int{2, 2, 4, 4, 1}

const convCount = 13

// network is the classifier in training. Its parameters are one list, which goes into the graph in the same order:
// filter, gain and offset of each convolution, then the projection, weights and bias of each classifier.
type network struct {
	recipe     recipe
	parameters []*tensors.Tensor
	analytic   [2]*tensors.Tensor // filter and bias of the channels that are not learned
}

const perConv, perHead = 3, 3

// newNetwork starts from orthogonal filters, gains of 1 and offsets of 0.
func newNetwork(r recipe, first example) (*network, error) {
	filter, bias, err := analyticFilter(first.crops)
	if err != nil {
		return nil, err
	}
	n := &network{recipe: r, analytic: [2]*tensors.Tensor{filter, bias}}
	rng := rand.New(rand.NewPCG(r.seed, 1<<34))
	in := 3
	for k := range convCount {
		out := r.widths[blockOf(k)]
		n.add(orthogonal(rng, 9*in, out), 3, 3, in, out)
		n.add(constant(out, 1), out)
		n.add(constant(out, 0), out)
		if in = out; k == 0 {
			in += analyticChannels
		}
	}
	for _, k := range tapConvs {
		channels, wide, classes := n.channels(k), r.headWidth, r.classes()
		inputs := wide*wide + channels
		n.add(normal(rng, channels*wide, 1/math.Sqrt(float64(channels))), channels, wide)
		n.add(normal(rng, inputs*classes, 0.3/math.Sqrt(float64(inputs))), inputs, classes)
		n.add(constant(classes, 0), classes)
	}
	return n, nil
}

func (n *network) add(values []float32, dimensions ...int) {
	n.parameters = append(n.parameters, tensors.FromFlatDataAndDimensions(values, dimensions...))
}

// tapConvs number the convolutions that the chapter's style layers are: conv1_1, conv2_1, conv3_1, conv4_1, conv5_1.
var tapConvs = [5]int{0, 2, 4, 8, 12}

func blockOf(conv int) int {
	for block, convs := range convsPerBlock {
		if conv -= convs; conv < 0 {
			return block
		}
	}
	panic("no such convolution")
}

// indexOf is a convolution's index among VGG-19's layers.
func indexOf(conv int) int {
	for _, layer := range sl.VGG19.Layers() {
		if layer.Kind == sl.ConvLayer {
			if conv--; conv < 0 {
				return layer.Index
			}
		}
	}
	panic("no such convolution")
}

func (n *network) channels(conv int) int {
	if conv == 0 {
		return n.recipe.widths[0] + analyticChannels
	}
	return n.recipe.widths[blockOf(conv)]
}

// orthogonal returns a matrix [rows, columns] whose columns, or else rows, are orthonormal.
func orthogonal(rng *rand.Rand, rows, columns int) []float32 {
	count, length := columns, rows
	if columns > rows {
		count, length = rows, columns
	}
	vectors := make([][]float64, count)
	for i := range vectors {
		v := make([]float64, length)
		for k := range v {
			v[k] = rng.NormFloat64()
		}
		for _, before := range vectors[:i] {
			d := dot(v, before)
			for k := range v {
				v[k] -= d * before[k]
			}
		}
		size := math.Sqrt(dot(v, v))
		for k := range v {
			v[k] /= size
		}
		vectors[i] = v
	}
	matrix := make([]float32, rows*columns)
	for i, v := range vectors {
		for k, value := range v {
			if columns > rows {
				matrix[i*columns+k] = float32(value)
			} else {
				matrix[k*columns+i] = float32(value)
			}
		}
	}
	return matrix
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func normal(rng *rand.Rand, n int, deviation float64) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(deviation * rng.NormFloat64())
	}
	return values
}

func constant(n int, value float32) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = value
	}
	return values
}

// statistics are the mean and variance of each learned channel of a convolution, before its batch norm.
type statistics struct{ mean, variance *Node }

// features runs the convolutions on crops and returns the maps at the five taps.
func features(x *Node, parameters, analytic []*Node, pool func(*Node) *Node) (taps []*Node, all []statistics) {
	for k := range convCount {
		if k > 0 && blockOf(k) != blockOf(k-1) {
			x = pool(x)
		}
		p := parameters[perConv*k:]
		y, mean, variance := standardize(convolve(x, p[0]))
		y = Add(Mul(y, spread(p[1], y)), spread(p[2], y))
		if k == 0 {
			fixed := convolve(x, analytic[0])
			y = Concatenate([]*Node{y, Add(fixed, spread(analytic[1], fixed))}, -1)
		}
		x = relu(y)
		all = append(all, statistics{mean, variance})
		for _, tap := range tapConvs {
			if tap == k {
				taps = append(taps, x)
			}
		}
	}
	return taps, all
}

// spread gives one number per channel the rank of a map.
func spread(perChannel, like *Node) *Node {
	return ExpandLeftToRank(perChannel, like.Rank())
}

// classify scores the classes by the maps at one tap: by the Gram matrix of projected channels and by the means.
func classify(x *Node, parameters []*Node) *Node {
	projection, weights, bias := parameters[0], parameters[1], parameters[2]
	d := x.Shape().Dimensions
	batch, pixels, wide := d[0], d[1]*d[2], projection.Shape().Dim(1)
	x = Reshape(x, batch, pixels, d[3])
	z := Reshape(Dot(Reshape(x, batch*pixels, d[3]), projection).Product(), batch, pixels, wide)
	gram := Reshape(DivScalar(Einsum("bnr,bns->brs", z, z), float64(pixels)), batch, wide*wide)
	gram = Mul(Sign(gram), Sqrt(AddScalar(Abs(gram), 1e-4)))
	inputs, _, _ := standardize(Concatenate([]*Node{gram, ReduceMean(x, 1)}, -1))
	return Add(Dot(inputs, weights).Product(), spread(bias, inputs))
}
