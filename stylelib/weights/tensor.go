package weights

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// tensorFile is what the parsers of all formats return: where each tensor lies in a file. Nothing is read yet.
type tensorFile struct {
	tensors  []tensor
	metadata map[string]string
}

// tensor is one tensor inside a file. The parsers guarantee that all its elements lie inside the file.
type tensor struct {
	name    string
	dtype   string // as safetensors calls it: F32, F16, …
	shape   []int
	strides []int // in elements
	offset  int64 // of element 0, in bytes from the start of the file
}

// Limits on what a file may ask for; the real VGG-19 has 38 tensors and at most 512 channels in a convolution.
const (
	maxTensors = 4096
	maxRank    = 8
	maxWidth   = 2048
)

// dtypeSize returns the size of an element in bytes, 0 for an unknown type.
func dtypeSize(dtype string) int64 {
	switch dtype {
	case "F64", "I64", "U64":
		return 8
	case "F32", "I32", "U32":
		return 4
	case "F16", "BF16", "I16", "U16":
		return 2
	case "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2":
		return 1
	}
	return 0
}

// decoderOf returns what turns the bytes of one element into a float32, nil for types that aren't weights.
func decoderOf(dtype string) func([]byte) float32 {
	switch dtype {
	case "F64":
		return func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	case "F32":
		return func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	case "F16":
		return func(b []byte) float32 { return fromHalf(binary.LittleEndian.Uint16(b)) }
	case "BF16":
		return func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }
	}
	return nil
}

// fromHalf converts an IEEE 754 half-precision number.
func fromHalf(bits uint16) float32 {
	sign := uint32(bits>>15) << 31
	exponent := uint32(bits>>10) & 31
	fraction := uint32(bits) & 1023
	switch exponent {
	case 0: // subnormal: fraction·2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)/(1<<24)))
	case 31:
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
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
	decode, size := decoderOf(t.dtype), dtypeSize(t.dtype)
	if decode == nil {
		return nil, fmt.Errorf("%s has type %s, not a floating-point type", t.name, t.dtype)
	}
	count, last := 1, 0
	for axis, length := range t.shape {
		count *= length
		last += (length - 1) * t.strides[axis]
	}
	if last >= 4*count {
		return nil, fmt.Errorf("%s is a thin view of a larger tensor: save a contiguous copy of it", t.name)
	}
	raw := make([]byte, int64(last+1)*size)
	if _, err := file.ReadAt(raw, t.offset); err != nil {
		return nil, fmt.Errorf("reading %s: %w", t.name, err)
	}
	stored := make([]float32, last+1)
	for i := range stored {
		stored[i] = decode(raw[int64(i)*size:])
	}
	values := t.gather(stored, make([]float32, 0, count), 0, axes)
	for _, value := range values {
		if math.Float32bits(value)&0x7f800000 == 0x7f800000 { // NaN or infinite
			return nil, fmt.Errorf("%s holds a value that is not finite (%v)", t.name, value)
		}
	}
	return values, nil
}

// gather appends the elements at position and beyond it along the axes.
func (t tensor) gather(stored, values []float32, position int, axes []int) []float32 {
	length, stride := t.shape[axes[0]], t.strides[axes[0]]
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
