package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

func floor(v float64) (int, float64) {
	f := math.Floor(v)
	return int(f), v - f
}

// noise3 is value noise in space, within [-1,1].
func noise3(p vec3, seed uint32) float64 {
	ix, fx := floor(p.x)
	iy, fy := floor(p.y)
	iz, fz := floor(p.z)
	u, v, w := lattice.Fade(fx), lattice.Fade(fy), lattice.Fade(fz)
	layer := func(z int) float64 {
		s := seed + uint32(z)*0x9e3779b1
		return lerp(lerp(lattice.Uniform(ix, iy, s), lattice.Uniform(ix+1, iy, s), u),
			lerp(lattice.Uniform(ix, iy+1, s), lattice.Uniform(ix+1, iy+1, s), u), v)
	}
	return 2*lerp(layer(iz), layer(iz+1), w) - 1
}

// fbm2 sums octaves of noise2, each turned so that no axis shows.
func fbm2(x, y float64, octaves int, seed uint32) float64 {
	sum, amp := 0.0, 0.5
	for i := range octaves {
		sum += amp * lattice.Noise(x, y, seed+uint32(i))
		amp *= 0.5
		x, y = 1.6*x-1.2*y, 1.2*x+1.6*y
	}
	return sum
}

func fbm3(p vec3, octaves int, seed uint32) float64 {
	sum, amp := 0.0, 0.5
	for i := range octaves {
		sum += amp * noise3(p, seed+uint32(i)*101)
		amp *= 0.5
		p = vec3{1.62*p.x - 1.2*p.z + 7.1, 2.03 * p.y, 1.2*p.x + 1.62*p.z}
	}
	return sum
}

// ridged is a ridged multifractal in about [0,1]: each octave is weighted by
// the one before it, so crests are rough and valleys smooth.
func ridged(x, y float64, octaves int, seed uint32) float64 {
	sum, amp, weight := 0.0, 0.5, 1.0
	for i := range octaves {
		n := 1 - math.Abs(lattice.Noise(x, y, seed+uint32(i)))
		n *= n * weight
		sum += amp * n
		weight = clamp(n*1.6, 0, 1)
		amp *= 0.46
		x, y = 1.6*x-1.2*y, 1.2*x+1.6*y
	}
	return sum
}
