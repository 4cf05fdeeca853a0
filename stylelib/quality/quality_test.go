package quality

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// evaluate runs a graph function on matrices.
func evaluate(t *testing.T, build func(inputs []*Node) *Node, inputs ...[][]float32) float64 {
	t.Helper()
	e, err := engine.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	exec, err := NewExec(e.Backend, build)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	var arguments []any
	for _, m := range inputs {
		arguments = append(arguments, tensors.FromValue(m))
	}
	outputs, err := exec.Call(arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return float64(tensors.ToScalar[float32](outputs[0]))
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-5*max(1, math.Abs(want))) {
		t.Errorf("%s is %.7g, not %.7g", what, got, want)
	}
}

// cheapest is the least sum of squared differences over all ways to match a with b: optimal transport by its definition.
func cheapest(a, b []float64) float64 {
	if len(a) == 0 {
		return 0
	}
	least := math.Inf(1)
	for i, v := range b {
		rest := append(append([]float64{}, b[:i]...), b[i+1:]...)
		least = min(least, (a[0]-v)*(a[0]-v)+cheapest(a[1:], rest))
	}
	return least
}

func TestSlicedWassersteinIsOptimalTransport(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const n, c, k = 6, 3, 4
	matrix := func(rows, columns int) [][]float32 {
		m := make([][]float32, rows)
		for i := range m {
			for range columns {
				m[i] = append(m[i], float32(random.NormFloat64()))
			}
		}
		return m
	}
	a, b, along := matrix(n, c), matrix(n, c), matrix(c, k)
	distance, spread := 0.0, 0.0
	for d := range k {
		project := func(m [][]float32) (values []float64, mean float64) {
			for i := range n {
				v := 0.0
				for j := range c {
					v += float64(m[i][j]) * float64(along[j][d])
				}
				values, mean = append(values, v), mean+v/n
			}
			return values, mean
		}
		pa, _ := project(a)
		pb, mean := project(b)
		distance += cheapest(pa, pb)
		for _, v := range pb {
			spread += (v - mean) * (v - mean)
		}
	}
	sliced := func(inputs []*Node) *Node { return slicedWasserstein(inputs[0], inputs[1], inputs[2]) }
	near(t, "the distance", evaluate(t, sliced, a, b, along), distance/spread)
	near(t, "the distance from itself", evaluate(t, sliced, b, b, along), 0)
}

func TestDirectionsHaveLengthOne(t *testing.T) {
	values := tensors.MustCopyFlatData[float32](unitVectors(5, 7, 3))
	for k := range 7 {
		square := 0.0
		for d := range 5 {
			square += float64(values[d*7+k]) * float64(values[d*7+k])
		}
		near(t, "a direction's length", square, 1)
	}
}

// Worked out by hand: three places in a plane. In a the first two are alike and the third is at a right angle to both, so its
// columns of cosine distances are (0 0 1), (0 0 1), (1 1 0); in b the last two are alike: (0 1 1), (1 0 0), (1 0 0). As shares
// of their sums they differ by ½+½, 1+1 and ½+½ in all.
func TestSelfSimilarityByHand(t *testing.T) {
	a, b := [][]float32{{1, 0}, {2, 0}, {0, 1}}, [][]float32{{1, 0}, {0, 3}, {0, 1}}
	compare := func(inputs []*Node) *Node { return selfSimilarity(inputs[0], inputs[1]) }
	near(t, "the difference", evaluate(t, compare, a, b), (1+2+1)/6.0)
	near(t, "the difference from itself", evaluate(t, compare, a, a), 0)
}

func TestRelativeByHand(t *testing.T) {
	compare := func(inputs []*Node) *Node { return relative(inputs[0], inputs[1]) }
	near(t, "the distance", evaluate(t, compare, [][]float32{{1, 2}, {3, 5}}, [][]float32{{1, 0}, {3, 4}}), (4+1)/26.0)
}

// By its definition, patch by patch, where the grids hold all patches.
func TestPatchesAreNearest(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	noise := func() *image.RGBA {
		picture := image.NewRGBA(image.Rect(0, 0, 60, 64))
		for i := range picture.Pix {
			picture.Pix[i] = uint8(random.UintN(256)) | 255*uint8(i%4/3)
		}
		return picture
	}
	a, b := noise(), noise()
	got, err := Patches(a, b, 64, 60)
	if err != nil {
		t.Fatal(err)
	}
	all := func(picture *image.RGBA, h, w int) (patches [][]float64) {
		resized, err := sl.Resize(picture, h, w, sl.Default().Resize)
		if err != nil {
			t.Fatal(err)
		}
		for y := range h - 6 {
			for x := range w - 6 {
				var patch []float64
				for dy := range 7 {
					for dx := range 7 {
						red, green, blue, _ := resized.At(x+dx, y+dy).RGBA()
						patch = append(patch, float64(red>>8), float64(green>>8), float64(blue>>8))
					}
				}
				patches = append(patches, patch)
			}
		}
		return patches
	}
	apart := func(p, q []float64) (sum float64) {
		for i := range p {
			sum += (p[i] - q[i]) * (p[i] - q[i])
		}
		return sum
	}
	nearest := func(from, to [][]float64) (sum float64) {
		for _, p := range from {
			least := math.Inf(1)
			for _, q := range to {
				least = min(least, apart(p, q))
			}
			sum += least / float64(len(from))
		}
		return sum
	}
	want := 0.0
	for _, size := range [][2]int{{64, 60}, {32, 30}, {16, 15}, {8, 7}} {
		of, style := all(a, size[0], size[1]), all(b, size[0], size[1])
		mean, spread := make([]float64, 147), 0.0
		for _, p := range style {
			for i, v := range p {
				mean[i] += v / float64(len(style))
			}
		}
		for _, p := range style {
			spread += apart(p, mean) / float64(len(style))
		}
		want += (nearest(of, style) + nearest(style, of)) / (2 * spread) / 4
	}
	near(t, "the distance", got, want)
	if self, err := Patches(b, b, 64, 60); err != nil || self > 1e-5 {
		t.Errorf("a painting is %g from itself, %v", self, err)
	}
	if _, err := Patches(a, b, 6, 60); err == nil {
		t.Error("a picture without a patch is measured")
	}
}

func TestDetailByHand(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 4, 3))
	for i := range 12 {
		picture.SetRGBA(i%4, i/4, color.RGBA{100, 100, 100, 255})
	}
	near(t, "a flat picture's detail", detail(picture), 0)
	picture.SetRGBA(1, 1, color.RGBA{140, 140, 140, 255})
	near(t, "detail round a bright pixel", detail(picture), (40+10)/2.0) // itself, and its neighbour that is not on the edge
}
