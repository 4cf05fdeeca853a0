package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// poppies is a field in flower under a pale sky, laid on with a broad knife.
var poppies = subject{poppiesAt, []layer{
	{70, 150, 30, 0.16, 0.8, 0},
	{44, 92, 20, 0.22, 1.3, 0},
	{30, 60, 16, 0.22, 1.7, 0.35},
	{20, 40, 13, 0.20, 1.9, 0.7},
}, srgb(0xe8d8b0)}

var (
	rose    = srgb(0xf2a9a0)
	scarlet = srgb(0xe0241b)
	wine    = srgb(0x7a0f1e)
	spring  = srgb(0x9cbf3c)
	moss    = srgb(0x3f6b26)
	straw   = srgb(0xecc75a)
	milk    = srgb(0xfaf3e0)
	mist    = srgb(0xbfd4dc)
)

func poppiesAt(p point) spot {
	if s, ok := poppy(p); ok {
		return s
	}
	if p.y < 150+12*math.Sin(p.x/130) {
		tone := 0.5 + 0.9*fbm2(p.x/200, p.y/80, 3, 320)
		return spot{ramp(tone, mist, milk, rose, milk), ramp(tone+0.2, milk, rose, straw), 0.5 * lattice.Noise(p.x/140, p.y/90, 321), 1, 0.2}
	}
	near := (p.y - 150) / (fullHeight - 150)
	tone := 0.5 + 0.7*fbm2(p.x/(30+90*near), p.y/(20+70*near), 3, 322)
	c := ramp(tone, moss, spring, straw, spring, straw)
	if near < 0.2 { // too far for single flowers
		c = mix(c, scarlet, smoothstep(0, 0.3, lattice.Noise(p.x/22, p.y/7, 323)))
	}
	lean := math.Pi/2 + 0.9*lattice.Noise(p.x/80, p.y/60, 324)
	return spot{c, mix(c, milk, 0.35), lean, 0.5 + 0.5*near, 0.45}
}

// poppy finds the nearest flower over a point: petals turn round a dark heart.
func poppy(p point) (spot, bool) {
	for row := 10; row >= 0; row-- {
		near := float64(row) / 10
		foot := 200 + 370*math.Pow(near, 1.35)
		gap := 60 + 150*near
		for k := -1; k <= 1; k++ {
			i := int(math.Floor(p.x/gap)) + k
			r := (13 + 54*near) * (0.75 + 0.5*lattice.Uniform(i, row, 331))
			x := gap * (float64(i) + 0.15 + 0.7*lattice.Uniform(i, row, 332))
			y := foot + 26*(lattice.Uniform(i, row, 333)-0.5)*(1+2*near)
			dx, dy := p.x-x, (p.y-y)/0.72
			d, turn := math.Hypot(dx, dy)/r, math.Atan2(dy, dx)
			if d > 0.82+0.16*math.Cos(4*turn+9*lattice.Uniform(i, row, 334)) || lattice.Uniform(i, row, 335) < 0.2 {
				continue
			}
			if d < 0.24 {
				return spot{srgb(0x1c1020), wine, turn, 0.45, 1}, true
			}
			lit := clamp(0.55-0.5*(dx+1.6*dy)/r*0.7+0.3*math.Sin(4*turn), 0, 1)
			return spot{ramp(lit, wine, scarlet, scarlet, vermilion, rose), ramp(lit, scarlet, orange, rose), turn + 1.1, 0.4 + 0.6*near, 0.9}, true
		}
	}
	return spot{}, false
}
