package checks

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	sl "stylebook/stylelib"
	"stylebook/stylelib/i18n"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Model is a learner's own [sl.SynthesizedImage].
type Model interface {
	~struct{ Image *tensors.Tensor }
}

// Forward checks the method of a learner's [sl.SynthesizedImage], which is given with its type: SynthesizedImage.Forward.
func Forward[M Model](f func(model M, image *Node) *Node) Result {
	x := numbers{[]int{1, 1, 2, 3}, []float64{-2, 0, 0.5, 1, 2, 3}}
	forward := func(in []*Node) *Node { return f(M{}, in[0]) }
	gradient := func(in []*Node) *Node { return Gradient(ReduceAllSum(Square(forward(in))), in[0])[0] }
	return judge("Forward",
		try("Forward of an image [1 1 2 3]", func() numbers { return evaluate(forward, x) }, x,
			slip{numbers{x.Shape, []float64{0, 0, 0.5, 1, 1, 1}}, "Return the image as it is: Postprocess clips it."}),
		try("gradient of its squares", func() numbers { return evaluate(gradient, x) }, numbers{x.Shape, []float64{-4, 0, 1, 2, 4, 6}},
			slip{numbers{x.Shape, make([]float64, 6)}, "No gradient reaches the image: StopGradient belongs around targets only."}))
}

// GetInits checks a learner's [sl.GetInits]: the first image and the Gram matrices of the style image.
func GetInits[M Model](f func(extractor *sl.Extractor, content *tensors.Tensor, styles []*tensors.Tensor) (M, []*tensors.Tensor, error)) Result {
	options := sl.Default()
	s := openScene(options)
	defer s.close()
	styles, err := sl.GetStyles(s.extractor, s.style, options)
	if err != nil {
		panic(err)
	}
	golden := decode[goldenRun]("random-pytorch-60x90.json")
	inits := sync.OnceValues(func() (*tensors.Tensor, []*tensors.Tensor) {
		x, grams, err := f(s.extractor, s.content, styles)
		if err != nil {
			panic(err)
		}
		return sl.SynthesizedImage(x).Image, grams
	})
	image := func() numbers {
		x, _ := inits()
		switch x {
		case nil:
			panic("no image comes back")
		case s.content:
			panic("it is the content image itself and not a copy: the training would change both")
		}
		return sampled(x)
	}
	content := sampled(s.content)
	zero := numbers{content.Shape, make([]float64, len(content.Values))}
	tries := []attempt{
		try("the synthesized image", image, content,
			slip{zero, "Start from the content image."}),
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
