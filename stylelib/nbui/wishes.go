package nbui

import (
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"

	"stylebook/stylelib/figure"
	"stylebook/stylelib/film"
	"stylebook/stylelib/i18n"

	"golang.org/x/image/draw"
)

// Stage is an image at an epoch of its training, and what each loss alone wants of it: its negative gradient, red, green and blue of each
// pixel, row by row.
type Stage struct {
	Epoch              int
	Picture            *image.RGBA
	Content, Style, TV []float32
}

func (s Stage) wishes() []wish { return []wish{s.Content, s.Style, s.TV} }

type wish []float32

// The part of an image whose pixels are seen, and how large one is drawn.
const (
	wishColumns, wishRows = 12, 8
	wishPixel             = 30
)

// The losses' names, and their colours, much as the curves of a training have them.
var (
	wishNames = []string{"content", "style", "TV"}
	wishInks  = []color.RGBA{{47, 134, 200, 255}, {220, 50, 180, 255}, {40, 160, 70, 255}}
)

// ShowWishes walks through stages of a training with a slider, and shows on pixels, enlarged, in which direction each loss alone would
// move them: an arrow upwards makes a pixel lighter, one to the right warmer, with more red and less blue. The pixels are those where the
// content loss pulls most in all stages together.
func ShowWishes(stages ...Stage) error {
	if err := checkStages(stages); err != nil {
		return err
	}
	scene, err := wishScene(stages)
	if err != nil {
		return err
	}
	still, err := wishStill(stages)
	if err != nil {
		return err
	}
	return scene.show(still, i18n.Said("synthesized image"))
}

func checkStages(stages []Stage) error {
	if len(stages) == 0 {
		return errors.New("there is no stage of a training to show")
	}
	size := stages[0].Picture.Rect.Size()
	if size.X < wishColumns || size.Y < wishRows {
		return fmt.Errorf("an image of %d × %d pixels is too small: wishes are shown for %d × %d of them", size.Y, size.X, wishRows, wishColumns)
	}
	for _, stage := range stages {
		for i, wish := range stage.wishes() {
			if stage.Picture.Rect.Size() != size || len(wish) != 3*size.X*size.Y {
				return fmt.Errorf("epoch %d: %s has %d numbers, three for each of %d × %d pixels are wanted", stage.Epoch, wishNames[i], len(wish), size.Y, size.X)
			}
		}
	}
	return nil
}

// arrow is what a pixel is to become: warmer, and lighter.
type arrow struct{ warmer, lighter float64 }

func (a arrow) length() float64 { return math.Hypot(a.warmer, a.lighter) }

// arrow is what a loss wants of a pixel.
func (w wish) arrow(pixel int) arrow {
	red, green, blue := float64(w[3*pixel]), float64(w[3*pixel+1]), float64(w[3*pixel+2])
	return arrow{(red - blue) / 2, (red + green + blue) / 3}
}

// size is the length of the whole wish.
func (w wish) size() (length float64) {
	for _, v := range w {
		length += float64(v) * float64(v)
	}
	return math.Sqrt(length)
}

// pulls tells what part of all pulls each loss has, and how much of them is left when they are added.
func (s Stage) pulls() string {
	sum, sizes, all := make(wish, len(s.TV)), [3]float64{}, 0.0
	for i, wish := range s.wishes() {
		sizes[i] = wish.size()
		all += sizes[i]
		for k, v := range wish {
			sum[k] += v
		}
	}
	all = max(all, 1e-30)
	return i18n.Format("pull: content %.2f, style %.2f, TV %.2f; together %.2f", sizes[0]/all, sizes[1]/all, sizes[2]/all, sum.size()/all)
}

// wishedMost is the upper left corner of the pixels that are shown: where the content loss pulls most.
func wishedMost(stages []Stage) (corner image.Point) {
	size, most := stages[0].Picture.Rect.Size(), -1.0
	for y := 0; y+wishRows <= size.Y; y += 2 {
		for x := 0; x+wishColumns <= size.X; x += 2 {
			pull := 0.0
			for _, stage := range stages {
				for i := range wishRows * wishColumns {
					pull += wish(stage.Content).arrow((y+i/wishColumns)*size.X + x + i%wishColumns).length()
				}
			}
			if pull > most {
				corner, most = image.Pt(x, y), pull
			}
		}
	}
	return corner
}

// arrows are those of the pixels that are shown, for each loss, in units of the drawing: the roots of their lengths, so that small ones
// can be seen beside large ones, on one scale for all, on which one in twenty is longer than half a pixel, and none than a pixel.
func (s Stage) arrows(corner image.Point) (all [][]arrow) {
	var lengths []float64
	for _, wish := range s.wishes() {
		var of []arrow
		for i := range wishRows * wishColumns {
			of = append(of, wish.arrow((corner.Y+i/wishColumns)*s.Picture.Rect.Dx()+corner.X+i%wishColumns))
			lengths = append(lengths, of[i].length())
		}
		all = append(all, of)
	}
	slices.Sort(lengths)
	usual := max(lengths[len(lengths)*19/20], lengths[len(lengths)-1]/4, 1e-30)
	for _, of := range all {
		for i, a := range of {
			scale := wishPixel / 2 / math.Sqrt(usual*max(a.length(), 1e-30))
			of[i] = arrow{a.warmer * scale, a.lighter * scale}
		}
	}
	return all
}

// middle is that of a shown pixel in the drawing.
func middle(i int) image.Point {
	return image.Pt(i%wishColumns*wishPixel+wishPixel/2, i/wishColumns*wishPixel+wishPixel/2)
}

func wishScene(stages []Stage) (*scene, error) {
	epochs := Axis{Name: "epoch", At: len(stages) - 1}
	size, corner := stages[0].Picture.Rect.Size(), wishedMost(stages)
	var pictures, pixels, told []string
	paths := make([][]string, len(wishNames))
	for _, stage := range stages {
		epochs.Values, told = append(epochs.Values, fmt.Sprint(stage.Epoch)), append(told, stage.pulls())
		picture, err := photographURL(film.Within(stage.Picture, 200))
		if err != nil {
			return nil, err
		}
		enlarged, err := pngURL(stage.pixels(corner))
		if err != nil {
			return nil, err
		}
		pictures, pixels = append(pictures, picture), append(pixels, enlarged)
		for k, arrows := range stage.arrows(corner) {
			var path strings.Builder
			for i, a := range arrows {
				if at := middle(i); a.length() >= 1 {
					fmt.Fprintf(&path, "M%d %dl%.0f %.0f", at.X, at.Y, a.warmer, -a.lighter)
				}
			}
			paths[k] = append(paths[k], path.String()+"M0 0")
		}
	}
	s := newScene(epochs)
	s.add(pane{caption: escaped("synthesized image"), width: size.X, height: size.Y, shown: 360,
		picture: s.element("img", fmt.Sprintf(`alt="%s" %s`, escaped("synthesized image"), photograph), of("src", pictures, 0)),
		drawing: fmt.Sprintf(`<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#ffd400" stroke-width="2" vector-effect="non-scaling-stroke"/>`,
			corner.X, corner.Y, wishColumns, wishRows)})
	drawing := ""
	for i := range wishRows * wishColumns {
		drawing += fmt.Sprintf(`<circle cx="%d" cy="%d" r="2"/>`, middle(i).X, middle(i).Y)
	}
	legend := ""
	for k, path := range paths {
		ink := hex(wishInks[k])
		drawing += s.element("path", fmt.Sprintf(`fill="none" stroke="%s" stroke-width="3" stroke-linecap="round"`, ink), of("d", path, 0))
		legend += fmt.Sprintf(`<span style="color: %s">●</span> %s<br>`, ink, escaped(wishNames[k]))
	}
	s.add(pane{caption: s.element("span", "", of("text", told, 0)), width: wishColumns * wishPixel, height: wishRows * wishPixel, shown: 420,
		picture: s.element("img", strings.Replace(cells, `style="`, `style="opacity: 0.5; `, 1), of("src", pixels, 0), of("alt", told, 0)), drawing: drawing})
	fmt.Fprintf(&s.panels, `<div>%s%s</div>`, legend, html.EscapeString(i18n.In("upwards: lighter; to the right: warmer")))
	return s, nil
}

// pixels are those that are shown.
func (s Stage) pixels(corner image.Point) *image.RGBA {
	part := image.NewRGBA(image.Rect(0, 0, wishColumns, wishRows))
	draw.Draw(part, part.Rect, s.Picture, s.Picture.Rect.Min.Add(corner), draw.Src)
	return part
}

// wishStill is the first, a middle and the last stage.
func wishStill(stages []Stage) (image.Image, error) {
	corner := wishedMost(stages)
	var pictures []figure.Picture
	for _, i := range []int{0, len(stages) / 2, len(stages) - 1} {
		large := image.NewRGBA(image.Rect(0, 0, wishColumns*wishPixel, wishRows*wishPixel))
		part := stages[i].pixels(corner)
		draw.NearestNeighbor.Scale(large, large.Rect, part, part.Rect, draw.Src, nil)
		for k, arrows := range stages[i].arrows(corner) {
			for n, a := range arrows {
				for step := range 16 {
					at := middle(n).Add(image.Pt(int(a.warmer*float64(step)/15), -int(a.lighter*float64(step)/15)))
					draw.Draw(large, image.Rectangle{at, at.Add(image.Pt(3, 3))}, image.NewUniform(wishInks[k]), image.Point{}, draw.Src)
				}
			}
		}
		title := fmt.Sprintf("synthesized image, epoch %d", stages[i].Epoch)
		pictures = append(pictures, figure.Picture{Title: title, Image: large})
	}
	return figure.Sheet(len(pictures), pictures...)
}
