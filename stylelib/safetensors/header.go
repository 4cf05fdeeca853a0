package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Limits on what a header may ask for; that of VGG-19 has less than 4 KiB for 38 tensors.
const (
	maxHeader  = 8 << 20 // bytes
	MaxTensors = 4096
	MaxRank    = 8
)

// Tensor says where a tensor lies in a file. Those of a [Header] lie inside it.
type Tensor struct {
	Name   string
	DType  string // F32, F16, I64, …
	Shape  []int
	Offset int64 // of element 0, in bytes from the start of the file
}

// Bytes returns the space that the tensor takes.
func (t Tensor) Bytes() int64 {
	bytes := DTypeSize(t.DType)
	for _, length := range t.Shape {
		bytes *= int64(length)
	}
	return bytes
}

// Header is what stands before the numbers.
type Header struct {
	Metadata map[string]string
	Tensors  []Tensor // by offset; they cover the rest of the file without gap or overlap
}

// entry is a tensor as the JSON tells it.
type entry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"` // from the end of the header
}

const metadataKey = "__metadata__"

// HeaderLength reads the length of the header's text from a file's first eight bytes.
func HeaderLength(head []byte) (int64, error) {
	length := binary.LittleEndian.Uint64(head)
	if length > maxHeader {
		return 0, fmt.Errorf("has a header of %d bytes; at most %d are accepted", length, maxHeader)
	}
	return int64(length), nil
}

// ReadHeader reads the header of a file of the given size.
func ReadHeader(file io.ReaderAt, size int64) (*Header, error) {
	var head [8]byte
	if size < 8 {
		return nil, fmt.Errorf("is cut off: it has %d bytes", size)
	}
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return nil, err
	}
	length, err := HeaderLength(head[:])
	if err != nil {
		return nil, err
	}
	if 8+length > size {
		return nil, fmt.Errorf("is cut off inside its header (%d of %d bytes)", size-8, length)
	}
	text := make([]byte, length)
	if _, err := file.ReadAt(text, 8); err != nil {
		return nil, err
	}
	return ParseHeader(text, size)
}

// ParseHeader checks the text of a header against the size of the whole file.
func ParseHeader(text []byte, size int64) (*Header, error) {
	entries, metadata, err := decodeHeader(text)
	if err != nil {
		return nil, err
	}
	header := &Header{Metadata: metadata}
	for name, e := range entries {
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		header.Tensors = append(header.Tensors, Tensor{name, e.DType, e.Shape, e.Offsets[0]})
	}
	slices.SortFunc(header.Tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Bytes(), b.Bytes()), cmp.Compare(a.Name, b.Name))
	})
	return header, header.tile(8+int64(len(text)), size)
}

// decodeHeader reads the JSON object token by token: a map would hide names that occur twice.
func decodeHeader(text []byte) (map[string]entry, map[string]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, nil, errors.New("has a header that is not a JSON object")
	}
	entries, metadata := map[string]entry{}, map[string]string{}
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
		var e entry
		if err := decoder.Decode(&e); err != nil {
			return nil, nil, fmt.Errorf("has a damaged header at %q: %w", name, err)
		}
		entries[name] = e
		if len(entries) > MaxTensors {
			return nil, nil, fmt.Errorf("holds more than %d tensors", MaxTensors)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, nil, fmt.Errorf("has a damaged header: %w", err)
	}
	if rest := strings.TrimSpace(string(text[decoder.InputOffset():])); rest != "" {
		return nil, nil, errors.New("has something behind the JSON object in its header")
	}
	return entries, metadata, nil
}

// check compares the space an entry takes with its shape and type.
func (e entry) check() error {
	bytes := DTypeSize(e.DType)
	if bytes == 0 {
		return fmt.Errorf("unknown type %q", e.DType)
	}
	if len(e.Shape) > MaxRank {
		return fmt.Errorf("%d axes", len(e.Shape))
	}
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

// tile wants the tensors, sorted, to cover the file from start on, and makes their offsets count from the file's start.
func (h *Header) tile(start, size int64) error {
	end := int64(0)
	for i := range h.Tensors {
		t := &h.Tensors[i]
		if t.Offset != end {
			return fmt.Errorf("its tensors overlap or leave a gap at byte %d", end)
		}
		end += t.Bytes()
		t.Offset += start
	}
	switch size -= start; {
	case end > size:
		return fmt.Errorf("is cut off: %d bytes of %d are there", size, end)
	case end < size:
		return fmt.Errorf("has %d bytes behind its last tensor", size-end)
	}
	return nil
}

// EncodeHeader returns the start of a file that holds the tensors one after the other; their offsets do not matter.
func EncodeHeader(metadata map[string]string, tensors []Tensor) ([]byte, error) {
	object := map[string]any{}
	if len(metadata) > 0 {
		object[metadataKey] = metadata
	}
	end := int64(0)
	for _, t := range tensors {
		begin := end
		end += t.Bytes()
		object[t.Name] = entry{t.DType, t.Shape, [2]int64{begin, end}}
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
