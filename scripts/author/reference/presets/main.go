// Command presets measures what the differences between the chapter's three tabs do to a result. It trains on one pair of
// pictures with each preset, and with the PyTorch preset changed in one respect at a time, and prints the tables of
// data/presets.md:
//
//	go run ./scripts/author/reference/presets -weights FILE
package main

import (
	"context"
	"flag"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

type settings struct {
	content, style, weights, out string
	height, width, epochs        int
}

func main() {
	var s settings
	flag.StringVar(&s.content, "content", "data/content.jpg", "content picture")
	flag.StringVar(&s.style, "style", "data/style.jpg", "style picture")
	flag.StringVar(&s.weights, "weights", "data/weights/vgg19-random.safetensors", "VGG-19 weights file")
	flag.StringVar(&s.out, "out", "", "folder to write the pictures to")
	flag.IntVar(&s.height, "height", 150, "height in pixels")
	flag.IntVar(&s.width, "width", 225, "width in pixels")
	flag.IntVar(&s.epochs, "epochs", 300, "training epochs")
	flag.Parse()
	if err := s.run(); err != nil {
		fmt.Fprintln(os.Stderr, "presets:", err)
		os.Exit(1)
	}
}

// variant is one training.
type variant struct {
	name    string
	engine  string
	options sl.Options
}

// variants are the presets, the single differences, and twice the same on two engines, which shows how far runs of one
// preset drift apart by rounding alone.
func (s settings) variants() []variant {
	base := sl.Default()
	change := func(name string, f func(*sl.Options)) variant {
		options := base
		f(&options)
		return variant{name, "", options}
	}
	all := []variant{
		change("pytorch", func(*sl.Options) {}),
		{"pytorch, other engine", "go", base},
		change("paddle", func(o *sl.Options) { *o, _ = sl.Preset("paddle") }),
		change("mxnet", func(o *sl.Options) { *o, _ = sl.Preset("mxnet") }),
		change("pytorch, taps before ReLU", func(o *sl.Options) { o.Taps = sl.TapsBeforeReLU }),
		change("pytorch, resize without antialias", func(o *sl.Options) { o.Resize = sl.PlainBilinear }),
		change("pytorch, MXNet's Adam", func(o *sl.Options) { o.Adam = sl.AdamMXNet }),
		change("pytorch, learning rate 0.9", func(o *sl.Options) { o.LearningRate = 0.9 }),
		change("pytorch, style not times 10", func(o *sl.Options) { o.StyleRepeat = 1 }),
	}
	for i := range all {
		all[i].options.Epochs = s.epochs
	}
	return all
}

// outcome is what a training ended with.
type outcome struct {
	last    sl.Record // losses as the variant itself counts them
	judged  [3]float64
	picture *image.RGBA
}

func (s settings) run() error {
	fmt.Printf("%d × %d, %d epochs\n\n| run | content | style | TV | as PyTorch counts: content | style | TV | RMS difference |\n"+
		"| --- | --- | --- | --- | --- | --- | --- | --- |\n", s.height, s.width, s.epochs)
	var first *image.RGBA
	for _, v := range s.variants() {
		o, err := s.train(v)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		if first == nil {
			first = o.picture
		}
		fmt.Printf("| %s | %.3g | %.3g | %.3g | %.3g | %.3g | %.3g | %.1f |\n", v.name, o.last.Loss("content"), o.last.Loss("style"), o.last.Loss("tv"),
			o.judged[0], o.judged[1], o.judged[2], rms(first, o.picture))
	}
	return nil
}

func (s settings) train(v variant) (o outcome, err error) {
	e, err := engine.Open(v.engine)
	if err != nil {
		return o, err
	}
	defer e.Close()
	// read anew for each engine: tensors live on the engine that they were used on
	net, err := weights.Read(context.Background(), s.weights, slices.Concat(v.options.ContentLayers, v.options.StyleLayers)...)
	if err != nil {
		return o, err
	}
	extractor, err := sl.NewExtractor(e.Backend, net, v.options)
	if err != nil {
		return o, err
	}
	defer extractor.Finalize()
	content, style, err := s.inputs(v.options)
	if err != nil {
		return o, err
	}
	x, err := sl.Train(context.Background(), extractor, content, style, v.options, func(r sl.Record) error {
		o.last = r
		return nil
	})
	if err != nil {
		return o, err
	}
	if o.picture, err = sl.Postprocess(x); err != nil {
		return o, err
	}
	if o.judged, err = s.judge(e, net, x); err != nil {
		return o, err
	}
	if s.out == "" {
		return o, nil
	}
	return o, sl.WriteImage(filepath.Join(s.out, v.name+".png"), o.picture)
}

func (s settings) inputs(options sl.Options) (content, style *tensors.Tensor, err error) {
	read := func(path string) (*tensors.Tensor, error) {
		picture, err := sl.ReadImage(path)
		if err != nil {
			return nil, err
		}
		return sl.Preprocess(picture, s.height, s.width, options.Resize)
	}
	if content, err = read(s.content); err != nil {
		return nil, nil, err
	}
	style, err = read(s.style)
	return content, style, err
}

// judge returns content, style and TV loss of an image as the PyTorch preset counts them, whichever preset made it.
func (s settings) judge(e *engine.Engine, net *sl.Network, x *tensors.Tensor) (losses [3]float64, err error) {
	options := sl.Default()
	extractor, err := sl.NewExtractor(e.Backend, net, options)
	if err != nil {
		return losses, err
	}
	defer extractor.Finalize()
	content, style, err := s.inputs(options)
	if err != nil {
		return losses, err
	}
	program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
		contents, styles := sl.ExtractFeatures(vgg, in[0], options.ContentLayers, options.StyleLayers)
		contentTargets, _ := sl.ExtractFeatures(vgg, in[1], options.ContentLayers, nil)
		_, styleFeatures := sl.ExtractFeatures(vgg, in[2], nil, options.StyleLayers)
		var grams []*Node
		for _, features := range styleFeatures {
			grams = append(grams, sl.Gram(features))
		}
		l := sl.ComputeLoss(in[0], contents, styles, contentTargets, grams, options)
		return []*Node{l.Content, l.Style, l.TV}
	})
	if err != nil {
		return losses, err
	}
	defer program.Finalize()
	out, err := program.Run(x, content, style)
	if err != nil {
		return losses, err
	}
	for i := range losses {
		losses[i] = float64(tensors.ToScalar[float32](out[i]))
	}
	return losses, nil
}

// rms is the root mean square of the difference of all red, green and blue values, in grey levels.
func rms(a, b *image.RGBA) float64 {
	sum, n := 0.0, 0
	for i := range a.Pix {
		if i%4 != 3 {
			d := float64(a.Pix[i]) - float64(b.Pix[i])
			sum += d * d
			n++
		}
	}
	return math.Sqrt(sum / float64(n))
}
