package weights

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"

	sl "stylebook/stylelib"
)

// request says what is wanted of a file.
type request struct {
	layers []string        // that the run uses; without any, every convolution there is
	only   sl.Architecture // 0 for any
	sum    string          // the SHA-256, empty for any
}

// convPair is the two tensors of a convolution inside a file.
type convPair struct {
	layer        sl.Layer
	weight, bias *tensor
}

// tensorName matches torchvision's names, also behind a prefix such as module.
var tensorName = regexp.MustCompile(`^(?:.*\.)?features\.(\d+)\.(\w+)$`)

// The metadata of a safetensors file that says which kind of network it is.
const (
	architectureKey = "architecture"
	poolKey         = "pool"
	paddingKey      = "padding"
)

// choose returns the file's network, still without convolutions, and where those that are wanted lie.
func (f *tensorFile) choose(r request) (*sl.Network, []convPair, error) {
	net, err := f.kind()
	if err != nil {
		return nil, nil, err
	}
	pairs, err := f.pairs()
	if err != nil {
		return nil, nil, err
	}
	if net.Architecture, err = f.architecture(pairs); err != nil {
		return nil, nil, err
	}
	found, err := inOrder(net.Architecture, pairs)
	if err != nil {
		return nil, nil, err
	}
	if r.only != 0 && net.Architecture != r.only {
		return nil, nil, fmt.Errorf("is %s, not %s", net.Architecture, r.only)
	}
	wanted, err := needed(net.Architecture, r.layers)
	if err != nil {
		return nil, nil, err
	}
	if len(r.layers) > 0 && len(found) < len(wanted) {
		return nil, nil, &DepthError{Has: found[len(found)-1].layer, Needs: wanted[len(wanted)-1]}
	}
	return net, found[:min(len(found), len(wanted))], nil
}

// kind returns a network with the pooling and padding that the metadata says.
func (f *tensorFile) kind() (*sl.Network, error) {
	net := &sl.Network{Pooling: sl.MaxPooling, Padding: sl.ZeroPadding}
	if value, told := f.metadata[poolKey]; told {
		if net.Pooling = sl.Pooling(value); net.Pooling != sl.MaxPooling && net.Pooling != sl.AveragePooling {
			return nil, fmt.Errorf("has metadata pool %q; known are max and average", value)
		}
	}
	if value, told := f.metadata[paddingKey]; told {
		if net.Padding = sl.Padding(value); net.Padding != sl.ZeroPadding && net.Padding != sl.ReflectPadding {
			return nil, fmt.Errorf("has metadata padding %q; known are zero and reflect", value)
		}
	}
	return net, nil
}

// pairs sorts the file's tensors by the index of their convolution and passes over all that are no feature layers.
func (f *tensorFile) pairs() (map[int]*convPair, error) {
	pairs := map[int]*convPair{}
	for i := range f.tensors {
		t := &f.tensors[i]
		match := tensorName.FindStringSubmatch(t.Name)
		if match == nil {
			continue
		}
		index, err := strconv.Atoi(match[1])
		if err != nil || (match[2] != "weight" && match[2] != "bias") {
			return nil, fmt.Errorf("has %s, which no VGG has: another network?", t.Name)
		}
		if pairs[index] == nil {
			pairs[index] = &convPair{}
		}
		slot := &pairs[index].weight
		if match[2] == "bias" {
			slot = &pairs[index].bias
		}
		if *slot != nil {
			return nil, fmt.Errorf("has both %s and %s", (*slot).Name, t.Name)
		}
		*slot = t
	}
	switch {
	case len(pairs) > 0:
		return pairs, nil
	case len(f.tensors) == 0:
		return nil, errors.New("holds no tensors")
	}
	return nil, fmt.Errorf("has no tensor named features.0.weight (its first is %q): no VGG with torchvision's names", f.tensors[0].Name)
}

// architecture reads off the indices of the convolutions which network it is. A file that ends before that is decided is of
// VGG-19, unless the metadata says otherwise.
func (f *tensorFile) architecture(pairs map[int]*convPair) (sl.Architecture, error) {
	candidates := sl.Architectures()
	told, isTold := f.metadata[architectureKey]
	if isTold {
		candidates = slices.DeleteFunc(candidates, func(a sl.Architecture) bool { return slug(a) != told })
	}
	if len(candidates) == 0 {
		return 0, fmt.Errorf("has metadata architecture %q, which is not vgg and the number of %s", told, listed(sl.Architectures()))
	}
	for _, index := range slices.Sorted(maps.Keys(pairs)) {
		fit := slices.DeleteFunc(slices.Clone(candidates), func(a sl.Architecture) bool {
			layers := a.Layers()
			return index >= len(layers) || layers[index].Kind != sl.ConvLayer
		})
		switch {
		case len(fit) > 0:
			candidates = fit
		case isTold:
			return 0, fmt.Errorf("has metadata architecture %q, but features.%d, where %s has no convolution", told, index, candidates[0])
		default:
			return 0, fmt.Errorf("has features.%d, where no convolution of %s stands: another network?", index, listed(candidates))
		}
	}
	return candidates[0], nil
}

func listed(architectures []sl.Architecture) string {
	var names []string
	for _, a := range architectures {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}

// inOrder returns the convolutions from conv1_1 on, checked to have no gap and shapes that fit together.
func inOrder(architecture sl.Architecture, pairs map[int]*convPair) (found []convPair, err error) {
	channels := 3
	for _, layer := range convsOf(architecture) {
		pair := pairs[layer.Index]
		if pair == nil && len(found) < len(pairs) {
			rest := slices.Sorted(maps.Keys(pairs))[len(found)]
			return nil, fmt.Errorf("lacks %s (features.%d) but has %s (features.%d): layers must not be missing in between",
				layer.Name, layer.Index, architecture.Layers()[rest].Name, rest)
		}
		if pair == nil {
			break
		}
		pair.layer = layer
		if channels, err = pair.check(channels); err != nil {
			return nil, err
		}
		found = append(found, *pair)
	}
	return found, nil
}

// check compares the shapes with the channels of the layer before, and returns the channels of this one.
func (p *convPair) check(in int) (out int, err error) {
	switch {
	case p.weight == nil:
		return 0, fmt.Errorf("lacks features.%d.weight, the filters of %s", p.layer.Index, p.layer.Name)
	case p.bias == nil:
		return 0, fmt.Errorf("lacks features.%d.bias, the bias of %s", p.layer.Index, p.layer.Name)
	}
	shape := p.weight.Shape
	if len(shape) != 4 || shape[0] < 1 || shape[0] > maxWidth || shape[1] != in || shape[2] != 3 || shape[3] != 3 {
		return 0, fmt.Errorf("%s (%s) has shape %v, expected [out %d 3 3]", p.weight.Name, p.layer.Name, shape, in)
	}
	if len(p.bias.Shape) != 1 || p.bias.Shape[0] != shape[0] {
		return 0, fmt.Errorf("%s (%s) has shape %v, expected [%d]", p.bias.Name, p.layer.Name, p.bias.Shape, shape[0])
	}
	return shape[0], nil
}

func (p *convPair) read(file io.ReaderAt) (sl.Conv, error) {
	filter, err := p.weight.read(file, 2, 3, 1, 0) // height, width, in, out
	if err != nil {
		return sl.Conv{}, err
	}
	bias, err := p.bias.read(file, 0)
	if err != nil {
		return sl.Conv{}, err
	}
	return newConv(p.layer.Index, filter, bias, p.weight.Shape[1]), nil
}

// newConv makes a convolution of its filter in the order height, width, in, out.
func newConv(index int, filter, bias []float32, in int) sl.Conv {
	return sl.Conv{
		Index:  index,
		Filter: tensors.FromFlatDataAndDimensions(filter, 3, 3, in, len(bias)),
		Bias:   tensors.FromFlatDataAndDimensions(bias, len(bias)),
	}
}
