package main

import "math"

// hash mixes two lattice coordinates and a seed into 32 well-spread bits.
func hash(x, y int, seed uint32) uint32 {
	h := uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841 ^ seed*0xcb1ab31f
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	return h ^ h>>15
}

// rnd is hash as a number in [0,1).
func rnd(x, y int, seed uint32) float64 { return float64(hash(x, y, seed)) / (1 << 32) }

func floor(v float64) (int, float64) {
	f := math.Floor(v)
	return int(f), v - f
}

func fade(t float64) float64 { return t * t * t * (t*(t*6-15) + 10) }

var gradients = func() (g [64][2]float64) {
	for i := range g {
		a := 2 * math.Pi * float64(i) / 64
		g[i] = [2]float64{math.Cos(a), math.Sin(a)}
	}
	return g
}()

// noise2 is gradient noise, roughly within [-1,1].
func noise2(x, y float64, seed uint32) float64 {
	ix, fx := floor(x)
	iy, fy := floor(y)
	corner := func(dx, dy int) float64 {
		g := gradients[hash(ix+dx, iy+dy, seed)>>26]
		return g[0]*(fx-float64(dx)) + g[1]*(fy-float64(dy))
	}
	u, v := fade(fx), fade(fy)
	return 1.45 * lerp(lerp(corner(0, 0), corner(1, 0), u), lerp(corner(0, 1), corner(1, 1), u), v)
}

// noise3 is value noise in space, within [-1,1].
func noise3(p vec3, seed uint32) float64 {
	ix, fx := floor(p.x)
	iy, fy := floor(p.y)
	iz, fz := floor(p.z)
	u, v, w := fade(fx), fade(fy), fade(fz)
	layer := func(z int) float64 {
		s := seed + uint32(z)*0x9e3779b1
		return lerp(lerp(rnd(ix, iy, s), rnd(ix+1, iy, s), u),
			lerp(rnd(ix, iy+1, s), rnd(ix+1, iy+1, s), u), v)
	}
	return 2*lerp(layer(iz), layer(iz+1), w) - 1
}

// fbm2 sums octaves of noise2, each turned so that no axis shows.
func fbm2(x, y float64, octaves int, seed uint32) float64 {
	sum, amp := 0.0, 0.5
	for i := range octaves {
		sum += amp * noise2(x, y, seed+uint32(i))
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
		n := 1 - math.Abs(noise2(x, y, seed+uint32(i)))
		n *= n * weight
		sum += amp * n
		weight = clamp(n*1.6, 0, 1)
		amp *= 0.46
		x, y = 1.6*x-1.2*y, 1.2*x+1.6*y
	}
	return sum
}
