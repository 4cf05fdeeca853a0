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

// Curve is a line with a dot at each point.
type Curve struct {
	Name   string
	X, Y   []float64
	Labels []string // one for each point, or none at all
}

// Charts draws charts side by side, three in a row. A curve whose lists differ in length, or a value that its axis can't
// show, is an error.
func Charts(charts ...Chart) (image.Image, error) {
	plots := make([]*plot.Plot, len(charts))
	for i, chart := range charts {
		var err error
		if plots[i], err = chart.plot(); err != nil {
			return nil, fmt.Errorf("chart %q: %w", chart.Title, err)
		}
	}
	return sideBySide(plots...), nil
}

func (c Chart) plot() (*plot.Plot, error) {
	p := newPlot()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = said(c.Title), said(c.X), said(c.Y)
	p.Legend.Top, p.Legend.Left = !c.LogY, c.LogY // where two losses are traded, nothing is in the lower left corner
	p.Add(plotter.NewGrid())
	for i, curve := range c.Curves {
		if err := c.add(p, curve, curveColors[i%len(curveColors)]); err != nil {
			return nil, fmt.Errorf("curve %q: %w", curve.Name, err)
		}
	}
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
	axis.Scale, axis.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: 3}
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

func (c Chart) add(p *plot.Plot, curve Curve, ink color.Color) error {
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
	line.Color, line.Width = ink, vg.Points(1.8)
	dots.Color, dots.Shape, dots.Radius = ink, draw.CircleGlyph{}, vg.Points(3)
	p.Add(line, dots)
	if curve.Name != "" {
		p.Legend.Add(said(curve.Name), line, dots)
	}
	if curve.Labels == nil {
		return nil
	}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: points, Labels: curve.Labels})
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font.Variant, labels.TextStyle[i].Color = "Sans", ink
	}
	labels.Offset = vg.Point{X: vg.Points(5), Y: vg.Points(3)}
	p.Add(labels)
	return nil
}
