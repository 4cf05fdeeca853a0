package weights

import (
	"fmt"
	"math"
	"math/rand/v2"

	sl "stylebook/stylelib"
)

// FullWidths returns the number of channels in each of VGG's five blocks, the same in all its architectures.
func FullWidths() [5]int { return [5]int{64, 128, 256, 512, 512} }

// Random returns a network with random filters up to the last of the layers (see [Options.Layers]; without any, all its
// convolutions), the given number of channels in each block, maximum pooling and zero padding.
//
//	filter ~ √(2 / (9·in)) · N(0, 1),  bias = 0
//
// Equal seeds give bit for bit equal filters on every machine, and a layer's filters do not depend on the layers after it.
// Widths outside 1 to 2048 and an unknown architecture give an error, a layer that it lacks a [*sl.LayerError].
//
// He, Zhang, Ren, Sun 2015, eq. 10; the normal numbers are sums of twelve uniform ones, so they end at ±6.
func Random(seed int64, architecture sl.Architecture, widths [5]int, layers ...string) (*sl.Network, error) {
	if err := checkArchitecture(architecture); err != nil {
		return nil, fmt.Errorf("random network: %w", err)
	}
	wanted, err := needed(architecture, layers)
	if err != nil {
		return nil, err
	}
	net := &sl.Network{Architecture: architecture, Pooling: sl.MaxPooling, Padding: sl.ZeroPadding}
	in := 3
	for _, layer := range wanted {
		out := widths[layer.Block-1]
		if out < 1 || out > maxWidth {
			return nil, fmt.Errorf("random network: widths must be from 1 to %d", maxWidth)
		}
		filter := make([]float32, 9*in*out)
		fillNormal(filter, rand.NewPCG(uint64(seed), uint64(layer.Index)), math.Sqrt(2/float64(9*in)))
		net.Convs = append(net.Convs, newConv(layer.Index, filter, make([]float32, out), in))
		in = out
	}
	return net, nil
}

// fillNormal adds up whole numbers, which no machine rounds, instead of using NormFloat64, whose logarithms differ
// in the last digit between processors.
func fillNormal(values []float32, source *rand.PCG, deviation float64) {
	const summands, levels = 12, 1 << 16
	scale := deviation / math.Sqrt(levels*levels-1) // a sum of 12 numbers below 2¹⁶ has variance 2³² - 1
	for i := range values {
		sum := 0
		for range summands / 4 {
			bits := source.Uint64()
			sum += int(bits&0xffff) + int(bits>>16&0xffff) + int(bits>>32&0xffff) + int(bits>>48)
		}
		values[i] = float32(float64(2*sum-summands*(levels-1)) / 2 * scale)
	}
}
