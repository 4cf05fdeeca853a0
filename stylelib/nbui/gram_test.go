package nbui

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"stylebook/stylelib/figure"
	"stylebook/stylelib/i18n"

	"github.com/gomlx/gomlx/core/tensors"
)

// Positions (1, 0), (2, 1), (0, 3) and (1, 1): their outer products are added one after the other.
func TestAGramMatrixGrows(t *testing.T) {
	x := featureMap{h: 2, w: 2, c: 2, values: []float32{1, 0, 2, 1, 0, 3, 1, 1}}
	want := [][]float64{{1, 0, 0, 0}, {5, 2, 2, 1}, {6, 3, 3, 11}}
	if got := x.grams([]int{1, 2, 4}, nil); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v, want %v", got, want)
	}
	want = [][]float64{{1, 1, 1, 1}, {6, 3, 3, 11}}
	if got := x.grams([]int{1, 4}, []int{3, 0, 2, 1}); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("with other places for the positions: %v, want %v", got, want)
	}
	root := 3 / math.Sqrt(66)
	if got := shares([]float64{5, -3, -3, 1}, []float64{6, 3, 3, 11}); !slices.Equal(got, []float64{5. / 6, root, root, 1. / 11}) {
		t.Errorf("shares %v", got)
	}
}

func TestTheStrongestChannelsAreShown(t *testing.T) {
	x := featureMap{h: 1, w: 2, c: 3, values: []float32{1, 2, -9, 1, 3, 1.5}}
	if got := x.strongest(2); !slices.Equal(got, []int{1, 2}) { // a ReLU leaves squares of 2, 13 and 2.25
		t.Errorf("strongest %v", got)
	}
	if got := x.only([]int{1, 0}); got.c != 2 || !slices.Equal(got.values, []float32{2, 1, 3, 1}) {
		t.Errorf("only %v", got)
	}
	if _, err := featuresOf(tensors.FromFlatDataAndDimensions(make([]float32, 8), 2, 2, 2)); err == nil {
		t.Error("a shape of three numbers is none of features")
	}
}

// Channels 0 and 3 always go together, 1 and 2 nearly.
func TestChannelsThatGoTogetherStandTogether(t *testing.T) {
	gram := []float64{
		1, 0, 0.2, 2,
		0, 1, 0.9, 0,
		0.2, 0.9, 1, 0.1,
		2, 0, 0.1, 4}
	if got := clustered(gram); !slices.Equal(got, []int{0, 3, 1, 2}) {
		t.Errorf("%v", got)
	}
}

func TestTilesChangePlaces(t *testing.T) {
	const h, w = 17, 25
	from, there := shuffledTiles(h, w), map[int]bool{}
	for to, f := range from {
		there[f] = true
		if to/w < 16 && to%w < 23 && to%2 == 0 && to/w%2 == 0 && to%w%2 == 0 && from[to+1] != f+1 {
			t.Errorf("the tile at %d is torn", to)
		}
		if (to/w == 16 || to%w == 24) && f != to {
			t.Errorf("%d, beside the tiles, has changed its place", to)
		}
	}
	if len(there) != h*w || from[0] == 0 {
		t.Errorf("%d of %d positions are there", len(there), h*w)
	}
	picture := image.NewGray(image.Rect(0, 0, 4, 2))
	picture.Pix = []uint8{10, 10, 20, 20, 10, 10, 20, 20}
	if got := moved(picture, []int{1, 0}, 2); got.At(0, 1) != (color.RGBA{20, 20, 20, 255}) || got.At(3, 0) != (color.RGBA{10, 10, 10, 255}) {
		t.Errorf("%v, %v", got.At(0, 1), got.At(3, 0))
	}
}

// partOf is what is told of the only part of an attribute that goes by so many axes.
func partOf(t *testing.T, p play, attribute string, axes int) (texts []string) {
	t.Helper()
	for _, part := range p.Parts {
		by := len(slices.DeleteFunc(slices.Clone(part.By), func(by int) bool { return by == 0 }))
		if part.Attribute == attribute && by == axes {
			for _, value := range part.Values.([]any) {
				texts = append(texts, fmt.Sprint(value))
			}
			return texts
		}
	}
	t.Fatalf("no part changes %s by %d axes", attribute, axes)
	return nil
}

func TestShufflingLeavesTheMatrix(t *testing.T) {
	t.Setenv(i18n.LanguageEnv, "zh")
	values := make([]float32, 16*24*5)
	for i := range values {
		values[i] = float32(i*i%7 + i%24/6)
	}
	features := tensors.FromFlatDataAndDimensions(values, 1, 16, 24, 5)
	scene, still, err := gramScene(figure.Picture{Title: "style image", Image: noise(48, 32)}, features)
	if err != nil || still == nil {
		t.Fatal(err)
	}
	page, err := scene.page()
	if err != nil {
		t.Fatal(err)
	}
	p := told(t, page)
	frames := partOf(t, p, "src", 2) // in order and shuffled, after each step
	if len(frames) != 2*13 || frames[0] != frames[1] || frames[2*5] == frames[2*5+1] || frames[2*12] != frames[2*12+1] || frames[0] == frames[2*12] {
		t.Errorf("%d frames", len(frames))
	}
	if said := partOf(t, p, "text", 1); said[12] != "384 个位置的格拉姆矩阵" {
		t.Error(said)
	}
	if tops := partOf(t, p, "y", 1); tops[0] != "0" || tops[6] != "16" || tops[12] != "32" {
		t.Error(tops)
	}
	if p.Axes[0].Name != "已扫描的行" || p.Axes[1].Values[0] != "打乱位置" || strings.Contains(page, "style image") || !strings.Contains(page, "风格图像") {
		t.Errorf("%v", p.Axes)
	}
}

// A value for each place of two axes of three and two places: the later axis is the faster one.
func TestPartsStandInOrder(t *testing.T) {
	s := newScene(Axis{Values: []string{"a", "b", "c"}, At: 1}, Axis{Values: []string{"x", "y"}, At: 1})
	got := s.element("img", `alt=""`, of("x", []string{"0", "1", "2", "3", "4", "5"}, 0, 1), of("width", []string{"7", "8"}, 1))
	if got != `<img alt="" data-part="0" x="3" width="8">` {
		t.Error(got)
	}
	if first, second := s.Parts[0], s.Parts[1]; !slices.Equal(first.By, []int{2, 1}) || !slices.Equal(first.Values.([]any), []any{0, 1, 2, 3, 4, 5}) || !slices.Equal(second.By, []int{0, 1}) {
		t.Errorf("%v", s.Parts)
	}
	s.element("img", "", of("src", []string{"p", "q"}, 1))
	if values := s.Parts[2].Values.([]any); values[0] != "p" || values[1] != nil {
		t.Errorf("a picture that stands in the page is told again: %v", values)
	}
	if got := s.element("text", `x="1"`, of("text", []string{"<p>", "q", "r"}, 0)); got != `<text x="1" data-part="2">q</text>` {
		t.Error(got)
	}
}
