package checks

import (
	"image"
	"math"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/ops"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// What one is likely to write who translates the book's PyTorch code, and what the check then says.

func TestTranslatedPictures(t *testing.T) {
	wrong{
		"Subtract the mean first": Preprocess(pixelwise(func(v, mean, std float32) float32 { return v/255/std - mean })),
		"unsqueeze(0)": Preprocess(func(p image.Image, h, w int, f sl.ResizeFilter) (*tensors.Tensor, error) {
			x, err := sl.Preprocess(p, h, w, f)
			if err != nil {
				return nil, err
			}
			return tensors.FromFlatDataAndDimensions(tensors.MustCopyFlatData[float32](x), h, w, 3), nil
		}),
	}.test(t)
	by := func(rule func(v, mean, std float64) float64) Result {
		return Postprocess(func(x *tensors.Tensor) (*image.RGBA, error) {
			n := fromTensor(x)
			for i, v := range n.Values {
				n.Values[i] = math.Round(rule(v, float64(sl.RGBMean[i%3]), float64(sl.RGBStd[i%3])))
			}
			return pictureOf(numbers{n.Shape[1:], n.Values}), nil
		})
	}
	clip := func(v float64) float64 { return min(max(v, 0), 1) }
	wrong{
		"normalizes once more":                          by(func(v, mean, std float64) float64 { return 255 * clip((v-mean)/std) }),
		"First times the deviation, then plus the mean": by(func(v, mean, std float64) float64 { return 255 * clip((v+mean)*std) }),
		"multiply by 255":                               by(func(v, mean, std float64) float64 { return clip(v*std + mean) }),
	}.test(t)
}

func TestTranslatedFeatures(t *testing.T) {
	type extract = func(vgg *sl.VGG, x *Node, c, s []string) (contents, styles []*Node)
	shadowed := extract(func(vgg *sl.VGG, x *Node, c, s []string) (contents, styles []*Node) {
		for _, layer := range vgg.Layers {
			x := layer.Forward(x)
			if layer.In(s) {
				styles = append(styles, layer.Tap(x))
			}
		}
		return contents, styles
	})
	before := extract(func(vgg *sl.VGG, x *Node, c, s []string) (contents, styles []*Node) {
		for _, layer := range vgg.Layers {
			if layer.In(s) {
				styles = append(styles, x)
			}
			x = layer.Forward(x)
			if layer.In(c) {
				contents = append(contents, layer.Tap(x))
			}
		}
		return contents, styles
	})
	exchanged := extract(func(vgg *sl.VGG, x *Node, c, s []string) (contents, styles []*Node) {
		styles, contents = sl.ExtractFeatures(vgg, x, c, s)
		return contents, styles
	})
	wrong{
		"without a colon":         ExtractFeatures(shadowed),
		"what goes into the":      ExtractFeatures(before),
		"styles are exchanged":    ExtractFeatures(exchanged),
		"five are for the style.": GetContents(sl.GetStyles),
	}.test(t)
}

func TestTranslatedLosses(t *testing.T) {
	book := func(x *Node) *Node { return Reshape(x, 2, 12) }
	product := func(x *Node) *Node { return Einsum("cn,dn->cd", book(x), book(x)) }
	wrong{
		"mixes the channels up":    Gram(func(x *Node) *Node { return DivScalar(product(x), 24) }),
		"And divide by c·h·w":      Gram(product),
		"once, not by its square.": Gram(func(x *Node) *Node { return DivScalar(sl.Gram(x), 24) }),
	}.test(t)
	difference := func(x, y *Node) *Node { return Sub(sl.Gram(x), y) }
	wrong{
		"before you take the mean": StyleLoss(func(x, y *Node) *Node { return ReduceAllMean(difference(x, y)) }),
		"a Gram matrix already":    StyleLoss(func(x, y *Node) *Node { return ReduceAllMean(Square(difference(x, sl.Gram(y)))) }),
	}.test(t)
	along := func(x *Node, axis int) *Node {
		first, rest := []SliceAxisSpec{AxisRange(), AxisRange(), AxisRange(), AxisRange()}, make([]SliceAxisSpec, 4)
		copy(rest, first)
		first[axis], rest[axis] = AxisRange(0, -1), AxisRange(1)
		return ops.ReduceAllMean(ops.Abs(Sub(Slice(x, rest...), Slice(x, first...))))
	}
	wrong{
		"axes 2 and 3": TVLoss(func(x *Node) *Node { return MulScalar(Add(along(x, 2), along(x, 3)), 0.5) }),
	}.test(t)
}

func TestTranslatedTotal(t *testing.T) {
	by := func(change func(o *sl.Options, l *sl.Losses)) Result {
		return ComputeLoss(func(x *Node, c, s, ct, st []*Node, o sl.Options) sl.Losses {
			change(&o, nil)
			l := sl.ComputeLoss(x, c, s, ct, st, o)
			change(&o, &l)
			return l
		})
	}
	weight := func(change func(o *sl.Options)) Result {
		return by(func(o *sl.Options, l *sl.Losses) {
			if l == nil {
				change(o)
			}
		})
	}
	total := func(of func(l *sl.Losses) *Node) Result {
		return by(func(_ *sl.Options, l *sl.Losses) {
			if l != nil {
				l.Total = of(l)
			}
		})
	}
	ten := func(x *Node) *Node { return MulScalar(x, 10) }
	wrong{
		"by TVWeight":               weight(func(o *sl.Options) { o.TVWeight = 1 }),
		"by StyleWeight":            weight(func(o *sl.Options) { o.StyleWeight = 1 }),
		"by ContentWeight":          weight(func(o *sl.Options) { o.ContentWeight = 1 }),
		"10 * styles_l":             total(func(l *sl.Losses) *Node { return ten(Add(Add(l.Content, l.Style), l.TV)) }),
		"variation loss is missing": total(func(l *sl.Losses) *Node { return Add(l.Content, ten(l.Style)) }),
		"content losses are":        total(func(l *sl.Losses) *Node { return Add(ten(l.Style), l.TV) }),
	}.test(t)
}

func TestTranslatedAdam(t *testing.T) {
	by := func(step func(m, v, rate, scale *Node) *Node, square func(*Node) *Node, gathered float64) Result {
		return AdamUpdate(func(image, m, v, g, rate, scale *Node, beta1, beta2 float64) (i, newM, newV *Node) {
			m = Add(MulScalar(m, beta1), MulScalar(g, gathered))
			v = Add(MulScalar(v, beta2), MulScalar(square(g), 1-beta2))
			return Sub(image, step(m, v, rate, scale)), m, v
		})
	}
	step := func(m, v, rate, scale *Node) *Node { return Mul(rate, Div(m, AddScalar(Div(Sqrt(v), scale), 1e-8))) }
	if right := by(step, Square, 1-0.9); !right.Right {
		t.Fatal(right)
	}
	wrong{
		"the gradient's square": by(step, Identity, 1-0.9),
		"Divide by the root of v.": by(func(m, v, rate, scale *Node) *Node {
			return Mul(rate, Div(m, AddScalar(Div(v, scale), 1e-8)))
		}, Square, 1-0.9),
		"the step by rate": by(func(m, v, _, scale *Node) *Node { return Div(m, AddScalar(Div(Sqrt(v), scale), 1e-8)) }, Square, 1-0.9),
		"by scale":         by(func(m, v, rate, _ *Node) *Node { return Mul(rate, Div(m, AddScalar(Sqrt(v), 1e-8))) }, Square, 1-0.9),
		"(1-beta1)":        by(step, Square, 1),
	}.test(t)
}

func TestTranslatedLearningRate(t *testing.T) {
	by := func(power func(o sl.Options, epoch int) float64) Result {
		return LearningRate(func(o sl.Options, epoch int) float64 {
			if o.LRDecayEvery == 0 {
				return o.LearningRate
			}
			return o.LearningRate * math.Pow(o.LRDecay, power(o, epoch))
		})
	}
	whole := func(o sl.Options, epoch int) float64 { return float64((epoch - 1) / o.LRDecayEvery) }
	wrong{
		"Epochs count from 1":                by(func(o sl.Options, epoch int) float64 { return float64(epoch / o.LRDecayEvery) }),
		"falls in steps":                     by(func(o sl.Options, epoch int) float64 { return float64(epoch-1) / float64(o.LRDecayEvery) }),
		"divide whole":                       by(func(o sl.Options, epoch int) float64 { return float64(epoch) / float64(o.LRDecayEvery) }),
		"not after each":                     by(func(_ sl.Options, epoch int) float64 { return float64(epoch - 1) }),
		"doesn't fall yet":                   LearningRate(func(o sl.Options, _ int) float64 { return o.LearningRate }),
		"falls again":                        by(func(o sl.Options, epoch int) float64 { return min(whole(o, epoch), 1) }),
		"to the power of how often the rate": LearningRate(func(o sl.Options, epoch int) float64 { return 0.3 * 0.8 * float64((epoch-1)/50) }),
		"That is the factor alone":           LearningRate(func(o sl.Options, epoch int) float64 { return math.Pow(0.8, float64((epoch-1)/50)) }),
		"come from options":                  LearningRate(func(o sl.Options, epoch int) float64 { return o.LearningRate * math.Pow(0.8, float64((epoch-1)/50)) }),
		"LRDecayEvery 0": LearningRate(func(o sl.Options, epoch int) float64 {
			return o.LearningRate * math.Pow(o.LRDecay, whole(o, epoch))
		}),
	}.test(t)
}

func TestTranslatedForward(t *testing.T) {
	type own = sl.SynthesizedImage
	wrong{
		"Postprocess clips it": Forward(func(_ own, image *Node) *Node { return ClipScalar(image, 0, 1) }),
		"around targets only":  Forward(func(_ own, image *Node) *Node { return StopGradient(image) }),
	}.test(t)
}

func TestTranslatedInits(t *testing.T) {
	wrong{
		"for each of styles": GetInits(func(e *sl.Extractor, content *tensors.Tensor, _ []*tensors.Tensor) (sl.SynthesizedImage, []*tensors.Tensor, error) {
			x, err := content.LocalClone()
			return sl.SynthesizedImage{Image: x}, nil, err
		}),
	}.test(t)
}

// A panic says its reason, and nothing of the program around it.
func TestPanicsAreShort(t *testing.T) {
	wrong{
		"yours a panic (total requested size 7":   ContentLoss(func(x, _ *Node) *Node { return Reshape(x, 7) }),
		"a panic (invalid input[0]: Node is nil)": Gram(func(*Node) *Node { return nil }),
		"a panic (not written yet)":               Gram(func(*Node) *Node { panic("not written yet") }),
	}.test(t)
}
