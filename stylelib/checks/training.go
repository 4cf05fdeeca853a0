package checks

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	sl "stylebook/stylelib"
	"stylebook/stylelib/i18n"

	"github.com/gomlx/gomlx/core/tensors"
)

// GetInits checks a learner's [sl.GetInits]: the first image and the Gram matrices of the style image.
func GetInits(f func(extractor *sl.Extractor, content *tensors.Tensor, styles []*tensors.Tensor) (*sl.SynthesizedImage, []*tensors.Tensor, error)) Result {
	options := sl.Default()
	s := openScene(options)
	defer s.close()
	styles, err := sl.GetStyles(s.extractor, s.style, options)
	if err != nil {
		panic(err)
	}
	golden := decode[goldenRun]("random-pytorch-60x90.json")
	inits := sync.OnceValues(func() (*sl.SynthesizedImage, []*tensors.Tensor) {
		x, grams, err := f(s.extractor, s.content, styles)
		if err != nil {
			panic(err)
		}
		return x, grams
	})
	image := func(of func(x *sl.SynthesizedImage) *tensors.Tensor) func() numbers {
		return func() numbers {
			x, _ := inits()
			if x == nil {
				panic("no image comes back")
			}
			return sampled(of(x))
		}
	}
	content := sampled(s.content)
	zero := numbers{content.Shape, make([]float64, len(content.Values))}
	tries := []attempt{
		try("the synthesized image", image(func(x *sl.SynthesizedImage) *tensors.Tensor { return x.Image }), content,
			slip{zero, "Start from the content image."}),
		{call: "updates made so far", want: "0", got: func() string { x, _ := inits(); return fmt.Sprint(x.Epoch) }},
		{call: "Gram matrices", want: fmt.Sprint(len(styles)), got: func() string { _, grams := inits(); return fmt.Sprint(len(grams)) },
			slips: map[string]string{"0": "Return a Gram matrix for each of styles."}},
	}
	for i, layer := range layersOf(options.StyleLayers) {
		row := golden.Grams["style_image"][strconv.Itoa(layer.Index)].Row0
		tries = append(tries, try(i18n.Format("%v, beginning of its Gram matrix", layer), func() numbers {
			_, grams := inits()
			if len(grams) <= i {
				panic("there is no such matrix")
			}
			n := fromTensor(grams[i])
			return vector(n.Values[:min(len(n.Values), len(row))]...)
		}, vector(row...)))
	}
	return judge("GetInits", tries...)
}

// Train checks a learner's [sl.Train] by the losses of five epochs, without total variation: with it rounding decides soon.
func Train(f func(ctx context.Context, extractor *sl.Extractor, content, style *tensors.Tensor, options sl.Options,
	report func(sl.Record) error) (*tensors.Tensor, error)) Result {
	options := sl.Default()
	options.Epochs, options.TVWeight = 5, 0
	golden := decode[goldenRun]("random-pytorch-60x90-tv-off.json").Trace
	s := openScene(options)
	defer s.close()
	var content, style, total []float64
	run := sync.OnceValue(func() *tensors.Tensor {
		image, err := f(context.Background(), s.extractor, s.content, s.style, options, func(r sl.Record) error {
			content, style, total = append(content, r.Loss("content")), append(style, r.Loss("style")), append(total, r.Total)
			return nil
		})
		if err != nil {
			panic(err)
		}
		return image
	})
	losses := func(got *[]float64, name string) attempt {
		want := golden[name][:options.Epochs]
		still := make([]float64, options.Epochs)
		for i := range still {
			still[i] = want[0]
		}
		return try(name+" of epochs 1 to 5", func() numbers { run(); return vector(*got...) }, vector(want...),
			slip{vector(still...), "The losses stay as they are: does each epoch get the image of the one before?"},
			slip{vector(), "Nothing is reported: call report after each epoch."})
	}
	return judge("Train",
		losses(&content, "content"), losses(&style, "style"), losses(&total, "total"),
		attempt{call: "the result's shape", want: fmt.Sprint(s.content.Shape().Dimensions),
			got: func() string { return fmt.Sprint(fromTensor(run()).Shape) }})
}
