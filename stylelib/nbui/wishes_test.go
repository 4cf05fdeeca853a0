package nbui

import (
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"stylebook/stylelib/i18n"
)

// wished is a stage of 20 × 16 pixels in which the content loss wants one pixel lighter, and the style loss wants it darker by as
// much and warmer.
func wished(epoch int) Stage {
	s := Stage{Epoch: epoch, Picture: image.NewRGBA(image.Rect(0, 0, 20, 16))}
	for _, wish := range []*[]float32{&s.Content, &s.Style, &s.TV} {
		*wish = make([]float32, 3*20*16)
	}
	at := 3 * (10*20 + 17)
	copy(s.Content[at:], []float32{3, 3, 3})
	copy(s.Style[at:], []float32{-1, -3, -5})
	s.Picture.Set(17, 10, color.RGBA{200, 100, 0, 255})
	return s
}

func TestWishesOfAPixel(t *testing.T) {
	s := wished(7)
	if up, down := wish(s.Content).arrow(10*20+17), wish(s.Style).arrow(10*20+17); up != (arrow{0, 3}) || down != (arrow{2, -3}) {
		t.Errorf("%v, %v", up, down)
	}
	// lengths √27 and √35, and √8 of (2, 0, -2) together
	if got := s.pulls(); got != "pull: content 0.47, style 0.53, TV 0.00; together 0.25" {
		t.Error(got)
	}
	corner := wishedMost([]Stage{s})
	if corner != image.Pt(6, 4) { // the first with the pixel in it, in steps of two
		t.Errorf("corner %v", corner)
	}
	if part := s.pixels(corner); part.RGBAAt(11, 6) != (color.RGBA{200, 100, 0, 255}) {
		t.Error("the pixel isn't in the part")
	}
	arrows, at := s.arrows(corner), 6*wishColumns+11
	up, down := arrows[0][at], arrows[1][at]
	if !near(down.length(), wishPixel) || !near(up.length(), wishPixel*math.Sqrt(3/math.Sqrt(13))) || up.warmer != 0 || !near(down.warmer/down.lighter, -2./3) {
		t.Errorf("%v, %v", up, down)
	}
	for i := range s.Content {
		s.Content[i] = 2
	}
	if a := s.arrows(corner)[0][0]; !near(a.lighter, wishPixel/2) {
		t.Errorf("the usual arrow is half a pixel long, not %v", a)
	}
}

func TestOneWalksThroughWishes(t *testing.T) {
	t.Setenv(i18n.LanguageEnv, "zh")
	before, after := wished(0), wished(60)
	clear(before.Content)
	for i := range after.TV {
		after.TV[i] = 1
	}
	scene, err := wishScene([]Stage{before, after})
	if err != nil {
		t.Fatal(err)
	}
	page, err := scene.page()
	if err != nil {
		t.Fatal(err)
	}
	p := told(t, page)
	if p.Axes[0].At != 1 || !slices.Equal(p.Axes[0].Values, []string{"0", "60"}) {
		t.Error(p.Axes)
	}
	var paths [][]any
	for _, part := range p.Parts {
		if part.Attribute == "d" {
			paths = append(paths, part.Values.([]any))
		}
	}
	if len(paths) != 3 || paths[0][0] != "M0 0" || !strings.HasPrefix(paths[0][1].(string), "M345 195l0 -") || paths[2][0] != "M0 0" ||
		strings.Count(paths[2][1].(string), "M") != wishRows*wishColumns+1 {
		t.Errorf("%v", paths)
	}
	if said := partOf(t, p, "text", 1); said[0] != "拉力：内容 0.00，风格 1.00，全变分 0.00；相加之后 1.00" || !strings.Contains(page, "</span> 全变分") {
		t.Error(said)
	}
	if still, err := wishStill([]Stage{before, after}); err != nil || still == nil {
		t.Error(err)
	}
}

func TestWishesFitTheirImage(t *testing.T) {
	short, small := wished(3), wished(4)
	short.Style = short.Style[3:]
	small.Picture = image.NewRGBA(image.Rect(0, 0, 10, 10))
	for what, stages := range map[string][]Stage{"none": nil, "a pixel too few": {short}, "a small picture": {small}, "two sizes": {wished(1), small}} {
		if err := ShowWishes(stages...); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if err := ShowWishes(wished(1)); err != nil {
		t.Error(err)
	}
}
