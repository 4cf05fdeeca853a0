package main

import (
	"math"

	sl "stylebook/stylelib"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A ReLU lets positive factors through, so each channel of each layer can be scaled freely if the next layer undoes it.
// A layer scaled by s has s² times the content loss and s⁴ times the style loss; this is how the file makes the
// chapter's weights (content 1, style 1e3 counted ten times, total variation 10) fit it.

// balance says what the losses of the finished network come to: each style layer's, per relative squared distance of
// its Gram matrix, counted ten times; and the content layer's, per relative squared distance of its features.
var balance = struct {
	style   [5]float64
	content float64
}{[5]float64{150, 50, 50, 50, 50}, 50}

// contentConv numbers conv4_4, the content layer.
const contentConv = 11

// measuredPictures are photographs and textures of every kind, of the chapter's height and width halved.
func (r recipe) measuredPictures() ([]*tensors.Tensor, error) {
	whole, err := readPhotographs()
	if err != nil {
		return nil, err
	}
	var pictures []*tensors.Tensor
	for i := range r.calibration {
		c := whole[i/2%len(whole)]
		if i%2 == 1 {
			c = texture(r.seed+1, i)
		}
		pictures = append(pictures, c.part(0, 0, 225, 150).tensor())
	}
	return pictures, nil
}

// scaleChannels gives every channel the root mean square 1 after its ReLU. Channels that are nearly dead are scaled
// less, so that they don't add noise.
func scaleChannels(backend compute.Backend, layers []layer, pictures []*tensors.Tensor) error {
	squares, err := measureNetwork(backend, layers, pictures, func(layer sl.GraphLayer, map4 *Node) *Node {
		return ReduceMean(Square(relu(map4)), 0, 1, 2)
	})
	if err != nil {
		return err
	}
	for k := range layers {
		mean := 0.0
		for _, s := range squares[k] {
			mean += math.Sqrt(s) / float64(len(squares[k]))
		}
		for channel, s := range squares[k] {
			size := max(math.Sqrt(s), 0.05*mean)
			layers[k].scaleOut(channel, 1/size)
			if k+1 < len(layers) {
				layers[k+1].scaleIn(channel, size)
			}
		}
	}
	return nil
}

// scaleLayers scales the five style layers and the content layer so that the losses are balanced.
func scaleLayers(backend compute.Backend, layers []layer, pictures []*tensors.Tensor) error {
	sizes, err := measureNetwork(backend, layers, pictures, func(layer sl.GraphLayer, y *Node) *Node {
		if tapped := layer.Tap(y); layer.Index != indexOf(contentConv) {
			return Log(AddScalar(ReduceAllSum(Square(sl.Gram(tapped))), 1e-30))
		}
		tapped := layer.Tap(y)
		return ReduceAllMean(Square(Sub(tapped, ReduceAndKeep(tapped, ReduceMean, 1, 2))))
	})
	if err != nil {
		return err
	}
	chapter := sl.Default()
	for i, k := range tapConvs {
		channels := float64(layers[k].out)
		loss := chapter.StyleRepeat * chapter.StyleWeight * math.Exp(sizes[k][0]) / (channels * channels)
		scaleLayer(layers, k, math.Pow(balance.style[i]/loss, 0.25))
	}
	scaleLayer(layers, contentConv, math.Sqrt(balance.content/(chapter.ContentWeight*sizes[contentConv][0])))
	return nil
}

func scaleLayer(layers []layer, k int, by float64) {
	for channel := range layers[k].out {
		layers[k].scaleOut(channel, by)
		if k+1 < len(layers) {
			layers[k+1].scaleIn(channel, 1/by)
		}
	}
}

// measureNetwork averages what f says of each convolution's output over pictures.
func measureNetwork(backend compute.Backend, layers []layer, pictures []*tensors.Tensor, f func(layer sl.GraphLayer, map4 *Node) *Node) ([][]float64, error) {
	extractor, err := sl.NewExtractor(backend, finished(layers), sl.Default())
	if err != nil {
		return nil, err
	}
	defer extractor.Finalize()
	program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
		var out []*Node
		x := in[0]
		for _, layer := range vgg.Layers {
			x = layer.Forward(x)
			if layer.Kind == sl.ConvLayer {
				out = append(out, Reshape(f(layer, x), -1))
			}
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	defer program.Finalize()
	means := make([][]float64, len(layers))
	for _, picture := range pictures {
		out, err := program.Run(picture)
		if err != nil {
			return nil, err
		}
		for k := range layers {
			means[k] = addMean(means[k], out[k], len(pictures))
		}
	}
	return means, nil
}
