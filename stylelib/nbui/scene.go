package nbui

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strconv"
	"strings"

	"stylebook/stylelib/i18n"
)

// scene is an output of panels in which parts change with its axes: [play.Parts], which the script puts in their places.
type scene struct {
	play
	elements int
	panels   strings.Builder
}

// part is an attribute of an element that changes; "text" is what stands in it.
type part struct {
	Of        int    `json:"of"` // the element's number
	Attribute string `json:"attribute"`
	Values    any    `json:"values"` // a list, or one text with a digit to the base 36 for each place
	By        []int  `json:"by"`     // for each axis, how far apart its values are in Values; 0 where nothing depends on it
}

// changing is an attribute with a value or a digit for each place of the axes it goes by, the last of which is the fastest.
type changing struct {
	attribute string
	values    []string
	by        []int  // numbers of axes
	digits    string // in the place of values: whole numbers to the base 36
}

// of is an attribute with values that go by axes.
func of(attribute string, values []string, by ...int) changing {
	return changing{attribute: attribute, values: values, by: by}
}

func newScene(axes ...Axis) *scene {
	s := &scene{play: play{Axes: slices.Clone(axes)}}
	for i := range s.Axes {
		axis := &s.Axes[i]
		axis.Name, axis.Values = i18n.Said(axis.Name), slices.Clone(axis.Values)
		for k, value := range axis.Values {
			axis.Values[k] = i18n.Said(value)
		}
	}
	return s
}

// element is an element of a page with fixed attributes and changing ones, which first have the values where the axes stand.
func (s *scene) element(tag, fixed string, all ...changing) string {
	attributes, text := fmt.Sprintf(`%s data-part="%d"`, fixed, s.elements), ""
	for _, c := range all {
		p, at := s.strides(c.by)
		p.Of, p.Attribute, p.Values = s.elements, c.attribute, c.told(at)
		switch {
		case c.digits != "":
			p.Values = c.digits
			number, _ := strconv.ParseInt(c.digits[at:at+1], 36, 0)
			attributes += fmt.Sprintf(` %s="%d"`, c.attribute, number)
		case c.attribute == "text":
			text = html.EscapeString(c.values[at])
		default:
			attributes += fmt.Sprintf(` %s="%s"`, c.attribute, html.EscapeString(c.values[at]))
		}
		s.Parts = append(s.Parts, p)
	}
	s.elements++
	if tag == "img" {
		return fmt.Sprintf("<img %s>", attributes)
	}
	return fmt.Sprintf("<%s %s>%s</%s>", tag, attributes, text, tag)
}

// told are the values as the script is told them: short numbers without quotes, and none for a picture that stands in the page already.
func (c changing) told(at int) (all []any) {
	for i, value := range c.values {
		if number, err := strconv.Atoi(value); err == nil {
			all = append(all, number)
		} else if i == at && c.attribute == "src" {
			all = append(all, nil)
		} else {
			all = append(all, value)
		}
	}
	return all
}

// strides say where in a list with a value for each place of some axes a value is; at is where the axes stand first.
func (s *scene) strides(by []int) (p part, at int) {
	p.By = make([]int, len(s.Axes))
	step := 1
	for i := len(by) - 1; i >= 0; i-- {
		axis := s.Axes[by[i]]
		p.By[by[i]] = step
		at += step * axis.At
		step *= len(axis.Values)
	}
	return p, at
}

// pane is a picture, an img or nothing, with a drawing over it in units of width × height, and a caption above.
type pane struct {
	caption, picture, drawing string
	width, height             int
	shown                     int  // how wide it is, in pixels of the page
	point                     bool // whether the pointer on it moves sliders
}

// add puts a pane behind those that are there.
func (s *scene) add(p pane) {
	class, over := "", ""
	if p.point {
		class = ` class="point"`
	}
	if p.picture != "" {
		over = "position: absolute; left: 0; top: 0; height: 100%; "
	}
	fmt.Fprintf(&s.panels, `<div style="align-self: flex-start; width: %dpx; max-width: 100%%; margin-bottom: 0.5em"><div>%s</div>`, p.shown, p.caption)
	fmt.Fprintf(&s.panels, `<div style="position: relative; line-height: 0">%s`, p.picture)
	fmt.Fprintf(&s.panels, `<svg%s xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" style="%swidth: 100%%" fill="currentColor" font-size="12">%s</svg></div></div>`+"\n",
		class, p.width, p.height, over, p.drawing)
}

// page is the whole output.
func (s *scene) page() (string, error) { return s.play.page(s.panels.String(), nil, nil) }

// show displays the scene, and a picture in its place where no HTML is shown.
func (s *scene) show(still image.Image, alt string) error {
	page, err := s.page()
	if err != nil {
		return err
	}
	return showPlay(page, still, "", alt)
}

// The styles of a photograph and of a map in a panel.
const (
	photograph = `style="display: block; width: 100%; margin: 0"`
	cells      = `style="display: block; width: 100%; margin: 0; image-rendering: pixelated"`
)

// greys are the levels of a map in an output: with sixteen it takes half of the room that it takes with more.
var greys = func() (all color.Palette) {
	for i := range 16 {
		all = append(all, color.Gray{uint8(17 * i)})
	}
	return all
}()

// greyPNG is a table of values from 0 to 1, row by row, as a picture with a pixel for each: black for 0, white for 1.
func greyPNG(values []float64, width int) (source string, err error) {
	picture := image.NewPaletted(image.Rect(0, 0, width, len(values)/width), greys)
	for i, v := range values {
		picture.Pix[i] = uint8(math.Round(15 * min(1, max(0, v))))
	}
	return pngURL(picture)
}

// pngURL is a picture as PNG, with its pixels as they are.
func pngURL(picture image.Image) (source string, err error) {
	var file bytes.Buffer
	err = png.Encode(&file, picture)
	return dataURL("image/png", file.Bytes()), err
}

// photographURL is a picture as JPEG of a quality that suits a small one.
func photographURL(picture image.Image) (source string, err error) {
	file, err := jpegOf(picture, 60)
	return dataURL("image/jpeg", file), err
}
