package nbui

import (
	"errors"
	"image"
	"slices"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/i18n"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// narrow is a network with few channels, whose mean pooling lets each pixel count.
func narrow(t *testing.T, layers ...string) *sl.Extractor {
	t.Helper()
	e, err := engine.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	net, err := weights.Random(1, sl.VGG16, [5]int{8, 8, 8, 8, 8}, layers...)
	if err != nil {
		t.Fatal(err)
	}
	net.Pooling = sl.AveragePooling
	extractor, err := sl.NewExtractor(e.Backend, net, sl.Options{StyleLayers: layers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(extractor.Finalize)
	return extractor
}

// The pixels whose gradient isn't 0 are those of the window.
func TestTheReceptiveFieldIsWhatDecides(t *testing.T) {
	extractor := narrow(t, "conv1_1", "conv2_1", "conv3_1")
	const height, width = 40, 48
	x := tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{0.3, -0.5, 0.8, 0.1, 0.9}, height*width*3/5), 1, height, width, 3)
	for i, want := range []struct{ row, column, size int }{{20, 24, 3}, {10, 12, 10}, {5, 6, 24}} { // the layers' positions at pixel 20, 24
		found, err := extractor.RunOnce(func(vgg *sl.VGG, in []*Node) []*Node {
			_, styles := sl.ExtractFeatures(vgg, in[0], nil, []string{"conv1_1", "conv2_1", "conv3_1"})
			one := Slice(styles[i], AxisElem(0), AxisElem(want.row), AxisElem(want.column), AxisRange())
			return Gradient(ReduceAllSum(Square(one)), in[0])
		}, x)
		if err != nil {
			t.Fatal(err)
		}
		var counts image.Rectangle
		for at, v := range tensors.MustCopyFlatData[float32](found[0]) {
			if v != 0 {
				x, y := at/3%width, at/3/width
				counts = counts.Union(image.Rect(x, y, x+1, y+1))
			}
		}
		w := windowOf(extractor.Layers[:[]int{1, 6, 11}[i]])
		var got image.Rectangle
		got.Min.X, got.Max.X = w.at(24, width)
		got.Min.Y, got.Max.Y = w.at(20, height)
		if got != counts || w.before+w.after+1 != want.size {
			t.Errorf("window %v is %v, the gradient's %v", w, got, counts)
		}
	}
	if from, to := (window{4, 11, 12}).at(3, 20); from != 0 || to != 13 {
		t.Errorf("at the border from %d to %d", from, to)
	}
	if w := windowOf([]sl.Layer{{Kind: sl.OtherLayer, Reach: 3, Halvings: 1}, {Kind: sl.OtherLayer, Reach: 1, Halvings: 1}}); w != (window{2, 5, 5}) {
		t.Errorf("a stem with stride 2, then a block: %v", w)
	}
	if from, to := windowOf([]sl.Layer{{Kind: sl.OtherLayer, Reach: -1}}).at(5, 20); from != 0 || to != 20 {
		t.Errorf("a layer that sees all: from %d to %d", from, to)
	}
}

func TestAMapIsShrunkToItsMeans(t *testing.T) {
	x := featureMap{h: 2, w: 3, c: 2, values: []float32{0, 4, 0, -2, 0, 8, 0, 6, 0, 2, 0, 0}}
	shares, width, square := x.shrunk(1, 2) // means of 4, 0, 6, 2 and of 8, 0
	if !slices.Equal(shares, []float64{0.75, 1}) || width != 2 || square != 2 {
		t.Errorf("%v, %d wide, squares of %d", shares, width, square)
	}
	if got := middles(4, 100); !slices.Equal(got, []int{12, 37, 62, 87}) {
		t.Errorf("%v", got)
	}
}

func TestALayerSaysWhatItSeesAtAPlace(t *testing.T) {
	t.Setenv(i18n.LanguageEnv, "zh")
	picture := image.NewRGBA(image.Rect(0, 0, 48, 24))
	values := make([]float32, 12*24) // one channel at 12 × 24 positions: to the right of the middle 2, at the right border 4
	for i := range values {
		if i%24 >= 12 {
			values[i] = float32(2 + 2*(i%24/23))
		}
	}
	f := fields{picture: picture, names: []string{"conv1_1", "conv2_1"}, windows: []window{{1, 1, 1}, {2, 4, 5}},
		maps:      []featureMap{{h: 24, w: 48, c: 1, values: make([]float32, 24*48)}, {h: 12, w: 24, c: 1, values: values}},
		strongest: [][]int{{3}, {5}}}
	scene, err := f.scene()
	if err != nil {
		t.Fatal(err)
	}
	page, err := scene.page()
	if err != nil {
		t.Fatal(err)
	}
	p := told(t, page)
	if said := partOf(t, p, "text", 1); !slices.Equal(said, []string{"conv1_1 看到 3 × 3 个像素", "conv2_1 看到 10 × 10 个像素"}) {
		t.Error(said)
	}
	if left := partOf(t, p, "x", 2); left[24+1] != "0" || left[24+12] != "20" || left[12] != "24" { // of conv2_1 at pixels 3 and 25, of conv1_1 at 25
		t.Error(left)
	}
	row := strings.Repeat("0", 12) + strings.Repeat("i", 11) + "z"
	found := false
	for _, part := range p.Parts {
		if part.Attribute == "width" && slices.Equal(part.By, []int{288, 24, 1}) {
			found = true
			if part.Values != strings.Repeat("0", 288)+strings.Repeat(row, 12) {
				t.Errorf("responses %v", part.Values)
			}
		}
	}
	if !found || !strings.Contains(page, "通道 5") || !slices.Equal(p.Point, []int{2, 1}) || !p.Hover {
		t.Errorf("%.3000s", page)
	}
	if still, err := f.still(); err != nil || still == nil {
		t.Error(err)
	}
}

func TestAReceptiveFieldNeedsALayer(t *testing.T) {
	extractor := narrow(t, "conv1_1", "conv2_1")
	x := tensors.FromFlatDataAndDimensions(make([]float32, 32*32*3), 1, 32, 32, 3)
	var unknown *sl.LayerError
	if _, err := fieldsOf(extractor, x, []string{"conv9_1"}); !errors.As(err, &unknown) {
		t.Errorf("a layer that isn't there: %v", err)
	}
	if _, err := fieldsOf(extractor, x, []string{"conv2_1", "conv3_1"}); err == nil || !strings.HasPrefix(err.Error(), "conv3_1 is not computed") {
		t.Errorf("a layer beyond the end: %v", err)
	}
	if f, err := fieldsOf(extractor, x, []string{"conv1_1", "conv2_1"}); err != nil || f.maps[1].h != 16 || len(f.strongest[1]) != 8 {
		t.Errorf("%v", err)
	}
	if err := ShowReceptiveField(extractor, x, "conv2_1"); err != nil {
		t.Error(err)
	}
}
