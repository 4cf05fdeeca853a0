package figure

import (
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// panel is a plot with the meaning of its lines, which stands below it: there it hides none of them.
type panel struct {
	*plot.Plot
	entries []plot.Legend // of one line each
}

const (
	margin   = 4  // points around a panel
	entryGap = 16 // points from one entry to the next: a browser's letters may be wider
	inside   = panelWidth - 2*margin
)

// explain adds a line's name below the plot.
func (p *panel) explain(name string, thumbnails ...plot.Thumbnailer) {
	entry := plot.NewLegend()
	entry.TextStyle, entry.Top, entry.Left = p.Legend.TextStyle, true, true
	entry.Add(fitting(name, entry.TextStyle, inside-entry.ThumbnailWidth-entryGap), thumbnails...)
	p.entries = append(p.entries, entry)
}

// place says where an entry stands, from the left and from the top of all, and how high all are.
func (p panel) place() (places []vg.Point, height vg.Length) {
	if len(p.entries) == 0 {
		return nil, 0
	}
	at := vg.Point{Y: margin}
	row := vg.Length(0) // its height
	for _, entry := range p.entries {
		size := entry.Rectangle(draw.Canvas{}).Size()
		if at.X > 0 && at.X+size.X > inside {
			at, row = vg.Point{Y: at.Y + row}, 0
		}
		places = append(places, at)
		at.X += size.X + entryGap
		row = max(row, size.Y+2*entry.TextStyle.FontExtents().Descent) // the entry is drawn that much lower
	}
	return places, at.Y + row
}

// draw draws the plot above a strip of some height, and the entries in it.
func (p panel) draw(c draw.Canvas, strip vg.Length) {
	p.Draw(draw.Crop(c, 0, 0, strip, 0))
	places, _ := p.place()
	for i, at := range places {
		p.entries[i].Draw(draw.Crop(c, at.X, 0, 0, strip-(c.Max.Y-c.Min.Y)-at.Y))
	}
}

// strip is how high the strip is that all have room in.
func strip(panels []panel) (height vg.Length) {
	for _, p := range panels {
		_, own := p.place()
		height = max(height, own)
	}
	return height
}

// fitting breaks a text into lines that are no wider than allowed, between words where that can be.
func fitting(words string, style text.Style, width vg.Length) string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(words) {
		if longer := strings.TrimSpace(line + " " + word); line == "" || style.Width(longer) <= width {
			line = longer
		} else {
			lines, line = append(lines, line), word
		}
		for style.Width(line) > width {
			letters := []rune(line)
			fits := 1
			for fits < len(letters) && style.Width(string(letters[:fits+1])) <= width {
				fits++
			}
			lines, line = append(lines, string(letters[:fits])), string(letters[fits:])
		}
	}
	return strings.Join(append(lines, line), "\n")
}
