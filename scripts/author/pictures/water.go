package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// pourLake fills the lake's pixels from the mirrored view, bent by ripples.
func (s *scene) pourLake(v, mirror *view) {
	rows(v.h, func(y int) {
		for x := range v.w {
			i := y*v.w + x
			dir := v.ray(float64(x)+0.5, float64(y)+0.5)
			if dir.y >= 0 {
				continue
			}
			z := eye / -dir.y
			if math.Abs(v.depth[i]-z) < 1e-6*z && v.pix[i] == (vec3{}) {
				v.pix[i] = s.water(mirror, x, y, dir.scale(z), dir)
			}
		}
	})
}

// water is the lake's colour at p, seen along dir in pixel (x, y) of a view
// twice the mirrored one's size.
func (s *scene) water(mirror *view, x, y int, p, dir vec3) vec3 {
	const taps = 4
	gust := smoothstep(0.02, 0.30, fbm2(p.x/70+3, p.z/26, 4, 91))
	strength := (0.0035 + 0.011*gust) * smoothstep(0, 3, p.z-nearShore(p.x)+1)
	var seen vec3
	for k := range taps {
		tx, tz := ripple(p, dir, lattice.Uniform(x, y, 92+uint32(k)))
		sx := (float64(x)+0.5)/2 + tx*strength*mirror.focal
		sy := (float64(y)+0.5)/2 + (0.25*gust+math.Abs(tz))*2*strength*mirror.focal
		seen = seen.add(mirror.sample(sx, max(sy, mirror.hy+1)))
	}
	seen = seen.scale(0.94 / taps)
	cos := -dir.unit().y
	fresnel := 0.06 + 0.94*math.Pow(1-cos, 4.2)
	return mix(s.depths(p, dir), seen, fresnel)
}

// ripple is the tilt of the surface at p. Waves too small for a pixel are
// replaced by chance, so that their glitter averages out.
func ripple(p, dir vec3, chance float64) (tx, tz float64) {
	far := smoothstep(40, 220, p.z)
	a := fbm2(p.x*0.55, p.z*0.9, 4, 96)
	b := fbm2(p.x*0.55+9, p.z*0.9, 4, 97)
	broad := fbm2(p.x/9, p.z/4, 3, 98)
	wild := 2*chance - 1
	return lerp(a, 0.5*wild, far), lerp(2.2*b, 1.6*wild, far) + broad
}

// depths is what shows through the surface: the bed where it is shallow, then
// the water's own green.
func (s *scene) depths(p, dir vec3) vec3 {
	down := -ground(p.x, p.z)
	bed := p.add(vec3{dir.x, 0, 1}.scale(0.19 * down / -dir.y)) // refraction bends the sight down
	c := shoreColour(vec3{bed.x, 0.1, bed.z}, vec3{0, 1, 0}).mul(vec3{1.5, 1.6, 1.2})
	fade := math.Exp(-2.4 * max(down, 0))
	return mix(vec3{0.016, 0.052, 0.056}, c, fade)
}
