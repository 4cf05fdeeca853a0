package main

import (
	"math"
	"math/rand/v2"
)

// field is a number at every point of a picture.
type field func(x, y float64) float64

// hash mixes two lattice coordinates and a seed into 32 well-spread bits.
func hash(x, y int, seed uint32) uint32 {
	h := uint32(x)*0x8da6b343 ^ uint32(y)*0xd8163841 ^ seed*0xcb1ab31f
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	h *= 0x297a2d39
	return h ^ h>>15
}

// rnd is hash as a number from 0 to 1.
func rnd(x, y int, seed uint32) float64 { return float64(hash(x, y, seed)) / (1 << 32) }

var directions = func() (d [64][2]float64) {
	for i := range d {
		d[i][1], d[i][0] = math.Sincos(2 * math.Pi * float64(i) / 64)
	}
	return d
}()

// gradientNoise is smooth noise of about unit wavelength, roughly from -1 to 1.
func gradientNoise(x, y float64, seed uint32) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx), int(fy)
	fx, fy = x-fx, y-fy
	corner := func(dx, dy int) float64 {
		d := directions[hash(ix+dx, iy+dy, seed)>>26]
		return d[0]*(fx-float64(dx)) + d[1]*(fy-float64(dy))
	}
	fade := func(t float64) float64 { return t * t * t * (t*(t*6-15) + 10) }
	u, v := fade(fx), fade(fy)
	top := corner(0, 0) + (corner(1, 0)-corner(0, 0))*u
	low := corner(0, 1) + (corner(1, 1)-corner(0, 1))*u
	return 1.45 * (top + (low-top)*v)
}

// octaves sums noise of falling wavelength: the first has the given wavelength in pixels, each further one half of it
// and gain times the amplitude, down to two pixels. stretch lengthens it along angle. The deviation is about 1.
func octaves(r *rand.Rand, wavelength, gain, stretch, angle float64) field {
	seed := r.Uint32()
	s, c := math.Sincos(angle)
	count, power := 0, 0.0
	for l := wavelength; l >= 2 && count < 8; l /= 2 {
		power += math.Pow(gain, 2*float64(count))
		count++
	}
	norm := 2.9 / math.Sqrt(power)
	return func(x, y float64) float64 {
		u, v := (x*c+y*s)/stretch/wavelength, (y*c-x*s)/wavelength
		sum, amplitude := 0.0, norm
		for k := range count {
			sum += amplitude * gradientNoise(u, v, seed+uint32(k))
			amplitude *= gain
			u, v = 1.6*u-1.2*v+3.1, 1.2*u+1.6*v+1.7
		}
		return sum
	}
}

// smooth is slow noise, as fields of directions and of colours need it.
func smooth(r *rand.Rand) field { return octaves(r, between(r, 60, 200), 0.45, 1, 0) }

// anyNoise is noise of random roughness, now and then streaky.
func anyNoise(r *rand.Rand) field {
	stretch := 1.0
	if chance(r, 0.5) {
		stretch = between(r, 1, 6)
	}
	return octaves(r, math.Exp(between(r, math.Log(6), math.Log(160))), between(r, 0.35, 0.95), stretch, between(r, 0, math.Pi))
}

// unit squeezes a number of deviation 1 into 0 to 1.
func unit(v float64) float64 { return clamp(0.5+0.28*v, 0, 1) }
