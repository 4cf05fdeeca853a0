package runs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"stylebook/stylelib/feedforward"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/safetensors"
	"stylebook/stylelib/transfer"
)

// A checkpoint is a safetensors file: one float32 tensor for each array of the state, and in the header's metadata, under the
// key "stylebook", the rest of the state and the spec as JSON, under "sha256" the hash of all this. It is replaced as a whole,
// so that there is always one that can be read.

type checkpoint struct {
	Spec    Spec    `json:"spec"`
	Scale   int     `json:"scale"`
	Epoch   int     `json:"epoch"` // of this scale
	Done    int     `json:"done"`  // epochs of all scales
	Height  int     `json:"height"`
	Width   int     `json:"width"`
	Seconds float64 `json:"seconds"` // computed so far
}

// Keys of the metadata: all but the arrays, and the hash of both, which version 0 did not have.
const (
	ourKey  = "stylebook"
	hashKey = "sha256"
)

// writeCheckpoint saves a state.
func writeCheckpoint(path string, c checkpoint, arrays map[string][]float32) error {
	ours, err := json.Marshal(c)
	if err != nil {
		return err
	}
	var list []safetensors.Array
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		shape := []int{len(arrays[name])}
		if c.Spec.Network == nil {
			shape = []int{len(arrays[name]) / (c.Height * c.Width * 3), c.Height, c.Width, 3}
		}
		list = append(list, safetensors.Array{Name: name, Shape: shape, Data: arrays[name]})
	}
	sum, err := hashState(string(ours), list)
	if err != nil {
		return err
	}
	_, err = atomicfile.Write(path, func(w io.Writer) error {
		return safetensors.Write(w, map[string]string{ourKey: string(ours), hashKey: sum}, list)
	})
	return err
}

// hashState returns the SHA-256 of the checkpoint without its hash.
func hashState(ours string, arrays []safetensors.Array) (string, error) {
	h := sha256.New()
	err := safetensors.Write(h, map[string]string{ourKey: ours}, arrays)
	return hex.EncodeToString(h.Sum(nil)), err
}

// readCheckpoint returns what writeCheckpoint saved of a run with this spec; nil where there is nothing yet. One of another
// run is a *[ChangedError].
func readCheckpoint(path string, spec Spec) (*checkpoint, *transfer.State, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	c, state, err := parseCheckpoint(data)
	if err == nil && c.Spec.Key() != spec.Key() {
		return nil, nil, &ChangedError{filepath.Base(filepath.Dir(path)), spec.Differences(c.Spec)}
	}
	if err == nil {
		err = c.check(state, spec)
	}
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
	var list []safetensors.Array
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		list, state.Arrays[name] = append(list, arrays[name]), arrays[name].Data
	}
	sum, err := hashState(metadata[ourKey], list)
	if err == nil && metadata[hashKey] != sum && len(metadata) > 1 {
		err = errors.New("its SHA-256 is not the one that it names")
	}
	return &c, state, err
}

// check wants a state that a run with this spec can have.
func (c *checkpoint) check(state *transfer.State, spec Spec) error {
	if spec.Network != nil {
		return (&feedforward.State{Step: c.Done, Arrays: state.Arrays}).Check(*spec.Network)
	}
	if err := state.Check(spec.Options, spec.Height, spec.Width); err != nil {
		return err
	}
	if c.Done != spec.Options.EpochsBefore(c.Scale, spec.Height, spec.Width)+c.Epoch || !(c.Seconds >= 0) {
		return fmt.Errorf("epoch %d of scale %d can't be epoch %d of all, after %g seconds", c.Epoch, c.Scale, c.Done, c.Seconds)
	}
	return nil
}
