package weights

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"github.com/gomlx/gomlx/core/tensors"

	sl "stylebook/stylelib"
)

// convPair is the two tensors of a convolution inside a file.
type convPair struct {
	index        int
	weight, bias *tensor
}

// tensorName matches torchvision's names, also behind a prefix such as module.
var tensorName = regexp.MustCompile(`^(?:.*\.)?features\.(\d+)\.(\w+)$`)

// The metadata of a safetensors file that says which kind of network it is.
const (
	poolKey, maxPool, averagePool       = "pool", "max", "average"
	paddingKey, zeroPadding, reflectPad = "padding", "zero", "reflect"
)

// networkKind returns a network without convolutions, its pooling and padding as the metadata says.
func (f *tensorFile) networkKind() (*sl.Network, error) {
	net := &sl.Network{}
	switch value, told := f.metadata[poolKey]; {
	case value == averagePool:
		net.Pooling = sl.AveragePooling
	case told && value != maxPool:
		return nil, fmt.Errorf("has metadata pool %q; known are max and average", value)
	}
	switch value, told := f.metadata[paddingKey]; {
	case value == reflectPad:
		net.Padding = sl.ReflectPadding
	case told && value != zeroPadding:
		return nil, fmt.Errorf("has metadata padding %q; known are zero and reflect", value)
	}
	return net, nil
}

// convs returns the file's convolutions, in order and without a gap from conv1_1 on, their shapes checked.
func (f *tensorFile) convs() ([]convPair, error) {
	pairs, err := f.pairs()
	if err != nil {
		return nil, err
	}
	var found []convPair
	channels := 3
	for _, index := range convIndices() {
		pair := pairs[index]
		delete(pairs, index)
		if pair == nil {
			break
		}
		if channels, err = pair.check(channels); err != nil {
			return nil, err
		}
		found = append(found, *pair)
	}
	for index := range pairs {
		missing := convIndices()[len(found)]
		return nil, fmt.Errorf("lacks %s (features.%d) but has %s (features.%d): layers must not be missing in between",
			layerName(missing), missing, layerName(index), index)
	}
	return found, nil
}

// pairs sorts the file's tensors by convolution and passes over all that are no feature layers.
func (f *tensorFile) pairs() (map[int]*convPair, error) {
	pairs := map[int]*convPair{}
	for _, index := range convIndices() {
		pairs[index] = nil
	}
	for i := range f.tensors {
		t := &f.tensors[i]
		match := tensorName.FindStringSubmatch(t.name)
		if match == nil {
			continue
		}
		index, err := strconv.Atoi(match[1])
		known, isConv := pairs[index]
		if err != nil || !isConv {
			return nil, fmt.Errorf("has %s, where VGG-19 has no convolution: another network?", t.name)
		}
		if known == nil {
			known = &convPair{index: index}
			pairs[index] = known
		}
		slot := &known.weight
		switch match[2] {
		case "weight":
		case "bias":
			slot = &known.bias
		default:
			return nil, fmt.Errorf("has %s, which VGG-19 does not have: another network?", t.name)
		}
		if *slot != nil {
			return nil, fmt.Errorf("has both %s and %s", (*slot).name, t.name)
		}
		*slot = t
	}
	return dropAbsent(pairs, f.tensors)
}

func dropAbsent(pairs map[int]*convPair, all []tensor) (map[int]*convPair, error) {
	for index, pair := range pairs {
		if pair == nil {
			delete(pairs, index)
		}
	}
	switch {
	case len(pairs) > 0:
		return pairs, nil
	case len(all) == 0:
		return nil, errors.New("holds no tensors")
	}
	return nil, fmt.Errorf("has no tensor named features.0.weight (its first is %q): not VGG-19 with torchvision's names", all[0].name)
}

// check compares the shapes with the channels of the layer before, and returns the channels of this one.
func (p *convPair) check(in int) (out int, err error) {
	switch {
	case p.weight == nil:
		return 0, fmt.Errorf("lacks features.%d.weight, the filters of %s", p.index, layerName(p.index))
	case p.bias == nil:
		return 0, fmt.Errorf("lacks features.%d.bias, the bias of %s", p.index, layerName(p.index))
	}
	shape := p.weight.shape
	if len(shape) != 4 || shape[0] < 1 || shape[0] > maxWidth || shape[1] != in || shape[2] != 3 || shape[3] != 3 {
		return 0, fmt.Errorf("%s (%s) has shape %v, expected [out %d 3 3]", p.weight.name, layerName(p.index), shape, in)
	}
	if len(p.bias.shape) != 1 || p.bias.shape[0] != shape[0] {
		return 0, fmt.Errorf("%s (%s) has shape %v, expected [%d]", p.bias.name, layerName(p.index), p.bias.shape, shape[0])
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
	return newConv(p.index, filter, bias, p.weight.shape[1]), nil
}

// newConv makes a convolution of its filter in the order height, width, in, out.
func newConv(index int, filter, bias []float32, in int) sl.Conv {
	return sl.Conv{
		Index:  index,
		Filter: tensors.FromFlatDataAndDimensions(filter, 3, 3, in, len(bias)),
		Bias:   tensors.FromFlatDataAndDimensions(bias, len(bias)),
	}
}
