package runs

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"

	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/synth"
)

// A checkpoint is a safetensors file: one float32 tensor for each array of the state, and in the header's metadata, under the
// key "stylebook", the rest of the state and the spec as JSON. It is replaced as a whole, so that there is always one that
// can be read.

type checkpoint struct {
	Spec    Spec               `json:"spec"`
	Scale   int                `json:"scale"`
	Epoch   int                `json:"epoch"` // of this scale
	Done    int                `json:"done"`  // epochs of all scales
	Height  int                `json:"height"`
	Width   int                `json:"width"`
	Numbers map[string]float64 `json:"numbers,omitempty"`
	Seconds float64            `json:"seconds"` // computed so far
}

type tensorHeader struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

const (
	metadataKey = "__metadata__"
	ourKey      = "stylebook"
	maxHeader   = 1 << 20
)

// writeCheckpoint saves a state.
func writeCheckpoint(path string, c checkpoint, arrays map[string][]float32) error {
	ours, err := json.Marshal(c)
	if err != nil {
		return err
	}
	header := map[string]any{metadataKey: map[string]string{ourKey: string(ours)}}
	names, offset := slices.Sorted(maps.Keys(arrays)), 0
	for _, name := range names {
		size := 4 * len(arrays[name])
		pixels := c.Height * c.Width * 3
		header[name] = tensorHeader{"F32", []int{len(arrays[name]) / pixels, c.Height, c.Width, 3}, [2]int{offset, offset + size}}
		offset += size
	}
	text, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	return imagefile.WriteAtomically(path, func(w io.Writer) error {
		if err := binary.Write(w, binary.LittleEndian, uint64(len(text))); err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		for _, name := range names {
			if err := binary.Write(w, binary.LittleEndian, arrays[name]); err != nil {
				return err
			}
		}
		return nil
	})
}

// readCheckpoint returns what writeCheckpoint saved; nil where there is nothing yet.
func readCheckpoint(path string) (*checkpoint, *synth.State, error) {
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

func parseCheckpoint(data []byte) (*checkpoint, *synth.State, error) {
	if len(data) < 8 {
		return nil, nil, errors.New("it ends in its header")
	}
	length := binary.LittleEndian.Uint64(data)
	if length > maxHeader || length > uint64(len(data)-8) {
		return nil, nil, errors.New("it ends in its header")
	}
	header, body := map[string]json.RawMessage{}, data[8+length:]
	if err := json.Unmarshal(data[8:8+length], &header); err != nil {
		return nil, nil, err
	}
	var metadata map[string]string
	if err := json.Unmarshal(header[metadataKey], &metadata); err != nil {
		return nil, nil, err
	}
	var c checkpoint
	if err := json.Unmarshal([]byte(metadata[ourKey]), &c); err != nil {
		return nil, nil, err
	}
	state := &synth.State{Scale: c.Scale, Epoch: c.Epoch, Height: c.Height, Width: c.Width,
		Arrays: map[string][]float32{}, Numbers: c.Numbers}
	for name, raw := range header {
		if name == metadataKey {
			continue
		}
		var t tensorHeader
		if err := json.Unmarshal(raw, &t); err != nil {
			return nil, nil, err
		}
		from, to := t.Offsets[0], t.Offsets[1]
		if t.DType != "F32" || from < 0 || to < from || to > len(body) || (to-from)%4 != 0 {
			return nil, nil, fmt.Errorf("%s does not fit into the file", name)
		}
		values := make([]float32, (to-from)/4)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[from+4*i:]))
		}
		state.Arrays[name] = values
	}
	return &c, state, nil
}
