package checks

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	sl "stylebook/stylelib"
	"stylebook/stylelib/i18n"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// layersOf returns VGG-19's layers that the names mean, in its order.
func layersOf(names []string) []sl.Layer {
	layers, err := sl.VGG19.Find(names...)
	if err != nil {
		panic(err) // the chapter's options
	}
	return layers
}

// featureTries compares samples of feature maps with those of the golden run, in order. maps is called once.
func featureTries(name, picture string, wanted []string, maps func() []numbers) []attempt {
	golden := decode[goldenRun]("random-pytorch-60x90.json").Taps[picture]
	before := decode[goldenRun]("random-paddle-60x90.json").Taps[picture] // the same network, tapped before the ReLU
	once := sync.OnceValue(maps)
	layers, names := layersOf(wanted), []string{}
	for _, layer := range layers {
		names = append(names, layer.Name)
	}
	tries := []attempt{{
		call: i18n.Format("%s for [%s]", name, strings.Join(names, " ")),
		got:  func() string { return counted(len(once())) },
		want: counted(len(layers)),
		slips: map[string]string{
			counted(0):               "Nothing is kept yet: append what a layer in the list puts out.",
			counted(6 - len(layers)): "Contents and styles are exchanged: of the chapter's layers one is for the content, five are for the style.",
			panicked("conv: a filter for 8 channels does not fit a map of shape (Float32)[1, 60, 90, 3]"): "Each layer takes what the one before put out: x = layer.Forward(x), without a colon.",
		},
	}}
	for i, layer := range layers {
		at := strconv.Itoa(layer.Index)
		slips := []slip{{before[at].numbers(), "That is seen before the ReLU: keep layer.Tap(x), not x."}}
		if layer.Index == 0 {
			slips = append(slips, slip{sampled(goldenPicture("style")), "That is what goes into the layer: keep what comes out of it."})
		}
		if i == len(layers)-1 && len(layers) > 1 { // conv5_1, the last layer of the network
			slips = []slip{{rectified(golden[at].numbers()), "No ReLU follows the last layer: its output stays as it is."}}
		}
		tries = append(tries, try(layer.String(), func() numbers {
			if len(once()) <= i {
				panic("there is no such map")
			}
			return once()[i]
		}, golden[at].numbers(), slips...))
	}
	return tries
}

// samples reads the maps while their engine is still open.
func samples(maps []*tensors.Tensor) (all []numbers) {
	for _, features := range maps {
		all = append(all, sampled(features))
	}
	return all
}

// counted is a number of maps in words.
func counted(maps int) string {
	if maps == 1 {
		return i18n.In("1 map")
	}
	return i18n.Format("%d maps", maps)
}

func rectified(n numbers) numbers {
	out := numbers{Shape: n.Shape}
	for _, v := range n.Values {
		out.Values = append(out.Values, max(v, 0))
	}
	return out
}

// ExtractFeatures checks a learner's [sl.ExtractFeatures]: the style layers' features of the style image and the content
// layers' of the same run.
func ExtractFeatures(f func(vgg *sl.VGG, x *Node, contentLayers, styleLayers []string) (contents, styles []*Node)) Result {
	options := sl.Default()
	extract := sync.OnceValues(func() (contents, styles []numbers) {
		s := openScene(options)
		defer s.close()
		count := 0
		maps, err := s.extractor.RunOnce(func(vgg *sl.VGG, in []*Node) []*Node {
			contents, styles := f(vgg, in[0], options.ContentLayers, options.StyleLayers)
			count = len(contents)
			return slices.Concat(contents, styles)
		}, s.style)
		if err != nil {
			panic(err)
		}
		return samples(maps[:count]), samples(maps[count:])
	})
	return judge("ExtractFeatures", slices.Concat(
		featureTries("contents", "style_image", options.ContentLayers, func() []numbers { c, _ := extract(); return c }),
		featureTries("styles", "style_image", options.StyleLayers, func() []numbers { _, s := extract(); return s }))...)
}

// getterTries are those of GetContents and GetStyles; picture returns what f is given.
func getterTries(name, golden string, layers []string, picture func(scene) *tensors.Tensor,
	f func(*sl.Extractor, *tensors.Tensor, sl.Options) ([]*tensors.Tensor, error)) []attempt {
	return featureTries(name, golden, layers, func() []numbers {
		s := openScene(sl.Default())
		defer s.close()
		maps, err := f(s.extractor, picture(s), sl.Default())
		if err != nil {
			panic(err)
		}
		return samples(maps)
	})
}

// GetContents checks a learner's [sl.GetContents].
func GetContents(f func(extractor *sl.Extractor, content *tensors.Tensor, options sl.Options) ([]*tensors.Tensor, error)) Result {
	content := func(s scene) *tensors.Tensor { return s.content }
	return judge("GetContents", getterTries("GetContents", "content_image", sl.Default().ContentLayers, content, f)...)
}

// GetStyles checks a learner's [sl.GetStyles].
func GetStyles(f func(extractor *sl.Extractor, style *tensors.Tensor, options sl.Options) ([]*tensors.Tensor, error)) Result {
	style := func(s scene) *tensors.Tensor { return s.style }
	return judge("GetStyles", getterTries("GetStyles", "style_image", sl.Default().StyleLayers, style, f)...)
}
