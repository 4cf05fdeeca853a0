package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"

	"github.com/gomlx/compute/dtypes/float16"
)

// maxFile is the most that the file may take: it goes into every program that uses the library.
const maxFile = 4_000_000

// encode writes the layers as a safetensors file in half precision, with torchvision's names and orders.
func encode(layers []layer, metadata map[string]string) ([]byte, error) {
	header := map[string]any{"__metadata__": metadata}
	var data []byte
	add := func(name string, shape []int, values []float32) {
		start := len(data)
		for _, v := range values {
			data = binary.LittleEndian.AppendUint16(data, float16.FromFloat32(v).Bits())
		}
		header[name] = map[string]any{"dtype": "F16", "shape": shape, "data_offsets": []int{start, len(data)}}
	}
	for k, l := range layers {
		name := fmt.Sprintf("features.%d.", indexOf(k))
		add(name+"weight", []int{l.out, l.in, 3, 3}, l.outFirst())
		add(name+"bias", []int{l.out}, l.bias)
	}
	text, err := json.Marshal(header) // sorts the keys, so equal networks give equal bytes
	if err != nil {
		return nil, err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	file = append(append(file, text...), data...)
	if len(file) > maxFile {
		return nil, fmt.Errorf("the file would have %d bytes, more than %d: choose narrower layers", len(file), maxFile)
	}
	return file, nil
}

// outFirst brings the filter from height, width, in, out into the order out, in, height, width.
func (l layer) outFirst() []float32 {
	values := make([]float32, 0, len(l.filter))
	for o := range l.out {
		for i := range l.in {
			for tap := range 9 {
				values = append(values, l.filter[(tap*l.in+i)*l.out+o])
			}
		}
	}
	return values
}

// replace writes a file so that it appears under its name only when it is complete.
func replace(path string, content []byte) error {
	part := path + ".part"
	if err := os.WriteFile(part, content, 0o644); err != nil {
		os.Remove(part)
		return err
	}
	return os.Rename(part, path)
}
