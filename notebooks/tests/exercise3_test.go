package tests

import (
	"image"
	"math"
	"testing"
)

// The size, the colours that are kept, and answer 4 of exercise 3.
func TestExercise3(t *testing.T) {
	cells := stored(t, "exercise-3-solution")
	sizes := with(t, cells, "longSide / 2, longSide}").pictures[0]
	below(t, "strokes of the large picture are finer, seen in the scene", panel(sizes, 1, large).strokes(), 0.85*panel(sizes, 0, large).strokes())

	kept := with(t, cells, "content := must(sl.Postprocess(s.Content))").pictures[0]
	content, result, both := panel(kept, 0, large), panel(kept, 1, large), panel(kept, 2, large)
	below(t, "the brightness is the result's", both.less(result).rms(), 4, both.less(content).rms()/4)
	below(t, "the colours are the content's", warmth(kept, 2).less(warmth(kept, 0)).rms(), 6, warmth(kept, 2).less(warmth(kept, 1)).rms()/4)

	blend := with(t, cells, `title := fmt.Sprintf("%g : %g"`).pictures[1]
	first, between, second := panel(blend, 0, large), panel(blend, 1, large), panel(blend, 2, large)
	mean := grey{first.width, first.height, nil}
	for i, v := range first.values {
		mean.values = append(mean.values, (v+second.values[i])/2)
	}
	alike := func(a, b grey) float64 { return a.detail(8).correlation(b.detail(8)) }
	below(t, "the mean shows both pictures, the blend has strokes of its own", alike(mean, between), 0.6, min(alike(mean, first), alike(mean, second)))
	below(t, "the mean is fainter", mean.detail(8).rms(), 0.9*min(first.detail(8).rms(), between.detail(8).rms(), second.detail(8).rms()))
	below(t, "the blend's colours lie between", warmth(blend, 0).mean(), warmth(blend, 1).mean(), warmth(blend, 2).mean())
	below(t, "the blend still has blue and brown", warmth(blend, 2).centred().rms(), 0.5*warmth(blend, 1).centred().rms())
}

// warmth is red less blue, in the inner part of a picture of a figure, pixel by pixel.
func warmth(figure image.Image, place int) grey {
	const panelWidth, panelHeight = 460.8, 326.4
	left, top := int(float64(place%3)*panelWidth)+70, int(float64(place/3)*panelHeight)+40
	g := grey{width: 360, height: 240}
	for i := range g.width * g.height {
		red, _, blue, _ := figure.At(left+i%g.width, top+i/g.width).RGBA()
		g.values = append(g.values, float64(red>>8)-float64(blue>>8))
	}
	return g
}

// Answer 2 of exercise 3: which pixels have the wrong brightness when a number is added to red, green and blue.
func TestExercise3Clipping(t *testing.T) {
	luma := func(c [3]float64) float64 { return 0.299*c[0] + 0.587*c[1] + 0.114*c[2] }
	off := func(c [3]float64, wanted float64) float64 {
		difference := wanted - luma(c)
		for i := range c {
			c[i] = math.Round(min(max(c[i]+difference, 0), 255))
		}
		return math.Abs(luma(c) - wanted)
	}
	pale, strong := [3]float64{140, 130, 120}, [3]float64{200, 120, 60}
	for _, wanted := range []float64{20, 128, 235} {
		below(t, "pale colours keep the brightness", off(pale, wanted), 1)
	}
	below(t, "strong colours keep a middle brightness, not an extreme one", off(strong, 128), 1, min(off(strong, 20), off(strong, 235)))
}
