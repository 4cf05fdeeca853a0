package checks

import (
	"context"
	"encoding/json"
	"slices"

	"stylebook/data"
	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/weights"

	"github.com/gomlx/gomlx/core/tensors"
)

// example is one entry of checks.json: what a function is given, what is expected, and what slips make of it.
type example map[string]json.RawMessage

// read decodes a part of the entry. The file is ours and tested: a missing part is a mistake in this package.
func read[T any](e example, name string) (value T) {
	if err := json.Unmarshal(e[name], &value); err != nil {
		panic("checks.json: " + name + ": " + err.Error())
	}
	return value
}

func (e example) numbers(name string) numbers { return read[numbers](e, name) }

// slips returns the entry's wrong results with a hint for each; every one has a hint.
func (e example) slips(hints map[string]string) (slips []slip) {
	for name, result := range read[map[string]numbers](e, "slips") {
		hint, ok := hints[name]
		if !ok {
			panic("checks.json: no hint for the slip " + name)
		}
		slips = append(slips, slip{result, hint})
	}
	return slips
}

func goldenExample(name string) example { return decode[map[string]example]("checks.json")[name] }

func decode[T any](file string) (value T) {
	if err := json.Unmarshal(embedded("golden/"+file), &value); err != nil {
		panic(file + ": " + err.Error())
	}
	return value
}

func embedded(path string) []byte {
	content, err := data.Files.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return content
}

// goldenRun is what a run of the method by an independent implementation left.
type goldenRun struct {
	Taps  map[string]map[string]tap `json:"taps"` // by image and layer
	Grams map[string]map[string]struct {
		Row0 []float64 `json:"row0"`
	} `json:"grams"`
	Trace map[string][]float64 `json:"trace"`
}

// tap is a sample of a feature map.
type tap struct {
	Shape  []int     `json:"shape"` // channels, height, width
	Sample []float64 `json:"sample"`
}

// numbers returns the sample under the shape that the map has here.
func (t tap) numbers() numbers {
	return numbers{[]int{1, t.Shape[1], t.Shape[2], t.Shape[0]}, t.Sample}
}

// sampled takes the golden files' sample of a feature map [1, h, w, c]: element ((k+1)·7919) mod n of the map flattened in
// the order channel, height, width.
func sampled(features *tensors.Tensor) numbers {
	n := fromTensor(features)
	if len(n.Shape) != 4 {
		return n
	}
	h, w, c := n.Shape[1], n.Shape[2], n.Shape[3]
	sample := numbers{Shape: n.Shape}
	for k := range 32 {
		at := (k + 1) * 7919 % len(n.Values)
		channel, place := at/(h*w), at%(h*w)
		sample.Values = append(sample.Values, n.Values[place*c+channel])
	}
	return sample
}

// scene is the golden run's network and pictures, on the pure-Go engine.
type scene struct {
	extractor      *sl.Extractor
	content, style *tensors.Tensor
	close          func()
}

func openScene(options sl.Options) scene {
	net, err := weights.Decode(context.Background(), embedded("weights/vgg19-random.safetensors"), "the random network", slices.Concat(options.ContentLayers, options.StyleLayers)...)
	if err != nil {
		panic(err)
	}
	backend := openEngine()
	extractor, err := sl.NewExtractor(backend, net, options)
	if err != nil {
		panic(err)
	}
	return scene{extractor, goldenPicture("content"), goldenPicture("style"), func() {
		extractor.Finalize()
		backend.Finalize()
	}}
}

// goldenPicture returns one of the two pictures, normalized.
func goldenPicture(which string) *tensors.Tensor {
	name := "golden/images/" + which + "-60x90-pil.png"
	picture, err := imagefile.Decode(embedded(name), name)
	if err != nil {
		panic(err)
	}
	x, err := sl.Preprocess(picture, 60, 90, sl.AntialiasBilinear) // already at size
	if err != nil {
		panic(err)
	}
	return x
}
