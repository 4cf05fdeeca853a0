package transfer_test

import (
	"math"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// hashed are features that the golden file describes, for the image or a style image.
func hashed(positions, channels int, style bool) []float32 {
	first, more := uint32(0), 0.0
	if style {
		first, more = 1<<20, 1.0/8
	}
	values := make([]float32, positions*channels)
	for i := range values {
		h := first + uint32(i)
		h ^= h >> 16
		h *= 0x85ebca6b
		h ^= h >> 13
		h *= 0xc2b2ae35
		h ^= h >> 16
		c := i % channels
		u, shift, scale := float64(h>>20)/4096, float64(8+c%8)/16, float64(18+181*c%512)/16
		values[i] = float32(max(0, u-shift+more) * scale)
	}
	return values
}

// At the widths of VGG's last blocks there are fewer positions than channels, so that covariances are singular.
func TestWassersteinAtFullWidth(t *testing.T) {
	var golden struct {
		Wasserstein struct {
			ImageShape []int `json:"image_shape"`
			StyleShape []int `json:"style_shape"`
			Image      struct{ Sum float64 }
			Value      float64 `json:"value"`
			Gradient   struct {
				Norm   float64   `json:"norm"`
				Sample []float64 `json:"sample"`
			} `json:"gradient"`
		} `json:"wasserstein"`
	}
	goldenTerms(t, &golden)
	want := golden.Wasserstein
	n, m, c := want.ImageShape[1]*want.ImageShape[2], want.StyleShape[1]*want.StyleShape[2], want.ImageShape[3]
	image := hashed(n, c, false)
	sum := 0.0
	for _, v := range image {
		sum += float64(v)
	}
	if math.Abs(sum-want.Image.Sum) > 1e-6*sum {
		t.Fatalf("these are other features: their sum is %g, not %g", sum, want.Image.Sum)
	}
	var s *transfer.Statistic
	for _, term := range transfer.Terms() {
		if term.Name == "wasserstein" {
			s = term.Statistic
		}
	}
	target, err := s.Target(meanAndCovariance(hashed(m, c, true), m, c))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		out, err := ExecOnceN(e.Backend, func(in []*Node) []*Node {
			x := in[0]
			loss := s.Loss(s.Of(s.Sums(x, x), float64(n)), in[1:])
			return []*Node{loss, Gradient(loss, x)[0]}
		}, tensors.FromFlatDataAndDimensions(image, n, c), narrowArray(target[0]), narrowArray(target[1]))
		if err != nil {
			t.Fatal(err)
		}
		if off := testkit.RelativeError(float64(tensors.ToScalar[float32](out[0])), want.Value); !(off <= 1e-5) {
			t.Errorf("%s, want %g: off by %.1e", out[0], want.Value, off)
		}
		gradient, off, norm := tensors.MustCopyFlatData[float32](out[1]), 0.0, 0.0
		for k, w := range want.Gradient.Sample {
			d := float64(gradient[(k+1)*7919%len(gradient)]) - w
			off, norm = off+d*d, norm+w*w
		}
		if off = math.Sqrt(off / norm); !(off <= 1e-3) {
			t.Errorf("the gradient is off by %.1e", off)
		}
		total := 0.0
		for _, g := range gradient {
			total += float64(g) * float64(g)
		}
		if off := testkit.RelativeError(math.Sqrt(total), want.Gradient.Norm); !(off <= 1e-3) {
			t.Errorf("the gradient's norm is off by %.1e", off)
		}
	})
}

func meanAndCovariance(values []float32, n, c int) []transfer.Array {
	mean, covariance := make([]float64, c), make([]float64, c*c)
	for i, v := range values {
		mean[i%c] += float64(v) / float64(n)
	}
	for p := range n {
		row := values[p*c : (p+1)*c]
		for i := range c {
			for j := range c {
				covariance[i*c+j] += (float64(row[i]) - mean[i]) * (float64(row[j]) - mean[j]) / float64(n)
			}
		}
	}
	return []transfer.Array{{Dims: []int{c}, Values: mean}, {Dims: []int{c, c}, Values: covariance}}
}

func narrowArray(a transfer.Array) *tensors.Tensor {
	return testkit.Numbers{Shape: a.Dims, Values: a.Values}.Tensor()
}
