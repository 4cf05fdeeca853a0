package checks

import (
	"context"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestRightAnswers(t *testing.T) {
	for _, r := range []Result{
		Preprocess(sl.Preprocess), Postprocess(sl.Postprocess),
		ExtractFeatures(sl.ExtractFeatures), GetContents(sl.GetContents), GetStyles(sl.GetStyles),
		Forward(sl.SynthesizedImage.Forward), ContentLoss(sl.ContentLoss), Gram(sl.Gram), StyleLoss(sl.StyleLoss), TVLoss(sl.TVLoss), ComputeLoss(sl.ComputeLoss),
		GetInits(sl.GetInits), AdamUpdate(sl.AdamUpdate), LearningRate(sl.LearningRate), Train(sl.Train),
	} {
		if details := r.Details(); !r.Right || strings.Contains(details, "✗") || strings.Count(details, " ✓\n") == 0 || r.String() != r.Name+": all right ✓" {
			t.Errorf("the right answer is refused:\n%v", r)
		}
	}
}

// wrong holds one check's results for functions with a slip, and a part of the hint that each must give.
type wrong map[string]Result

func (w wrong) test(t *testing.T) {
	t.Helper()
	for hint, r := range w {
		if text := r.String(); r.Right || !strings.Contains(text, hint) || !strings.HasSuffix(text, ": not yet") {
			t.Errorf("want a refusal with %q, got\n%v", hint, r)
		}
	}
}

type preprocess = func(image.Image, int, int, sl.ResizeFilter) (*tensors.Tensor, error)

// pixelwise makes a Preprocess of a rule for one value.
func pixelwise(rule func(level, mean, std float32) float32) preprocess {
	return func(picture image.Image, height, width int, filter sl.ResizeFilter) (*tensors.Tensor, error) {
		resized, err := sl.Resize(picture, height, width, filter)
		if err != nil {
			return nil, err
		}
		var values []float32
		for i, v := range resized.Pix {
			if c := i % 4; c < 3 {
				values = append(values, rule(float32(v), sl.RGBMean[c], sl.RGBStd[c]))
			}
		}
		return tensors.FromFlatDataAndDimensions(values, 1, height, width, 3), nil
	}
}

func TestWrongPreprocess(t *testing.T) {
	wrong{
		"Divide by 255 first":    Preprocess(pixelwise(func(v, mean, std float32) float32 { return (v - mean) / std })),
		"Subtract the channel's": Preprocess(pixelwise(func(v, _, std float32) float32 { return v / 255 / std })),
		"standard deviation.":    Preprocess(pixelwise(func(v, mean, _ float32) float32 { return v/255 - mean })),
		"only divided by 255":    Preprocess(pixelwise(func(v, _, _ float32) float32 { return v / 255 })),
		"Height comes before width": Preprocess(func(p image.Image, h, w int, f sl.ResizeFilter) (*tensors.Tensor, error) {
			return swapSides(p, h, w, f)
		}),
		"a panic (nothing is there)": Preprocess(func(image.Image, int, int, sl.ResizeFilter) (*tensors.Tensor, error) {
			return nil, errors.New("nothing is there")
		}),
		"order red, green, blue": Preprocess(func(p image.Image, h, w int, f sl.ResizeFilter) (*tensors.Tensor, error) {
			return sl.Preprocess(exchanged{p}, h, w, f)
		}),
		"channels last": Preprocess(channelsFirst),
	}.test(t)
	wrong{
		"cut down to whole levels": Postprocess(levelwise(func(v float64) uint8 { return uint8(min(max(v, 0), 255)) })),
		"clip them first":          Postprocess(levelwise(func(v float64) uint8 { return uint8(int(v+1000.5) - 1000) })),
		"undo the normalization": Postprocess(func(x *tensors.Tensor) (*image.RGBA, error) {
			n := fromTensor(x)
			for i, v := range n.Values {
				c := i % 3
				n.Values[i] = (v - float64(sl.RGBMean[c])) / float64(sl.RGBStd[c])
			}
			return sl.Postprocess(n.tensor())
		}),
		"nothing comes back": Postprocess(func(*tensors.Tensor) (*image.RGBA, error) { return nil, nil }),
	}.test(t)
}

// swapSides takes width for height unless the picture has the size already.
func swapSides(picture image.Image, height, width int, filter sl.ResizeFilter) (*tensors.Tensor, error) {
	x, err := sl.Preprocess(picture, height, width, filter)
	if err != nil || picture.Bounds().Dx() == width {
		return x, err
	}
	return tensors.FromFlatDataAndDimensions(tensors.MustCopyFlatData[float32](x), 1, width, height, 3), nil
}

func channelsFirst(picture image.Image, height, width int, filter sl.ResizeFilter) (*tensors.Tensor, error) {
	x, err := sl.Preprocess(picture, height, width, filter)
	if err != nil {
		return nil, err
	}
	values := tensors.MustCopyFlatData[float32](x)
	first := make([]float32, len(values))
	for i, v := range values {
		first[i%3*height*width+i/3] = v
	}
	return tensors.FromFlatDataAndDimensions(first, 1, 3, height, width), nil
}

// exchanged is a picture with red and blue exchanged.
type exchanged struct{ image.Image }

func (e exchanged) At(x, y int) color.Color {
	r, g, b, a := e.Image.At(x, y).RGBA()
	return color.RGBA64{uint16(b), uint16(g), uint16(r), uint16(a)}
}

// levelwise makes a Postprocess of a rule for one value, in levels.
func levelwise(rule func(v float64) uint8) func(x *tensors.Tensor) (*image.RGBA, error) {
	return func(x *tensors.Tensor) (*image.RGBA, error) {
		n := fromTensor(x)
		for i, v := range n.Values {
			c := i % 3
			n.Values[i] = float64(rule(255 * (v*float64(sl.RGBStd[c]) + float64(sl.RGBMean[c]))))
		}
		return pictureOf(numbers{n.Shape[1:], n.Values}), nil
	}
}

func TestWrongFeatures(t *testing.T) {
	wrong{
		"seen before the ReLU": ExtractFeatures(extractBy(func(_ sl.GraphLayer, x *Node) *Node { return x })),
		"No ReLU follows":      ExtractFeatures(extractBy(func(_ sl.GraphLayer, x *Node) *Node { return MaxScalar(x, 0) })),
		"Nothing is kept yet": ExtractFeatures(func(*sl.VGG, *Node, []string, []string) (c, s []*Node) {
			return nil, nil
		}),
		"there is no such map": ExtractFeatures(func(vgg *sl.VGG, x *Node, c, _ []string) (contents, styles []*Node) {
			return sl.ExtractFeatures(vgg, x, c, []string{"conv1_1", "conv2_1"})
		}),
		"yours 5 maps, expected 1 map": GetContents(sl.GetStyles),
		"yours 1 map, expected 5 maps": GetStyles(sl.GetContents),
		"a panic (no features)": GetStyles(func(*sl.Extractor, *tensors.Tensor, sl.Options) ([]*tensors.Tensor, error) {
			return nil, errors.New("no features\nand a stack trace")
		}),
	}.test(t)
}

func extractBy(tap func(layer sl.GraphLayer, x *Node) *Node) func(vgg *sl.VGG, x *Node, c, s []string) (contents, styles []*Node) {
	return func(vgg *sl.VGG, x *Node, c, s []string) (contents, styles []*Node) {
		for _, layer := range vgg.Layers {
			x = layer.Forward(x)
			if layer.In(c) {
				contents = append(contents, tap(layer, x))
			}
			if layer.In(s) {
				styles = append(styles, tap(layer, x))
			}
		}
		return contents, styles
	}
}

func TestWrongContentLoss(t *testing.T) {
	by := func(rule func(d *Node) *Node) Result {
		return ContentLoss(func(x, y *Node) *Node { return rule(Sub(x, y)) })
	}
	wrong{
		"sum of the squares":       by(func(d *Node) *Node { return ReduceAllSum(Square(d)) }),
		"half the sum":             by(func(d *Node) *Node { return MulScalar(ReduceAllSum(Square(d)), 0.5) }),
		"Leave out the root":       by(func(d *Node) *Node { return Sqrt(ReduceAllMean(Square(d))) }),
		"Square the differences.":  by(func(d *Node) *Node { return ReduceAllMean(Abs(d)) }),
		"before you take the mean": by(func(d *Node) *Node { return ReduceAllMean(d) }),
		"a panic":                  by(func(d *Node) *Node { return Reshape(d, 7) }),
		"around the target only":   by(func(d *Node) *Node { return ReduceAllMean(Square(StopGradient(d))) }),
	}.test(t)
}

func TestWrongGram(t *testing.T) {
	matrix := func(x *Node) *Node { return Reshape(x, 12, 2) }
	product := func(x *Node, divisor float64) *Node { return DivScalar(Einsum("nc,nd->cd", x, x), divisor) }
	wrong{
		"number of elements": Gram(func(x *Node) *Node { return product(matrix(x), 1) }),
		"by h·w only":        Gram(func(x *Node) *Node { return product(matrix(x), 12) }),
		"by c only":          Gram(func(x *Node) *Node { return product(matrix(x), 2) }),
		"covariance": Gram(func(x *Node) *Node {
			m := matrix(x)
			return product(Sub(m, ReduceAndKeep(m, ReduceMean, 0)), 24)
		}),
		"compares positions": Gram(func(x *Node) *Node { return DivScalar(Einsum("nc,mc->nm", matrix(x), matrix(x)), 24) }),
	}.test(t)
	target := func(g, y *Node) *Node { return Sub(g, y) }
	wrong{
		"sum of the squares":      StyleLoss(func(x, y *Node) *Node { return ReduceAllSum(Square(target(sl.Gram(x), y))) }),
		"Leave out the root":      StyleLoss(func(x, y *Node) *Node { return Sqrt(ReduceAllMean(Square(target(sl.Gram(x), y)))) }),
		"Square the differences.": StyleLoss(func(x, y *Node) *Node { return ReduceAllMean(Abs(target(sl.Gram(x), y))) }),
		"around the target only":  StyleLoss(func(x, y *Node) *Node { return StopGradient(sl.StyleLoss(x, y)) }),
	}.test(t)
}

func TestWrongTVLoss(t *testing.T) {
	by := func(rule func(down, right *Node) *Node) Result {
		return TVLoss(func(x *Node) *Node {
			h, w := x.Shape().Dim(1), x.Shape().Dim(2)
			down := Sub(Slice(x, AxisRange(), AxisRange(1, h)), Slice(x, AxisRange(), AxisRange(0, h-1)))
			right := Sub(Slice(x, AxisRange(), AxisRange(), AxisRange(1, w)), Slice(x, AxisRange(), AxisRange(), AxisRange(0, w-1)))
			return rule(down, right)
		})
	}
	half := func(a, b *Node) *Node { return MulScalar(Add(ReduceAllMean(a), ReduceAllMean(b)), 0.5) }
	wrong{
		"the formula's sum":  by(func(d, r *Node) *Node { return Add(ReduceAllSum(Abs(d)), ReduceAllSum(Abs(r))) }),
		"Take half":          by(func(d, r *Node) *Node { return Add(ReduceAllMean(Abs(d)), ReduceAllMean(Abs(r))) }),
		"to the right are":   by(func(d, _ *Node) *Node { return MulScalar(ReduceAllMean(Abs(d)), 0.5) }),
		"downwards are":      by(func(_, r *Node) *Node { return MulScalar(ReduceAllMean(Abs(r)), 0.5) }),
		"not squares":        by(func(d, r *Node) *Node { return half(Square(d), Square(r)) }),
		"differences cancel": by(half),
		"use ops.Abs":        by(func(d, r *Node) *Node { return half(Abs(d), Abs(r)) }),
	}.test(t)
}

func TestWrongComputeLoss(t *testing.T) {
	type losses = func(x *Node, c, s, ct, st []*Node, o sl.Options) sl.Losses
	with := func(change func(o *sl.Options)) losses {
		return func(x *Node, c, s, ct, st []*Node, o sl.Options) sl.Losses {
			change(&o)
			return sl.ComputeLoss(x, c, s, ct, st, o)
		}
	}
	wrong{
		"counts StyleRepeat times": ComputeLoss(with(func(o *sl.Options) { o.StyleRepeat = 1 })),
		"to the total only":        ComputeLoss(with(func(o *sl.Options) { o.StyleWeight, o.StyleRepeat = 10*o.StyleWeight, 1 })),
		"by its weight":            ComputeLoss(with(func(o *sl.Options) { o.ContentWeight, o.StyleWeight, o.TVWeight = 1, 1, 1 })),
		"come from options":        ComputeLoss(with(func(o *sl.Options) { *o = sl.Default() })),
	}.test(t)
}

func TestWrongTraining(t *testing.T) {
	update := func(rule func(image, gradient *Node) *Node) Result {
		return AdamUpdate(func(image, m, v, gradient, _, _ *Node, _, _ float64) (i, newM, newV *Node) {
			return rule(image, gradient), m, v
		})
	}
	wrong{
		"hasn't changed": update(func(image, _ *Node) *Node { return image }),
		"Go against the gradient": AdamUpdate(func(image, m, v, gradient, rate, scale *Node, beta1, beta2 float64) (i, newM, newV *Node) {
			return sl.AdamUpdate(image, m, v, gradient, Neg(rate), scale, beta1, beta2)
		}),
		"plain gradient descent": update(func(image, g *Node) *Node { return Sub(image, MulScalar(g, 0.3)) }),
		"not the gradient itself": AdamUpdate(func(image, m, v, gradient, rate, scale *Node, beta1, beta2 float64) (i, newM, newV *Node) {
			_, _, v = sl.AdamUpdate(image, m, v, gradient, rate, scale, beta1, beta2)
			return Sub(image, MulScalar(Div(gradient, AddScalar(Div(Sqrt(v), scale), 1e-8)), 0.3)), m, v
		}),
	}.test(t)
	wrong{
		"not a copy": GetInits(func(e *sl.Extractor, content *tensors.Tensor, styles []*tensors.Tensor) (sl.SynthesizedImage, []*tensors.Tensor, error) {
			_, grams, err := sl.GetInits(e, content, styles)
			return sl.SynthesizedImage{Image: content}, grams, err
		}),
		"Start from the content image": GetInits(func(e *sl.Extractor, content *tensors.Tensor, styles []*tensors.Tensor) (sl.SynthesizedImage, []*tensors.Tensor, error) {
			return sl.GetInits(e, tensors.FromShape(content.Shape()), styles)
		}),
		"there is no such matrix": GetInits(func(e *sl.Extractor, content *tensors.Tensor, styles []*tensors.Tensor) (sl.SynthesizedImage, []*tensors.Tensor, error) {
			return sl.GetInits(e, content, styles[:3])
		}),
	}.test(t)
	wrong{
		"Nothing is reported": Train(func(_ context.Context, _ *sl.Extractor, content, _ *tensors.Tensor, _ sl.Options, _ func(sl.Record) error) (*tensors.Tensor, error) {
			return content, nil
		}),
		"stay as they are": Train(func(ctx context.Context, e *sl.Extractor, content, style *tensors.Tensor, o sl.Options, report func(sl.Record) error) (*tensors.Tensor, error) {
			o.LearningRate = 0
			return sl.Train(ctx, e, content, style, o, report)
		}),
		"style of epochs 1 to 5": Train(func(ctx context.Context, e *sl.Extractor, content, style *tensors.Tensor, o sl.Options, report func(sl.Record) error) (*tensors.Tensor, error) {
			return sl.Train(ctx, e, content, content, o, report)
		}),
	}.test(t)
}

// Numbers that look right as far as they are shown are told apart.
func TestOthersDiffer(t *testing.T) {
	want := numbers{[]int{2, 5}, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}
	got := numbers{want.Shape, append([]float64{}, want.Values...)}
	got.Values[9] = 11
	made := try("f()", func() numbers { return got }, want)
	if text := made.got(); text == made.want || !strings.Contains(text, "others differ") {
		t.Errorf("shown as %s, the right one as %s", text, made.want)
	}
}
