package main

import (
	"math"
	"math/rand/v2"

	"stylebook/scripts/author/lattice"
)

// field is a number at every point of a picture.
type field func(x, y float64) float64

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
			sum += amplitude * lattice.Noise(u, v, seed+uint32(k))
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
