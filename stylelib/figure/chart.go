package figure

import (
	"errors"
	"fmt"
	"image"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Chart is a diagram of curves. A logarithmic axis takes positive values only.
type Chart struct {
	Title  string
	X, Y   string // what the axes show
	LogX   bool
	LogY   bool
	Curves []Curve
}

// Curve is a line, with a dot at each point if there are few. A label for which there is no room is left out.
type Curve struct {
	Name   string
	X, Y   []float64
	Labels []string // one for each point, or none at all
}

// Charts draws charts side by side, three in a row. A curve whose lists differ in length, or a value that its axis can't
// show, is an error.
func Charts(charts ...Chart) (image.Image, error) {
	panels := make([]panel, len(charts))
	for i, chart := range charts {
		var err error
		if panels[i], err = chart.plot(); err != nil {
			return nil, fmt.Errorf("chart %q: %w", chart.Title, err)
		}
	}
	return sideBySide(panels...), nil
}

func (c Chart) plot() (panel, error) {
	p := panel{Plot: newPlot()}
	entitle(p.Plot, c.Title, inside)
	p.X.Label.Text, p.Y.Label.Text = said(c.X), said(c.Y)
	p.Add(plotter.NewGrid())
	written := labels{style: p.X.Tick.Label}
	for i, curve := range c.Curves {
		if err := c.add(&p, curve, i, &written); err != nil {
			return panel{}, fmt.Errorf("curve %q: %w", curve.Name, err)
		}
	}
	p.Add(written)
	if c.LogX {
		logarithmic(&p.X)
	}
	if c.LogY {
		logarithmic(&p.Y)
	}
	return p, nil
}

// logarithmic makes an axis so. One that has a single value gets room around it that does not reach 0.
func logarithmic(axis *plot.Axis) {
	axis.Scale, axis.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
	if axis.Min == axis.Max {
		axis.Min, axis.Max = axis.Min/2, axis.Max*2
	}
}

var curveColors = []color.Color{color.RGBA{31, 119, 180, 255}, color.RGBA{200, 30, 160, 255}, color.RGBA{30, 140, 60, 255},
	color.RGBA{230, 120, 20, 255}, color.RGBA{110, 80, 50, 255}}

func (c Curve) points() (plotter.XYs, error) {
	if len(c.X) != len(c.Y) || (c.Labels != nil && len(c.Labels) != len(c.X)) {
		return nil, errors.New("its lists differ in length")
	}
	points := make(plotter.XYs, len(c.X))
	for i := range points {
		points[i] = plotter.XY{X: c.X[i], Y: c.Y[i]}
	}
	return points, nil
}

const manyPoints = 20 // more dots hide the line

func (c Chart) add(p *panel, curve Curve, place int, written *labels) error {
	points, err := curve.points()
	if err != nil {
		return err
	}
	for _, point := range points {
		if (c.LogX && point.X <= 0) || (c.LogY && point.Y <= 0) {
			return fmt.Errorf("(%g, %g) is not positive", point.X, point.Y)
		}
	}
	line, dots, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	ink := curveColors[place%len(curveColors)]
	line.Color, line.Width = ink, vg.Points(1.8)
	line.Dashes = termDashes[place/len(curveColors)%len(termDashes)]
	dots.Color, dots.Shape, dots.Radius = ink, draw.CircleGlyph{}, vg.Points(3)
	thumbnails := []plot.Thumbnailer{line}
	p.Add(line)
	if len(points) <= manyPoints {
		p.Add(dots)
		thumbnails = append(thumbnails, dots)
	}
	if curve.Name != "" {
		p.explain(said(curve.Name), thumbnails...)
	}
	written.curves = append(written.curves, points)
	for i, text := range curve.Labels {
		written.all = append(written.all, label{points[i], text, ink})
	}
	return nil
}
