package testkit

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// Array is a tensor of a fixture file.
type Array struct {
	Shape []int
	Data  []byte // as stored, little-endian
}

// Float32s reads the array as float32.
func (a Array) Float32s() []float32 {
	values := make([]float32, len(a.Data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(a.Data[4*i:]))
	}
	return values
}

// ReadSafetensors reads all tensors of a trusted fixture. The reader for files of users is in stylelib/weights.
func ReadSafetensors(t testing.TB, path string) map[string]Array {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	length := binary.LittleEndian.Uint64(data)
	header := map[string]json.RawMessage{}
	if err := json.Unmarshal(data[8:8+length], &header); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	arrays := map[string]Array{}
	for name, raw := range header {
		if name == "__metadata__" {
			continue
		}
		var entry struct {
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}
		if err := json.Unmarshal(raw, &entry); err != nil {
			t.Fatalf("%s: %s: %v", path, name, err)
		}
		body := data[8+length:]
		arrays[name] = Array{entry.Shape, body[entry.Offsets[0]:entry.Offsets[1]]}
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
