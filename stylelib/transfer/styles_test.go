package transfer_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/mat"
)

// strokesAndForms gives two style images scales, layers and shares of their own.
func strokesAndForms(s *setting) {
	s.inputs.Styles = []image.Image{waves(50, 50, 3), waves(44, 61, 7)}
	s.options.StyleLayers = []string{"conv1_1", "conv2_1", "conv3_1"}
	s.options.LayersOfStyles = [][]string{{"conv1_1", "conv2_1"}, {"conv2_1", "conv3_1"}}
	s.options.StyleScales = []float64{1.25, 0.75}
	s.options.Blend = []float64{3, 1}
	s.options.Epochs = 1
}

// gramOf is a Gram matrix in float64, one sum after the other.
func gramOf(features *tensors.Tensor) []float64 {
	c, values := features.Shape().Dim(3), tensors.MustCopyFlatData[float32](features)
	gram := make([]float64, c*c)
	for at := 0; at < len(values); at += c {
		for i := range c {
			for j := range c {
				gram[i*c+j] += float64(values[at+i]) * float64(values[at+j]) / float64(len(values))
			}
		}
	}
	return gram
}

// Each layer is compared with the blend of the style images that have it, each at its own size: the loss of the first epoch is
// computed by hand, from the features of each picture.
func TestStylesOfTheirOwnByHand(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		s := newSetting(strokesAndForms)
		extractor := s.extractor(t, e)
		gram := func(picture image.Image, height, width int, layer string) []float64 {
			input, err := sl.Preprocess(picture, height, width, s.options.Resize)
			if err != nil {
				t.Fatal(err)
			}
			features, err := sl.GetStyles(extractor, input, sl.Options{StyleLayers: []string{layer}})
			if err != nil {
				t.Fatal(err)
			}
			return gramOf(features[0])
		}
		first, second := []int{40, 60}, []int{24, 36} // 32 × 48 times 1.25 and 0.75
		want := 0.0
		for layer, shares := range map[string][2]float64{"conv1_1": {1, 0}, "conv2_1": {0.75, 0.25}, "conv3_1": {0, 1}} {
			own := gram(s.inputs.Content, s.height, s.width, layer)
			a, b := gram(s.inputs.Styles[0], first[0], first[1], layer), gram(s.inputs.Styles[1], second[0], second[1], layer)
			for i := range own {
				d := own[i] - shares[0]*a[i] - shares[1]*b[i]
				want += s.options.StyleWeight * d * d / float64(len(own))
			}
		}
		for _, tile := range []int{0, 16} {
			s.options.Tile = tile
			_, records, _ := s.run(t, e, nil)
			if got := records[0].Loss("style"); testkit.RelativeError(got, want) > 1e-4 {
				t.Errorf("tile %d: %g, want %g", tile, got, want)
			}
		}
	})
}

// Where no layer has two style images, the loss is the sum of those of each alone, whatever the statistic.
func TestStylesOfTheirOwnAddUp(t *testing.T) {
	e := testkit.Engine(t, "go")
	for _, loss := range []string{"gram", "wasserstein", "moments"} {
		for _, normalize := range []bool{false, true} {
			style := func(change func(*setting)) float64 {
				_, records, _ := newSetting(func(s *setting) {
					s.options.UseStyleLoss(loss)
					if normalize {
						s.options.Normalize()
					}
					strokesAndForms(s)
					s.options.LayersOfStyles = [][]string{{"conv1_1", "conv2_1"}, {"conv3_1"}}
					change(s)
				}).run(t, e, nil)
				return records[0].Loss("style")
			}
			alone := func(i int) float64 {
				return style(func(s *setting) {
					s.inputs.Styles = s.inputs.Styles[i : i+1]
					s.options.StyleLayers, s.options.StyleScale = s.options.LayersOfStyles[i], s.options.StyleScales[i]
					s.options.LayersOfStyles, s.options.StyleScales, s.options.Blend = nil, nil, nil
				})
			}
			if got, want := style(func(*setting) {}), alone(0)+alone(1); testkit.RelativeError(got, want) > 1e-5 {
				t.Errorf("%s, normalized %v: %g, want %g", loss, normalize, got, want)
			}
		}
	}
}

func TestParseStyleLayers(t *testing.T) {
	all, weights, each, err := transfer.ParseStyleLayers("conv1_1:2, conv2_1; conv2_1,conv4_1:0.5")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"conv1_1", "conv2_1", "conv4_1"}, all) + cmp.Diff(map[string]float64{"conv1_1": 2, "conv4_1": 0.5}, weights) +
		cmp.Diff([][]string{{"conv1_1", "conv2_1"}, {"conv2_1", "conv4_1"}}, each); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if all, _, each, err := transfer.ParseStyleLayers("conv1_1"); err != nil || len(all) != 1 || each != nil {
		t.Errorf("%v %v %v", all, each, err)
	}
	for list, want := range map[string]string{"conv1_1:2;conv1_1:3": "conv1_1: has the factors 2 and 3", "conv1_1;conv9_9": "no layer"} {
		if _, _, _, err := transfer.ParseStyleLayers(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", list, err, want)
		}
	}
}

func TestStylesOfTheirOwnAreRefused(t *testing.T) {
	for want, change := range map[string]func(*transfer.Options){
		"style scale: 3 for 2 style images":                           func(o *transfer.Options) { o.StyleScales = []float64{1, 2, 3} },
		"style scale: 0 is not a number above 0":                      func(o *transfer.Options) { o.StyleScales = []float64{1, 0} },
		"style layers: 1 lists for 2 style images":                    func(o *transfer.Options) { o.LayersOfStyles = o.LayersOfStyles[:1] },
		"style layers: style image 2 has none":                        func(o *transfer.Options) { o.LayersOfStyles[1] = nil },
		"style layers: conv5_1 of style image 1 is not among":         func(o *transfer.Options) { o.LayersOfStyles[0] = []string{"conv5_1"} },
		"style layers: remd looks at all layers":                      func(o *transfer.Options) { o.StyleLoss = "remd" },
		"style layers: no style image with a blend weight above 0 ha": func(o *transfer.Options) { o.Blend = []float64{1, 0} },
	} {
		s := newSetting(strokesAndForms)
		change(&s.options)
		if err := s.options.Validate(2); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	s := newSetting(func(s *setting) { s.inputs.ColoursMask = waves(8, 8, 1) })
	if err := s.inputs.Check(s.options); err == nil || err.Error() != `colours mask: says where the luminance alone is painted: it goes with "luminance"` {
		t.Errorf("got %v", err)
	}
	if err := newSetting(strokesAndForms).options.Validate(2); err != nil {
		t.Error(err)
	}
}

// Noise in the style's colours is m + R·z with z the noise of the seed and R the symmetric root of the covariance: R is found by
// regression, and its square compared with the covariance of the mixed pixels.
func TestStyleNoise(t *testing.T) {
	s := newSetting(func(s *setting) {
		strokesAndForms(s)
		s.options.Init, s.options.Seed, s.options.Epochs = transfer.InitStatistics, 7, 0
	})
	x, _, _ := s.run(t, testkit.Engine(t, "go"), nil)
	z := tensors.MustCopyFlatData[float32](transfer.Noise(7, s.height, s.width))
	mean, covariance := mixedColours(t, s)

	n := len(x) / 3
	noise, moved := mat.NewDense(n, 3, nil), mat.NewDense(n, 3, nil)
	for i := range x {
		noise.Set(i/3, i%3, float64(z[i]))
		moved.Set(i/3, i%3, float64(x[i])-mean[i%3])
	}
	var root, rest, square mat.Dense
	if err := root.Solve(noise, moved); err != nil { // moved = noise·Rᵀ
		t.Fatal(err)
	}
	rest.Mul(noise, &root)
	rest.Sub(&rest, moved)
	if off := mat.Norm(&rest, 2) / mat.Norm(moved, 2); off > 1e-6 {
		t.Errorf("it is no linear image of the noise: %g", off)
	}
	square.Mul(&root, &root)
	for i := range 3 {
		for j := range 3 {
			if math.Abs(root.At(i, j)-root.At(j, i)) > 1e-5 || math.Abs(square.At(i, j)-covariance[3*i+j]) > 1e-5 {
				t.Errorf("at %d, %d: root %g and %g, square %g, want %g", i, j, root.At(i, j), root.At(j, i), square.At(i, j), covariance[3*i+j])
			}
		}
		if root.At(i, i) <= 0 {
			t.Errorf("the root is not the positive one: %g", root.At(i, i))
		}
	}
}

// mixedColours are mean and covariance of the pixels of both style images, of which the first has three quarters.
func mixedColours(t *testing.T, s *setting) (mean [3]float64, covariance [9]float64) {
	t.Helper()
	type pixel struct {
		p     [3]float64
		share float64
	}
	var all []pixel
	for i, of := range [][2]int{{40, 60}, {24, 36}} {
		picture, err := sl.Preprocess(s.inputs.Styles[i], of[0], of[1], s.options.Resize)
		if err != nil {
			t.Fatal(err)
		}
		values := tensors.MustCopyFlatData[float32](picture)
		for at := 0; at < len(values); at += 3 {
			p := [3]float64{float64(values[at]), float64(values[at+1]), float64(values[at+2])}
			all = append(all, pixel{p, []float64{0.75, 0.25}[i] / float64(of[0]*of[1])})
		}
	}
	for _, q := range all {
		for i := range 3 {
			mean[i] += q.share * q.p[i]
		}
	}
	for _, q := range all {
		for i := range 3 {
			for j := range 3 {
				covariance[3*i+j] += q.share * (q.p[i] - mean[i]) * (q.p[j] - mean[j])
			}
		}
	}
	return mean, covariance
}

// A training can start from gray, whatever it compares, though gray has no variance.
func TestGrayIsAStart(t *testing.T) {
	e := testkit.Engine(t, "go")
	for _, loss := range []string{"gram", "wasserstein", "moments", "remd"} {
		for _, content := range []string{"content", "selfsim"} {
			t.Run(fmt.Sprint(loss, " ", content), func(t *testing.T) {
				s := newSetting(func(s *setting) {
					s.options.UseStyleLoss(loss)
					s.options.UseContentLoss(content)
					s.options.Init, s.options.Epochs = transfer.InitGray, 0
				})
				x, _, _ := s.run(t, e, nil)
				for i, v := range x {
					if got := v*sl.RGBStd[i%3] + sl.RGBMean[i%3]; math.Abs(float64(got)-0.5) > 1e-6 {
						t.Fatalf("value %d is %g, want 0.5", i, got)
					}
				}
				s.options.Epochs = 3
				_, records, _ := s.run(t, e, nil) // fails where the loss is no number
				if records[2].Total >= records[0].Total && loss != "remd" {
					t.Errorf("the loss went from %g to %g", records[0].Total, records[2].Total)
				}
			})
		}
	}
}

// Where the mask is white the photograph's colours are kept, where it is black they are painted, between the two they mix.
func TestColoursAreKeptInARegion(t *testing.T) {
	mask := image.NewGray(image.Rect(0, 0, 48, 32))
	for i := range mask.Pix {
		mask.Pix[i] = []uint8{0, 255, 100}[i%48/16]
	}
	e := testkit.Engine(t, "go")
	picture := func(colours transfer.Colours, mask image.Image, bits int) image.Image {
		s := newSetting(func(s *setting) { s.options.Colours, s.inputs.ColoursMask, s.options.Epochs = colours, mask, 2 })
		training := s.on(t, e)
		x, err := training.Train(t.Context(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		made, err := training.Picture(x, bits)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	painted, kept := picture(transfer.ColoursOfStyle, nil, 16), picture(transfer.ColoursLuminance, nil, 16)
	got, narrow := picture(transfer.ColoursLuminance, mask, 16), picture(transfer.ColoursLuminance, mask, 8)
	channels := func(c color.Color) [4]float64 {
		r, g, b, a := c.RGBA()
		return [4]float64{float64(r), float64(g), float64(b), float64(a)}
	}
	differ := 0
	for y := range 32 {
		for x := range 48 {
			share := float64(mask.GrayAt(x, y).Y) / 255
			p, k, g, n := channels(painted.At(x, y)), channels(kept.At(x, y)), channels(got.At(x, y)), channels(narrow.At(x, y))
			for c := range 4 {
				want := share*k[c] + (1-share)*p[c]
				if math.Abs(g[c]-want) > 1 || math.Abs(n[c]-want) > 130 { // half a level of 8 bits is 128.5
					t.Fatalf("at %d, %d: %g and %g, want %g", y, x, g[c], n[c], want)
				}
				if p[c] != k[c] {
					differ++
				}
			}
		}
	}
	if differ < 1000 {
		t.Errorf("only %d values differ: the test says nothing", differ)
	}
}

// With the painting's colours the result has their mean and deviation; 8 bits cut a little off.
func TestResultHasThePaintingsColours(t *testing.T) {
	s := newSetting(func(s *setting) { s.options.Colours, s.options.Epochs = transfer.ColoursMatched, 2 })
	training := s.on(t, testkit.Engine(t, "go"))
	x, err := training.Train(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	made, err := training.Picture(x, 8)
	if err != nil {
		t.Fatal(err)
	}
	statistics := func(picture image.Image) (all []float64) {
		b := picture.Bounds()
		n := float64(b.Dx() * b.Dy())
		for c := range 3 {
			sum, squares := 0.0, 0.0
			for i := range b.Dx() * b.Dy() {
				p := color.RGBAModel.Convert(picture.At(b.Min.X+i%b.Dx(), b.Min.Y+i/b.Dx())).(color.RGBA)
				v := float64([]uint8{p.R, p.G, p.B}[c])
				sum, squares = sum+v/n, squares+v*v/n
			}
			all = append(all, sum, math.Sqrt(squares-sum*sum))
		}
		return all
	}
	got, want, before := statistics(made), statistics(s.inputs.Styles[0]), statistics(s.inputs.Content)
	for i := range want {
		if math.Abs(got[i]-want[i]) > 3 {
			t.Errorf("mean and deviation of red, green and blue are %.1f, the painting's %.1f, the photograph's %.1f", got, want, before)
			break
		}
	}
	if err := s.options.Validate(2); err == nil || !strings.Contains(err.Error(), "those of 2 style images") {
		t.Error(err)
	}
}
