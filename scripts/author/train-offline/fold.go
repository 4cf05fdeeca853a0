package main

import (
	"context"
	"math"

	sl "stylebook/stylelib"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// layer is a convolution on the way to the finished network.
type layer struct {
	in, out int
	filter  []float32 // height, width, in, out
	bias    []float32
}

// fold turns the trained classifier into plain convolutions: batch norm becomes part of filter and bias, and the
// analytic channels are appended to conv1_1.
//
// The finished network has average pooling instead of the maximum, because its gradient reaches all pixels: pictures
// made with it are far better. So the means and variances for batch norm are measured anew, with average pooling.
func (n *network) fold(ctx context.Context, backend compute.Backend, all []*canvas) ([]layer, error) {
	means, variances, err := n.measure(ctx, backend, all)
	if err != nil {
		return nil, err
	}
	return n.folded(means, variances)
}

// folded makes the convolutions of the parameters and of the channels' means and variances before batch norm.
func (n *network) folded(means, variances [][]float64) ([]layer, error) {
	var layers []layer
	for k := range convCount {
		p := n.parameters[perConv*k:]
		filter, err := tensors.CopyFlatData[float32](p[0])
		if err != nil {
			return nil, err
		}
		gain, err := tensors.CopyFlatData[float32](p[1])
		if err != nil {
			return nil, err
		}
		bias, err := tensors.CopyFlatData[float32](p[2])
		if err != nil {
			return nil, err
		}
		l := layer{in: p[0].Shape().Dim(2), out: len(bias), filter: filter, bias: bias}
		for o := range bias {
			s := float64(gain[o]) / math.Sqrt(variances[k][o]+normEpsilon)
			l.scaleOut(o, s)
			l.bias[o] = float32(float64(bias[o])/s - means[k][o]*s) // scaleOut scaled the offset too
		}
		layers = append(layers, l)
	}
	first, err := n.withAnalytic(layers[0])
	layers[0] = first
	return layers, err
}

// scaleOut multiplies an output channel.
func (l *layer) scaleOut(channel int, by float64) {
	for i := channel; i < len(l.filter); i += l.out {
		l.filter[i] = float32(float64(l.filter[i]) * by)
	}
	l.bias[channel] = float32(float64(l.bias[channel]) * by)
}

// scaleIn multiplies what an input channel contributes.
func (l *layer) scaleIn(channel int, by float64) {
	for tap := range 9 {
		row := l.filter[(tap*l.in+channel)*l.out:][:l.out]
		for o := range row {
			row[o] = float32(float64(row[o]) * by)
		}
	}
}

func (n *network) withAnalytic(first layer) (layer, error) {
	filter, err := tensors.CopyFlatData[float32](n.analytic[0])
	if err != nil {
		return layer{}, err
	}
	bias, err := tensors.CopyFlatData[float32](n.analytic[1])
	if err != nil {
		return layer{}, err
	}
	wide := layer{in: first.in, out: first.out + analyticChannels, bias: append(first.bias, bias...)}
	for row := range 9 * first.in {
		wide.filter = append(wide.filter, first.filter[row*first.out:][:first.out]...)
		wide.filter = append(wide.filter, filter[row*analyticChannels:][:analyticChannels]...)
	}
	return wide, nil
}

// measure returns mean and variance of every learned channel before its batch norm, over batches that the training has
// not seen.
func (n *network) measure(ctx context.Context, backend compute.Backend, all []*canvas) (means, variances [][]float64, err error) {
	exec, err := NewExec(backend, func(in []*Node) []*Node {
		_, stats := features(in[0], in[3:], in[1:3], averagePool)
		var out []*Node
		for _, s := range stats {
			out = append(out, s.mean, s.variance)
		}
		return out
	})
	if err != nil {
		return nil, nil, err
	}
	defer exec.Finalize()
	means, variances = make([][]float64, convCount), make([][]float64, convCount)
	for k := range n.recipe.calibration {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		batch := n.recipe.batchOf(all, n.recipe.steps+k)
		out, err := exec.Call(append([]any{batch.crops, n.analytic[0], n.analytic[1]}, sl.AsInputs(n.parameters[:perConv*convCount])...)...)
		if err != nil {
			return nil, nil, err
		}
		for c := range convCount {
			means[c] = addMean(means[c], out[2*c], n.recipe.calibration)
			variances[c] = addMean(variances[c], out[2*c+1], n.recipe.calibration)
		}
	}
	return means, variances, nil
}

// addMean adds one of count lists to their mean.
func addMean(mean []float64, list *tensors.Tensor, count int) []float64 {
	values := tensors.MustCopyFlatData[float32](list)
	if mean == nil {
		mean = make([]float64, len(values))
	}
	for i, v := range values {
		mean[i] += float64(v) / float64(count)
	}
	return mean
}

// finished is the network as stylelib knows it.
func finished(layers []layer) *sl.Network {
	net := &sl.Network{Architecture: sl.VGG19, Pooling: sl.AveragePooling, Padding: sl.ReflectPadding}
	for k, l := range layers {
		net.Convs = append(net.Convs, sl.Conv{Index: indexOf(k), Filter: tensors.FromFlatDataAndDimensions(l.filter, 3, 3, l.in, l.out),
			Bias: tensors.FromFlatDataAndDimensions(l.bias, l.out)})
	}
	return net
}
