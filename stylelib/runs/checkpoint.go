package runs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/safetensors"
	"stylebook/stylelib/transfer"
)

// A checkpoint is a safetensors file: one float32 tensor for each array of the state, and in the header's metadata, under the
// key "stylebook", the rest of the state and the spec as JSON. It is replaced as a whole, so that there is always one that
// can be read.

type checkpoint struct {
	Spec    Spec    `json:"spec"`
	Scale   int     `json:"scale"`
	Epoch   int     `json:"epoch"` // of this scale
	Done    int     `json:"done"`  // epochs of all scales
	Height  int     `json:"height"`
	Width   int     `json:"width"`
	Seconds float64 `json:"seconds"` // computed so far
}

// ourKey is where the metadata has all but the arrays.
const ourKey = "stylebook"

// writeCheckpoint saves a state.
func writeCheckpoint(path string, c checkpoint, arrays map[string][]float32) error {
	ours, err := json.Marshal(c)
	if err != nil {
		return err
	}
	var list []safetensors.Array
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		shape := []int{len(arrays[name]) / (c.Height * c.Width * 3), c.Height, c.Width, 3}
		list = append(list, safetensors.Array{Name: name, Shape: shape, Data: arrays[name]})
	}
	_, err = atomicfile.Write(path, func(w io.Writer) error {
		return safetensors.Write(w, map[string]string{ourKey: string(ours)}, list)
	})
	return err
}

// readCheckpoint returns what writeCheckpoint saved; nil where there is nothing yet.
func readCheckpoint(path string) (*checkpoint, *transfer.State, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c, state, err := parseCheckpoint(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s is damaged: %w: delete it to begin the run again", path, err)
	}
	return c, state, nil
}

func parseCheckpoint(data []byte) (*checkpoint, *transfer.State, error) {
	metadata, arrays, err := safetensors.Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, nil, err
	}
	var c checkpoint
	if err := json.Unmarshal([]byte(metadata[ourKey]), &c); err != nil {
		return nil, nil, err
	}
	state := &transfer.State{Scale: c.Scale, Epoch: c.Epoch, Height: c.Height, Width: c.Width, Arrays: map[string][]float32{}}
	for name, array := range arrays {
		state.Arrays[name] = array.Data
	}
	return &c, state, nil
}
