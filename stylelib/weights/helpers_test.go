package weights

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	sl "stylebook/stylelib"
)

// rawTensor is a tensor for a hand-made safetensors file.
type rawTensor struct {
	name  string
	dtype string
	shape []int
	data  []byte
}

func float32Bytes(values ...float32) []byte {
	var raw []byte
	for _, value := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(value))
	}
	return raw
}

// filled makes a float32 tensor whose k-th element in row-major order is value(k).
func filled(name string, value func(k int) float32, shape ...int) rawTensor {
	count := 1
	for _, length := range shape {
		count *= length
	}
	values := make([]float32, count)
	for k := range values {
		values[k] = value(k)
	}
	return rawTensor{name, "F32", shape, float32Bytes(values...)}
}

func ascending(k int) float32 { return float32(k) / 8 }

// narrowTensors returns the first convolutions of a VGG-19 with the given widths, one per convolution.
func narrowTensors(widths ...int) []rawTensor { return narrowTensorsOf(sl.VGG19, widths...) }

func narrowTensorsOf(architecture sl.Architecture, widths ...int) []rawTensor {
	var list []rawTensor
	in := 3
	for i, out := range widths {
		prefix := "features." + itoa(convsOf(architecture)[i].Index)
		list = append(list, filled(prefix+".weight", ascending, out, in, 3, 3), filled(prefix+".bias", ascending, out))
		in = out
	}
	return list
}

func itoa(n int) string {
	text, _ := json.Marshal(n)
	return string(text)
}

// safetensorsBytes makes a file without using the package's writer.
func safetensorsBytes(metadata map[string]string, list ...rawTensor) []byte {
	header := map[string]any{}
	if metadata != nil {
		header["__metadata__"] = metadata
	}
	var data []byte
	for _, t := range list {
		begin := len(data)
		data = append(data, t.data...)
		header[t.name] = map[string]any{"dtype": t.dtype, "shape": t.shape, "data_offsets": []int{begin, len(data)}}
	}
	text, _ := json.Marshal(header)
	return withHeader(string(text), data)
}

func withHeader(text string, data []byte) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	return append(append(file, text...), data...)
}

func writeFile(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func readBytes(t *testing.T, content []byte, layers ...string) (*sl.Network, error) {
	t.Helper()
	return Read(context.Background(), writeFile(t, filepath.Join(t.TempDir(), "file"), content), layers...)
}

func flat(t *testing.T, tensor *tensors.Tensor) []float32 {
	t.Helper()
	var values []float32
	if err := tensors.ConstFlatData(tensor, func(data []float32) { values = append(values, data...) }); err != nil {
		t.Fatal(err)
	}
	return values
}

// sameNetworks wants equal layers, shapes and bits.
func sameNetworks(t *testing.T, got, want *sl.Network) {
	t.Helper()
	if len(got.Convs) != len(want.Convs) || got.Architecture != want.Architecture || got.Pooling != want.Pooling || got.Padding != want.Padding {
		t.Fatalf("%s has %d layers, pooling %v, padding %v; want %s, %d, %v, %v",
			got.Architecture, len(got.Convs), got.Pooling, got.Padding, want.Architecture, len(want.Convs), want.Pooling, want.Padding)
	}
	for i, conv := range got.Convs {
		if conv.Index != want.Convs[i].Index || !conv.Filter.Shape().Equal(want.Convs[i].Filter.Shape()) {
			t.Fatalf("convolution %d is layer %d %s, want %d %s", i, conv.Index, conv.Filter.Shape(),
				want.Convs[i].Index, want.Convs[i].Filter.Shape())
		}
		sameValues(t, conv.Filter, want.Convs[i].Filter)
		sameValues(t, conv.Bias, want.Convs[i].Bias)
	}
}

func sameValues(t *testing.T, got, want *tensors.Tensor) {
	t.Helper()
	g, w := flat(t, got), flat(t, want)
	for k := range w {
		if math.Float32bits(g[k]) != math.Float32bits(w[k]) {
			t.Fatalf("element %d is %v, want %v", k, g[k], w[k])
		}
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error is %q; want it to contain %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error has more than one line: %q", err)
	}
}
