package transfer

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"
)

// With shares the sum of the scores is the highest of all ways to give each style image its share of the places.
func TestSharesAreGivenAtTheHighestScore(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	const styles, places = 3, 7
	shares := []float64{2. / 7, 1. / 7, 4. / 7}
	for range 50 {
		scores, numbers := make([][]float32, styles), make([][]int32, styles)
		for k := range styles {
			for i := range places {
				scores[k], numbers[k] = append(scores[k], float32(random.Float64()-0.3*float64(k))), append(numbers[k], int32(10*k+i))
			}
		}
		got, counts := 0.0, [styles]int{}
		for i, number := range chosen(scores, numbers, nil, shares) {
			if int(number)%10 != i {
				t.Fatalf("place %d takes the neighbour of place %d", i, number%10)
			}
			got, counts[number/10] = got+float64(scores[number/10][i]), counts[number/10]+1
		}
		if counts != [styles]int{2, 1, 4} {
			t.Errorf("shares of %v places", counts)
		}
		best := math.Inf(-1)
		for way := range int(math.Pow(styles, places)) {
			sum, of, rest := 0.0, [styles]int{}, way
			for i := range places {
				k := rest % styles
				sum, of[k], rest = sum+float64(scores[k][i]), of[k]+1, rest/styles
			}
			if of == counts {
				best = max(best, sum)
			}
		}
		if math.Abs(got-best) > 1e-5 {
			t.Errorf("a sum of %g, the highest is %g", got, best)
		}
	}
	if free := chosen([][]float32{{1, 0}, {0, 1}}, [][]int32{{3, 4}, {5, 6}}, nil, nil); free[0] != 3 || free[1] != 6 {
		t.Errorf("without shares %v are taken", free)
	}
}

// A style image without a place of a region gives its share there to the others.
func TestSharesWhereAStyleHasNoPlace(t *testing.T) {
	scores := [][]float32{{0.9, 0.9, 0.1, 0.2}, {0.1 - elsewhere, 0.1 - elsewhere, 0.9, 0.8}}
	numbers := [][]int32{{0, 1, 2, 3}, {10, 11, 12, 13}}
	got := chosen(scores, numbers, []int32{0, 0, 1, 1}, []float64{0.5, 0.5})
	if got[0] != 0 || got[1] != 1 || got[2]+got[3] != 12+3 {
		t.Errorf("%v are taken", got)
	}
}

// Neighbours are of the same region, in each orientation, and the style images get their shares of each region.
func TestNeighboursOfRegionsAndShares(t *testing.T) {
	options, err := Choose(Choice{Preset: NNST})
	if err != nil {
		t.Fatal(err)
	}
	options.Rotations, options.Blend = 2, []float64{3, 1}
	net, err := weights.Random(1, sl.VGG16, [5]int{4, 4, 8, 8, 8}, options.Layers()...)
	if err != nil {
		t.Fatal(err)
	}
	extractor, err := NewExtractor(testkit.Engine(t, "go").Backend, net, options)
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	of := size{64, 96}
	half := halves(of.height, of.width)
	pictures, err := Pictures{Content: noisePicture(t, 5, 64, 96), ContentMask: half,
		Styles: []image.Image{noisePicture(t, 6, 64, 96), noisePicture(t, 7, 64, 96)}, StyleMasks: []image.Image{half, half}}.resized(of, options)
	if err != nil {
		t.Fatal(err)
	}
	o, err := newObjective(extractor, pictures, options, stage{size: of}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer o.finalize()
	nearest, err := o.parts[1].(*neighboursPart).nearest(pictures.content)
	if err != nil {
		t.Fatal(err)
	}
	grid := of.halved(gridHalvings)
	turned, first := 0, 0
	for place, number := range nearest {
		n := int(number)
		if n < 2*grid.area() {
			first++
		}
		n %= 2 * grid.area()
		column := n % grid.width
		if n >= grid.area() { // turned by 90 degrees: its rows, from below, are the columns
			column, turned = grid.width-1-(n-grid.area())/grid.height, turned+1
		}
		if (column < grid.width/2) != (place%grid.width < grid.width/2) {
			t.Fatalf("place %d has the neighbour %d of another region", place, number)
		}
	}
	if turned == 0 || turned == len(nearest) {
		t.Errorf("%d of %d neighbours are of the turned images", turned, len(nearest))
	}
	if want := grid.area() * 3 / 4; math.Abs(float64(first-want)) > 2 {
		t.Errorf("the first style image has %d places, want %d", first, want)
	}
}
