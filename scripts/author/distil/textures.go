package main

import (
	"math"
	"math/rand/v2"
)

// outline is the shape of a dab of paint in its own frame, u along from -1 to 1 and v across: 0 at the edge, 1 deep inside.
type outline func(u, v float64) float64

var outlines = []outline{
	func(u, v float64) float64 { return 1 - math.Hypot(u, v) },              // ellipse
	func(u, v float64) float64 { return 1 - max(math.Abs(u), math.Abs(v)) }, // box
	func(u, v float64) float64 { return 1 - u*u - math.Abs(v) },             // leaf
	func(u, v float64) float64 { return min(1-math.Abs(v), 1.2*(1-u*u)) },   // trace of a brush
}

// dab is one touch of paint.
type dab struct {
	x, y       float64 // centre
	angle      float64 // of its length
	long, wide float64 // half length and half width in pixels
	bend       float64 // how far its ends curve aside, in half lengths
	lit        float64 // how much the side towards the light is brighter than the other
	shape      outline
	colour     rgb
}

// put lays a dab on the canvas.
func (c *canvas) put(d dab) {
	reach := max(d.long, d.wide)*(1+math.Abs(d.bend)) + 1
	sin, cos := math.Sincos(d.angle)
	for y := max(0, int(d.y-reach)); y <= min(c.h-1, int(d.y+reach)); y++ {
		for x := max(0, int(d.x-reach)); x <= min(c.w-1, int(d.x+reach)); x++ {
			dx, dy := float64(x)-d.x, float64(y)-d.y
			u := (dx*cos + dy*sin) / d.long
			v := (dy*cos-dx*sin)/d.wide - d.bend*d.long/d.wide*u*u
			if alpha := clamp(d.shape(u, v)*min(d.long, d.wide)+0.5, 0, 1); alpha > 0 {
				shade := 1 - d.lit*clamp((dx+dy)/(d.long+d.wide), -1, 1)
				i := y*c.w + x
				c.pix[i] = mix(c.pix[i], rgb{d.colour[0] * shade, d.colour[1] * shade, d.colour[2] * shade}, alpha)
			}
		}
	}
}

// coat covers the canvas with dabs of about a half width, in the colours that f says. With natural sizes many are small and few
// large, as things lie in front of a camera (Lee, Mumford, Huang 2001).
func (c *canvas) coat(r *rand.Rand, wide float64, natural bool, f func(x, y float64) rgb) {
	shape, slender := outlines[r.IntN(len(outlines))], magnitude(r, 1, 6)
	flow, turns, turn := smooth(r), between(r, 0, 1.2), between(r, 0, 0.6)
	bend, lit, jitter, around := between(r, 0, 0.3), between(r, 0, 0.3), between(r, 0, 0.12), between(r, 0, math.Pi)
	for range min(6000, int(float64(c.w*c.h)/(wide*wide*slender))) {
		size := between(r, 0.6, 1.4)
		if natural {
			size = min(6, 0.35/math.Sqrt(1.003-r.Float64()))
		}
		d := dab{x: between(r, -8, float64(c.w)+8), y: between(r, -8, float64(c.h)+8), long: max(1, wide*slender*size), wide: max(0.7, wide*size),
			bend: bend * between(r, -1, 1), lit: lit, shape: shape}
		d.angle, d.colour = around+turns*flow(d.x, d.y)+turn*r.NormFloat64(), f(d.x, d.y)
		for k := range d.colour {
			d.colour[k] += jitter * r.NormFloat64()
		}
		c.put(d)
	}
}

// side is that of a texture in pixels.
const side = 256

// texture is noise, a grating or a crowd of dabs, in colours and sizes by chance.
func texture(r *rand.Rand) *canvas {
	colours, hard := palette(r, 3+r.IntN(5)), chance(r, 0.4)
	value := rough(r)
	if chance(r, 0.4) {
		period, warp, shift := magnitude(r, 4, 40), smooth(r), between(r, 0, 2.5)
		sin, cos := math.Sincos(between(r, 0, math.Pi))
		value = func(x, y float64) float64 { return 1.8 * math.Sin((x*cos+y*sin)*2*math.Pi/period+shift*warp(x, y)) }
	}
	c := newCanvas(side, side, func(x, y float64) rgb { return ramp(colours, unit(value(x, y)), hard) })
	if chance(r, 0.6) {
		slow, follow := smooth(r), chance(r, 0.5)
		c.coat(r, magnitude(r, 1.2, 14), chance(r, 0.4), func(x, y float64) rgb {
			if follow {
				return ramp(colours, unit(slow(x, y)), false)
			}
			return colours[r.IntN(len(colours))]
		})
	}
	return c
}

// painting covers a photograph with coats of dabs in its colours, from broad to fine.
func painting(r *rand.Rand, photo *canvas) *canvas {
	c := newCanvas(photo.w, photo.h, func(x, y float64) rgb { return photo.at(int(x), int(y)) })
	wide := between(r, 3, 8)
	for range 2 + r.IntN(2) {
		c.coat(r, wide, false, func(x, y float64) rgb { return photo.at(int(x), int(y)) })
		wide /= 2
	}
	return c
}
