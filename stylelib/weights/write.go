package weights

import (
	"cmp"
	"fmt"
	"io"
	"maps"

	"github.com/gomlx/gomlx/core/tensors"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/safetensors"
)

// Write saves a network as a safetensors file that [Read] and PyTorch's safetensors package read: float32 tensors
// features.N.weight [out, in, 3, 3] and features.N.bias [out]. metadata goes into the header, together with the
// network's pooling (key pool), its padding (key padding) and, but for VGG-19, its architecture (key architecture: vgg16,
// vgg13 or vgg11); it may be nil.
//
// Equal networks give equal bytes. The file appears under its name only when it is complete, replacing an older one.
// A file that can't be written gives a [*FileError], and so does a network whose layers aren't its architecture's from
// conv1_1 on, or whose shapes don't fit together.
func Write(path string, net *sl.Network, metadata map[string]string) error {
	_, err := write(path, net, metadata)
	return err
}

// write returns the SHA-256 of what it wrote.
func write(path string, net *sl.Network, metadata map[string]string) (sum string, err error) {
	arrays, err := arraysOf(net)
	if err == nil {
		sum, err = atomicfile.Write(path, func(w io.Writer) error {
			return safetensors.Write(w, kindMetadata(net, metadata), arrays)
		})
	}
	if err != nil {
		return "", &FileError{Path: path, Reason: "can't be written: " + err.Error(), Err: err}
	}
	return sum, nil
}

func kindMetadata(net *sl.Network, metadata map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, metadata)
	all[poolKey] = string(cmp.Or(net.Pooling, sl.MaxPooling))
	all[paddingKey] = string(cmp.Or(net.Padding, sl.ZeroPadding))
	delete(all, architectureKey)
	if net.Architecture != sl.VGG19 {
		all[architectureKey] = slug(net.Architecture)
	}
	return all
}

// arraysOf lists the tensors of a network in the order they are written.
func arraysOf(net *sl.Network) ([]safetensors.Array, error) {
	if err := checkArchitecture(net.Architecture); err != nil {
		return nil, err
	}
	known := convsOf(net.Architecture)
	if len(net.Convs) == 0 || len(net.Convs) > len(known) {
		return nil, fmt.Errorf("a network of %d convolutions is no %s", len(net.Convs), net.Architecture)
	}
	var arrays []safetensors.Array
	in := 3
	for i, conv := range net.Convs {
		if conv.Index != known[i].Index || conv.Filter == nil || conv.Bias == nil {
			return nil, fmt.Errorf("convolution %d is not %s of %s", i, known[i], net.Architecture)
		}
		filter, bias := conv.Filter.Shape().Dimensions, conv.Bias.Shape().Dimensions
		if len(filter) != 4 || filter[0] != 3 || filter[1] != 3 || filter[2] != in || len(bias) != 1 || bias[0] != filter[3] {
			return nil, fmt.Errorf("%s has a filter of shape %v and a bias of shape %v, expected [3 3 %d out] and [out]",
				known[i], filter, bias, in)
		}
		weights, offsets, err := outFirst(conv)
		if err != nil {
			return nil, err
		}
		prefix := fmt.Sprintf("features.%d.", conv.Index)
		arrays = append(arrays,
			safetensors.Array{Name: prefix + "weight", Shape: []int{filter[3], in, 3, 3}, Data: weights},
			safetensors.Array{Name: prefix + "bias", Shape: bias, Data: offsets})
		in = filter[3]
	}
	return arrays, nil
}

// outFirst returns the filter in the order out, in, height, width, and the bias.
func outFirst(conv sl.Conv) (filter, bias []float32, err error) {
	flat, err := tensors.CopyFlatData[float32](conv.Filter)
	if err != nil {
		return nil, nil, err
	}
	shape := conv.Filter.Shape().Dimensions
	stored := tensor{safetensors.Tensor{Shape: shape}, rowMajor(shape)}
	filter = stored.gather(flat, make([]float32, 0, len(flat)), 0, []int{3, 2, 0, 1})
	bias, err = tensors.CopyFlatData[float32](conv.Bias)
	return filter, bias, err
}
