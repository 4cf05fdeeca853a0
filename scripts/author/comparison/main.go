// Command comparison makes data/comparison.jpg: our own two pictures, and what the offline network, a random one and a
// trained VGG-19 make of them with the chapter's settings.
//
//	go run ./scripts/author/comparison -real vgg19.safetensors
package main

import (
	"context"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"os"
	"os/signal"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/figure"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "comparison:", err)
		os.Exit(1)
	}
}

// sheet is what the pictures of one comparison share.
type sheet struct {
	backend        compute.Backend
	options        sl.Options
	content, style *tensors.Tensor
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("comparison", flag.ExitOnError)
	contentPath := flags.String("content", "data/content.jpg", "content `picture`")
	stylePath := flags.String("style", "data/style.jpg", "style `picture`")
	realPath := flags.String("real", "", "`file` of trained VGG-19 weights (required)")
	out := flags.String("out", "data/comparison.jpg", "`file` to write")
	height, width := flags.Int("height", sl.ChapterHeight, "height in `pixels`"), flags.Int("width", sl.ChapterWidth, "width in `pixels`")
	epochs := flags.Int("epochs", 500, "training `epochs`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	e, err := engine.Open("")
	if err != nil {
		return err
	}
	defer e.Close()
	s := &sheet{backend: e.Backend, options: sl.Default()}
	s.options.Epochs = *epochs
	if s.content, err = s.read(*contentPath, *height, *width); err != nil {
		return err
	}
	if s.style, err = s.read(*stylePath, *height, *width); err != nil {
		return err
	}
	rows, err := s.draw(ctx, *realPath)
	if err != nil {
		return err
	}
	return sl.WriteImage(*out, rows)
}

func (s *sheet) read(path string, height, width int) (*tensors.Tensor, error) {
	picture, err := sl.ReadImage(path)
	if err != nil {
		return nil, err
	}
	return sl.Preprocess(picture, height, width, s.options.Resize)
}

// draw makes the three pictures and lays out two rows: what goes in, and what comes out.
func (s *sheet) draw(ctx context.Context, realPath string) (image.Image, error) {
	content, err := sl.Postprocess(s.content)
	if err != nil {
		return nil, err
	}
	style, err := sl.Postprocess(s.style)
	if err != nil {
		return nil, err
	}
	above := figure.Pictures(figure.Picture{Title: "content image", Image: content}, figure.Picture{Title: "style image", Image: style})
	var pictures []figure.Picture
	for _, n := range []struct {
		title string
		load  func(context.Context) (*sl.Network, error)
	}{
		{"offline network, ships with stylebook", loadFrom(weights.Offline)},
		{"random weights", s.random},
		{"trained network (ImageNet)", loadFrom(realPath)},
	} {
		fmt.Println(n.title)
		net, err := n.load(ctx)
		if err != nil {
			return nil, err
		}
		picture, err := s.synthesize(ctx, net)
		if err != nil {
			return nil, err
		}
		pictures = append(pictures, figure.Picture{Title: n.title, Image: picture})
	}
	return stacked(above, figure.Pictures(pictures...)), nil
}

func loadFrom(spec string) func(context.Context) (*sl.Network, error) {
	return func(ctx context.Context) (*sl.Network, error) {
		options := weights.DefaultOptions()
		options.Spec = spec
		loaded, err := weights.Load(ctx, options)
		if err != nil {
			return nil, err
		}
		return loaded.Network, nil
	}
}

// random is as narrow as the offline network's layers were before its analytic channels.
func (s *sheet) random(context.Context) (*sl.Network, error) {
	options := transfer.From(s.options)
	net, err := weights.Random(19, sl.VGG19, [5]int{16, 32, 64, 128, 128}, options.Layers()...)
	if err != nil {
		return nil, err
	}
	return transfer.NormalizeLayers(s.backend, net, options, s.content, s.style)
}

func (s *sheet) synthesize(ctx context.Context, net *sl.Network) (image.Image, error) {
	extractor, err := sl.NewExtractor(s.backend, net, s.options)
	if err != nil {
		return nil, err
	}
	defer extractor.Finalize()
	x, err := sl.Train(ctx, extractor, s.content, s.style, s.options, func(r sl.Record) error {
		if r.Epoch%50 == 0 {
			fmt.Printf("  epoch %d of %d\n", r.Epoch, s.options.Epochs)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sl.Postprocess(x)
}

// stacked puts one image above a wider one, in the middle, on white.
func stacked(above, below image.Image) image.Image {
	a, b := above.Bounds(), below.Bounds()
	all := image.NewRGBA(image.Rect(0, 0, b.Dx(), a.Dy()+b.Dy()))
	draw.Draw(all, all.Bounds(), image.White, image.Point{}, draw.Src)
	left := (b.Dx() - a.Dx()) / 2
	draw.Draw(all, image.Rect(left, 0, left+a.Dx(), a.Dy()), above, a.Min, draw.Over)
	draw.Draw(all, image.Rect(0, a.Dy(), b.Dx(), all.Bounds().Dy()), below, b.Min, draw.Over)
	return all
}
