package figure_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
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
func area(t *testing.T, data []byte, wanted color.RGBA) image.Rectangle {
	t.Helper()
	drawn, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
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
		data, err := figure.Pictures(figure.Picture{Title: "a", Image: redPicture(size.X, size.Y)})
		if err != nil {
			t.Fatal(err)
		}
		got := area(t, data, red)
		shape, want := float64(got.Dx())/float64(got.Dy()), float64(size.X)/float64(size.Y)
		if got.Empty() || math.Abs(shape/want-1) > 0.05 {
			t.Errorf("%v is drawn as %v, width/height %.2f", size, got, shape)
		}
	}
}

func TestTrainingDrawsThreeCurvesAndThePicture(t *testing.T) {
	var records []sl.Record
	for epoch := 10; epoch <= 50; epoch += 10 {
		records = append(records, sl.Record{Epoch: epoch, Content: 1, Style: 2, TV: 3})
	}
	data, err := figure.Training(records, 100, redPicture(30, 20))
	if err != nil {
		t.Fatal(err)
	}
	if area(t, data, red).Empty() {
		t.Error("the picture is missing")
	}
	heights := map[string]int{}
	for name, c := range map[string]color.RGBA{
		"content": {31, 119, 180, 255}, "style": {200, 30, 160, 255}, "TV": {30, 140, 60, 255}} {
		found := area(t, data, c)
		if found.Empty() {
			t.Errorf("the %s curve is missing", name)
		}
		heights[name] = found.Max.Y
	}
	if !(heights["TV"] < heights["style"] && heights["style"] < heights["content"]) {
		t.Errorf("the curves are not in the order of their values: %v", heights)
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
		found := area(t, data, c)
		if shape := float64(found.Dx()) / float64(found.Dy()); found.Empty() || math.Abs(shape/1.5-1) > 0.05 {
			t.Errorf("%v is drawn as %v", c, found)
		}
		places = append(places, found)
	}
	if places[1].Min.X < places[0].Max.X || places[2].Min.Y < places[0].Max.Y || places[4].Min.Y < places[2].Max.Y {
		t.Errorf("two columns, three rows: %v", places)
	}
	if _, err := figure.Sheet(2); err == nil {
		t.Error("an empty sheet must be an error")
	}
}
