package main

import (
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"
)

// analyticChannels is how many channels of conv1_1 are not learned: colours and edges, each once as it is and once
// with the opposite sign, because a ReLU keeps one sign only. Without them the style's colours come out dull.
const analyticChannels = 16

// active is the share of pixels at which such a channel is above 0.
const active = 0.25

// opponents are brightness, red against green, and blue against yellow.
var opponents = [3][3]float64{
	{0.3, 0.6, 0.1},
	{1 / math.Sqrt2, -1 / math.Sqrt2, 0},
	{-0.5 / math.Sqrt(1.5), -0.5 / math.Sqrt(1.5), 1 / math.Sqrt(1.5)},
}

// analyticFilter returns the filter [3, 3, 3, 16] and bias [16] that give each channel unit deviation, and the wanted
// share of active pixels, over the given normalized crops.
func analyticFilter(crops *tensors.Tensor) (filter, bias *tensors.Tensor, err error) {
	kernels := analyticKernels()
	pixels, err := tensors.CopyFlatData[float32](crops)
	if err != nil {
		return nil, nil, err
	}
	n, side := crops.Shape().Dim(0), crops.Shape().Dim(1)
	values, biases := make([]float32, 27*analyticChannels), make([]float32, analyticChannels)
	for k, kernel := range kernels {
		response := convolved(pixels, n, side, kernel)
		deviation := deviationOf(response)
		slices.Sort(response)
		for _, sign := range []float64{1, -1} {
			channel := k
			threshold := response[int((1-active)*float64(len(response)))]
			if sign < 0 {
				channel += len(kernels)
				threshold = -response[int(active*float64(len(response)))]
			}
			for i, v := range kernel {
				values[i*analyticChannels+channel] = float32(sign * v / deviation)
			}
			biases[channel] = float32(-threshold / deviation)
		}
	}
	return tensors.FromFlatDataAndDimensions(values, 3, 3, 3, analyticChannels), tensors.FromFlatDataAndDimensions(biases, analyticChannels), nil
}

// analyticNames are the names of the channels in order.
func analyticNames() (names []string) {
	for _, sign := range []string{"+", "-"} {
		for _, name := range append(append([]string{}, colourNames...), append(slices.Clone(edgeNames), "peak")...) {
			names = append(names, sign+name)
		}
	}
	return names
}

// analyticKernels are eight filters in the order height, width, colour: the three colours, blurred, and for brightness
// the slopes in four directions and the difference from the surroundings.
func analyticKernels() (kernels [][27]float64) {
	for colour := range opponents {
		kernels = append(kernels, coloured(colour, "blur"))
	}
	for _, name := range append(slices.Clone(edgeNames), "peak") {
		kernels = append(kernels, coloured(0, name))
	}
	return kernels
}

// coloured is a gray kernel applied to one of the opponents.
func coloured(opponent int, gray string) (kernel [27]float64) {
	shape := grayKernels()[gray]
	for i := range kernel {
		kernel[i] = opponents[opponent][i%3] * shape[i/3]
	}
	return kernel
}

// grayKernels are the filters' 3 × 3 shapes.
func grayKernels() map[string][9]float64 {
	bell, slope, peak := [3]float64{0.25, 0.5, 0.25}, [3]float64{-0.5, 0, 0.5}, [3]float64{-0.5, 1, -0.5}
	outer := func(down, right [3]float64) (k [9]float64) {
		for i := range k {
			k[i] = down[i/3] * right[i%3]
		}
		return k
	}
	sum := func(a, b [9]float64, sign, by float64) (k [9]float64) {
		for i := range k {
			k[i] = by * (a[i] + sign*b[i])
		}
		return k
	}
	dx, dy := outer(bell, slope), outer(slope, bell)
	return map[string][9]float64{
		"blur": outer(bell, bell), "dx": dx, "dy": dy,
		"da": sum(dx, dy, 1, 1/math.Sqrt2), "db": sum(dx, dy, -1, 1/math.Sqrt2),
		"peak": sum(outer(bell, peak), outer(peak, bell), 1, 1),
		"px":   outer(bell, peak), "py": outer(peak, bell), "pp": outer(peak, peak),
	}
}

// convolved filters n square crops, borders left out.
func convolved(pixels []float32, n, side int, kernel [27]float64) []float64 {
	var out []float64
	for i := range n {
		for y := range side - 2 {
			for x := range side - 2 {
				sum := 0.0
				for k, v := range kernel {
					sum += v * float64(pixels[((i*side+y+k/9)*side+x+k/3%3)*3+k%3])
				}
				out = append(out, sum)
			}
		}
	}
	return out
}

func deviationOf(values []float64) float64 {
	var sum, squares float64
	for _, v := range values {
		sum += v
		squares += v * v
	}
	mean := sum / float64(len(values))
	return math.Sqrt(squares/float64(len(values)) - mean*mean)
}
