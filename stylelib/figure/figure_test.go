package figure_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
)

var red = color.RGBA{220, 20, 30, 255}

func redPicture(width, height int) image.Image {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		picture.SetRGBA(i%width, i/width, red)
	}
	return picture
}

// area returns the rectangle that holds all pixels of a color.
func area(drawn image.Image, wanted color.RGBA) image.Rectangle {
	var found image.Rectangle
	b := drawn.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if color.RGBAModel.Convert(drawn.At(x, y)) == wanted {
				found = found.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return found
}

func TestPicturesKeepTheirShape(t *testing.T) {
	for _, size := range []image.Point{{450, 300}, {300, 450}, {100, 100}, {600, 100}} {
		got := area(figure.Pictures(figure.Picture{Title: "a", Image: redPicture(size.X, size.Y)}), red)
		shape, want := float64(got.Dx())/float64(got.Dy()), float64(size.X)/float64(size.Y)
		if got.Empty() || math.Abs(shape/want-1) > 0.05 {
			t.Errorf("%v is drawn as %v, width/height %.2f", size, got, shape)
		}
	}
}

func TestTrainingDrawsACurveForEachLossAndThePicture(t *testing.T) {
	var records []sl.Record
	for epoch := 10; epoch <= 50; epoch += 10 {
		records = append(records, sl.Record{Epoch: epoch, Losses: []sl.TermLoss{
			{Name: "content", Value: 1}, {Name: "style", Value: 2}, {Name: "tv", Value: 3}, {Name: "mine", Value: 4}}})
	}
	drawn, err := figure.Training(records, 100, redPicture(30, 20))
	if err != nil {
		t.Fatal(err)
	}
	if area(drawn, red).Empty() {
		t.Error("the picture is missing")
	}
	heights := map[string]int{}
	for name, c := range map[string]color.RGBA{
		"content": {31, 119, 180, 255}, "style": {200, 30, 160, 255}, "tv": {30, 140, 60, 255}, "mine": {200, 110, 0, 255}} {
		found := area(drawn, c)
		if found.Empty() {
			t.Errorf("the %s curve is missing", name)
		}
		heights[name] = found.Min.Y // below the curves are their names
	}
	if !(heights["mine"] < heights["tv"] && heights["tv"] < heights["style"] && heights["style"] < heights["content"]) {
		t.Errorf("the curves are not in the order of their values: %v", heights)
	}
}

func TestAFourthPictureBeginsARow(t *testing.T) {
	three := figure.Pictures(make([]figure.Picture, 3)...).Bounds()
	four := figure.Pictures(make([]figure.Picture, 4)...).Bounds()
	if four.Dx() != three.Dx() || four.Dy() < 2*three.Dy() {
		t.Errorf("three pictures take %v, four take %v", three, four)
	}
	last := append(make([]figure.Picture, 3), figure.Picture{Image: redPicture(30, 20)})
	if found := area(figure.Pictures(last...), red); found.Empty() || found.Min.Y < three.Dy() || found.Max.X > four.Dx()/3 {
		t.Errorf("the fourth picture is at %v", found)
	}
}

func TestCharts(t *testing.T) {
	rising := figure.Curve{Name: "rising", X: []float64{0.01, 1, 100}, Y: []float64{1, 10, 100}, Labels: []string{"a", "b", "c"}}
	flat := figure.Curve{Name: "flat", X: rising.X, Y: []float64{2, 2, 2}}
	drawn, err := figure.Charts(figure.Chart{X: "x", Y: "y", LogX: true, LogY: true, Curves: []figure.Curve{rising, flat}})
	if err != nil {
		t.Fatal(err)
	}
	first, second := area(drawn, color.RGBA{31, 119, 180, 255}), area(drawn, color.RGBA{200, 30, 160, 255})
	if first.Empty() || second.Empty() || first.Min.Y >= second.Min.Y {
		t.Errorf("the rising curve is at %v, the flat one at %v", first, second)
	}
	for name, curve := range map[string]figure.Curve{
		"0 on a logarithmic axis": {X: []float64{0}, Y: []float64{1}},
		"lists that differ":       {X: []float64{1, 2}, Y: []float64{1}},
		"labels that differ":      {X: []float64{1}, Y: []float64{1}, Labels: []string{"a", "b"}},
		"not a number":            {X: []float64{1}, Y: []float64{math.NaN()}},
	} {
		if _, err := figure.Charts(figure.Chart{LogX: true, Curves: []figure.Curve{curve}}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestLogarithmicAxisOfOneValue(t *testing.T) {
	drawn, err := figure.Charts(figure.Chart{LogX: true, LogY: true, Curves: []figure.Curve{{X: []float64{0.3}, Y: []float64{0.2}}}})
	if err != nil || area(drawn, color.RGBA{31, 119, 180, 255}).Empty() {
		t.Errorf("the point is missing: %v", err)
	}
}

func TestNothingToDrawYet(t *testing.T) {
	if _, err := figure.Training(nil, 100, nil); err != nil {
		t.Error(err)
	}
}

func TestSheetShowsEveryPicture(t *testing.T) {
	var pictures []figure.Picture
	colors := []color.RGBA{{220, 20, 30, 255}, {20, 220, 30, 255}, {20, 30, 220, 255}, {120, 30, 220, 255}, {20, 130, 120, 255}}
	for _, c := range colors {
		picture := image.NewRGBA(image.Rect(0, 0, 90, 60))
		for i := range 90 * 60 {
			picture.SetRGBA(i%90, i/90, c)
		}
		pictures = append(pictures, figure.Picture{Title: "a title that is much longer than its picture is wide, and then some more", Image: picture})
	}
	data, err := figure.Sheet(2, append(pictures, figure.Picture{Title: "failed"})...)
	if err != nil {
		t.Fatal(err)
	}
	var places []image.Rectangle
	for _, c := range colors {
		found := area(data, c)
		if shape := float64(found.Dx()) / float64(found.Dy()); found.Empty() || math.Abs(shape/1.5-1) > 0.05 {
			t.Errorf("%v is drawn as %v", c, found)
		}
		places = append(places, found)
	}
	if places[1].Min.X < places[0].Max.X || places[2].Min.Y < places[0].Max.Y || places[4].Min.Y < places[2].Max.Y {
		t.Errorf("two columns, three rows: %v", places)
	}
	for i := range pictures {
		pictures[i].Title = "short"
	}
	short, err := figure.Sheet(2, pictures...)
	if err != nil {
		t.Fatal(err)
	}
	if data.Bounds().Dy() < short.Bounds().Dy()+3*10 {
		t.Error("titles that are long must have a second line in each row, not letters too small to read")
	}
	if _, err := figure.Sheet(2); err == nil {
		t.Error("an empty sheet must be an error")
	}
}

func TestTrainingDrawsTheBooksCurvesThin(t *testing.T) {
	records := []sl.Record{{Epoch: 10, Losses: []sl.TermLoss{{Name: "content", Value: 1}}}, {Epoch: 100, Losses: []sl.TermLoss{{Name: "content", Value: 1}}}}
	ink := func(beside ...figure.Curve) (n int) {
		drawn, err := figure.Training(records, 100, nil, beside...)
		if err != nil {
			t.Fatal(err)
		}
		b := drawn.Bounds()
		for i := range b.Dx() * b.Dy() {
			if r, g, b, _ := drawn.At(i%b.Dx(), i/b.Dx()).RGBA(); b > r+0x2000 && b > g+0x2000 {
				n++
			}
		}
		return n
	}
	other := figure.Curve{Name: "content", X: []float64{10, 100}, Y: []float64{0.5, 0.5}}
	alone, both := ink(), ink(other)
	if both <= alone || both >= 2*alone {
		t.Errorf("one curve has %d coloured pixels, with a thin one %d", alone, both)
	}
	if other.Name = "mine"; ink(other) != alone {
		t.Error("a curve of another loss is drawn")
	}
}
