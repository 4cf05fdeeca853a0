package stylelib_test

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func gramOf(t *testing.T, e *engine.Engine, features array) array {
	t.Helper()
	c := features.dims[3]
	out := evaluate(t, e, dtypes.Float32, func(in []*Node) []*Node { return []*Node{sl.Gram(in[0])} }, features)
	return array{[]int{c, c}, out[0]}
}

func TestGramIsSymmetricAndPositiveSemiDefinite(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		const c = 12
		// fewer pixels than channels, so that some eigenvalues are 0
		g := gramOf(t, e, randomArray(1, 1, 2, 4, c))
		for i := range c {
			for j := range c {
				if g.values[i*c+j] != g.values[j*c+i] {
					t.Errorf("entry (%d, %d) is %g, entry (%d, %d) is %g", i, j, g.values[i*c+j], j, i, g.values[j*c+i])
				}
			}
		}
		if !positiveSemiDefinite(g, 1e-6) {
			t.Error("the Gram matrix has a negative eigenvalue")
		}
		g.values[0] = -g.values[0]
		if positiveSemiDefinite(g, 1e-6) {
			t.Error("the check finds nothing wrong with a negative number on the diagonal")
		}
	})
}

// positiveSemiDefinite says whether g + ε·I has a Cholesky factor: it has one exactly if no eigenvalue is below -ε.
func positiveSemiDefinite(g array, epsilon float64) bool {
	n := g.dims[0]
	l := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			sum := g.values[i*n+j]
			if i == j {
				sum += epsilon
			}
			for k := range j {
				sum -= l[i*n+k] * l[j*n+k]
			}
			if i != j {
				l[i*n+j] = sum / l[j*n+j]
				continue
			}
			if sum <= 0 {
				return false
			}
			l[i*n+i] = math.Sqrt(sum)
		}
	}
	return true
}

// Style knows no places: whatever the order of the pixels, and the shape they are laid out in.
func TestGramIsInvariantToPermutingPixels(t *testing.T) {
	const h, w, c = 6, 10, 5
	x := randomArray(2, 1, h, w, c)
	shuffled := array{[]int{1, w, h, c}, make([]float64, len(x.values))}
	for to, from := range rand.New(rand.NewPCG(1, 1)).Perm(h * w) {
		copy(shuffled.values[to*c:(to+1)*c], x.values[from*c:(from+1)*c])
	}
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		if d := largestDifference(gramOf(t, e, shuffled).values, gramOf(t, e, x).values); d > 1e-6 {
			t.Errorf("the Gram matrix of shuffled pixels differs by %.1e", d)
		}
	})
}

// A picture laid beside itself has the same style: the size is divided out.
func TestGramDoesNotDependOnTheSize(t *testing.T) {
	x := randomArray(3, 1, 4, 5, 6)
	twice := array{[]int{1, 8, 5, 6}, append(append([]float64(nil), x.values...), x.values...)}
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		if d := largestDifference(gramOf(t, e, twice).values, gramOf(t, e, x).values); d > 1e-6 {
			t.Errorf("the Gram matrix of two copies differs by %.1e", d)
		}
	})
}

// everyLevel is a picture with each of the 256 levels in each channel, of more width than height.
func everyLevel() *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, 32, 24))
	for i := range 32 * 24 {
		picture.SetRGBA(i%32, i/32, color.RGBA{uint8(i), uint8(i*7 + 1), uint8(255 - i), 255})
	}
	return picture
}

func TestPostprocessUndoesPreprocess(t *testing.T) {
	picture := everyLevel()
	for _, filter := range []sl.ResizeFilter{sl.AntialiasBilinear, sl.PlainBilinear} {
		x, err := sl.Preprocess(picture, 24, 32, filter)
		if err != nil {
			t.Fatal(err)
		}
		back, err := sl.Postprocess(x)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, picture) {
			t.Errorf("%v: the picture has changed", filter)
		}
		// before it is rounded to 8 bits: denormalized by hand
		for i, v := range tensors.MustCopyFlatData[float32](x) {
			c := i % 3
			level := 255 * (float64(v)*float64(sl.RGBStd[c]) + float64(sl.RGBMean[c]))
			if d := math.Abs(level - float64(picture.Pix[i/3*4+c])); d > 0.5 {
				t.Fatalf("%v: value %d is off by %g levels", filter, i, d)
			}
		}
	}
}

func TestPostprocessClips(t *testing.T) {
	x := tensors.FromFlatDataAndDimensions([]float32{-100, 0, 100}, 1, 1, 1, 3)
	picture, err := sl.Postprocess(x)
	if err != nil {
		t.Fatal(err)
	}
	// 255 · 0.456 = 116.28
	if got := picture.RGBAAt(0, 0); got != (color.RGBA{0, 116, 255, 255}) {
		t.Errorf("got %v", got)
	}
}

// Preprocessing takes height, then width, and channels in the order red, green, blue.
func TestPreprocessByHand(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 2, 1))
	picture.SetRGBA(0, 0, color.RGBA{0, 51, 255, 255})
	picture.SetRGBA(1, 0, color.RGBA{255, 0, 102, 255})
	x, err := sl.Preprocess(picture, 1, 2, sl.AntialiasBilinear)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{1, 1, 2, 3}; !reflect.DeepEqual(x.Shape().Dimensions, want) {
		t.Fatalf("shape %s, want %v", x.Shape(), want)
	}
	want := []float64{
		(0 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, (1 - 0.406) / 0.225,
		(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0.4 - 0.406) / 0.225}
	for i, got := range tensors.MustCopyFlatData[float32](x) {
		if math.Abs(float64(got)-want[i]) > 1e-6 {
			t.Errorf("value %d is %g, want %g", i, got, want[i])
		}
	}
}

// everyOption changes each field of the options so that a training must come out otherwise. A field that is added to
// Options and left out here fails the test.
var everyOption = map[string]func(*sl.Options){
	"Resize":        func(o *sl.Options) { o.Resize = sl.PlainBilinear },
	"Taps":          func(o *sl.Options) { o.Taps = sl.TapsBeforeReLU },
	"ContentLayers": func(o *sl.Options) { o.ContentLayers = []string{"conv1_2"} },
	"StyleLayers":   func(o *sl.Options) { o.StyleLayers = []string{"conv1_1"} },
	"ContentWeight": func(o *sl.Options) { o.ContentWeight = 0 },
	"StyleWeight":   func(o *sl.Options) { o.StyleWeight = 0 },
	"StyleRepeat":   func(o *sl.Options) { o.StyleRepeat = 0 },
	"TVWeight":      func(o *sl.Options) { o.TVWeight = 0 },
	"Adam":          func(o *sl.Options) { o.Adam = sl.AdamMXNet },
	"LearningRate":  func(o *sl.Options) { o.LearningRate = 0 },
	"LRDecay":       func(o *sl.Options) { o.LRDecay = 0 },
	"LRDecayEvery":  func(o *sl.Options) { o.LRDecayEvery = 0 },
	"Epochs":        func(o *sl.Options) { o.Epochs = 0 },
}

func TestEveryOptionCounts(t *testing.T) {
	for i := range reflect.TypeFor[sl.Options]().NumField() {
		if name := reflect.TypeFor[sl.Options]().Field(i).Name; everyOption[name] == nil {
			t.Errorf("option %s is not tried", name)
		}
	}
	e := testkit.Engine(t, "go")
	usual, _ := shortRun(t, e, func(*sl.Options) {})
	for name, change := range everyOption {
		image, content := shortRun(t, e, change)
		if reflect.DeepEqual(image, usual) {
			t.Errorf("%s does not change the result", name)
		}
		if unmoved := name == "LearningRate" || name == "Epochs"; unmoved != reflect.DeepEqual(image, content) {
			t.Errorf("%s: the image is the content image: %v, want %v", name, !unmoved, unmoved)
		}
	}
}

// shortRun trains with shallow layers and a decay after every epoch, and returns the image and the content image.
func shortRun(t *testing.T, e *engine.Engine, change func(*sl.Options)) (image, content []float32) {
	t.Helper()
	options := sl.Default()
	options.StyleLayers, options.ContentLayers = []string{"conv1_1", "conv1_2"}, []string{"conv2_1"}
	options.LRDecayEvery, options.Epochs = 1, 3
	change(&options)
	data := filepath.Join(testkit.Root(t), "data")
	net, err := weights.Read(t.Context(), filepath.Join(data, "weights", "vgg19-random.safetensors"), slices.Concat(options.ContentLayers, options.StyleLayers)...)
	if err != nil {
		t.Fatal(err)
	}
	extractor, err := sl.NewExtractor(e.Backend, net, options)
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	inputs := map[string]*tensors.Tensor{}
	for _, which := range []string{"content", "style"} {
		picture, err := sl.ReadImage(filepath.Join(data, "golden", "images", which+"-60x90-pil.png"))
		if err != nil {
			t.Fatal(err)
		}
		if inputs[which], err = sl.Preprocess(picture, 24, 36, options.Resize); err != nil {
			t.Fatal(err)
		}
	}
	x, err := sl.Train(t.Context(), extractor, inputs["content"], inputs["style"], options, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](x), tensors.MustCopyFlatData[float32](inputs["content"])
}

// In a list of layers neither order nor repetition counts.
func TestOrderAndDuplicatesOfLayersDoNotMatter(t *testing.T) {
	e := testkit.Engine(t, "go")
	sorted, _ := shortRun(t, e, func(o *sl.Options) { o.StyleLayers = []string{"conv1_1", "conv1_2", "conv2_1"} })
	shuffled, _ := shortRun(t, e, func(o *sl.Options) { o.StyleLayers = []string{"conv2_1", "0", "conv1_2", "5", "conv1_1"} })
	if !reflect.DeepEqual(sorted, shuffled) {
		t.Error("the result depends on the order of the style layers")
	}
}
