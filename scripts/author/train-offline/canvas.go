package main

import (
	"math"
	"math/rand/v2"
)

// rgb is a colour as it stands in a file: red, green, blue from 0 to 1.
type rgb [3]float64

func (c rgb) scale(k float64) rgb { return rgb{c[0] * k, c[1] * k, c[2] * k} }

// mix goes from a (t = 0) to b (t = 1).
func mix(a, b rgb, t float64) rgb {
	return rgb{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t, a[2] + (b[2]-a[2])*t}
}

// stray moves every channel by a normal number of this deviation.
func (c rgb) stray(r *rand.Rand, deviation float64) rgb {
	for i := range c {
		c[i] += deviation * r.NormFloat64()
	}
	return c
}

// canvas is a picture, row by row. Values outside 0 to 1 are cut off only when it is finished.
type canvas struct {
	w, h int
	pix  []rgb
}

func newCanvas(w, h int, ground rgb) *canvas {
	c := &canvas{w, h, make([]rgb, w*h)}
	for i := range c.pix {
		c.pix[i] = ground
	}
	return c
}

// fill gives every pixel the colour that f says.
func (c *canvas) fill(f func(x, y float64) rgb) *canvas {
	for y := range c.h {
		for x := range c.w {
			c.pix[y*c.w+x] = f(float64(x), float64(y))
		}
	}
	return c
}

// at returns a pixel; outside, the nearest one.
func (c *canvas) at(x, y int) rgb {
	return c.pix[min(max(y, 0), c.h-1)*c.w+min(max(x, 0), c.w-1)]
}

// blur averages with a bell of the given radius in pixels.
func (c *canvas) blur(radius float64) *canvas {
	if radius < 0.2 {
		return c
	}
	reach := int(3*radius) + 1
	var bell []float64
	sum := 0.0
	for i := -reach; i <= reach; i++ {
		bell = append(bell, math.Exp(-float64(i*i)/(2*radius*radius)))
		sum += bell[len(bell)-1]
	}
	pass := func(from *canvas, dx, dy int) *canvas {
		return newCanvas(c.w, c.h, rgb{}).fill(func(x, y float64) rgb {
			var mean rgb
			for k, b := range bell {
				p := from.at(int(x)+dx*(k-reach), int(y)+dy*(k-reach))
				for i := range mean {
					mean[i] += b / sum * p[i]
				}
			}
			return mean
		})
	}
	return pass(pass(c, 1, 0), 0, 1)
}

// cut keeps all values between 0 and 1.
func (c *canvas) cut() *canvas {
	for i, p := range c.pix {
		for k, v := range p {
			c.pix[i][k] = clamp(v, 0, 1)
		}
	}
	return c
}

// part copies a rectangle.
func (c *canvas) part(x0, y0, w, h int) *canvas {
	return newCanvas(w, h, rgb{}).fill(func(x, y float64) rgb { return c.at(x0+int(x), y0+int(y)) })
}

func clamp(v, low, high float64) float64 { return min(max(v, low), high) }

// between returns a number from low to high, all equally likely.
func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// palette returns n colours that more or less belong together.
func palette(r *rand.Rand, n int) []rgb {
	colours := make([]rgb, n)
	base, spread := anyColour(r), between(r, 0.15, 0.9)*1.6
	free := chance(r, 0.5)
	for i := range colours {
		colours[i] = anyColour(r)
		if !free {
			for k, v := range colours[i] {
				colours[i][k] = clamp(base[k]+spread*(v-0.5), 0, 1)
			}
		}
	}
	return colours
}

func anyColour(r *rand.Rand) rgb { return rgb{r.Float64(), r.Float64(), r.Float64()} }

// ramp reads a palette at t from 0 to 1, in steps if hard.
func ramp(colours []rgb, t float64, hard bool) rgb {
	t = clamp(t, 0, 1) * float64(len(colours)-1)
	i := min(int(t), len(colours)-2)
	f := t - float64(i)
	if hard {
		f = math.Round(f)
	}
	return mix(colours[i], colours[i+1], f)
}
