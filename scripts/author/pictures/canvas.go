package main

import (
	"context"
	"image"
	"image/color"
	"math"

	"stylebook/scripts/author/cores"
)

// canvas holds linear-light colours, row by row.
type canvas struct {
	w, h int
	pix  []vec3
}

func newCanvas(w, h int) *canvas { return &canvas{w, h, make([]vec3, w*h)} }

func (c *canvas) at(x, y int) vec3 {
	return c.pix[min(max(y, 0), c.h-1)*c.w+min(max(x, 0), c.w-1)]
}

// sample interpolates at a point given in pixels; edges repeat.
func (c *canvas) sample(x, y float64) vec3 {
	ix, fx := floor(x - 0.5)
	iy, fy := floor(y - 0.5)
	return mix(mix(c.at(ix, iy), c.at(ix+1, iy), fx), mix(c.at(ix, iy+1), c.at(ix+1, iy+1), fx), fy)
}

// shrink averages blocks of k × k pixels.
func (c *canvas) shrink(k int) *canvas {
	out := newCanvas(c.w/k, c.h/k)
	for i := range out.pix {
		x, y := i%out.w*k, i/out.w*k
		var sum vec3
		for j := range k * k {
			sum = sum.add(c.pix[(y+j/k)*c.w+x+j%k])
		}
		out.pix[i] = sum.scale(1 / float64(k*k))
	}
	return out
}

// image converts to 8-bit sRGB.
func (c *canvas) image() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, c.w, c.h))
	for i, p := range c.pix {
		img.SetRGBA(i%c.w, i/c.w, color.RGBA{encode(p.x), encode(p.y), encode(p.z), 255})
	}
	return img
}

func encode(v float64) uint8 { return uint8(255*math.Pow(clamp(v, 0, 1), 1/2.2) + 0.5) }

// rows calls f once for each row number below n, spread over the cores. Rows
// must not depend on one another, which keeps the result the same each time.
func rows(n int, f func(y int)) { cores.Each(context.Background(), n, f) }
