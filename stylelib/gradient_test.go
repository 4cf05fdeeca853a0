package stylelib_test

import (
	"math"
	"math/rand/v2"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// differenceStep is small beside the distance to the nearest kink of ReLU, maximum and |x|, as a rule, and large beside
// the rounding of float64.
const differenceStep = 1e-6

// checkGradient compares the gradient with respect to x with central differences of loss at the given elements of x.
func checkGradient(t *testing.T, name string, x array, elements []int, loss func(x array) float64, gradient []float64, errors worst) {
	t.Helper()
	var difference, norm float64
	for _, i := range elements {
		moved := array{x.dims, append([]float64(nil), x.values...)}
		moved.values[i] = x.values[i] + differenceStep
		up := loss(moved)
		moved.values[i] = x.values[i] - differenceStep
		down := loss(moved)
		numeric := (up - down) / (2 * differenceStep)
		difference += (gradient[i] - numeric) * (gradient[i] - numeric)
		norm += numeric * numeric
	}
	if norm == 0 {
		t.Fatalf("%s: the gradient is 0 at all %d elements tried", name, len(elements))
	}
	errors.check(t, finiteDifference, name, math.Sqrt(difference/norm))
}

func all(n int) []int {
	elements := make([]int, n)
	for i := range elements {
		elements[i] = i
	}
	return elements
}

func TestGradientsOfTheLosses(t *testing.T) {
	x, y, g := randomArray(1, 1, 5, 4, 3), randomArray(2, 1, 5, 4, 3), randomArray(3, 3, 3)
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		errors := newWorst(double)
		defer errors.log(t)
		for name, loss := range map[string]func(in []*Node) *Node{
			"content": func(in []*Node) *Node { return sl.ContentLoss(in[0], in[1]) },
			"style":   func(in []*Node) *Node { return sl.StyleLoss(in[0], in[2]) },
			"TV":      func(in []*Node) *Node { return sl.TVLoss(in[0]) }, // no two neighbours are within the step
		} {
			exec, err := NewExec(e.Backend, func(in []*Node) []*Node {
				l := loss(in)
				return []*Node{l, Gradient(l, in[0])[0]}
			})
			if err != nil {
				t.Fatal(err)
			}
			run := func(x array) []*tensors.Tensor {
				out, err := exec.Call(x.tensor(), y.tensor(), g.tensor())
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			value := func(x array) float64 { return tensors.ToScalar[float64](run(x)[0]) }
			gradient := tensors.MustCopyFlatData[float64](run(x)[1])
			checkGradient(t, name, x, all(len(x.values)), value, gradient, errors)
			exec.Finalize()
		}
	})
}

// Targets are fixed: no gradient may reach them.
func TestNoGradientReachesTheTargets(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		out := evaluate(t, e, dtypes.Float64, func(in []*Node) []*Node {
			loss := Add(sl.ContentLoss(in[0], in[1]), sl.StyleLoss(in[0], in[2]))
			return Gradient(loss, in[1], in[2])
		}, randomArray(1, 1, 5, 4, 3), randomArray(2, 1, 5, 4, 3), randomArray(3, 3, 3))
		for i, gradient := range out {
			for _, v := range gradient {
				if v != 0 {
					t.Fatalf("target %d gets a gradient of %g", i, v)
				}
			}
		}
	})
}

// Where neighbours are equal, as 8-bit pixels often are, the total variation has no gradient.
func TestNoGradientOfTVOnAConstantImage(t *testing.T) {
	x := array{[]int{1, 3, 4, 3}, make([]float64, 36)}
	for i := range x.values {
		x.values[i] = 0.7
	}
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		out := evaluate(t, e, dtypes.Float64, func(in []*Node) []*Node {
			loss := sl.TVLoss(in[0])
			return []*Node{loss, Gradient(loss, in[0])[0]}
		}, x)
		for _, v := range append(out[0], out[1]...) {
			if v != 0 {
				t.Fatalf("loss and gradient are %v, want zeros", out)
			}
		}
	})
}

// double64 is a VGG-19 up to conv5_1 with four random channels everywhere, in float64.
func double64() *sl.Network {
	rng := rand.New(rand.NewPCG(8, 8))
	net, in := &sl.Network{Architecture: sl.VGG19, Pooling: sl.MaxPooling, Padding: sl.ZeroPadding}, 3
	for _, layer := range sl.VGG19.Layers()[:29] {
		if layer.Kind != sl.ConvLayer {
			continue
		}
		const out = 4
		filter, bias := make([]float64, 9*in*out), make([]float64, out)
		for i := range filter {
			filter[i] = rng.NormFloat64() * math.Sqrt(2/float64(9*in))
		}
		for i := range bias {
			bias[i] = 0.1 * rng.NormFloat64()
		}
		net.Convs = append(net.Convs, sl.Conv{Index: layer.Index,
			Filter: tensors.FromFlatDataAndDimensions(filter, 3, 3, in, out),
			Bias:   tensors.FromFlatDataAndDimensions(bias, out)})
		in = out
	}
	return net
}

// The whole way: the total loss through all five blocks, with the taps of each preset, back to the image.
func TestGradientThroughTheNetwork(t *testing.T) {
	image, content, style := randomArray(4, 1, 21, 34, 3), randomArray(5, 1, 21, 34, 3), randomArray(6, 1, 35, 19, 3)
	elements := make([]int, 40)
	for i := range elements {
		elements[i] = (i + 1) * 7919 % len(image.values)
	}
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		errors := newWorst(double)
		defer errors.log(t)
		for _, preset := range []string{"pytorch", "paddle"} {
			options, err := sl.Preset(preset)
			if err != nil {
				t.Fatal(err)
			}
			options.StyleWeight, options.ContentWeight = 300, 20 // so that each loss has a say
			run := totalLoss(t, e, options, content, style)
			value := func(x array) float64 { return tensors.ToScalar[float64](run(x)[0]) }
			gradient := tensors.MustCopyFlatData[float64](run(image)[1])
			checkGradient(t, "total, taps of "+preset, image, elements, value, gradient, errors)
		}
	})
}

// totalLoss returns a function that computes the total loss of an image and its gradient.
func totalLoss(t *testing.T, e *engine.Engine, options sl.Options, content, style array) func(x array) []*tensors.Tensor {
	t.Helper()
	extractor, err := sl.NewExtractor(e.Backend, double64(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(extractor.Finalize)
	program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
		contents, styles := sl.ExtractFeatures(vgg, in[0], options.ContentLayers, options.StyleLayers)
		contentTargets, _ := sl.ExtractFeatures(vgg, in[1], options.ContentLayers, nil)
		_, styleFeatures := sl.ExtractFeatures(vgg, in[2], nil, options.StyleLayers)
		var styleTargets []*Node
		for _, features := range styleFeatures {
			styleTargets = append(styleTargets, sl.Gram(features))
		}
		total := sl.ComputeLoss(in[0], contents, styles, contentTargets, styleTargets, options).Total
		return []*Node{total, Gradient(total, in[0])[0]}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(program.Finalize)
	return func(x array) []*tensors.Tensor {
		out, err := program.Run(x.tensor(), content.tensor(), style.tensor())
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}
