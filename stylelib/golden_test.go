package stylelib_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// goldenCase is one golden file: a run of the method by an independent implementation.
type goldenCase struct {
	name   string
	dir    string
	arrays map[string]testkit.Array // what the golden files hold whole, by case and name

	Case struct {
		Net           string  `json:"net"`
		Preset        string  `json:"preset"`
		Height        int     `json:"height"`
		Width         int     `json:"width"`
		ContentPNG    string  `json:"content_png"`
		StylePNG      string  `json:"style_png"`
		StyleLayers   []int   `json:"style_layers"`
		ContentLayers []int   `json:"content_layers"`
		ContentWeight float64 `json:"content_weight"`
		StyleWeight   float64 `json:"style_weight"`
		TVWeight      float64 `json:"tv_weight"`
		Epochs        int     `json:"epochs"`
	} `json:"case"`
	Initial struct {
		Content []float64 `json:"content"`
		Style   []float64 `json:"style"`
		TV      float64   `json:"tv"`
	} `json:"initial"`
	Taps     map[string]map[string]goldenTap  `json:"taps"`
	Grams    map[string]map[string]goldenGram `json:"grams"`
	Gradient struct {
		Sample []float32 `json:"sample"`
	} `json:"gradient"`
	Trace map[string][]float64 `json:"trace"`
}

type goldenTap struct {
	Shape  []int     `json:"shape"`
	RMS    float64   `json:"rms"`
	Sample []float32 `json:"sample"`
}

type goldenGram struct {
	Row0      []float32 `json:"row0"`
	Frobenius float64   `json:"frobenius"`
}

// goldenCases reads the golden files of a folder that holds golden/ and weights/.
func goldenCases(t *testing.T, dir string) []goldenCase {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "golden", "*-*x*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files in %s", dir)
	}
	var cases []goldenCase
	for _, path := range paths {
		c := goldenCase{dir: dir, name: strings.TrimSuffix(filepath.Base(path), ".json")}
		testkit.ReadJSON(t, path, &c)
		cases = append(cases, c)
	}
	return cases
}

// options are the preset's: the golden run used the literal numbers, so a preset that strays is found out.
func (c goldenCase) options(t *testing.T) sl.Options {
	t.Helper()
	options, err := sl.Preset(c.Case.Preset)
	if err != nil {
		t.Fatal(err)
	}
	options.StyleLayers, options.ContentLayers = byIndex(c.Case.StyleLayers), byIndex(c.Case.ContentLayers)
	options.ContentWeight, options.StyleWeight, options.TVWeight = c.Case.ContentWeight, c.Case.StyleWeight, c.Case.TVWeight
	options.Epochs = c.Case.Epochs
	if c.large() && !testAll() {
		options.Epochs = min(options.Epochs, 5) // the 60 × 90 cases run on
	}
	return options
}

// byIndex calls layers by their indices.
func byIndex(layers []int) (names []string) {
	for _, layer := range layers {
		names = append(names, strconv.Itoa(layer))
	}
	return names
}

// checkNames compares the layers that the preset names with those that the chapter's code was run with, which are indices.
func (c goldenCase) checkNames(t *testing.T, architecture sl.Architecture) {
	t.Helper()
	options, err := sl.Preset(c.Case.Preset)
	if err != nil {
		t.Fatal(err)
	}
	for _, layers := range []struct {
		names []string
		want  []int
	}{{options.ContentLayers, c.Case.ContentLayers}, {options.StyleLayers, c.Case.StyleLayers}} {
		found, err := architecture.Find(layers.names...)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, layer := range found {
			got = append(got, layer.Index)
		}
		if !slices.Equal(got, layers.want) {
			t.Errorf("%v of %s are %v, want %v", layers.names, architecture, got, layers.want)
		}
	}
}

func (c goldenCase) network(t *testing.T) *sl.Network {
	t.Helper()
	options := c.options(t)
	net, err := weights.Read(t.Context(), filepath.Join(c.dir, "weights", c.Case.Net), slices.Concat(options.ContentLayers, options.StyleLayers)...)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func (c goldenCase) picture(t *testing.T, name string) *tensors.Tensor {
	t.Helper()
	picture, err := sl.ReadImage(filepath.Join(c.dir, "golden", "images", name))
	if err != nil {
		t.Fatal(err)
	}
	x, err := sl.Preprocess(picture, c.Case.Height, c.Case.Width, sl.AntialiasBilinear) // already at size
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestGolden compares with the chapter's three tabs, run by scripts/author/reference on our own pictures and a small random
// network.
func TestGolden(t *testing.T) {
	data := filepath.Join(testkit.Root(t), "data")
	for _, c := range goldenCases(t, data) {
		c.checkNames(t, c.network(t).Architecture)
	}
	testGolden(t, data)
}

// TestGoldenOfTheRealNetworks compares with runs on trained networks, where their folder is beside the repository.
func TestGoldenOfTheRealNetworks(t *testing.T) {
	testGolden(t, filepath.Dir(testkit.Shared(t, "golden")))
}

func testGolden(t *testing.T, dir string) {
	cases, arrays := goldenCases(t, dir), testkit.ReadSafetensors(t, filepath.Join(dir, "golden", "tensors.safetensors"))
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		convs := cases[0].network(t).Convs
		errors := newWorst(columnOf(e, convs[len(convs)-1].Bias.Size()))
		defer errors.log(t)
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				if c.large() && e.Name == "go" && !testAll() {
					t.Skip("skipped: large pictures run on xla:cpu only; STYLEBOOK_TEST_ALL=1 runs them on go too")
				}
				c.arrays = arrays
				c.run(t, e, errors)
			})
		}
	})
}

// testAll says whether to take the time for all that the golden files hold.
func testAll() bool { return os.Getenv("STYLEBOOK_TEST_ALL") != "" }

func (c goldenCase) large() bool { return c.Case.Height > 100 }

func (c goldenCase) run(t *testing.T, e *engine.Engine, errors worst) {
	t.Helper()
	extractor, err := sl.NewExtractor(e.Backend, c.network(t), c.options(t))
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	// A case without TV has the pictures and features of the one with it, and its trace is a sharper test of the gradient
	// than the gradient itself.
	if !strings.HasSuffix(c.name, "-tv-off") || testAll() {
		c.testInputs(t, errors)
		c.testFeatures(t, extractor, errors)
		c.testInitial(t, extractor, errors)
	}
	c.testTrace(t, extractor, errors)
}

// array returns what the golden files hold whole, channels last; nil where they don't.
func (c goldenCase) array(name string) []float32 {
	array, ok := c.arrays[c.name+"."+name]
	if !ok {
		return nil
	}
	if len(array.Shape) != 3 {
		return array.Float32s()
	}
	return testkit.ChannelsLast(array.Float32s(), array.Shape[0], array.Shape[1], array.Shape[2])
}

// testInputs compares the normalized pictures, where the golden files hold them.
func (c goldenCase) testInputs(t *testing.T, errors worst) {
	t.Helper()
	for which, png := range c.pictures() {
		want := c.array("input_" + which)
		if want == nil {
			continue
		}
		got := tensors.MustCopyFlatData[float32](c.picture(t, png))
		if len(got) != len(want) {
			t.Fatalf("%s has %d values, want %d", png, len(got), len(want))
		}
		for i := range got {
			errors.check(t, normalizedPixels, "", math.Abs(float64(got[i])-float64(want[i])))
		}
	}
}

func (c goldenCase) pictures() map[string]string {
	return map[string]string{"content": c.Case.ContentPNG, "style": c.Case.StylePNG}
}

// testFeatures compares every tap and its Gram matrix.
func (c goldenCase) testFeatures(t *testing.T, extractor *sl.Extractor, errors worst) {
	t.Helper()
	layers := slices.Sorted(slices.Values(slices.Concat(c.Case.ContentLayers, c.Case.StyleLayers)))
	program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) (out []*Node) {
		_, taps := sl.ExtractFeatures(vgg, in[0], nil, byIndex(layers))
		for _, tap := range taps {
			out = append(out, tap, sl.Gram(tap))
		}
		return out
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Finalize()
	for which, png := range c.pictures() {
		out, err := program.Run(c.picture(t, png))
		if err != nil {
			t.Fatal(err)
		}
		for i, layer := range layers {
			c.checkTap(t, which+"_image", layer, out[2*i], errors)
			c.checkGram(t, which+"_image", layer, out[2*i+1], errors)
		}
	}
}

func (c goldenCase) checkTap(t *testing.T, which string, layer int, tap *tensors.Tensor, errors worst) {
	t.Helper()
	want, ok := c.Taps[which][strconv.Itoa(layer)]
	if !ok {
		t.Fatalf("no golden tap %d", layer)
	}
	shape := []int{1, want.Shape[1], want.Shape[2], want.Shape[0]}
	if !slices.Equal(tap.Shape().Dimensions, shape) {
		t.Fatalf("features %d have shape %s, want %v", layer, tap.Shape(), shape)
	}
	got, detail := tensors.MustCopyFlatData[float32](tap), fmt.Sprintf("layer %2d", layer)
	errors.check(t, features, detail, sampleError(got, want.Shape, want.Sample, want.RMS))
	if whole := c.array(fmt.Sprintf("tap_%s_%d", which, layer)); whole != nil {
		errors.check(t, features, detail, testkit.RelativeL2(t, got, whole))
	}
}

func (c goldenCase) checkGram(t *testing.T, which string, layer int, gram *tensors.Tensor, errors worst) {
	t.Helper()
	want, ok := c.Grams[which][strconv.Itoa(layer)]
	if !ok {
		return // a content layer
	}
	got, detail := tensors.MustCopyFlatData[float32](gram), fmt.Sprintf("layer %2d", layer)
	errors.check(t, gramMatrices, detail, testkit.RelativeL2(t, got[:len(want.Row0)], want.Row0))
	errors.check(t, gramMatrices, detail, testkit.RelativeError(norm(got), want.Frobenius))
	if whole := c.array(fmt.Sprintf("gram_%s_%d", which, layer)); whole != nil {
		errors.check(t, gramMatrices, detail, testkit.RelativeL2(t, got, whole))
	}
}

// sampleError compares the golden sample of a tensor, whose element k is number ((k+1)·7919) mod n of the tensor
// flattened in the order channel, height, width. The difference is relative to the tensor's RMS.
func sampleError(got []float32, shape []int, sample []float32, rms float64) float64 {
	c, h, w := shape[0], shape[1], shape[2]
	var sum float64
	for k, want := range sample {
		at := ((k + 1) * 7919) % (c * h * w)
		channel, pixel := at/(h*w), at%(h*w)
		d := float64(got[pixel*c+channel]) - float64(want)
		sum += d * d
	}
	return math.Sqrt(sum/float64(len(sample))) / rms
}

func norm(values []float32) float64 {
	var sum float64
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

// testInitial compares each loss at the content image, and the gradient of the total.
func (c goldenCase) testInitial(t *testing.T, extractor *sl.Extractor, errors worst) {
	t.Helper()
	options := c.options(t)
	content := c.picture(t, c.Case.ContentPNG)
	targets := c.targets(t, extractor, content)
	program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
		contents, styles := sl.ExtractFeatures(vgg, in[0], options.ContentLayers, options.StyleLayers)
		l := sl.ComputeLoss(in[0], contents, styles, in[1:1+len(contents)], in[1+len(contents):], options)
		return slices.Concat([]*Node{Gradient(l.Total, in[0])[0], l.TV}, l.Contents, l.Styles)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Finalize()
	out, err := program.Run(append([]any{content}, targets...)...)
	if err != nil {
		t.Fatal(err)
	}
	value := func(i int) float64 { return float64(tensors.ToScalar[float32](out[i])) }
	errors.check(t, firstLosses, "TV", testkit.RelativeError(value(1), c.Initial.TV))
	for i := range c.Initial.Content {
		errors.check(t, noContent, "", math.Abs(value(2+i)))
	}
	for i, want := range c.Initial.Style {
		detail := fmt.Sprintf("style, layer %2s", options.StyleLayers[i])
		errors.check(t, firstLosses, detail, testkit.RelativeError(value(2+len(c.Initial.Content)+i), want))
	}
	c.checkGradient(t, tensors.MustCopyFlatData[float32](out[0]), errors)
}

// checkGradient compares with the whole gradient where the golden files have it, else with a sample.
func (c goldenCase) checkGradient(t *testing.T, gradient []float32, errors worst) {
	t.Helper()
	if want := c.array("gradient_initial"); want != nil {
		errors.check(t, firstGradient, "", testkit.RelativeL2(t, gradient, want))
		return
	}
	rms := norm(gradient) / math.Sqrt(float64(len(gradient)))
	shape := []int{3, c.Case.Height, c.Case.Width}
	errors.check(t, firstGradient, "", sampleError(gradient, shape, c.Gradient.Sample, rms))
}

func (c goldenCase) targets(t *testing.T, extractor *sl.Extractor, content *tensors.Tensor) []any {
	t.Helper()
	contents, err := sl.GetContents(extractor, content, c.options(t))
	if err != nil {
		t.Fatal(err)
	}
	styles, err := sl.GetStyles(extractor, c.picture(t, c.Case.StylePNG), c.options(t))
	if err != nil {
		t.Fatal(err)
	}
	_, grams, err := sl.GetInits(extractor, content, styles)
	if err != nil {
		t.Fatal(err)
	}
	var targets []any
	for _, target := range slices.Concat(contents, grams) {
		targets = append(targets, target)
	}
	return targets
}

// testTrace runs the training and compares the losses of each epoch.
func (c goldenCase) testTrace(t *testing.T, extractor *sl.Extractor, errors worst) {
	t.Helper()
	content, style := c.picture(t, c.Case.ContentPNG), c.picture(t, c.Case.StylePNG)
	_, err := sl.Train(context.Background(), extractor, content, style, c.options(t), func(r sl.Record) error {
		c.checkRecord(t, r, errors)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (c goldenCase) checkRecord(t *testing.T, r sl.Record, errors worst) {
	t.Helper()
	for loss, got := range map[string]float64{"content": r.Loss("content"), "style": r.Loss("style"), "tv": r.Loss("tv"), "total": r.Total} {
		want := c.Trace[loss][r.Epoch-1]
		if want == 0 { // the content loss at the content image, and a TV loss of weight 0
			errors.check(t, noContent, "trace", math.Abs(got))
			continue
		}
		detail := loss
		if c.Case.TVWeight == 0 {
			detail += ", without TV"
		}
		errors.check(t, traceQuantity(c, loss, r.Epoch), detail, testkit.RelativeError(got, want))
	}
}
