package nbui

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"

	"stylebook/stylelib/figure"
	"stylebook/stylelib/film"
	"stylebook/stylelib/i18n"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// What one plays with is one HTML output: pictures as data, and a script that is the same in all of them, so that a page may
// allow this script and no other. Without the script one picture is seen.
var (
	//go:embed play.html
	playHTML string
	//go:embed play.js
	playScript string

	playTemplate = template.Must(template.New("play").Parse(playHTML))
)

// Axis is what one slider goes through.
type Axis struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
	At     int      `json:"at"`               // where it stands first
	Button bool     `json:"button,omitempty"` // whether a button goes through it, which says each value in turn
}

// play is what the script is told. Pictures have axes, the first of which is the slowest; two that are divided have none.
type play struct {
	Axes   []Axis         `json:"axes,omitempty"`
	Frames []string       `json:"frames,omitempty"`
	Titles []string       `json:"titles,omitempty"`
	Places []figure.Place `json:"places,omitempty"` // of the frames on the svg
	Plane  bool           `json:"plane,omitempty"`  // whether the pointer's height on the svg counts
	At     int            `json:"at"`               // where two are divided, in per cent of the width
	Parts  []part         `json:"parts,omitempty"`  // of a scene
	Point  []int          `json:"point,omitempty"`  // the axes that the pointer moves, across and down; -1: none
	Hover  bool           `json:"hover,omitempty"`  // whether it does so without a button
}

const (
	playBytes = 80_000 // of all pictures of one output together: a notebook with three such outputs stays below 1 MB
	playSide  = 450    // pixels
	hardSide  = 128    // pixels: a picture that is no larger is shown with hard cells
)

// stepped are pictures along axes; the output first shows the one where the axes stand.
func stepped(axes []Axis, pictures []figure.Picture, svg string, places []figure.Place) (string, error) {
	sources, err := encoded(pictures)
	if err != nil {
		return "", err
	}
	p := play{Axes: slices.Clone(axes), Frames: sources, Places: places, Plane: len(axes) > 1}
	at := 0
	for _, axis := range axes {
		at = at*len(axis.Values) + axis.At
	}
	for i := range axes {
		p.Axes[i].Name = i18n.Said(axes[i].Name)
	}
	for _, picture := range pictures {
		p.Titles = append(p.Titles, i18n.Said(picture.Title))
	}
	return p.page(svg, sources[at:at+1], pictures[at:at+1])
}

// page is the whole output.
func (p play) page(svg string, sources []string, pictures []figure.Picture) (string, error) {
	told, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	type shown struct {
		Source template.URL
		Title  string
		Width  int
		Hard   bool
	}
	var all []shown
	for i, picture := range pictures {
		all = append(all, shown{template.URL(sources[i]), i18n.Said(picture.Title), widthOf(picture.Image), hard(picture.Image)})
	}
	var page strings.Builder
	err = playTemplate.Execute(&page, map[string]any{"Play": string(told), "Pictures": all, "SVG": template.HTML(svg)})
	return page.String() + "<script>" + playScript + "</script>\n", err
}

// encoded are pictures as data of limited size.
func encoded(pictures []figure.Picture) (sources []string, err error) {
	if len(pictures) == 0 {
		return nil, errors.New("there is no picture to show")
	}
	if hard(pictures[0].Image) {
		return encodedBy("image/png", pictures, func(file *bytes.Buffer, picture image.Image) error { return png.Encode(file, picture) })
	}
	within := func(side, quality int) (sources []string, small bool, err error) {
		sources, err = encodedBy("image/jpeg", pictures, func(file *bytes.Buffer, picture image.Image) error {
			return jpeg.Encode(file, film.Within(picture, side), &jpeg.Options{Quality: quality})
		})
		return sources, 3*len(strings.Join(sources, "")) <= 4*playBytes, err
	}
	const fine, coarse = 75, 60 // below, squares are seen; before that, smaller pictures are worse than coarser ones
	for _, quality := range []int{fine, coarse} {
		if sources, small, err := within(playSide, quality); small || err != nil {
			return sources, err
		}
	}
	low, high := hardSide, playSide
	sources, _, err = within(low, coarse)
	for err == nil && high-low > 4 {
		var larger []string
		var small bool
		side := (low + high) / 2
		if larger, small, err = within(side, coarse); small {
			sources, low = larger, side
		} else {
			high = side
		}
	}
	return sources, err
}

func encodedBy(mime string, pictures []figure.Picture, encode func(*bytes.Buffer, image.Image) error) (sources []string, err error) {
	for _, picture := range pictures {
		var file bytes.Buffer
		if err := encode(&file, picture.Image); err != nil {
			return nil, fmt.Errorf("encode %s: %w", picture.Title, err)
		}
		sources = append(sources, dataURL(mime, file.Bytes()))
	}
	return sources, nil
}

func dataURL(mime string, file []byte) string {
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(file)
}

func hard(picture image.Image) bool { return longest(picture) <= hardSide }

func longest(picture image.Image) int { return max(picture.Bounds().Dx(), picture.Bounds().Dy()) }

// widthOf is how wide a picture is shown, in pixels.
func widthOf(picture image.Image) int {
	width := picture.Bounds().Dx()
	if hard(picture) {
		return width * (playSide / longest(picture))
	}
	return width * playSide / longest(picture)
}

// showPlay displays an output that can be played with, and a picture for places that show no HTML.
func showPlay(page string, instead image.Image, id, alt string) error {
	file, err := jpegOf(instead, 70) // few will see it
	if err == nil {
		show(map[protocol.MIMEType]any{protocol.MIMETextHTML: page, mimeJPEG: file}, id, alt)
	}
	return err
}

// ShowSteps shows one of several pictures, the first at the beginning, and a slider of that name which goes through them.
func ShowSteps(name string, pictures ...figure.Picture) error {
	axis := Axis{Name: name}
	for _, picture := range pictures {
		axis.Values = append(axis.Values, i18n.Said(picture.Title))
	}
	page, err := stepped([]Axis{axis}, pictures, "", nil)
	if err != nil {
		return err
	}
	return showPlay(page, figure.Pictures(pictures[0]), "", titles(pictures[:1]))
}

// ShowGrid shows one picture of a grid, with a slider for its row, one for its column, and a map of the grid to point at.
// pictures has the rows one after the other.
func ShowGrid(row, column Axis, pictures ...figure.Picture) error {
	if len(pictures) != len(row.Values)*len(column.Values) {
		return fmt.Errorf("a grid of %d × %d has no %d pictures", len(row.Values), len(column.Values), len(pictures))
	}
	svg, places := gridMap(row, column)
	page, err := stepped([]Axis{row, column}, pictures, svg, places)
	if err != nil {
		return err
	}
	sheet, err := figure.Sheet(len(column.Values), pictures...)
	if err != nil {
		return err
	}
	return showPlay(page, sheet, "", titles(pictures))
}

// ShowBeforeAfter shows two pictures of one size, one over the other, and a line that divides them and can be moved.
func ShowBeforeAfter(before, after figure.Picture) error {
	pictures := []figure.Picture{before, after}
	sources, err := encoded(pictures)
	if err != nil {
		return err
	}
	page, err := play{At: 50}.page("", sources, pictures)
	if err != nil {
		return err
	}
	return showPlay(page, figure.Pictures(pictures...), "", titles(pictures))
}

// gridMap draws a grid with the values of its axes, and says where the middle of each cell is.
func gridMap(row, column Axis) (svg string, places []figure.Place) {
	const cell, left, top = 44, 70, 40
	escape := template.HTMLEscapeString
	var inside strings.Builder
	for j, value := range column.Values {
		fmt.Fprintf(&inside, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, left+j*cell+cell/2, top-6, escape(value))
	}
	for i, value := range row.Values {
		y := top + i*cell + cell/2
		fmt.Fprintf(&inside, `<text x="%d" y="%d" text-anchor="end">%s</text>`, left-6, y+4, escape(value))
		for j := range column.Values {
			x := left + j*cell + cell/2
			fmt.Fprintf(&inside, `<rect x="%d" y="%d" width="%d" height="%d" fill="transparent" stroke="currentColor"/>`, x-cell/2, y-cell/2, cell, cell)
			places = append(places, figure.Place{X: float64(x), Ys: []float64{float64(y)}})
		}
	}
	fmt.Fprintf(&inside, `<text x="%d" y="14" text-anchor="middle">%s</text><text x="4" y="%d">%s</text>`,
		left+len(column.Values)*cell/2, escape(i18n.Said(column.Name)), top-6, escape(i18n.Said(row.Name)))
	width, height := left+len(column.Values)*cell+4, top+len(row.Values)*cell+4
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" fill="currentColor" font-size="12">%s<circle class="dot" r="6"/></svg>`,
		width, height, width, height, inside.String()), places
}

// trainingPage is the losses of a training beside the picture, with a slider through its epochs.
func (l *Live) trainingPage() (string, error) {
	var pictures []figure.Picture
	var places []figure.Place
	axis := Axis{Name: "epoch"}
	svg, all, err := figure.LossesSVG(l.records, l.Epochs, l.Beside...)
	if err != nil {
		return "", err
	}
	for _, i := range spread(len(l.recorder.Frames), steps) {
		frame := l.recorder.Frames[i]
		picture, err := frame.Picture()
		if err != nil {
			return "", err
		}
		pictures = append(pictures, figure.Picture{Title: fmt.Sprintf("synthesized image, epoch %d", frame.Epoch), Image: picture})
		axis.Values = append(axis.Values, fmt.Sprint(frame.Epoch))
		for at, record := range l.records {
			if record.Epoch == frame.Epoch {
				places = append(places, all[at])
			}
		}
	}
	axis.At = len(pictures) - 1
	return stepped([]Axis{axis}, pictures, svg, places)
}

const steps = 12 // of a training that one can go through

// spread picks some of so many, from the first to the last, closer together at the beginning, where a training does most.
func spread(total, some int) (picked []int) {
	for i := range some {
		share := float64(i) / float64(some-1)
		at := int(share*(0.4+0.6*share)*float64(total-1) + 0.5)
		if len(picked) == 0 || at > picked[len(picked)-1] {
			picked = append(picked, at)
		}
	}
	return picked
}
