package nbui

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"

	"stylebook/stylelib/figure"
	"stylebook/stylelib/i18n"

	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/image/draw"
)

// clouds are points of two channels that trainings move to where a style's are.
type clouds struct {
	style    [][]float32 // a pair for each point
	axes     []Axis      // what the trainings' clouds go through, the first the slowest
	all      [][][]float32
	channels [2]int
}

// ShowClouds shows features [1, h, w, c] of images on their way to a style's as clouds: each position is a point, in the two channels
// in which the first image and the style differ most. Sliders go through the images, along axes of which the first is the slowest.
// Ellipses, at one and a half standard deviations, are what losses see: the second moments about the origin, which are a Gram matrix,
// and mean and covariance, which the Wasserstein distance of normal distributions compares.
func ShowClouds(style *tensors.Tensor, axes []Axis, images ...*tensors.Tensor) error {
	c, err := cloudsOf(style, axes, images)
	if err != nil {
		return err
	}
	still, err := c.still()
	if err != nil {
		return err
	}
	return c.scene().show(still, i18n.Said("style")+", "+i18n.Said("synthesized image"))
}

func cloudsOf(style *tensors.Tensor, axes []Axis, images []*tensors.Tensor) (c clouds, err error) {
	count := 1
	for _, axis := range axes {
		count *= len(axis.Values)
	}
	if len(images) != count || count == 0 {
		return c, fmt.Errorf("%d images for %d places of the sliders: each needs one", len(images), count)
	}
	var maps []featureMap
	for _, image := range append([]*tensors.Tensor{style}, images...) {
		x, err := featuresOf(image)
		if err != nil {
			return c, err
		}
		if maps = append(maps, x); x.c != maps[0].c || x.c < 2 {
			return c, fmt.Errorf("clouds of %d channels and of %d: they need the same ones, at least two", maps[0].c, x.c)
		}
	}
	first, second := differing(maps[0], maps[1])
	c = clouds{style: maps[0].points(first, second), axes: axes, channels: [2]int{first, second}}
	for _, x := range maps[1:] {
		c.all = append(c.all, x.points(first, second))
	}
	return c, nil
}

const cloudPoints = 300 // that are shown at most

// points are two channels at positions that are evenly spread.
func (x featureMap) points(first, second int) (points [][]float32) {
	step := x.c * ((x.h*x.w + cloudPoints - 1) / cloudPoints)
	for at := 0; at < len(x.values); at += step {
		points = append(points, []float32{x.values[at+first], x.values[at+second]})
	}
	return points
}

// differing are the two channels whose means differ most, by their standard deviations.
func differing(a, b featureMap) (first, second int) {
	apart := func(channel int) float64 {
		m, other := momentsOf(a.points(channel, channel)), momentsOf(b.points(channel, channel))
		return math.Abs(m.x-other.x) / max(math.Sqrt(m.xx)+math.Sqrt(other.xx), 1e-30)
	}
	var channels []int
	for channel := range a.c {
		channels = append(channels, channel)
	}
	slices.SortStableFunc(channels, func(a, b int) int { return cmp.Compare(apart(b), apart(a)) })
	return channels[0], channels[1]
}

// The colours of the style and of a training, which can be read on any ground.
var styleInk, trainingInk = color.RGBA{140, 140, 140, 255}, color.RGBA{47, 134, 200, 255}

const cloudSide = 360 // units of a drawing

func (c clouds) scene() *scene {
	s := newScene(c.axes...)
	at := c.frame()
	by := make([]int, len(c.axes))
	for i := range by {
		by[i] = i
	}
	style, before := momentsOf(c.style), momentsOf(c.all[0])
	share := func(distance func(m, style moments) float64, m moments) float64 {
		return distance(m, style) / max(distance(before, style), 1e-30)
	}
	var dots, grams, normals, told []string
	for _, points := range c.all {
		m := momentsOf(points)
		dots = append(dots, at.dots(points))
		grams, normals = append(grams, at.ellipse(m.aboutOrigin())), append(normals, at.ellipse(m))
		told = append(told, i18n.Format("share of the first distance: Gram %.2g, Wasserstein %.2g", share(moments.gram, m), share(moments.wasserstein, m)))
	}
	path := func(ink color.RGBA, look string) string {
		return fmt.Sprintf(`fill="none" stroke="%s" %s`, hex(ink), look)
	}
	const round, line, dashed = `stroke-width="4" stroke-linecap="round" stroke-opacity="0.45"`, `stroke-width="2.5"`, `stroke-width="2.5" stroke-dasharray="7 5"`
	fixed := func(look, d string) string { return fmt.Sprintf(`<path %s d="%s"/>`, path(styleInk, look), d) }
	varied := func(look string, d []string) string {
		return s.element("path", path(trainingInk, look), of("d", d, by...))
	}
	zero, names := at.point(0, 0), [2]string{}
	for i, channel := range c.channels {
		names[i] = escaped(fmt.Sprint("channel ", channel))
	}
	drawing := fmt.Sprintf(`<path stroke="currentColor" stroke-opacity="0.6" d="M0 %dH%dM%d 0V%[2]d"/>`, zero.Y, cloudSide, zero.X) +
		fmt.Sprintf(`<text x="%d" y="%d" text-anchor="end">%s</text><text x="%d" y="12">%s</text>`, cloudSide-2, zero.Y-5, names[0], zero.X+5, names[1]) +
		fixed(round, at.dots(c.style)) + varied(round, dots) +
		fixed(dashed, at.ellipse(style.aboutOrigin())) + fixed(line, at.ellipse(style)) + varied(dashed, grams) + varied(line, normals)
	s.add(pane{caption: s.element("span", "", of("text", told, by...)), drawing: drawing, width: cloudSide, height: cloudSide, shown: cloudSide})
	fmt.Fprintf(&s.panels, `<div><span style="color: %s">●</span> %s<br><span style="color: %s">●</span> %s<br>— <span>%s</span><br>┄ <span>%s</span></div>`, hex(styleInk), escaped("style"),
		hex(trainingInk), escaped("synthesized image"), escaped("mean and covariance: what Wasserstein sees"), escaped("moments about the origin: what Gram sees"))
	return s
}

// still is the first, a middle and the last cloud.
func (c clouds) still() (image.Image, error) {
	at := c.frame()
	var pictures []figure.Picture
	for _, i := range []int{0, (len(c.all) - 1) / 2, len(c.all) - 1} {
		picture := image.NewRGBA(image.Rect(0, 0, cloudSide, cloudSide))
		draw.Draw(picture, picture.Rect, image.White, image.Point{}, draw.Src)
		at.ink(picture, c.style, styleInk)
		at.ink(picture, c.all[i], trainingInk)
		pictures = append(pictures, figure.Picture{Title: c.title(i), Image: picture})
	}
	return figure.Sheet(len(pictures), pictures...)
}

// title says where the axes stand for a cloud.
func (c clouds) title(cloud int) string {
	var words []string
	for i := len(c.axes) - 1; i >= 0; i-- {
		axis := c.axes[i]
		words = append([]string{i18n.Said(axis.Name) + " " + i18n.Said(axis.Values[cloud%len(axis.Values)])}, words...)
		cloud /= len(axis.Values)
	}
	return strings.Join(words, ", ")
}

// frame places two channels in a square drawing on one scale, with the origin and all points but the outermost in it.
type frame struct{ left, low, scale float64 }

func (c clouds) frame() frame {
	var low, high [2]float64
	for i := range low {
		var values []float32
		for _, points := range append(slices.Clone(c.all), c.style) {
			for _, p := range points {
				values = append(values, p[i])
			}
		}
		slices.Sort(values)
		low[i], high[i] = min(0, float64(values[len(values)/100])), max(0, float64(values[len(values)-1-len(values)/100]))
	}
	side := max(high[0]-low[0], high[1]-low[1], 1e-30) * 1.15
	return frame{(low[0] + high[0] - side) / 2, (low[1] + high[1] - side) / 2, cloudSide / side}
}

func (f frame) point(x, y float64) image.Point {
	return image.Pt(int(math.Round((x-f.left)*f.scale)), cloudSide-int(math.Round((y-f.low)*f.scale)))
}

// dots are points as a path.
func (f frame) dots(points [][]float32) string {
	var path strings.Builder
	for _, p := range points {
		at := f.point(float64(p[0]), float64(p[1]))
		fmt.Fprintf(&path, "M%d %dh0", at.X, at.Y)
	}
	return path.String()
}

// ink draws points and both ellipses of their moments.
func (f frame) ink(picture *image.RGBA, points [][]float32, ink color.Color) {
	dot := func(x, y float64, size int) {
		at := f.point(x, y)
		draw.Draw(picture, image.Rect(at.X-size, at.Y-size, at.X+size, at.Y+size), image.NewUniform(ink), image.Point{}, draw.Src)
	}
	for _, p := range points {
		dot(float64(p[0]), float64(p[1]), 1)
	}
	m := momentsOf(points)
	for i, m := range []moments{m, m.aboutOrigin()} {
		first, second, angle := m.axes()
		for k := 0; k < 360; k += 1 + 5*i {
			a, b := math.Sincos(float64(k) * math.Pi / 180)
			sin, cos := math.Sincos(angle)
			dot(m.x+first*b*cos-second*a*sin, m.y+first*b*sin+second*a*cos, 2)
		}
	}
}

// ellipse is the path of a distribution's ellipse.
func (f frame) ellipse(m moments) string {
	first, second, angle := m.axes()
	sin, cos := math.Sincos(angle)
	from, to := f.point(m.x-first*cos, m.y-first*sin), f.point(m.x+first*cos, m.y+first*sin)
	arc := fmt.Sprintf("A%.0f %.0f %.0f 1 0 ", max(1, first*f.scale), max(1, second*f.scale), -angle*180/math.Pi)
	return fmt.Sprintf("M%d %d%s%d %d%s%d %dZ", from.X, from.Y, arc, to.X, to.Y, arc, from.X, from.Y)
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
