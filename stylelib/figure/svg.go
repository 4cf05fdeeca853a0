package figure

import (
	"bytes"
	"fmt"
	"strings"

	sl "stylebook/stylelib"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Place is where a record is in a drawing of losses, in the units of its viewBox: the epoch's x, and a y for each loss.
type Place struct {
	X  float64   `json:"x"`
	Ys []float64 `json:"ys"`
}

// LossesSVG draws the curves of [Training] for a page: an svg element with the page's own ink, so that it can be read on any
// ground. It says where each record is in it. A line of class line and a circle of class dot for each loss can be moved there.
func LossesSVG(records []sl.Record, epochs int, beside ...Curve) (svg string, places []Place, err error) {
	p, err := lossCurves(records, epochs, beside)
	if err != nil {
		return "", nil, err
	}
	p.BackgroundColor = nil
	below := strip([]panel{p})
	height := panelHeight + below
	canvas := vgsvg.New(panelWidth, height)
	dc := draw.Crop(draw.New(canvas), 0, -2*margin, 0, -2*margin)
	p.draw(dc, below)
	var file bytes.Buffer
	if _, err := canvas.WriteTo(&file); err != nil {
		return "", nil, fmt.Errorf("draw the losses: %w", err)
	}
	curves := p.DataCanvas(draw.Crop(dc, 0, 0, below, 0))
	toX, toY := p.Transforms(&curves)
	round := func(length vg.Length) float64 { return float64(int(100*length.Points()+0.5)) / 100 }
	names := termNames(records)
	for _, r := range records {
		place := Place{X: round(toX(float64(r.Epoch)))}
		for _, name := range names {
			place.Ys = append(place.Ys, round(height-toY(r.Loss(name))))
		}
		places = append(places, place)
	}
	_, svg, _ = strings.Cut(file.String(), "<svg ")
	inked := strings.NewReplacer("stroke:#000000", "stroke:currentColor", "font-family:Liberation Sans", "font-family:Liberation Sans,Arial,sans-serif")
	marks := fmt.Sprintf(`<path class="line" d="M0,%gV%g" stroke="currentColor" stroke-dasharray="3"/>%s</svg>`,
		round(height-curves.Max.Y), round(height-curves.Min.Y), strings.Repeat(`<circle class="dot" r="4"/>`, len(names)))
	return `<svg fill="currentColor" ` + strings.Replace(inked.Replace(svg), "</svg>", marks, 1), places, nil
}
