package testkit

import (
	"bytes"
	"os"
	"testing"

	"stylebook/stylelib/safetensors"
)

// Array is a tensor of a fixture file.
type Array struct {
	Shape []int
	Data  []byte // as stored, little-endian
	dtype string
}

// Float32s reads an array of floating-point numbers.
func (a Array) Float32s() []float32 {
	count := len(a.Data) / int(safetensors.DTypeSize(a.dtype))
	values, err := safetensors.Tensor{DType: a.dtype}.Floats(bytes.NewReader(a.Data), count)
	if err != nil {
		panic(err)
	}
	return values
}

// ReadSafetensors reads all tensors of a fixture.
func ReadSafetensors(t testing.TB, path string) map[string]Array {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header, err := safetensors.ReadHeader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	arrays := map[string]Array{}
	for _, tensor := range header.Tensors {
		arrays[tensor.Name] = Array{tensor.Shape, data[tensor.Offset:][:tensor.Bytes()], tensor.DType}
	}
	return arrays
}

// ChannelsLast turns values of shape [c, h, w], as most fixtures have them, into [h, w, c], as our tensors have them.
func ChannelsLast(values []float32, c, h, w int) []float32 {
	out := make([]float32, len(values))
	for k := range c {
		for i := range h * w {
			out[i*c+k] = values[k*h*w+i]
		}
	}
	return out
}
