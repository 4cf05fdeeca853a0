// Package lattice is the noise from which the programs beside it make pictures: numbers that look random, at the points of a
// lattice and between them.
package lattice

import "math"

// Hash mixes two lattice coordinates and a seed into 32 well-spread bits.
func Hash(x, y int, seed uint32) uint32 {
	h := uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841 ^ seed*0xcb1ab31f
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	return h ^ h>>15
}

// Uniform is Hash as a number in [0,1).
func Uniform(x, y int, seed uint32) float64 { return float64(Hash(x, y, seed)) / (1 << 32) }

// Fade goes from 0 to 1 as t does, with slopes of 0 at both ends.
func Fade(t float64) float64 { return t * t * t * (t*(t*6-15) + 10) }

var directions = func() (d [64][2]float64) {
	for i := range d {
		a := 2 * math.Pi * float64(i) / 64
		d[i] = [2]float64{math.Cos(a), math.Sin(a)}
	}
	return d
}()

// Noise is smooth gradient noise of about unit wavelength, roughly from -1 to 1.
func Noise(x, y float64, seed uint32) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx), int(fy)
	fx, fy = x-fx, y-fy
	corner := func(dx, dy int) float64 {
		d := directions[Hash(ix+dx, iy+dy, seed)>>26]
		return d[0]*(fx-float64(dx)) + d[1]*(fy-float64(dy))
	}
	u, v := Fade(fx), Fade(fy)
	top := corner(0, 0) + (corner(1, 0)-corner(0, 0))*u
	low := corner(0, 1) + (corner(1, 1)-corner(0, 1))*u
	return 1.45 * (top + (low-top)*v)
}
