package session

import (
	"math"
	"os"
	"slices"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// request asks for a small training on what needs nothing.
func request(t *testing.T) transfer.Request {
	t.Helper()
	t.Setenv("GOMLX_BACKEND", "go")
	if os.Getenv(TrainingsEnv) == "" {
		t.Setenv(TrainingsEnv, "off")
	}
	r := transfer.NewRequest("../../data/content.jpg", "../../data/style.jpg")
	r.Height, r.Width, r.Options.Epochs = 32, 48, 3
	r.Weights.Spec = "random"
	return r
}

func open(t *testing.T, r transfer.Request) *Studio {
	t.Helper()
	s, err := Open(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// chapters is the chapter's total, as exercise 2 writes it.
func chapters(contents, styles []*Node, tv *Node) *Node {
	o := sl.Default()
	total := MulScalar(tv, o.TVWeight)
	for _, loss := range contents {
		total = Add(total, MulScalar(loss, o.ContentWeight))
	}
	for _, loss := range styles {
		total = Add(total, MulScalar(loss, o.StyleWeight*o.StyleRepeat))
	}
	return total
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-3*math.Abs(want) {
		t.Errorf("%s: %g, want %g", what, got, want)
	}
}

// Under the chapter's own total the training is the chapter's; its record has no weights.
func TestUnder(t *testing.T) {
	s, o := open(t, request(t)), sl.Default()
	var want sl.Record
	_, err := sl.Train(t.Context(), s.Extractor, s.Content, s.Style, s.Options.Options, func(r sl.Record) error {
		want = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Under(chapters)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "total", got.Last.Total, want.Total)
	near(t, "content", got.Last.Loss("content"), want.Loss("content")/o.ContentWeight)
	near(t, "style", got.Last.Loss("style"), want.Loss("style")/o.StyleWeight)
	near(t, "tv", got.Last.Loss("tv"), want.Loss("tv")/o.TVWeight)
	if got.Last.Epoch != 3 || got.Picture.Bounds().Dx() != 48 || got.Picture.Bounds().Dy() != 32 {
		t.Errorf("epoch %d, picture %v", got.Last.Epoch, got.Picture.Bounds())
	}
}

// gram is the Gram matrix of features [1, h, w, c], once more.
func gram(features *tensors.Tensor) []float64 {
	values, c := tensors.MustCopyFlatData[float32](features), features.Shape().Dim(3)
	out := make([]float64, c*c)
	for at := 0; at < len(values); at += c {
		for i := range c * c {
			out[i] += float64(values[at+i/c]) * float64(values[at+i%c]) / float64(len(values))
		}
	}
	return out
}

func TestMeasure(t *testing.T) {
	s := open(t, request(t))
	got, err := s.Measure(s.Content)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Contents, []float64{0}) {
		t.Errorf("the content image has content losses %g", got.Contents)
	}
	maps := func(picture *tensors.Tensor) []*tensors.Tensor {
		styles, err := sl.GetStyles(s.Extractor, picture, s.Options.Options)
		if err != nil {
			t.Fatal(err)
		}
		return styles
	}
	content, style := maps(s.Content), maps(s.Style)
	for i := range style {
		a, b, want := gram(content[i]), gram(style[i]), 0.0
		for k := range a {
			want += (a[k] - b[k]) * (a[k] - b[k]) / float64(len(a))
		}
		near(t, "style loss at "+s.Options.StyleLayers[i], got.Styles[i], want)
	}
	if len(got.Styles) != 5 {
		t.Errorf("%d style losses", len(got.Styles))
	}
}

// A blend that takes one of the two styles trains as if there were only that one.
func TestBlended(t *testing.T) {
	s := open(t, request(t))
	take := func(place int) func([]*Node, []float64) *Node {
		return func(grams []*Node, weights []float64) *Node { return MulScalar(grams[place], weights[place]) }
	}
	blended := func(other *tensors.Tensor, place int) []uint8 {
		r, err := s.Blended(other, take(place), []float64{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		return r.Picture.Pix
	}
	first, second, other := blended(s.Content, 0), blended(s.Style, 1), blended(s.Content, 1)
	if !slices.Equal(first, second) {
		t.Error("the same style makes another picture in the second place")
	}
	if slices.Equal(first, other) {
		t.Error("the second style has no say")
	}
}

func TestPaint(t *testing.T) {
	r := request(t)
	got, err := Paint(r)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, r)
	image, err := sl.Train(t.Context(), s.Extractor, s.Content, s.Style, s.Options.Options, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := sl.Postprocess(image)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Pix, want.Pix) {
		t.Error("not the chapter's picture")
	}
	r.Content = "missing.jpg"
	if _, err := Paint(r); err == nil {
		t.Error("a picture that isn't there is painted")
	}
}
