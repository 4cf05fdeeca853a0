package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"

	sl "stylebook/stylelib"
	"stylebook/stylelib/safetensors"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// residual is a small residual network: a stem, then blocks of two convolutions around which the map goes too, each after the map was
// halved by means. He et al. 2015, "Deep Residual Learning for Image Recognition", without batch normalization.
type residual struct {
	parameters [][]*tensors.Tensor // of each layer
}

const blocks = 3

// width is how many channels the maps have.
const width = 12

// names are what the tensors of a layer are called in a file.
func names(layer sl.Layer) []string {
	switch {
	case layer.Name == "stem":
		return []string{"stem.weight"}
	case layer.Reach == 1: // halves
		return nil
	}
	return []string{layer.Name + ".conv1.weight", layer.Name + ".conv2.weight"}
}

func (*residual) String() string { return "residual" }

func (*residual) Layers() []sl.Layer {
	layers := []sl.Layer{{Name: "stem", Kind: sl.OtherLayer, Reach: 1}}
	for i := range blocks {
		layers = append(layers,
			sl.Layer{Index: len(layers), Name: fmt.Sprintf("half%d", i+1), Kind: sl.OtherLayer, Halvings: i + 1, Reach: 1},
			sl.Layer{Index: len(layers) + 1, Name: fmt.Sprintf("layer%d", i+1), Kind: sl.OtherLayer, Halvings: i + 1, Reach: 2})
	}
	return layers
}

// Input is the normalization that the network was trained in.
func (*residual) Input() sl.Normalization {
	return sl.Normalization{Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}}
}

func (n *residual) Parameters(first []sl.Layer) ([][]*tensors.Tensor, error) {
	return n.parameters[:len(first)], nil
}

func (*residual) Forward(layer sl.Layer, x *Node, p []*Node) *Node {
	convolution := func(x, filter *Node) *Node { return Convolve(x, filter).PadSame().Done() }
	relu := func(x *Node) *Node { return Max(x, ZerosLike(x)) }
	switch len(p) {
	case 0:
		return MeanPool(x).Window(2).Done()
	case 1:
		return relu(convolution(x, p[0]))
	}
	return relu(Add(x, convolution(relu(convolution(x, p[0])), p[1])))
}

// readResidual reads the network from a file. Filters are [3, 3, in, out].
func readResidual(path string) (*residual, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	_, arrays, err := safetensors.Read(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	n := &residual{}
	for _, layer := range n.Layers() {
		var of []*tensors.Tensor
		for _, name := range names(layer) {
			array, ok := arrays[name]
			if !ok || len(array.Shape) != 4 {
				return nil, fmt.Errorf("%s has no filter %s", path, name)
			}
			of = append(of, tensors.FromFlatDataAndDimensions(array.Data, array.Shape...))
		}
		n.parameters = append(n.parameters, of)
	}
	return n, nil
}

// writeRandom writes a network of random filters, which keep the variance of what they see (He et al. 2015).
func writeRandom(path string, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 0))
	var arrays []safetensors.Array
	for _, layer := range (&residual{}).Layers() {
		for _, name := range names(layer) {
			in := width
			if name == "stem.weight" {
				in = 3
			}
			values := make([]float32, 3*3*in*width)
			for i := range values {
				values[i] = float32(random.NormFloat64() * math.Sqrt(2/float64(9*in)))
			}
			arrays = append(arrays, safetensors.Array{Name: name, Shape: []int{3, 3, in, width}, Data: values})
		}
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := safetensors.Write(file, nil, arrays); err != nil {
		return err
	}
	return file.Close()
}
