// Package safetensors reads and writes safetensors files: the length of a header in eight bytes, the header in JSON, and
// the tensors' numbers one after the other, row-major and little-endian.
//
// Files are not trusted: every size is checked against the file's before anything is allocated. Errors go on from the
// file's name ("is cut off inside its header").
package safetensors

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
)

// The types of numbers that can be written.
const (
	F32 = "F32"
	F16 = "F16"
)

// DTypeSize returns the size of an element in bytes, 0 for an unknown type.
func DTypeSize(dtype string) int64 {
	switch dtype {
	case "F64", "I64", "U64":
		return 8
	case F32, "I32", "U32":
		return 4
	case F16, "BF16", "I16", "U16":
		return 2
	case "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2":
		return 1
	}
	return 0
}

// decoderOf returns what turns the bytes of one element into a float32, nil for types that aren't floating-point.
func decoderOf(dtype string) func([]byte) float32 {
	switch dtype {
	case "F64":
		return func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	case F32:
		return func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	case F16:
		return func(b []byte) float32 { return float16.FromBits(binary.LittleEndian.Uint16(b)).Float32() }
	case "BF16":
		return func(b []byte) float32 { return bfloat16.FromBits(binary.LittleEndian.Uint16(b)).Float32() }
	}
	return nil
}

// chunk is how many elements are read or written at once.
const chunk = 1 << 16

// Floats reads the first count elements of a tensor, as they are stored, and converts them to float32. The caller knows
// that they lie inside the file. A type that isn't floating-point gives an error.
func (t Tensor) Floats(file io.ReaderAt, count int) ([]float32, error) {
	decode, size := decoderOf(t.DType), int(DTypeSize(t.DType))
	if decode == nil {
		return nil, fmt.Errorf("%s has type %s, not a floating-point type", t.Name, t.DType)
	}
	values, raw := make([]float32, count), make([]byte, min(count, chunk)*size)
	for done := 0; done < count; {
		raw = raw[:min(count-done, chunk)*size]
		if _, err := file.ReadAt(raw, t.Offset+int64(done*size)); err != nil {
			return nil, fmt.Errorf("reading %s: %w", t.Name, err)
		}
		for at := 0; at < len(raw); at += size {
			values[done] = decode(raw[at:])
			done++
		}
	}
	return values, nil
}

// Array is a tensor with its numbers.
type Array struct {
	Name  string
	DType string // in the file: F32, which empty means too, or F16
	Shape []int
	Data  []float32 // row-major
}

// Read reads a file of floating-point tensors, by name; their numbers are converted to float32.
func Read(file io.ReaderAt, size int64) (metadata map[string]string, arrays map[string]Array, err error) {
	header, err := ReadHeader(file, size)
	if err != nil {
		return nil, nil, err
	}
	arrays = map[string]Array{}
	for _, t := range header.Tensors {
		values, err := t.Floats(file, int(t.Bytes()/DTypeSize(t.DType)))
		if err != nil {
			return nil, nil, err
		}
		arrays[t.Name] = Array{t.Name, t.DType, t.Shape, values}
	}
	return header.Metadata, arrays, nil
}

// Write writes a file of the arrays in their order. Equal arrays and metadata give equal bytes. An array that has not as
// many numbers as its shape says, or another type than F32 and F16, gives an error.
func Write(w io.Writer, metadata map[string]string, arrays []Array) error {
	var tensors []Tensor
	for _, a := range arrays {
		t := Tensor{Name: a.Name, DType: cmp.Or(a.DType, F32), Shape: a.Shape}
		if (t.DType != F32 && t.DType != F16) || t.Bytes() != int64(len(a.Data))*DTypeSize(t.DType) {
			return fmt.Errorf("%s: %d numbers are no %s of shape %v", a.Name, len(a.Data), t.DType, a.Shape)
		}
		tensors = append(tensors, t)
	}
	header, err := EncodeHeader(metadata, tensors)
	if err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, a := range arrays {
		if err := writeFloats(w, a); err != nil {
			return err
		}
	}
	return nil
}

func writeFloats(w io.Writer, a Array) error {
	var raw []byte
	for values := a.Data; len(values) > 0; values = values[min(len(values), chunk):] {
		raw = raw[:0]
		for _, value := range values[:min(len(values), chunk)] {
			if a.DType == F16 {
				raw = binary.LittleEndian.AppendUint16(raw, float16.FromFloat32(value).Bits())
			} else {
				raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(value))
			}
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
	}
	return nil
}
