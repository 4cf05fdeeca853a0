package transfer

import (
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// size is the height and width of an image in pixels.
type size struct{ height, width int }

func sizeOf(image *tensors.Tensor) size { return size{image.Shape().Dim(1), image.Shape().Dim(2)} }

// halved is the size of a map that was pooled so many times.
func (s size) halved(times int) size { return size{s.height >> times, s.width >> times} }

// sizes returns the size of each scale, coarsest first.
func (o Options) sizes(height, width int) []size {
	sizes := make([]size, o.Scales)
	for i := range sizes {
		factor := math.Pow(2, -float64(o.Scales-1-i)/2)
		sizes[i] = size{max(1, int(math.Round(float64(height)*factor))), max(1, int(math.Round(float64(width)*factor)))}
	}
	return sizes
}

// epochsOf returns how many epochs each scale has; the finest has what is left over.
func (o Options) epochsOf() []int {
	epochs := make([]int, o.Scales)
	for i := range epochs {
		epochs[i] = o.Epochs / o.Scales
	}
	epochs[o.Scales-1] += o.Epochs % o.Scales
	return epochs
}

// EpochsBefore returns how many epochs the scales before one have.
func (o Options) EpochsBefore(scale int) (epochs int) {
	for _, n := range o.epochsOf()[:scale] {
		epochs += n
	}
	return epochs
}
