package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Map is a table of values that is seen in grey, such as a feature map or a Gram matrix.
type Map struct {
	Title         string
	Height, Width int       // in cells
	Values        []float64 // row by row
}

// Picture draws the map with a pixel for each cell, black at low and below, white at high and above.
func (m Map) Picture(low, high float64) *image.Gray {
	picture := image.NewGray(image.Rect(0, 0, m.Width, m.Height))
	for i, v := range m.Values {
		picture.Pix[i] = uint8(math.Round(255 * min(1, max(0, (v-low)/max(high-low, 1e-30)))))
	}
	return picture
}

// bounds are the smallest and the largest value of some maps.
func bounds(maps []Map) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, m := range maps {
		for _, v := range m.Values {
			low, high = min(low, v), max(high, v)
		}
	}
	if low == high {
		high = low + 1
	}
	return low, high
}

// Maps draws maps side by side, three in a row, with hard cells. The maps of a row have one scale, black at the smallest and white
// at the largest of their values, which a bar at each shows.
func Maps(maps ...Map) (image.Image, error) {
	for _, m := range maps {
		if len(m.Values) != m.Height*m.Width || len(m.Values) == 0 {
			return nil, fmt.Errorf("map %q: %d × %d cells can't have %d values", m.Title, m.Height, m.Width, len(m.Values))
		}
	}
	return grid(len(maps), max(1, min(len(maps), columns)), panelWidth, panelHeight, func(i int, panel draw.Canvas) {
		row := i / columns * columns
		low, high := bounds(maps[row:min(row+columns, len(maps))])
		width := panel.Max.X - panel.Min.X
		p := maps[i].plot(low, high)
		p.Draw(squared(draw.Crop(panel, 0, -width*(barShare+0.02), 0, 0), p))
		scaleBar(low, high).Draw(draw.Crop(panel, width*(1-barShare), 0, vg.Points(18), -vg.Points(18)))
	}), nil
}

const barShare = 0.17 // of a panel's width

func (m Map) plot(low, high float64) *plot.Plot {
	const side = 600 // pixels, so that the canvas smooths nothing that can be seen
	p, height := newPlot(), float64(m.Height)
	entitle(p, m.Title, inside*(0.98-barShare))
	p.Add(plotter.NewImage(enlarged(m.Picture(low, high), max(1, side/max(m.Height, m.Width))), 0, 0, float64(m.Width), height))
	p.Y.Tick.Marker = downwards{height}
	return p
}

// enlarged makes a square of each pixel.
func enlarged(picture *image.Gray, times int) *image.Gray {
	b := picture.Bounds()
	large := image.NewGray(image.Rect(0, 0, b.Dx()*times, b.Dy()*times))
	for i := range large.Pix {
		x, y := i%large.Stride/times, i/large.Stride/times
		large.Pix[i] = picture.Pix[y*picture.Stride+x]
	}
	return large
}

// scaleBar shows which grey stands for which value.
func scaleBar(low, high float64) *plot.Plot {
	shades := image.NewGray(image.Rect(0, 0, 1, 256))
	for i := range shades.Pix {
		shades.SetGray(0, i, color.Gray{uint8(255 - i)})
	}
	p := newPlot()
	p.HideX()
	p.Add(plotter.NewImage(shades, 0, low, 1, high))
	return p
}
