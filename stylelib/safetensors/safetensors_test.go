package safetensors

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func read(data []byte) (map[string]string, map[string]Array, error) {
	return Read(bytes.NewReader(data), int64(len(data)))
}

func TestRoundTrip(t *testing.T) {
	want := []Array{
		{"b", F32, []int{1, 2}, []float32{1, -0.25}},
		{"half", F16, []int{3}, []float32{1.5, -2, 65504}},
		{"empty", F32, []int{0, 7}, []float32{}},
		{"a", F32, []int{}, []float32{3}},
	}
	metadata := map[string]string{"key": "a <value>"}
	var file, again bytes.Buffer
	if err := Write(&file, metadata, want); err != nil {
		t.Fatal(err)
	}
	got, arrays, err := read(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(metadata, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, array := range want {
		if diff := cmp.Diff(array, arrays[array.Name]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if err := Write(&again, metadata, want); err != nil || !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Errorf("the same arrays gave other bytes, error %v", err)
	}
	for n := range file.Len() { // cut off anywhere it is an error, never a panic
		if _, _, err := read(file.Bytes()[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for a file", n, file.Len())
		}
	}
}

// The bytes were written down once: files that are there must be written the same.
func TestBytesOfAFile(t *testing.T) {
	var file bytes.Buffer
	if err := Write(&file, map[string]string{"k": "v"}, []Array{{Name: "x", Shape: []int{1}, Data: []float32{1}}}); err != nil {
		t.Fatal(err)
	}
	want := "\x50\x00\x00\x00\x00\x00\x00\x00" +
		`{"__metadata__":{"k":"v"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}` +
		" \x00\x00\x80\x3f"
	if diff := cmp.Diff(want, file.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLargerThanOneChunk(t *testing.T) {
	values := make([]float32, 2*chunk+3)
	for i := range values {
		values[i] = float32(i)
	}
	var file bytes.Buffer
	if err := Write(&file, nil, []Array{{"x", F32, []int{len(values)}, values}}); err != nil {
		t.Fatal(err)
	}
	_, arrays, err := read(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(values, arrays["x"].Data); diff != "" {
		t.Error("other values came back")
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, array := range []Array{{"x", F32, []int{2}, []float32{1}}, {"x", "I32", []int{1}, []float32{1}}} {
		if err := Write(io.Discard, nil, []Array{array}); err == nil {
			t.Errorf("%v was written", array)
		}
	}
}

func TestHalfPrecision(t *testing.T) {
	for bits, want := range map[uint16]float64{
		0x0001: math.Ldexp(1, -24), 0x03ff: math.Ldexp(1023, -24), 0x0400: math.Ldexp(1, -14), 0x7bff: 65504,
		0xc000: -2, 0x7c00: math.Inf(1), 0x8000: 0,
	} {
		if got := float64(decoderOf(F16)(binary.LittleEndian.AppendUint16(nil, bits))); got != want {
			t.Errorf("%#x is %v, want %v", bits, got, want)
		}
	}
}

// A header may promise any size: nothing is allocated for what is not there.
func TestHugePromises(t *testing.T) {
	for _, text := range []string{
		`{"x":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}`,
		`{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`,
		`{"x":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}`,
		`{"x":{"dtype":"U8","shape":[0],"data_offsets":[9223372036854775807,9223372036854775807]}}`,
	} {
		file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
		if _, _, err := read(file); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func FuzzRead(f *testing.F) {
	var file bytes.Buffer
	if err := Write(&file, nil, []Array{{"x", F16, []int{2}, []float32{1, 2}}}); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) { _, _, _ = read(data) })
}
