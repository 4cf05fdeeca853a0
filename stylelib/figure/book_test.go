package figure_test

import (
	"image"
	"os"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
)

// The book's two pictures lie beside the repository, where they are at hand.
func TestBookKnowsItsOwnRun(t *testing.T) {
	const folder = "../../../shared/data/images/"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the book's pictures are not here")
	}
	read := func(path string) *image.RGBA {
		picture, err := sl.ReadImage(path)
		if err != nil {
			t.Fatal(err)
		}
		return picture
	}
	mountain, oak, own := read(folder+"rainier.jpg"), read(folder+"autumn-oak.jpg"), read("../../data/content.jpg")
	options := sl.Default()
	options.Epochs = 20
	if curves := figure.Book(mountain, oak, 300, 450, options); len(curves) != 3 {
		t.Fatalf("%d curves, want 3", len(curves))
	}
	other := options
	other.TVWeight = 1
	for name, curves := range map[string][]figure.Curve{
		"another size":    figure.Book(mountain, oak, 150, 225, options),
		"another content": figure.Book(own, oak, 300, 450, options),
		"another style":   figure.Book(mountain, own, 300, 450, options),
		"another weight":  figure.Book(mountain, oak, 300, 450, other),
	} {
		if curves != nil {
			t.Errorf("%s: taken for the book's run", name)
		}
	}
	shrunk, err := sl.Preprocess(mountain, 150, 225, sl.AntialiasBilinear)
	if err != nil {
		t.Fatal(err)
	}
	back, err := sl.Postprocess(shrunk)
	if err != nil {
		t.Fatal(err)
	}
	if figure.Book(back, oak, 300, 450, options) == nil {
		t.Error("a smaller copy of the picture is not known")
	}
}
