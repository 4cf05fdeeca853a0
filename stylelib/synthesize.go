package stylelib

import (
	"fmt"
	"math"
	"time"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// SynthesizedImage is the model that is trained: its only parameter is the image itself, beside which Adam keeps two
// running means of the gradient.
type SynthesizedImage struct {
	Image *tensors.Tensor // the synthesized image, normalized, float32 [1, height, width, 3]
	M     *tensors.Tensor // Adam's mean of the gradient, same shape
	V     *tensors.Tensor // Adam's mean of the squared gradient, same shape
	Epoch int             // updates made so far

	previous *tensors.Tensor // the image before the latest update, known to have a finite loss
}

// NewSynthesizedImage returns the initial state: a copy of initial, which in the chapter is the content image, and an
// Adam that has seen no gradient.
func NewSynthesizedImage(initial *tensors.Tensor) (*SynthesizedImage, error) {
	image, err := initial.LocalClone()
	if err != nil {
		return nil, err
	}
	return &SynthesizedImage{
		Image: image,
		M:     tensors.FromShape(image.Shape()),
		V:     tensors.FromShape(image.Shape()),
	}, nil
}

// GetInits returns what the training starts from: the synthesized image, set to the content image and with a fresh Adam,
// and the Gram matrices [c, c] of the style features, which the style loss compares with.
func GetInits(extractor *Extractor, content *tensors.Tensor, styles []*tensors.Tensor) (*SynthesizedImage, []*tensors.Tensor, error) {
	x, err := NewSynthesizedImage(content)
	if err != nil {
		return nil, nil, err
	}
	program, err := extractor.CompileOnce(func(_ *VGG, styles []*Node) []*Node {
		var grams []*Node
		for _, features := range styles {
			grams = append(grams, Gram(features))
		}
		return grams
	})
	if err != nil {
		return nil, nil, err
	}
	defer program.Finalize()
	grams, err := program.Run(AsInputs(styles)...)
	return x, grams, err
}

// AdamUpdate returns image, m and v after one step of Adam against the gradient.
//
//	m ← m + (1-β₁)·(g - m)
//	v ← β₂·v + (1-β₂)·g²
//	image ← image - rate · m / (√v/scale + ε)
//
// All have the same shape but rate and scale, which are the scalars of [AdamRate].
func AdamUpdate(image, m, v, gradient, rate, scale *Node) (newImage, newM, newV *Node) {
	m = Add(m, MulScalar(Sub(gradient, m), 1-AdamBeta1))
	v = Add(MulScalar(v, AdamBeta2), MulScalar(Square(gradient), 1-AdamBeta2))
	step := Mul(rate, Div(m, AddScalar(Div(Sqrt(v), scale), AdamEpsilon)))
	return Sub(image, step), m, v
}

// AdamRate returns the two numbers that Adam's update t (from 1) needs besides the gradient: with c₁ = 1-β₁ᵗ and
// c₂ = 1-β₂ᵗ, which make up for m and v starting at zero,
//
//	AdamPyTorch:  rate = lr/c₁,      scale = √c₂
//	AdamMXNet:    rate = lr·√c₂/c₁,  scale = 1
//
// Kingma, Ba 2015: the first is algorithm 1, the second the variant at the end of its section 2, with ε left unscaled.
func AdamRate(form AdamForm, learningRate float64, t int) (rate, scale float64) {
	c1 := 1 - math.Pow(AdamBeta1, float64(t))
	c2 := 1 - math.Pow(AdamBeta2, float64(t))
	if form == AdamMXNet {
		return learningRate * math.Sqrt(c2) / c1, 1
	}
	return learningRate / c1, math.Sqrt(c2)
}

// Step runs one epoch of a compiled training step: inputs image, m, v, rate, scale and targets; outputs image, m, v and
// the losses content, style, tv and total as one vector. M and V are given away, so that the engine can write the new ones
// in their place; the image is not, because the previous one may be needed again.
//
// A total that is not a number is a *[DivergedError]; Image is then the one before the update that spoiled it.
func (x *SynthesizedImage) Step(program *Program, targets []*tensors.Tensor, options Options) (Record, error) {
	lr := options.LearningRateAt(x.Epoch + 1)
	rate, scale := AdamRate(options.Adam, lr, x.Epoch+1)
	return x.update(program, targets, lr, rate, scale)
}

// update is Step with the numbers that the program takes between v and the targets.
func (x *SynthesizedImage) update(program *Program, targets []*tensors.Tensor, lr float64, numbers ...float64) (Record, error) {
	start := time.Now()
	epoch := x.Epoch + 1
	m, v, err := x.donateMoments(program.backend)
	if err != nil {
		return Record{}, fmt.Errorf("epoch %d: %w", epoch, err)
	}
	inputs := []any{x.Image, m, v}
	for _, number := range numbers {
		inputs = append(inputs, float32(number))
	}
	out, err := program.Run(append(inputs, AsInputs(targets)...)...)
	if err != nil {
		return Record{}, fmt.Errorf("epoch %d: %w", epoch, err)
	}
	losses := tensors.MustCopyFlatData[float32](out[3])
	record := Record{Epoch: epoch, Content: float64(losses[0]), Style: float64(losses[1]), TV: float64(losses[2]),
		Total: float64(losses[3]), LR: lr}
	if math.IsNaN(record.Total) || math.IsInf(record.Total, 0) {
		if x.previous != nil {
			x.Image = x.previous
		}
		return Record{}, &DivergedError{Epoch: epoch}
	}
	free(x.previous, out[3])
	x.previous, x.Image, x.M, x.V, x.Epoch = x.Image, out[0], out[1], out[2], epoch
	record.Image = x.Image
	record.Seconds = time.Since(start).Seconds()
	return record, nil
}

// donateMoments hands Adam's two means to the engine; the tensors can't be used afterwards.
func (x *SynthesizedImage) donateMoments(backend compute.Backend) (m, v any, err error) {
	if m, err = DonateTensorBuffer(x.M, backend, 0); err != nil {
		return nil, nil, err
	}
	v, err = DonateTensorBuffer(x.V, backend, 0)
	return m, v, err
}

func scalar(t *tensors.Tensor) float64 { return float64(tensors.ToScalar[float32](t)) }

// free gives memory back at once instead of at the next garbage collection.
func free(ts ...*tensors.Tensor) {
	for _, t := range ts {
		if t != nil {
			_ = t.FinalizeAll()
		}
	}
}
