package transfer

import (
	"image"
	"image/color"
	"math"
	"slices"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// noisePicture looks the same everywhere, so that seams would show.
func noisePicture(t *testing.T, seed int64, height, width int) image.Image {
	t.Helper()
	picture, err := sl.Postprocess(Noise(seed, height, width))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// TestTilesAreTheWhole compares losses and gradient in tiles with those of the whole picture.
func TestTilesAreTheWhole(t *testing.T) {
	for name, c := range map[string]struct {
		height, width, tile int
		change              func(*Options)
	}{
		"the chapter's layers": {230, 247, 32, nil},
		"up to conv3_1, Wasserstein, normalized": {75, 66, 20, func(o *Options) {
			o.ContentLayers, o.StyleLayers = []string{"conv2_2"}, []string{"conv1_1", "conv2_1", "conv3_1"}
			o.StyleLoss, o.NormalizeLayers, o.StyleWeight = wassersteinTerm.Name, true, 1
		}},
		"average pooling, before the ReLU": {120, 90, 48, func(o *Options) {
			o.Pooling, o.Taps, o.StyleLayers = sl.AveragePooling, sl.TapsBeforeReLU, []string{"conv1_2", "conv3_2", "conv3_4"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
				if (e.Name == "go") == (c.change == nil) {
					t.Skip("skipped: deep layers are fast on XLA only, and many graphs compile fast on go only")
				}
				options := Default()
				if c.change != nil {
					c.change(&options)
				}
				net, err := weights.Random(2, sl.VGG19, [5]int{4, 8, 8, 8, 8}, options.Layers()...)
				if err != nil {
					t.Fatal(err)
				}
				if options.Pooling != PoolingOfWeights {
					net = net.Pooled(options.Pooling)
				}
				extractor, err := NewExtractor(e.Backend, net, options)
				if err != nil {
					t.Fatal(err)
				}
				defer extractor.Finalize()
				in, err := Pictures{Content: noisePicture(t, 1, c.height, c.width), Styles: []image.Image{noisePicture(t, 2, 99, 99)}}.
					resized(size{c.height, c.width}, options)
				if err != nil {
					t.Fatal(err)
				}
				image := Noise(3, c.height, c.width)
				want, wantGradient := slopeAt(t, extractor, in, options, stage{size: in.size}, image)
				options.Tile = c.tile
				got, gotGradient := slopeAt(t, extractor, in, options, stage{size: in.size}, image)
				for i, w := range want {
					if off := testkit.RelativeError(got[i], w); !(off <= 1e-4) {
						t.Errorf("loss %d is %g, want %g", i, got[i], w)
					}
				}
				off := testkit.RelativeL2(t, gotGradient, wantGradient)
				if !(off <= 1e-4) {
					t.Errorf("the gradient is off by %.1e", off)
				}
				ratio := seams(gotGradient, c.height, c.width, c.tile, extractor.Layers)
				if !(ratio <= 1.1) {
					t.Errorf("the gradient at the seams is %.3f times the interior's", ratio)
				}
				t.Logf("gradient off by %.1e, at the seams %.3f times the interior's", off, ratio)
			})
		})
	}
}

// Neural neighbours in tiles, of either stage, with regions and shares too, are those of the whole picture.
func TestNeighboursInTilesAreTheWhole(t *testing.T) {
	const height, width = 150, 203
	options, err := Choose(Choice{Preset: NNST})
	if err != nil {
		t.Fatal(err)
	}
	options.Blend = []float64{1, 2}
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		net, err := weights.Random(2, sl.VGG16, [5]int{4, 8, 8, 8, 8}, options.Layers()...)
		if err != nil {
			t.Fatal(err)
		}
		extractor, err := NewExtractor(e.Backend, net, options)
		if err != nil {
			t.Fatal(err)
		}
		defer extractor.Finalize()
		half := halves(height, width)
		in, err := Pictures{Content: noisePicture(t, 1, height, width), ContentMask: half,
			Styles: []image.Image{noisePicture(t, 2, 99, 99), noisePicture(t, 4, 80, 90)}, StyleMasks: []image.Image{half, half}}.
			resized(size{height, width}, options)
		if err != nil {
			t.Fatal(err)
		}
		for name, of := range map[string]stage{"a stage": {size: in.size}, "the last one": {size: in.size, places: true}} {
			image, whole, tiled := Noise(3, height, width), options, options
			whole.Tile, tiled.Tile = 0, 96
			want, wantGradient := slopeAt(t, extractor, in, whole, of, image)
			got, gotGradient := slopeAt(t, extractor, in, tiled, of, image)
			if off := testkit.RelativeError(got[1], want[1]); !(off <= 1e-5) {
				t.Errorf("%s: the loss is %g, want %g", name, got[1], want[1])
			}
			if off := testkit.RelativeL2(t, gotGradient, wantGradient); !(off <= 1e-4) {
				t.Errorf("%s: the gradient is off by %.1e", name, off)
			}
			if ratio := seams(gotGradient, height, width, tiled.Tile, extractor.Layers); !(ratio <= 1.1) {
				t.Errorf("%s: the gradient at the seams is %.3f times the interior's", name, ratio)
			}
		}
	})
}

// halves is a mask: a red half on the left, a blue one on the right.
func halves(height, width int) image.Image {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range height * width {
		c := color.RGBA{255, 0, 0, 255}
		if i%width >= width/2 {
			c = color.RGBA{0, 0, 255, 255}
		}
		picture.SetRGBA(i%width, i/width, c)
	}
	return picture
}

// gradientOnly is an optimizer that leaves the image where it is and remembers the gradient.
var gradientOnly = sl.Optimizer{
	State:        []sl.StateArray{{Name: "gradient", Copies: 1}},
	LearningRate: func(int) float64 { return 0 },
	Numbers:      func(int) []float64 { return nil },
	Update: func(image, gradient *Node, _, _ []*Node) (*Node, []*Node) {
		return Identity(image), []*Node{gradient}
	},
}

// slopeAt returns content, style and TV loss and their total at an image, and the total's gradient.
func slopeAt(t *testing.T, extractor *sl.Extractor, in *sized, options Options, of stage, image *tensors.Tensor) ([4]float64, []float32) {
	t.Helper()
	o, err := newObjective(extractor, in, options, of, 0)
	if err != nil {
		t.Fatal(err)
	}
	objective := o.minimized()
	if o.inPieces(in.size) {
		pieces, err := newTiled(o)
		if err != nil {
			t.Fatal(err)
		}
		defer pieces.finalize()
		objective = pieces.minimized()
	}
	x, err := sl.NewTraining(image)
	if err != nil {
		t.Fatal(err)
	}
	var losses [4]float64
	_, err = sl.Minimize(t.Context(), extractor, objective, x, gradientOnly, 1, func(r sl.Record) error {
		losses = [4]float64{r.Loss("content"), r.Loss("style"), r.Loss("tv"), r.Total}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return losses, tensors.MustCopyFlatData[float32](x.State[0])
}

// seams is the RMS of the gradient in the two rows and columns at the seams over that of all other pixels; the border of the
// picture, where zeros are seen, is left out.
func seams(gradient []float32, height, width, side int, layers []sl.Layer) float64 {
	var rows, columns []int
	for _, piece := range tilesOf(size{height, width}, side, layers) {
		rows = append(rows, piece.core.top-1, piece.core.top)
		columns = append(columns, piece.core.left-1, piece.core.left)
	}
	var squares, counts [2]float64
	const border = 8
	for i := border; i < height-border; i++ {
		for j := border; j < width-border; j++ {
			at := 0
			if slices.Contains(rows, i) || slices.Contains(columns, j) {
				at = 1
			}
			for c := range 3 {
				v := float64(gradient[(i*width+j)*3+c])
				squares[at] += v * v
				counts[at]++
			}
		}
	}
	return math.Sqrt(squares[1] / counts[1] / (squares[0] / counts[0]))
}

// Cores cover the picture once and lie on the grid; windows reach far enough.
func TestTilesCoverThePicture(t *testing.T) {
	for _, of := range []size{{1, 1}, {96, 160}, {97, 33}, {300, 450}} {
		for _, last := range []int{0, 5, 25, 28, 36} {
			layers := sl.VGG19.Layers()[:last+1]
			reach, grid := halo(layers)
			seen, shapes := make([]int, of.area()), map[[2]int]bool{}
			for _, piece := range tilesOf(of, 50, layers) {
				for _, edge := range []int{piece.core.top, piece.core.left, piece.window.top, piece.window.left} {
					if edge%grid != 0 {
						t.Fatalf("%v is off the grid of %d", piece, grid)
					}
				}
				w, c := piece.window, piece.core
				if w.top > max(0, c.top-reach) || w.left > max(0, c.left-reach) ||
					w.bottom < min(of.height, c.bottom+reach) || w.right < min(of.width, c.right+reach) {
					t.Fatalf("%v does not reach %d pixels far", piece, reach)
				}
				shapes[[2]int{w.height(), w.width()}] = true
				for i := piece.core.top; i < piece.core.bottom; i++ {
					for j := piece.core.left; j < piece.core.right; j++ {
						seen[i*of.width+j]++
					}
				}
			}
			if len(shapes) > 4 {
				t.Errorf("%v, layer %d: windows of %d shapes", of, last, len(shapes))
			}
			for i, n := range seen {
				if n != 1 {
					t.Fatalf("%v, layer %d: pixel %d lies in %d cores", of, last, i, n)
				}
			}
		}
	}
}
