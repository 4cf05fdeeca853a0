package weights

import (
	"strconv"

	sl "stylebook/stylelib"
)

// AllLayers, in place of a layer index, asks for every convolution a file has.
const AllLayers = -1

// convIndices returns the indices of VGG-19's 16 convolutions in order.
func convIndices() []int {
	var indices []int
	for _, layer := range sl.Layers() {
		if layer.Kind == sl.ConvLayer {
			indices = append(indices, layer.Index)
		}
	}
	return indices
}

// convsUpTo returns the indices of the convolutions a run needs whose last layer is lastLayer.
func convsUpTo(lastLayer int) []int {
	var needed []int
	for _, index := range convIndices() {
		if lastLayer == AllLayers || index <= lastLayer {
			needed = append(needed, index)
		}
	}
	return needed
}

func checkLastLayer(lastLayer int) error {
	if lastLayer == AllLayers || (lastLayer >= 0 && lastLayer < len(sl.Layers())) {
		return nil
	}
	return &sl.LayerError{Layer: strconv.Itoa(lastLayer)}
}

// poolIndices returns the indices of VGG-19's five pooling layers in order.
func poolIndices() []int {
	var indices []int
	for _, layer := range sl.Layers() {
		if layer.Kind == sl.PoolLayer {
			indices = append(indices, layer.Index)
		}
	}
	return indices
}
