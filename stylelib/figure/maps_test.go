package figure_test

import (
	"image"
	"image/color"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
)

// greys counts the pixels of each grey.
func greys(drawn image.Image) (counts [256]int) {
	b := drawn.Bounds()
	for i := range b.Dx() * b.Dy() {
		counts[color.GrayModel.Convert(drawn.At(i%b.Dx(), i/b.Dx())).(color.Gray).Y]++
	}
	return counts
}

func TestMapsHaveHardCellsAndOneScale(t *testing.T) {
	dim := figure.Map{Title: "dim", Height: 2, Width: 3, Values: []float64{0, 1, 2, 2, 1, 0}}
	bright := figure.Map{Title: "bright", Height: 2, Width: 3, Values: []float64{4, 4, 4, 4, 4, 4}}
	if got := dim.Picture(0, 4); got.GrayAt(1, 0).Y != 64 || got.GrayAt(0, 1).Y != 128 || got.GrayAt(2, 1).Y != 0 {
		t.Errorf("cells are %v", got.Pix)
	}
	alone, err := figure.Maps(dim)
	if err != nil {
		t.Fatal(err)
	}
	both, err := figure.Maps(dim, bright)
	if err != nil {
		t.Fatal(err)
	}
	// The two cells of value 1 are half white alone, and a quarter beside a brighter map; between cells there is no other grey.
	for grey, drawn := range map[uint8]image.Image{128: alone, 64: both} {
		counts := greys(drawn)
		if counts[grey] < 10_000 || counts[grey-12]+counts[grey+12]+counts[grey-24]+counts[grey+24] > counts[grey]/20 {
			t.Errorf("%d pixels have grey %d, of others %v", counts[grey], grey, counts)
		}
	}
	if _, err := figure.Maps(figure.Map{Height: 2, Width: 2, Values: []float64{1}}); err == nil {
		t.Error("one value is taken for four")
	}
}

func TestStepsOfTheLearningRateAreMarked(t *testing.T) {
	marks := func(rates ...float64) image.Rectangle {
		var records []sl.Record
		for i, rate := range rates {
			records = append(records, sl.Record{Epoch: 10 * (i + 1), LR: rate, Losses: []sl.TermLoss{{Name: "content", Value: 1}}})
		}
		drawn, err := figure.Training(records, 10*len(rates), nil)
		if err != nil {
			t.Fatal(err)
		}
		return area(drawn, color.RGBA{150, 120, 60, 255})
	}
	if found := marks(0.3, 0.3, 0.3); !found.Empty() {
		t.Errorf("a rate that stays is marked at %v", found)
	}
	if found := marks(0.3, 0.24, 0.24); found.Empty() {
		t.Error("a lower rate is not marked")
	}
	slope := make([]float64, 100)
	for i := range slope {
		slope[i] = float64(i)
	}
	if found := marks(slope...); !found.Empty() {
		t.Errorf("a hundred marks are drawn at %v", found)
	}
}
