package weights

import (
	"fmt"
	"io"
	"math"

	"stylebook/stylelib/safetensors"
)

// tensorFile is what the parsers of all formats return: where each tensor lies in a file. Nothing is read yet.
type tensorFile struct {
	tensors  []tensor
	metadata map[string]string
}

// tensor is one tensor inside a file. The parsers guarantee that all its elements lie inside the file.
type tensor struct {
	safetensors.Tensor
	strides []int // in elements
}

// maxWidth is how many channels a layer may have; those of VGG have at most 512.
const maxWidth = 2048

// fromHeader returns the tensors of a safetensors file.
func fromHeader(header *safetensors.Header) *tensorFile {
	file := &tensorFile{metadata: header.Metadata}
	for _, t := range header.Tensors {
		file.tensors = append(file.tensors, tensor{t, rowMajor(t.Shape)})
	}
	return file
}

func rowMajor(shape []int) []int {
	strides := make([]int, len(shape))
	next := 1
	for axis := len(shape) - 1; axis >= 0; axis-- {
		strides[axis] = next
		next *= shape[axis]
	}
	return strides
}

// read returns the tensor's elements as float32, in the order of the given axes: the last one varies fastest.
// It refuses values that are not finite.
func (t tensor) read(file io.ReaderAt, axes ...int) ([]float32, error) {
	count, last := 1, 0
	for axis, length := range t.Shape {
		count *= length
		last += (length - 1) * t.strides[axis]
	}
	if last >= 4*count {
		return nil, fmt.Errorf("%s is a thin view of a larger tensor: save a contiguous copy of it", t.Name)
	}
	stored, err := t.Floats(file, last+1)
	if err != nil {
		return nil, err
	}
	values := t.gather(stored, make([]float32, 0, count), 0, axes)
	for _, value := range values {
		if math.Float32bits(value)&0x7f800000 == 0x7f800000 { // NaN or infinite
			return nil, fmt.Errorf("%s holds a value that is not finite (%v)", t.Name, value)
		}
	}
	return values, nil
}

// gather appends the elements at position and beyond it along the axes.
func (t tensor) gather(stored, values []float32, position int, axes []int) []float32 {
	length, stride := t.Shape[axes[0]], t.strides[axes[0]]
	for range length {
		if len(axes) == 1 {
			values = append(values, stored[position])
		} else {
			values = t.gather(stored, values, position, axes[1:])
		}
		position += stride
	}
	return values
}
