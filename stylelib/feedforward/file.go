package feedforward

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/safetensors"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Network is a network's numbers in memory.
type Network struct {
	Architecture
	Parameters map[string]*tensors.Tensor // float32, by the names of their variables: "block1/a/weights"
	About      map[string]string          // what it says of itself, such as the name of its painting
}

// Says is what the network says of its painting and training: ", of night.jpg, 4000 steps after valley"; "" where it says nothing.
func (n *Network) Says() (text string) {
	if style := n.About["style"]; style != "" {
		text = ", of " + style
	}
	if steps := n.About["steps"]; steps != "" {
		text += ", " + steps + " steps"
	}
	if from := n.About["from"]; from != "" {
		text += " after " + from
	}
	return text
}

// Bounds on what a file may ask for.
const (
	maxChannels, maxBlocks = 512, 64
	maxBytes               = 1 << 30
)

// FileError reports a file that can't be read as a network. Its message is one line.
type FileError struct {
	Path string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Shapes are those of the parameters, by their names: filters are [height, width, in, out].
func (a Architecture) Shapes() map[string][]int {
	all := map[string][]int{"out/weights": {3, 3, a.Channels / 4, 3}, "out/biases": {3}}
	layer := func(name string, kernel, in, out int) {
		all[name+"/weights"], all[name+"/scale"], all[name+"/offset"] = []int{kernel, kernel, in, out}, []int{out}, []int{out}
	}
	layer("down1", 5, 4*3, a.Channels/2)
	layer("down2", 3, a.Channels/2, a.Channels)
	for i := range a.Blocks {
		layer(fmt.Sprintf("block%d/a", i+1), 3, a.Channels, a.Channels)
		layer(fmt.Sprintf("block%d/b", i+1), 3, a.Channels, a.Channels)
	}
	layer("up1", 3, a.Channels, a.Channels/2)
	layer("up2", 3, a.Channels/2, a.Channels/4)
	return all
}

// Filled is a network with a number for each place of its parameters: one that has learned nothing, but takes as long.
func Filled(a Architecture, value func(place int) float32) *Network {
	n := &Network{Architecture: a, Parameters: map[string]*tensors.Tensor{}}
	for name, shape := range a.Shapes() {
		values := make([]float32, shapes.Make(dtypes.Float32, shape...).Size())
		for i := range values {
			values[i] = value(i)
		}
		n.Parameters[name] = tensors.FromFlatDataAndDimensions(values, shape...)
	}
	return n
}

// Save writes the network as a safetensors file in half precision, whole or not at all. Filters have PyTorch's order there,
// [out, in, height, width], and names have dots.
func (n *Network) Save(path string) error {
	var arrays []safetensors.Array
	for _, name := range slices.Sorted(maps.Keys(n.Parameters)) {
		t := n.Parameters[name]
		data, err := tensors.CopyFlatData[float32](t)
		if err != nil {
			return fmt.Errorf("save the network: %w", err)
		}
		shape := t.Shape().Dimensions
		if len(shape) == 4 {
			shape = []int{shape[3], shape[2], shape[0], shape[1]}
			data = reordered(data, shape, true)
		}
		arrays = append(arrays, safetensors.Array{Name: strings.ReplaceAll(name, "/", "."), DType: safetensors.F16, Shape: shape, Data: data})
	}
	_, err := atomicfile.Write(path, func(w io.Writer) error { return safetensors.Write(w, n.About, arrays) })
	return err
}

// reordered brings a filter to PyTorch's order from GoMLX's, [height, width, in, out], or back. shape is PyTorch's.
func reordered(data []float32, shape []int, toPyTorch bool) []float32 {
	out, in, places := shape[0], shape[1], shape[2]*shape[3]
	all := make([]float32, len(data))
	for o := range out {
		for c := range in {
			for p := range places {
				theirs, ours := (o*in+c)*places+p, (p*in+c)*out+o
				if toPyTorch {
					all[theirs] = data[ours]
				} else {
					all[ours] = data[theirs]
				}
			}
		}
	}
	return all
}

// Load reads a file that [Network.Save] wrote. Files are not trusted: sizes are checked before anything is allocated. The error is a
// *[FileError], or says that the file can't be opened.
func Load(path string) (*Network, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("is a folder: name a file that stylize train-network wrote")
	}
	if err != nil {
		return nil, &FileError{path, err}
	}
	n, err := Read(file, info.Size())
	if err != nil {
		return nil, &FileError{path, err}
	}
	return n, nil
}

// Read reads what [Network.Save] wrote. The error goes on from the file's name.
func Read(file io.ReaderAt, size int64) (*Network, error) {
	header, err := safetensors.ReadHeader(file, size)
	if err != nil {
		return nil, err
	}
	if size > maxBytes {
		return nil, fmt.Errorf("has %d bytes; a network has at most %d", size, maxBytes)
	}
	n := &Network{Parameters: map[string]*tensors.Tensor{}, About: header.Metadata}
	there := map[string][]int{}
	for _, t := range header.Tensors {
		there[strings.ReplaceAll(t.Name, ".", "/")] = t.Shape
		if strings.HasSuffix(t.Name, ".a.weights") {
			n.Blocks++
		}
	}
	if shape := there["down2/weights"]; len(shape) == 4 {
		n.Channels = shape[0]
	}
	want := n.Shapes()
	if n.Channels < 4 || n.Channels%4 > 0 || n.Channels > maxChannels || n.Blocks > maxBlocks || len(want) != len(there) {
		return nil, fmt.Errorf("is no network that paints: stylize train-network makes them")
	}
	_, arrays, err := safetensors.Read(file, size)
	if err != nil {
		return nil, err
	}
	for name, array := range arrays {
		name = strings.ReplaceAll(name, ".", "/")
		shape := want[name]
		data := array.Data
		if len(shape) == 4 {
			shape = []int{shape[3], shape[2], shape[0], shape[1]}
		}
		if !slices.Equal(shape, array.Shape) {
			return nil, fmt.Errorf("%s has the shape %v where it should be %v", array.Name, array.Shape, shape)
		}
		if slices.ContainsFunc(data, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }) {
			return nil, fmt.Errorf("%s has values that are not numbers", array.Name)
		}
		if len(shape) == 4 {
			data = reordered(data, shape, false)
		}
		n.Parameters[name] = tensors.FromFlatDataAndDimensions(data, want[name]...)
	}
	return n, nil
}
