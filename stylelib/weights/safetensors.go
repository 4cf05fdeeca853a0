package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"
)

// maxHeader is how many bytes of a safetensors header are accepted; VGG-19's has less than 4 KiB.
const maxHeader = 8 << 20

// headerEntry is a tensor as a safetensors header tells it.
type headerEntry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"` // from the end of the header
}

const metadataKey = "__metadata__"

// looksLikeSafetensors wants the length of a header, then an object.
func looksLikeSafetensors(head []byte) bool {
	return len(head) >= 9 && head[8] == '{'
}

// headerLength reads the length that stands in a safetensors file's first eight bytes.
func headerLength(head []byte) (int64, error) {
	length := binary.LittleEndian.Uint64(head)
	if length > maxHeader {
		return 0, fmt.Errorf("has a header of %d bytes; at most %d are accepted", length, maxHeader)
	}
	return int64(length), nil
}

// parseSafetensors reads the header of a safetensors file of the given size and checks that its tensors tile the rest.
func parseSafetensors(file io.ReaderAt, size int64) (*tensorFile, error) {
	var head [8]byte
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	length, err := headerLength(head[:])
	if err != nil {
		return nil, err
	}
	if 8+length > size {
		return nil, fmt.Errorf("is cut off inside its header (%d of %d bytes)", size-8, length)
	}
	header := make([]byte, length)
	if _, err := file.ReadAt(header, 8); err != nil {
		return nil, err
	}
	return parseHeader(header, size)
}

// parseHeader checks a header against the size of the whole file.
func parseHeader(header []byte, size int64) (*tensorFile, error) {
	entries, metadata, err := decodeHeader(header)
	if err != nil {
		return nil, err
	}
	start := 8 + int64(len(header))
	parsed := &tensorFile{metadata: metadata}
	for name, entry := range entries {
		if err := entry.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		parsed.tensors = append(parsed.tensors, tensor{
			name: name, dtype: entry.DType, shape: entry.Shape, strides: rowMajor(entry.Shape), offset: start + entry.Offsets[0],
		})
	}
	sort.Slice(parsed.tensors, func(i, j int) bool {
		a, b := parsed.tensors[i], parsed.tensors[j]
		return a.offset < b.offset || (a.offset == b.offset && a.name < b.name)
	})
	return parsed, checkTiling(entries, size-start)
}

// decodeHeader reads the JSON object token by token: a map would hide names that occur twice.
func decodeHeader(header []byte) (map[string]headerEntry, map[string]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(header))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, nil, errors.New("has a header that is not a JSON object")
	}
	entries, metadata := map[string]headerEntry{}, map[string]string{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, nil, fmt.Errorf("has a damaged header: %w", err)
		}
		name, _ := token.(string)
		if name == metadataKey {
			if err := decoder.Decode(&metadata); err != nil {
				return nil, nil, fmt.Errorf("has damaged metadata: %w", err)
			}
			continue
		}
		if _, twice := entries[name]; twice {
			return nil, nil, fmt.Errorf("names %q twice", name)
		}
		var entry headerEntry
		if err := decoder.Decode(&entry); err != nil {
			return nil, nil, fmt.Errorf("has a damaged header at %q: %w", name, err)
		}
		entries[name] = entry
		if len(entries) > maxTensors {
			return nil, nil, fmt.Errorf("holds more than %d tensors", maxTensors)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, nil, fmt.Errorf("has a damaged header: %w", err)
	}
	if rest := strings.TrimSpace(string(header[decoder.InputOffset():])); rest != "" {
		return nil, nil, errors.New("has something behind the JSON object in its header")
	}
	return entries, metadata, nil
}

// check compares the space an entry takes with its shape and type.
func (e headerEntry) check() error {
	size := dtypeSize(e.DType)
	if size == 0 {
		return fmt.Errorf("unknown type %q", e.DType)
	}
	if len(e.Shape) > maxRank {
		return fmt.Errorf("%d axes", len(e.Shape))
	}
	bytes := size
	for _, length := range e.Shape {
		if length < 0 || (length > 0 && bytes > math.MaxInt64/int64(length)) {
			return fmt.Errorf("impossible shape %v", e.Shape)
		}
		bytes *= int64(length)
	}
	if e.Offsets[0] < 0 || e.Offsets[1] < e.Offsets[0] || e.Offsets[1]-e.Offsets[0] != bytes {
		return fmt.Errorf("shape %v of %s takes %d bytes, the offsets %v say otherwise", e.Shape, e.DType, bytes, e.Offsets)
	}
	return nil
}

// checkTiling wants the tensors to cover the buffer without gap or overlap.
func checkTiling(entries map[string]headerEntry, size int64) error {
	var offsets [][2]int64
	for _, entry := range entries {
		offsets = append(offsets, entry.Offsets)
	}
	sort.Slice(offsets, func(i, j int) bool {
		return offsets[i][0] < offsets[j][0] || (offsets[i][0] == offsets[j][0] && offsets[i][1] < offsets[j][1])
	})
	end := int64(0)
	for _, span := range offsets {
		if span[0] != end {
			return fmt.Errorf("its tensors overlap or leave a gap at byte %d", end)
		}
		end = span[1]
	}
	switch {
	case end > size:
		return fmt.Errorf("is cut off: %d bytes of %d are there", size, end)
	case end < size:
		return fmt.Errorf("has %d bytes behind its last tensor", size-end)
	}
	return nil
}

// encodeHeader returns the start of a safetensors file that holds the tensors one after the other, row-major.
func encodeHeader(metadata map[string]string, tensors []tensor) ([]byte, error) {
	object := map[string]any{}
	if len(metadata) > 0 {
		object[metadataKey] = metadata
	}
	end := int64(0)
	for _, t := range tensors {
		begin := end
		end += t.bytes()
		object[t.name] = headerEntry{DType: t.dtype, Shape: t.shape, Offsets: [2]int64{begin, end}}
	}
	text, err := json.Marshal(object) // sorts the names: the same tensors always give the same bytes
	if err != nil {
		return nil, err
	}
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), nil
}

// bytes returns the space the tensor takes when it is stored row-major.
func (t tensor) bytes() int64 {
	bytes := dtypeSize(t.dtype)
	for _, length := range t.shape {
		bytes *= int64(length)
	}
	return bytes
}
