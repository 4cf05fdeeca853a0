package nbui

import (
	"math"
	"slices"
	"strings"
	"testing"

	"stylebook/stylelib/i18n"

	"github.com/gomlx/gomlx/core/tensors"
)

// near says whether numbers agree to nine digits.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a)) }

// Points (1, 0), (3, 0), (2, 1), (2, -1): mean (2, 0), variances 1/2, no covariance.
func TestMomentsOfACloud(t *testing.T) {
	m := momentsOf([][]float32{{1, 0}, {3, 0}, {2, 1}, {2, -1}})
	if m != (moments{2, 0, 0.5, 0.5, 0}) {
		t.Errorf("%v", m)
	}
	if got := m.aboutOrigin(); got != (moments{0, 0, 4.5, 0.5, 0}) {
		t.Errorf("about the origin %v", got)
	}
	if m := momentsOf([][]float32{{0, 0}, {1, 2}, {2, 4}}); !near(m.xy, 4./3) {
		t.Errorf("covariance %g", m.xy)
	}
	// variances 4 and 1 turned by 30 degrees
	turned := moments{xx: 3.25, yy: 1.75, xy: 3 * math.Sqrt(3) / 4}
	if first, second, angle := turned.axes(); !near(first, 3) || !near(second, 1.5) || !near(angle, math.Pi/6) {
		t.Errorf("axes %g, %g at %g", first, second, angle)
	}
}

// A cloud that has its mean exchanged for spread is the same to Gram, and is not to Wasserstein.
func TestWhatEachDistanceSees(t *testing.T) {
	mean, spread := moments{2, 0, 1, 1, 0}, moments{0, 0, 5, 1, 0}
	if got := mean.gram(spread); !near(got, 0) {
		t.Errorf("Gram sees %g", got)
	}
	if got, want := mean.wasserstein(spread), 4+math.Pow(math.Sqrt(5)-1, 2); !near(got, want) {
		t.Errorf("Wasserstein sees %g, want %g", got, want)
	}
	if got := mean.gram(moments{0, 1, 5, 1, 0.5}); !near(got, 1+2*0.25) { // yy is 2, xy 1/2
		t.Errorf("Gram sees %g", got)
	}
	turned := moments{xx: 3, yy: 3, xy: 1} // variances 4 and 2; the distance from the round one of variance 1 is (2-1)² + (√2-1)²
	if got, want := turned.wasserstein(moments{xx: 1, yy: 1}), 1+math.Pow(math.Sqrt2-1, 2); !near(got, want) {
		t.Errorf("Wasserstein sees %g, want %g", got, want)
	}
	other := moments{xx: 5, yy: 5, xy: 4} // variances 9 and 1 in the same directions
	if got, want := turned.wasserstein(other), 1+math.Pow(math.Sqrt2-1, 2); !near(got, want) {
		t.Errorf("Wasserstein sees %g, want %g", got, want)
	}
}

func TestCloudsAreDrawnInTheirPlaces(t *testing.T) {
	t.Setenv(i18n.LanguageEnv, "zh")
	at := func(values ...float32) *tensors.Tensor {
		return tensors.FromFlatDataAndDimensions(values, 1, 1, len(values)/3, 3)
	}
	style := at(0, 8, 1, 0, 10, 1, 0, 8, 3, 0, 10, 3) // the second and the third channel are elsewhere, the first is not
	before, after := at(-1, 0, 0, 1, 2, 0, -1, 0, 1, 1, 2, 1), at(0, 8, 1, 1, 10, 1, 2, 8, 3, 3, 10, 3)
	c, err := cloudsOf(style, []Axis{{Name: "loss", Values: []string{"Gram"}}, {Name: "epoch", Values: []string{"0", "9"}}}, []*tensors.Tensor{before, after})
	if err != nil {
		t.Fatal(err)
	}
	if c.channels != [2]int{1, 2} || !slices.EqualFunc(c.all[1], [][]float32{{8, 1}, {10, 1}, {8, 3}, {10, 3}}, slices.Equal) {
		t.Fatalf("channels %v, points %v", c.channels, c.all)
	}
	page, err := c.scene().page()
	if err != nil {
		t.Fatal(err)
	}
	p := told(t, page)
	if said := partOf(t, p, "text", 2); said[0] != "占最初距离的比例：格拉姆矩阵 1，Wasserstein 1" || said[1] != "占最初距离的比例：格拉姆矩阵 0，Wasserstein 0" {
		t.Error(said)
	}
	// from 0 to 10 with a margin: 360 units for 11.5, the origin 0.75 units from the left and 4.25 from below
	f := c.frame()
	if zero := f.point(0, 0); zero.X != 23 || zero.Y != 227 || f.point(10, 0).X != 337 {
		t.Errorf("the origin is at %v, ten at %v", zero, f.point(10, 0))
	}
	if got := f.dots([][]float32{{0, 0}, {10, 0}}); got != "M23 227h0M337 227h0" {
		t.Error(got)
	}
	if got := f.ellipse(moments{5, 0, 4, 1, 0}); got != "M86 227A94 47 -0 1 0 274 227A94 47 -0 1 0 86 227Z" {
		t.Error(got)
	}
	if !strings.Contains(page, "通道 1") || !strings.Contains(page, "均值和协方差") || c.title(1) != "损失 Gram, 迭代周期 9" {
		t.Errorf("%s: %.2000s", c.title(1), page)
	}
	if still, err := c.still(); err != nil || still == nil {
		t.Error(err)
	}
}

func TestCloudsNeedAnImageForEachPlace(t *testing.T) {
	x, other := tensors.FromFlatDataAndDimensions(make([]float32, 6), 1, 1, 3, 2), tensors.FromFlatDataAndDimensions(make([]float32, 6), 1, 1, 2, 3)
	axis := []Axis{{Name: "epoch", Values: []string{"0", "9"}}}
	for what, images := range map[string][]*tensors.Tensor{"one image": {x}, "none": {}, "other channels": {x, other}} {
		if _, err := cloudsOf(x, axis, images); err == nil {
			t.Errorf("%s is taken for two", what)
		}
	}
	if c, err := cloudsOf(x, axis, []*tensors.Tensor{x, x}); err != nil {
		t.Error(err)
	} else if _, err := c.still(); err != nil { // all points are one
		t.Error(err)
	}
}
