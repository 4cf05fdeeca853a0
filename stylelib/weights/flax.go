package weights

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/safetensors"
)

// A Flax checkpoint is a pickled dictionary of NumPy arrays, one dictionary for each convolution:
//
//	{"VGG16_0": {"Conv_0": {"kernel": [3, 3, in, out], "bias": [out]}, …, "Conv_12": …}, …}
//
// Its convolutions are counted, torchvision's have the layer's index: Conv_2 is features.5.
const flaxVGG16 = "VGG16_0"

const (
	reconstruct class = "numpy.core.multiarray._reconstruct"
	arrayClass  class = "numpy.ndarray"
	dtypeClass  class = "numpy.dtype"
)

// pyArray is a NumPy array. Python makes an empty one, and then gives it a state.
type pyArray struct {
	shape   []int
	strides []int // in elements
	at      int   // of element 0 in the pickle
	ready   bool
}

// pyDType is NumPy's float32, once its state has said that it is little-endian.
type pyDType struct{ ready bool }

// newFlaxDict reads the pickle of a Flax checkpoint.
func newFlaxDict(pickle []byte) *unpickler {
	return &unpickler{data: pickle, classes: []class{reconstruct, arrayClass, dtypeClass}, call: callNumPy, build: setNumPy}
}

func callNumPy(callee any, args []any) any {
	switch {
	case callee == reconstruct && len(args) == 3 && args[0] == arrayClass:
		return &pyArray{}
	case callee == dtypeClass && len(args) > 0:
		if args[0] != "f4" {
			refuse("has an array of something other than float32")
		}
		return &pyDType{}
	}
	return nil
}

// setNumPy gives an array or its type the state that NumPy's __reduce__ returned.
func setNumPy(object, state any) {
	parts, _ := state.(pyTuple)
	switch object := object.(type) {
	case *pyDType: // (version, byte order, …)
		if len(parts) < 2 || parts[1] != "<" {
			refuse("has an array that is not little-endian")
		}
		object.ready = true
	case *pyArray: // (version, shape, type, whether the first axis varies fastest, bytes)
		if object.ready || len(parts) != 5 {
			refuse("its pickle describes an array wrongly")
		}
		object.fill(parts[1], parts[2], parts[3], parts[4])
	default:
		refuse("its pickle sets the state of something that has none")
	}
}

func (array *pyArray) fill(shape, dtype, fortran, content any) {
	kind, _ := dtype.(*pyDType)
	raw, isBytes := content.(pyBytes)
	firstFastest, isBool := fortran.(bool)
	lengths, isShape := ints(shape, 1<<24)
	if kind == nil || !kind.ready || !isBytes || !isBool || !isShape {
		refuse("its pickle describes an array wrongly")
	}
	size := 4
	for _, length := range lengths {
		if size *= length; size > raw.length { // no overflow: both factors are small
			break
		}
	}
	if size != raw.length {
		refuse("has an array of shape %v in %d bytes", lengths, raw.length)
	}
	array.shape, array.strides, array.at, array.ready = lengths, rowMajor(lengths), raw.at, true
	if firstFastest {
		slices.Reverse(lengths)
		array.strides = rowMajor(lengths)
		slices.Reverse(lengths)
		slices.Reverse(array.strides)
	}
}

// parseFlax finds VGG-16's convolutions in a Flax checkpoint and calls them as torchvision does.
func parseFlax(pickle []byte) (*tensorFile, error) {
	loaded, err := newFlaxDict(pickle).load()
	if err != nil {
		return nil, err
	}
	all, _ := loaded.(*pyDict)
	if all == nil {
		return nil, errors.New("holds something other than a dictionary")
	}
	net, _ := all.get(flaxVGG16).(*pyDict)
	if net == nil {
		return nil, fmt.Errorf("has no %s", flaxVGG16)
	}
	file := &tensorFile{metadata: map[string]string{architectureKey: slug(sl.VGG16)}}
	for i, layer := range convsOf(sl.VGG16) {
		name := fmt.Sprintf("Conv_%d", i)
		conv, _ := net.get(name).(*pyDict)
		if conv == nil {
			return nil, fmt.Errorf("has no %s, which is VGG-16's %s", name, layer.Name)
		}
		weight, err := arrayIn(conv, "kernel", name, 3, 2, 0, 1)
		if err != nil {
			return nil, err
		}
		bias, err := arrayIn(conv, "bias", name, 0)
		if err != nil {
			return nil, err
		}
		weight.Name, bias.Name = fmt.Sprintf("features.%d.weight", layer.Index), fmt.Sprintf("features.%d.bias", layer.Index)
		file.tensors = append(file.tensors, weight, bias)
	}
	return file, nil
}

// arrayIn returns an array with its axes in the given order.
func arrayIn(conv *pyDict, key, name string, axes ...int) (tensor, error) {
	array, _ := conv.get(key).(*pyArray)
	if array == nil || !array.ready || len(array.shape) != len(axes) {
		return tensor{}, fmt.Errorf("has no %s of %d axes in %s", key, len(axes), name)
	}
	t := tensor{Tensor: safetensors.Tensor{DType: safetensors.F32, Offset: int64(array.at)}}
	for _, axis := range axes {
		t.Shape = append(t.Shape, array.shape[axis])
		t.strides = append(t.strides, array.strides[axis])
	}
	return t, nil
}

// readFlax reads VGG-16 from a Flax checkpoint.
func readFlax(ctx context.Context, pickle []byte) (*sl.Network, error) {
	parsed, err := parseFlax(pickle)
	if err != nil {
		return nil, err
	}
	return parsed.network(ctx, bytes.NewReader(pickle), request{only: sl.VGG16})
}
