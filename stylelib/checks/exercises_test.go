package checks

import (
	"fmt"
	"image"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

func rescale(losses []float64, total float64) (weights []float64) {
	for _, loss := range losses {
		weight := 0.0
		if loss > 0 {
			weight = total / float64(len(losses)) / loss
		}
		weights = append(weights, weight)
	}
	return weights
}

func weightedLoss(contents, styles []*Node, tv *Node, contentWeights, styleWeights []float64, tvWeight float64) *Node {
	total := MulScalar(tv, tvWeight)
	for i, loss := range contents {
		total = Add(total, MulScalar(loss, contentWeights[i]))
	}
	for i, loss := range styles {
		total = Add(total, MulScalar(loss, styleWeights[i]))
	}
	return total
}

func factors(low, high float64, n int) (all []float64) {
	for i := range n {
		all = append(all, low*math.Pow(high/low, float64(i)/float64(n-1)))
	}
	return all
}

func luma(p *image.RGBA, x, y int) float64 {
	c := p.RGBAAt(x, y)
	return 0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B)
}

// noiseOf measures with another grey value or another summand.
func noiseOf(p *image.RGBA, grey func(p *image.RGBA, x, y int) float64, term func(float64) float64) (sum float64) {
	mask := [3][3]float64{{1, -2, 1}, {-2, 4, -2}, {1, -2, 1}}
	for y := 1; y < p.Rect.Dy()-1; y++ {
		for x := 1; x < p.Rect.Dx()-1; x++ {
			var response float64
			for i := range 3 {
				for j := range 3 {
					response += mask[i][j] * grey(p, x+j-1, y+i-1)
				}
			}
			sum += term(response)
		}
	}
	return sum * math.Sqrt(math.Pi/2) / 6
}

func inner(p *image.RGBA) float64 { return float64((p.Rect.Dx() - 2) * (p.Rect.Dy() - 2)) }

func noise(p *image.RGBA) float64 { return noiseOf(p, luma, math.Abs) / inner(p) }

func size(pictureHeight, pictureWidth, longSide int) (height, width int) {
	scale := float64(longSide) / float64(max(pictureHeight, pictureWidth))
	return int(math.Round(scale * float64(pictureHeight))), int(math.Round(scale * float64(pictureWidth)))
}

func keepColours(result, content *image.RGBA) *image.RGBA {
	out := image.NewRGBA(result.Rect)
	for y := range result.Rect.Dy() {
		for x := range result.Rect.Dx() {
			d := luma(result, x, y) - luma(content, x, y)
			at := out.PixOffset(x, y)
			for c := range 3 {
				out.Pix[at+c] = uint8(math.Round(min(max(float64(content.Pix[at+c])+d, 0), 255)))
			}
			out.Pix[at+3] = 255
		}
	}
	return out
}

func blend(grams []*Node, weights []float64) *Node {
	var sum *Node
	var total float64
	for i, g := range grams {
		total += weights[i]
		if g = MulScalar(g, weights[i]); sum == nil {
			sum = g
		} else {
			sum = Add(sum, g)
		}
	}
	return DivScalar(sum, total)
}

func TestRightExercises(t *testing.T) {
	for _, r := range []Result{Rescale(rescale), WeightedLoss(weightedLoss), Factors(factors), Noise(noise), Size(size),
		KeepColours(keepColours), Blend(blend)} {
		if !r.Right {
			t.Errorf("the right answer is refused:\n%v", r)
		}
	}
}

func TestWrongExercise1(t *testing.T) {
	by := func(rule func(loss, total float64, n int) float64) Result {
		return Rescale(func(losses []float64, total float64) (w []float64) {
			for _, loss := range losses {
				w = append(w, rule(loss, total, len(losses)))
			}
			return w
		})
	}
	wrong{
		"divide by their number":  by(func(loss, total float64, _ int) float64 { return total / loss }),
		"the smaller its weight":  by(func(loss, total float64, _ int) float64 { return total * loss / 4.62 }),
		"to get the weight":       by(func(_, total float64, n int) float64 { return total / float64(n) }),
		"still 1":                 by(func(_, _ float64, _ int) float64 { return 1 }),
		"still 0":                 by(func(_, _ float64, _ int) float64 { return 0 }),
		"loss of 0 gets":          by(func(loss, total float64, n int) float64 { return total / float64(n) / loss }),
		"a panic (runtime error:": Rescale(func(losses []float64, _ float64) []float64 { return losses[:9] }),
	}.test(t)
	total := func(change func(c, s []*Node, tv *Node) ([]*Node, []*Node, *Node)) Result {
		return WeightedLoss(func(c, s []*Node, tv *Node, cw, sw []float64, tvw float64) *Node {
			c, s, tv = change(c, s, tv)
			return weightedLoss(c, s, tv, cw, sw, tvw)
		})
	}
	wrong{
		"by its weight": WeightedLoss(func(c, s []*Node, tv *Node, _, _ []float64, _ float64) *Node {
			return weightedLoss(c, s, tv, []float64{1, 1}, []float64{1, 1, 1}, 1)
		}),
		"content losses are missing": total(func(_, s []*Node, tv *Node) ([]*Node, []*Node, *Node) { return nil, s, tv }),
		"style losses are missing":   total(func(c, _ []*Node, tv *Node) ([]*Node, []*Node, *Node) { return c, nil, tv }),
		"variation loss is missing":  total(func(c, s []*Node, tv *Node) ([]*Node, []*Node, *Node) { return c, s, ZerosLike(tv) }),
		"variation loss alone":       WeightedLoss(func(_, _ []*Node, tv *Node, _, _ []float64, _ float64) *Node { return tv }),
	}.test(t)
}

func TestWrongExercise2(t *testing.T) {
	wrong{
		"evenly spaced themselves": Factors(func(low, high float64, n int) (all []float64) {
			for i := range n {
				all = append(all, low+(high-low)*float64(i)/float64(n-1))
			}
			return all
		}),
		"both ends":  Factors(func(low, high float64, n int) []float64 { return factors(low, high, n)[:n-1] }),
		"Only three": Factors(func(low, high float64, _ int) []float64 { return []float64{low, 1, high} }),
		"raise 10 to": Factors(func(low, high float64, n int) (all []float64) {
			for _, f := range factors(low, high, n) {
				all = append(all, math.Log10(f))
			}
			return all
		}),
	}.test(t)
	mean := func(p *image.RGBA, x, y int) float64 {
		c := p.RGBAAt(x, y)
		return (float64(c.R) + float64(c.G) + float64(c.B)) / 3
	}
	wrong{
		"√(π/2)/6":        Noise(func(p *image.RGBA) float64 { return noise(p) / math.Sqrt(math.Pi/2) * 6 }),
		"Take the mean":   Noise(func(p *image.RGBA) float64 { return noiseOf(p, luma, math.Abs) }),
		"they cancel":     Noise(func(p *image.RGBA) float64 { return noiseOf(p, luma, func(v float64) float64 { return v }) / inner(p) }),
		"still returns 0": Noise(func(*image.RGBA) float64 { return 0 }),
		"0.299 red":       Noise(func(p *image.RGBA) float64 { return noiseOf(p, mean, math.Abs) / inner(p) }),
		"(height-2)":      Noise(func(p *image.RGBA) float64 { return noiseOf(p, luma, math.Abs) / 35 }),
	}.test(t)
}

func TestWrongExercise3(t *testing.T) {
	turned := func(h, w, long int) (int, int) { a, b := size(h, w, long); return b, a }
	wrong{
		"Height comes before width": Size(turned),
		"Only the short side":       Size(func(h, _, _ int) (int, int) { return 60, 60 * h / h }),
		"The shape is lost":         Size(func(_, _, long int) (int, int) { return long, long }),
		"height is the long side":   Size(func(h, w, long int) (int, int) { return long * h / w, long }),
		"Round to the nearest":      Size(func(h, w, long int) (int, int) { return long * h / max(h, w), long * w / max(h, w) }),
	}.test(t)
	wrong{
		"other way round": KeepColours(func(r, c *image.RGBA) *image.RGBA { return keepColours(c, r) }),
		"its own colours": KeepColours(func(r, _ *image.RGBA) *image.RGBA { return r }),
		"content image":   KeepColours(func(_, c *image.RGBA) *image.RGBA { return c }),
		"brightness alone": KeepColours(func(r, _ *image.RGBA) *image.RGBA {
			black := image.NewRGBA(r.Rect)
			return keepColours(r, black)
		}),
		"nothing comes back": KeepColours(func(_, _ *image.RGBA) *image.RGBA { return nil }),
	}.test(t)
	wrong{
		"Divide by the sum": Blend(func(g []*Node, w []float64) *Node { return MulScalar(blend(g, w), 4) }),
		"by its weight":     Blend(func(g []*Node, _ []float64) *Node { return blend(g, []float64{1, 1, 1}) }),
		"Only the first":    Blend(func(g []*Node, _ []float64) *Node { return g[0] }),
	}.test(t)
}

// The line by which a cell says that it waits goes into notebooks and their tests.
func ExampleResult_Unfinished() {
	fmt.Println(Result{Name: "Size"}.Unfinished(1), Result{Name: "Size", Right: true}.Unfinished(1))
	// Output:
	// finish task 1 first · 先完成任务 1
	// true false
}
