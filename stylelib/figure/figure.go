// Package figure draws what the notebooks show: pictures with axes, curves, and a training's losses beside its image. All
// is drawn in Go, so that it looks the same in a browser, in a saved notebook and on a page.
package figure

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"

	sl "stylebook/stylelib"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Picture is an image with a title.
type Picture struct {
	Title string
	Image image.Image
}

const (
	panelWidth  = 4.8 * vg.Inch
	panelHeight = 3.4 * vg.Inch
	resolution  = 96 // dots per inch
	columns     = 3  // of panels, before a new row begins
)

// Pictures draws pictures side by side, three in a row, with axes in pixels: x to the right, y downwards.
func Pictures(pictures ...Picture) image.Image {
	panels := make([]panel, len(pictures))
	for i, picture := range pictures {
		panels[i] = panel{Plot: pictureWithAxes(picture)}
	}
	return sideBySide(panels...)
}

// Training draws the losses so far, over the epochs that are planned, beside the synthesized image.
//
// There is a curve for each loss that the records hold: in the chapter's training content, style and total variation, all
// weighted, the style loss not yet counted ten times. Records are drawn as they are; give every tenth to draw what the
// chapter draws. A loss's curve has a thin line beside it where one of its name is given, such as those of [Book].
func Training(records []sl.Record, epochs int, synthesized image.Image, beside ...Curve) (image.Image, error) {
	curves, err := lossCurves(records, epochs, beside)
	if err != nil {
		return nil, err
	}
	title := "synthesized image"
	if len(records) > 0 {
		title = fmt.Sprintf("synthesized image, epoch %d", records[len(records)-1].Epoch)
	}
	return sideBySide(curves, panel{Plot: pictureWithAxes(Picture{title, synthesized})}), nil
}

// newPlot returns an empty plot with letters that are easy to read on a screen.
func newPlot() *plot.Plot {
	p := plot.New()
	for _, style := range []*text.Style{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle,
		&p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Variant = "Sans"
		if speaksChinese() {
			style.Font.Typeface = hanTypeface
		}
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(roundTicks), plot.TickerFunc(roundTicks)
	return p
}

func lossCurves(records []sl.Record, epochs int, beside []Curve) (panel, error) {
	p := panel{Plot: newPlot()}
	p.X.Label.Text, p.Y.Label.Text = said("epoch"), said("loss")
	p.Y.Min = 0
	p.Add(plotter.NewGrid())
	for i, name := range termNames(records) {
		curve := Curve{Name: name}
		for _, r := range records {
			curve.X, curve.Y = append(curve.X, float64(r.Epoch)), append(curve.Y, r.Loss(name))
		}
		line, err := lossLine(curve, i, vg.Points(1.8))
		if err != nil {
			return panel{}, err
		}
		p.Add(line)
		p.explain(said(shown(name)), line)
		for _, other := range beside {
			if other.Name != name {
				continue
			}
			if line, err = lossLine(other, i, vg.Points(0.7)); err != nil {
				return panel{}, err
			}
			p.Add(line)
			p.explain(said(shown(name)+" in the book"), line)
		}
	}
	if err := p.markRates(records); err != nil {
		return panel{}, err
	}
	p.X.Min, p.X.Max = 0, float64(max(epochs, 1)) // the curves must not narrow or widen what is planned
	return p, nil
}

const manyRates = 20 // more changes are no steps but a slope

// markRates draws a thin line from the bottom to the top where the learning rate has changed.
func (p *panel) markRates(records []sl.Record) error {
	var changed []float64
	for i := 1; i < len(records); i++ {
		if records[i].LR != records[i-1].LR {
			changed = append(changed, float64(records[i-1].Epoch))
		}
	}
	if len(changed) > manyRates {
		return nil
	}
	for i, epoch := range changed {
		line, err := plotter.NewLine(plotter.XYs{{X: epoch, Y: 0}, {X: epoch, Y: p.Y.Max}})
		if err != nil {
			return fmt.Errorf("mark the learning rate: %w", err)
		}
		line.Color, line.Width, line.Dashes = color.RGBA{150, 120, 60, 255}, vg.Points(1.5), []vg.Length{vg.Points(1.5), vg.Points(4)}
		p.Add(line)
		if i == 0 {
			p.explain(said("learning rate changes"), line)
		}
	}
	return nil
}

// lossLine is the line of the term that comes at that place.
func lossLine(curve Curve, place int, width vg.Length) (*plotter.Line, error) {
	points, err := curve.points()
	if err != nil {
		return nil, err
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return nil, fmt.Errorf("draw the %s loss: %w", curve.Name, err)
	}
	line.Color, line.Width = termColours[place%len(termColours)], width
	line.Dashes = termDashes[place%len(termDashes)]
	return line, nil
}

// shown is how a figure writes a term's name.
func shown(name string) string {
	if name == "tv" {
		return "TV"
	}
	return name
}

func pictureWithAxes(picture Picture) *plot.Plot {
	p := newPlot()
	entitle(p, picture.Title, inside)
	if picture.Image == nil {
		return p
	}
	b := picture.Image.Bounds()
	p.Add(plotter.NewImage(picture.Image, 0, 0, float64(b.Dx()), float64(b.Dy())))
	p.Y.Tick.Marker = downwards{height: float64(b.Dy())}
	return p
}

// entitle gives a plot a title that is no wider than allowed: in smaller letters, and where these would be hard to read in lines.
func entitle(p *plot.Plot, english string, width vg.Length) {
	style := &p.Title.TextStyle
	title := said(english)
	if wide := style.Width(title); wide > width {
		style.Font.Size = max(smallTitle, style.Font.Size*width/wide)
	}
	p.Title.Text = fitting(title, *style, width)
}

// downwards labels a y axis so that 0 is at the top, as pictures are counted.
type downwards struct{ height float64 }

func (d downwards) Ticks(low, high float64) []plot.Tick {
	ticks := roundTicks(d.height-high, d.height-low)
	for i := range ticks {
		ticks[i].Value = d.height - ticks[i].Value
	}
	return ticks
}

// sideBySide lays plots out in rows. Pictures keep their aspect ratio.
func sideBySide(panels ...panel) image.Image {
	below := strip(panels)
	return grid(len(panels), max(1, min(len(panels), columns)), panelWidth, panelHeight+below, func(i int, c draw.Canvas) {
		p := panels[i]
		if _, isPicture := p.Y.Tick.Marker.(downwards); isPicture {
			p.Draw(squared(draw.Crop(c, 0, 0, below, 0), p.Plot))
			return
		}
		p.draw(c, below)
	})
}

// grid draws n panels in rows of so many columns.
func grid(n, columns int, width, height vg.Length, drawPanel func(i int, panel draw.Canvas)) image.Image {
	rows := max(1, (n+columns-1)/columns)
	canvas := vgimg.NewWith(vgimg.UseWH(width*vg.Length(columns), height*vg.Length(rows)), vgimg.UseDPI(resolution))
	dc := draw.New(canvas)
	for i := range n {
		left, top := width*vg.Length(i%columns), dc.Max.Y-height*vg.Length(i/columns)
		drawPanel(i, draw.Crop(dc, left+margin, left+width-dc.Max.X-margin, top-height+margin, top-dc.Max.Y-margin))
	}
	return canvas.Image()
}

// squared shrinks a panel so that what is drawn in it has square pixels.
func squared(panel draw.Canvas, p *plot.Plot) draw.Canvas {
	data := p.DataCanvas(panel)
	wanted := vg.Length((p.Y.Max - p.Y.Min) / (p.X.Max - p.X.Min))
	width, height := data.Max.X-data.Min.X, data.Max.Y-data.Min.Y
	if height > width*wanted {
		spare := (height - width*wanted) / 2
		return draw.Crop(panel, 0, 0, spare, -spare)
	}
	spare := (width - height/wanted) / 2
	return draw.Crop(panel, spare, -spare, 0, 0)
}

const (
	sheetCell  = 2.4 * vg.Inch
	smallTitle = 9 // points
)

// Sheet draws a contact sheet: pictures in rows of so many columns, each with its title above, without axes. One without an
// image stays empty.
func Sheet(columns int, pictures ...Picture) (image.Image, error) {
	if columns < 1 || len(pictures) == 0 {
		return nil, fmt.Errorf("a contact sheet of %d pictures in %d columns has nothing to show", len(pictures), columns)
	}
	aspect := 0.25 // height / width of the highest picture, or room for a title
	for _, picture := range pictures {
		if picture.Image != nil {
			b := picture.Image.Bounds()
			aspect = max(aspect, float64(b.Dy())/float64(b.Dx()))
		}
	}
	plots, lines := make([]*plot.Plot, len(pictures)), 1
	for i, picture := range pictures {
		p := pictureWithAxes(picture)
		p.HideAxes()
		p.Title.TextStyle.Font.Size = smallTitle
		entitle(p, picture.Title, sheetCell-2*margin)
		plots[i], lines = p, max(lines, 1+strings.Count(p.Title.Text, "\n"))
	}
	height := sheetCell*vg.Length(aspect) + vg.Points(float64(2+lines)*smallTitle)
	return grid(len(pictures), columns, sheetCell, height, func(i int, panel draw.Canvas) {
		title := &plots[i].Title.Text
		*title = strings.Repeat("\n", lines-1-strings.Count(*title, "\n")) + *title // so that pictures stand in rows
		if pictures[i].Image != nil {
			panel = squared(panel, plots[i])
		}
		plots[i].Draw(panel)
	}), nil
}

// Curves differ in colour and in their dashes, so that they can be told apart without colours.
var (
	termColours = []color.RGBA{{31, 119, 180, 255}, {200, 30, 160, 255}, {30, 140, 60, 255}, {200, 110, 0, 255}, {125, 125, 125, 255}}
	termDashes  = [][]vg.Length{nil, {vg.Points(6), vg.Points(3)}, {vg.Points(2), vg.Points(2)}, {vg.Points(9), vg.Points(2), vg.Points(2), vg.Points(2)}}
)

// termNames returns the names of the losses, in the order in which they come.
func termNames(records []sl.Record) (names []string) {
	for _, r := range records {
		for _, l := range r.Losses {
			if !slices.Contains(names, l.Name) {
				names = append(names, l.Name)
			}
		}
	}
	return names
}
