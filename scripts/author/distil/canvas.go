package main

import (
	"math"
	"math/rand/v2"

	"stylebook/scripts/author/lattice"
)

// rgb is a colour as it stands in a file: red, green, blue from 0 to 1.
type rgb [3]float64

// mix goes from a (t = 0) to b (t = 1).
func mix(a, b rgb, t float64) rgb {
	return rgb{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t, a[2] + (b[2]-a[2])*t}
}

// canvas is a picture, row by row. Values outside 0 to 1 are cut off only when it is finished.
type canvas struct {
	w, h int
	pix  []rgb
}

func newCanvas(w, h int, f func(x, y float64) rgb) *canvas {
	c := &canvas{w, h, make([]rgb, w*h)}
	for i := range c.pix {
		c.pix[i] = f(float64(i%w), float64(i/w))
	}
	return c
}

// at returns a pixel; outside, the nearest one.
func (c *canvas) at(x, y int) rgb {
	return c.pix[min(max(y, 0), c.h-1)*c.w+min(max(x, 0), c.w-1)]
}

// sample reads between pixels; beyond the borders the picture is mirrored.
func (c *canvas) sample(x, y float64) rgb {
	x, y = fold(x-0.5, float64(c.w-1)), fold(y-0.5, float64(c.h-1))
	i, j := int(x), int(y)
	u, v := x-float64(i), y-float64(j)
	return mix(mix(c.at(i, j), c.at(i+1, j), u), mix(c.at(i, j+1), c.at(i+1, j+1), u), v)
}

// fold mirrors a number at 0 and at end until it lies between.
func fold(x, end float64) float64 {
	x = math.Mod(math.Abs(x), 2*end)
	return min(x, 2*end-x)
}

// halved is the picture at half the size.
func (c *canvas) halved() *canvas {
	return newCanvas(c.w/2, c.h/2, func(x, y float64) rgb {
		i, j := 2*int(x), 2*int(y)
		return mix(mix(c.at(i, j), c.at(i+1, j), 0.5), mix(c.at(i, j+1), c.at(i+1, j+1), 0.5), 0.5)
	})
}

func clamp(v, low, high float64) float64 { return min(max(v, low), high) }

// between returns a number from low to high, all equally likely.
func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// magnitude returns a number from low to high, each factor between numbers equally likely.
func magnitude(r *rand.Rand, low, high float64) float64 {
	return math.Exp(between(r, math.Log(low), math.Log(high)))
}

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// palette returns n colours that more or less belong together.
func palette(r *rand.Rand, n int) []rgb {
	colours := make([]rgb, n)
	base, spread := anyColour(r), between(r, 0.25, 1.5)
	for i := range colours {
		colours[i] = anyColour(r)
		for k, v := range colours[i] {
			colours[i][k] = clamp(base[k]+spread*(v-0.5), 0, 1)
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

// field is a number at every point of a picture.
type field func(x, y float64) float64

// noise sums smooth noise of falling wavelength: the first has the given wavelength in pixels, each further one half of it and
// gain times the amplitude, down to two pixels. The deviation is about 1.
func noise(r *rand.Rand, wavelength, gain float64) field {
	seed := r.Uint32()
	count, power := 0, 0.0
	for l := wavelength; l >= 2 && count < 8; l /= 2 {
		power += math.Pow(gain, 2*float64(count))
		count++
	}
	norm := 2.9 / math.Sqrt(power)
	return func(x, y float64) float64 {
		u, v, sum, amplitude := x/wavelength, y/wavelength, 0.0, norm
		for k := range count {
			sum += amplitude * lattice.Noise(u, v, seed+uint32(k))
			amplitude *= gain
			u, v = 1.6*u-1.2*v+3.1, 1.2*u+1.6*v+1.7
		}
		return sum
	}
}

// smooth is slow noise, as fields of directions and of colours need it.
func smooth(r *rand.Rand) field { return noise(r, between(r, 60, 200), 0.45) }

// rough is noise of any roughness.
func rough(r *rand.Rand) field { return noise(r, magnitude(r, 6, 160), between(r, 0.35, 0.95)) }

// unit squeezes a number of deviation 1 into 0 to 1.
func unit(v float64) float64 { return clamp(0.5+0.28*v, 0, 1) }
