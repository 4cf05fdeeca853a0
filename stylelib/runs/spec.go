package runs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/synth"

	"github.com/gomlx/gomlx/core/tensors"
)

// Spec is what decides the bits of a run's result. Runs with equal specs are the same run.
type Spec struct {
	Height  int               `json:"height"` // of the result in pixels
	Width   int               `json:"width"`
	Bits    int               `json:"bits"` // of the result for each channel
	Options synth.Options     `json:"options"`
	Files   map[string]string `json:"files"`   // SHA-256 of each picture file: content, style 1, mask of style 1, …
	Weights string            `json:"weights"` // SHA-256 of the network's filters and biases
	Engine  string            `json:"engine"`
}

// Key is the SHA-256 of the spec, in hexadecimal.
func (s Spec) Key() string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // numbers are validated, all else is text
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Differences names everything in which two specs differ, one line each: "epochs: 500, was 300".
func (s Spec) Differences(was Spec) []string {
	now, then := flat(s), flat(was)
	keys := slices.Sorted(maps.Keys(now))
	for key := range then {
		if _, ok := now[key]; !ok {
			keys = append(keys, key)
		}
	}
	var lines []string
	for _, key := range keys {
		if now[key] != then[key] {
			lines = append(lines, fmt.Sprintf("%s: %s, was %s", key, orNone(now[key]), orNone(then[key])))
		}
	}
	return lines
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// flat lists a spec's values by name, hashes shortened.
func flat(s Spec) map[string]string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		panic(err)
	}
	values := map[string]string{}
	for key, value := range tree {
		branch, ok := value.(map[string]any)
		if !ok {
			values[key] = short(fmt.Sprint(value))
			continue
		}
		for name, value := range branch {
			values[name] = short(fmt.Sprint(value))
		}
	}
	return values
}

func short(s string) string {
	if len(s) == sha256.Size*2 {
		return s[:12]
	}
	return s
}

// HashFile returns the SHA-256 of a file in hexadecimal.
func HashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// HashNetwork returns the SHA-256 of a network: its filters and biases in order, as little-endian float32, and how it pools
// and pads.
func HashNetwork(net *sl.Network) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d\n", net.Pooling, net.Padding)
	for _, c := range net.Convs {
		for _, t := range []*tensors.Tensor{c.Filter, c.Bias} {
			values, err := tensors.CopyFlatData[float32](t)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%d %v\n", c.Index, t.Shape().Dimensions)
			if err := binary.Write(h, binary.LittleEndian, values); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
