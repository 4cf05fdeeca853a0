package transfer

import (
	"fmt"
	"math"

	sl "stylebook/stylelib"
	"stylebook/stylelib/ops"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// NormalizeLayers returns a copy of net in which each convolution that options use puts out unit variance on the given
// normalized pictures ([1, height, width, 3]), each convolution seeing its already normalized predecessor: its filter
// and bias are divided by one positive number. A layer with no variance is left as it is.
//
// It is what makes random weights usable with the chapter's loss weights.
func NormalizeLayers(backend compute.Backend, net *sl.Network, options Options, pictures ...*tensors.Tensor) (*sl.Network, error) {
	extractor, err := NewExtractor(backend, net, options)
	if err != nil {
		return nil, err
	}
	defer extractor.Finalize()
	program, err := extractor.Compile(func(vgg *sl.VGG, maps []*Node) []*Node {
		var deviations []*Node
		for _, layer := range vgg.Layers {
			for i := range maps {
				maps[i] = layer.Forward(maps[i])
			}
			if layer.Kind == sl.ConvLayer {
				deviation := standardDeviation(maps)
				for i := range maps {
					maps[i] = Div(maps[i], deviation)
				}
				deviations = append(deviations, deviation)
			}
		}
		return deviations
	})
	if err != nil {
		return nil, err
	}
	defer program.Finalize()
	deviations, err := program.Run(sl.AsInputs(pictures)...)
	if err != nil {
		return nil, fmt.Errorf("measure the layers: %w", err)
	}
	return divideConvs(net, deviations)
}

// standardDeviation of all values of all maps, 1 where it is 0.
func standardDeviation(maps []*Node) *Node {
	count := 0.0
	sum, squares := ScalarZero(maps[0].Graph(), maps[0].DType()), ScalarZero(maps[0].Graph(), maps[0].DType())
	for _, m := range maps {
		count += float64(m.Shape().Size())
		sum = Add(sum, ops.ReduceAllSum(m))
		squares = Add(squares, ops.ReduceAllSum(Square(m)))
	}
	mean := DivScalar(sum, count)
	variance := Sub(DivScalar(squares, count), Square(mean))
	none := LessOrEqual(variance, ScalarZero(mean.Graph(), mean.DType()))
	return Sqrt(Where(none, OnesLike(variance), variance))
}

// divideConvs returns a copy of the network whose first convolutions are divided by one number each.
func divideConvs(net *sl.Network, divisors []*tensors.Tensor) (*sl.Network, error) {
	scaled := *net
	scaled.Convs = nil
	for i, c := range net.Convs {
		by := 1.0
		if i < len(divisors) {
			by = float64(tensors.ToScalar[float32](divisors[i]))
		}
		if by == 0 || math.IsNaN(by) || math.IsInf(by, 0) {
			return nil, fmt.Errorf("layer %d of the network puts out values that are not finite", c.Index)
		}
		filter, err := times(c.Filter, 1/by)
		if err != nil {
			return nil, err
		}
		bias, err := times(c.Bias, 1/by)
		if err != nil {
			return nil, err
		}
		scaled.Convs = append(scaled.Convs, sl.Conv{Index: c.Index, Filter: filter, Bias: bias})
	}
	return &scaled, nil
}

func times(t *tensors.Tensor, factor float64) (*tensors.Tensor, error) {
	values, err := tensors.CopyFlatData[float32](t)
	if err != nil {
		return nil, err
	}
	for i := range values {
		values[i] = float32(float64(values[i]) * factor)
	}
	return tensors.FromFlatDataAndDimensions(values, t.Shape().Dimensions...), nil
}
