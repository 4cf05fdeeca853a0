// Package quality says how far a synthesized image is from its painting and from its photograph: by what style transfer
// minimizes, relative to its size so that any two results can be compared, and by measures that no training minimizes. It is
// what scripts/quality sets the options against each other with, and the laboratory's last word on a run.
package quality

import (
	"context"
	"image"
	"math"
	"math/rand/v2"
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/ops"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Measures of a picture. 0 is best, but for Grain, where 1 is.
type Measures struct {
	// Style is the distance of the Gram matrices from the painting's, on the chapter's style layers.
	//
	//	mean over layers of Σ(G - A)² / ΣA²
	Style float64

	// Content is the distance of conv4_3's features from the photograph's.
	//
	//	Σ(F - P)² / ΣP²
	Content float64

	// Texture is the sliced Wasserstein-2 distance of features from the painting's, as a share of their variance, on layers
	// that no preset uses: conv1_2, conv2_2, conv3_3, conv4_2 and conv5_3.
	Texture float64

	// Structure says how differently places are alike to each other than in the photograph, on conv4_2, from 0 to 1: see
	// [transfer.SelfSimilarity].
	Structure float64

	// Grain is the finest detail of the luminance as a multiple of the painting's: far above 1 is speckle, far below is blur.
	Grain float64
}

// Names are those of the measures in tables, in the order of [Measures.Values].
func Names() []string {
	return []string{"style_distance", "content_distance", "texture_distance", "structure_distance", "grain_ratio"}
}

// Values are the measures in the order of [Names].
func (m Measures) Values() []float64 {
	return []float64{m.Style, m.Content, m.Texture, m.Structure, m.Grain}
}

// The layers that are looked at. No preset optimizes those of texture and structure.
var (
	styleLayers   = sl.Default().StyleLayers
	contentLayer  = "conv4_3"
	textureLayers = []string{"conv1_2", "conv2_2", "conv3_3", "conv4_2", "conv5_3"}
	structure     = "conv4_2"
)

// directions are how many the features are projected onto for the sliced Wasserstein distance.
const directions = 64

// Judge computes measures under a network's features. Close it when done.
type Judge struct {
	Source string // where the network's weights are from, one line

	extractor *sl.Extractor
	program   *sl.Program
	along     []*tensors.Tensor // directions for each of textureLayers, [channels, directions], of length 1
}

// looked are the options under which the network is cut after the last layer that is looked at.
func looked() sl.Options {
	options := sl.Default()
	options.ContentLayers = []string{contentLayer}
	options.StyleLayers = slices.Concat(styleLayers, textureLayers, []string{structure})
	return options
}

// Open returns a judge with the network that spec names, as [weights.Options] knows them. Numbers of different networks can't
// be compared: tables are made with [weights.VGG16]. A network that is not there is an error of [weights.Load].
func Open(ctx context.Context, backend compute.Backend, spec string) (*Judge, error) {
	looked, options := looked(), weights.Default()
	options.Spec, options.Layers = spec, slices.Concat(looked.ContentLayers, looked.StyleLayers)
	loaded, err := weights.Load(ctx, options)
	if err != nil {
		return nil, err
	}
	extractor, err := sl.NewExtractor(backend, loaded.Network, looked)
	if err != nil {
		return nil, err
	}
	j := &Judge{Source: loaded.Source, extractor: extractor}
	convs := 0
	for i, layer := range extractor.Layers {
		if slices.Contains(textureLayers, layer.Name) {
			j.along = append(j.along, unitVectors(extractor.Channels[i], directions, uint64(convs)))
		}
		if layer.Kind == sl.ConvLayer {
			convs++
		}
	}
	if j.program, err = extractor.Compile(j.graph); err != nil {
		extractor.Finalize()
		return nil, err
	}
	return j, nil
}

// OpenUsual returns a judge with VGG-16 or, where that is not here, with the best network that is: its Source says which.
func OpenUsual(ctx context.Context, backend compute.Backend) (*Judge, error) {
	j, err := Open(ctx, backend, weights.VGG16)
	if err != nil {
		j, err = Open(ctx, backend, weights.Auto)
	}
	return j, err
}

// Close frees the network on the engine.
func (j *Judge) Close() {
	j.program.Finalize()
	j.extractor.Finalize()
}

// unitVectors returns n random vectors of length 1, [dims, n].
func unitVectors(dims, n int, seed uint64) *tensors.Tensor {
	random := rand.New(rand.NewPCG(seed, 0))
	values := make([]float32, dims*n)
	for k := range n {
		square := 0.0
		for d := range dims {
			v := random.NormFloat64()
			values[d*n+k] = float32(v)
			square += v * v
		}
		for d := range dims {
			values[d*n+k] /= float32(math.Sqrt(square))
		}
	}
	return tensors.FromFlatDataAndDimensions(values, dims, n)
}

// Measure compares a picture with its photograph and its painting, all brought to height × width pixels.
func (j *Judge) Measure(picture, content, style image.Image, height, width int) (Measures, error) {
	var inputs []any
	var details []float64
	for _, one := range []image.Image{picture, content, style} {
		x, err := sl.Preprocess(one, height, width, sl.Default().Resize)
		if err != nil {
			return Measures{}, err
		}
		seen, err := sl.Postprocess(x)
		if err != nil {
			return Measures{}, err
		}
		inputs, details = append(inputs, x), append(details, detail(seen))
	}
	outputs, err := j.program.Run(append(inputs, sl.AsInputs(j.along)...)...)
	if err != nil {
		return Measures{}, err
	}
	value := func(i int) float64 { return float64(tensors.ToScalar[float32](outputs[i])) }
	return Measures{value(0), value(1), value(2), value(3), details[0] / details[2]}, nil
}

// graph computes the measures of a picture against a photograph and a painting, all [1, h, w, 3].
func (j *Judge) graph(vgg *sl.VGG, inputs []*Node) []*Node {
	picture, content, style := features(vgg, inputs[0]), features(vgg, inputs[1]), features(vgg, inputs[2])
	var styles, textures []*Node
	for _, name := range styleLayers {
		styles = append(styles, relative(sl.Gram(picture[name]), sl.Gram(style[name])))
	}
	for i, name := range textureLayers {
		textures = append(textures, slicedWasserstein(rows(picture[name]), rows(style[name]), inputs[3+i]))
	}
	return []*Node{
		mean(styles),
		relative(picture[contentLayer], content[contentLayer]),
		mean(textures),
		selfSimilarity(rows(picture[structure]), rows(content[structure])),
	}
}

// features returns what each convolution puts out, after its ReLU.
func features(vgg *sl.VGG, x *Node) map[string]*Node {
	all := map[string]*Node{}
	for _, layer := range vgg.Layers {
		x = layer.Forward(x)
		if layer.Kind == sl.ConvLayer {
			all[layer.Name] = Max(x, ZerosLike(x))
		}
	}
	return all
}

// rows makes [n, c] of a map [1, h, w, c].
func rows(x *Node) *Node {
	c := x.Shape().Dim(3)
	return Reshape(x, x.Shape().Size()/c, c)
}

func mean(values []*Node) *Node {
	sum := values[0]
	for _, v := range values[1:] {
		sum = Add(sum, v)
	}
	return DivScalar(sum, float64(len(values)))
}

// relative is the squared distance of two tensors as a share of the second's square.
//
//	Σ(a - b)² / Σb²
func relative(a, b *Node) *Node {
	return Div(ops.ReduceAllSum(Square(Sub(a, b))), ops.ReduceAllSum(Square(b)))
}

// slicedWasserstein compares two sets of as many features, [n, c], along directions [c, k]: the squared Wasserstein-2 distance
// of their projections, as a share of the variance of b's.
//
//	Σ(sort(a·θ) - sort(b·θ))² / Σ(b·θ - mean(b·θ))²
//
// Bonneel, Rabin, Peyré, Pfister 2015, "Sliced and Radon Wasserstein Barycenters of Measures".
func slicedWasserstein(a, b, along *Node) *Node {
	project := func(x *Node) *Node { return Einsum("nc,ck->nk", x, along) }
	a, b = project(a), project(b)
	spread := Sub(b, ReduceAndKeep(b, ReduceMean, 0))
	distance := Sub(Sort(a, 0, true), Sort(b, 0, true))
	return Div(ops.ReduceAllSum(Square(distance)), ops.ReduceAllSum(Square(spread)))
}

// selfSimilarity compares how alike all places of two pictures' features [n, c] are to each other: 0 for the same, at most 1.
// It is [transfer.SelfSimilarity], of which each column's difference is at most 2/n on average.
func selfSimilarity(a, b *Node) *Node {
	return MulScalar(transfer.SelfSimilarity(a, b), float64(a.Shape().Dim(0))/2)
}
