package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// harbour is a town by night across the water, in broad dark strokes.
var harbour = subject{harbourAt, []layer{
	{64, 260, 30, 0.12, 0.45, 0},
	{36, 150, 18, 0.22, 0.75, 0},
	{22, 74, 13, 0.24, 1.0, 0.3},
	{13, 40, 9, 0.20, 1.2, 0.65},
}, srgb(0x0a0d14)}

var (
	night    = srgb(0x0b1526)
	prussian = srgb(0x12324f)
	petrol   = srgb(0x1f5a66)
	slate    = srgb(0x3d5a78)
	amber    = srgb(0xf0a030)
	sulphur  = srgb(0xf8df7a)
	rust     = srgb(0x9a3f1c)
)

// lamps stand on the quay: where, how large, how warm.
var lamps = []struct{ x, y, r, warm float64 }{
	{70, 262, 20, 0.2}, {176, 250, 26, 0.6}, {262, 268, 15, 0.9}, {370, 246, 30, 0.3}, {452, 264, 17, 0.7},
	{548, 252, 24, 0.1}, {655, 266, 16, 0.8}, {742, 248, 28, 0.5}, {838, 262, 19, 0.2},
}

const quay = 292.0

func harbourAt(p point) spot {
	switch s, ok := boat(p); {
	case ok:
		return s
	case p.y > quay:
		return harbourWater(p)
	}
	s := harbourSky(p)
	if top := roofline(p.x); p.y > top {
		c := mix(night, rust, 0.35*lattice.Uniform(int(p.x/46), 0, 301))
		s = spot{c, mix(night, slate, 0.5), math.Pi / 2, 0.6, 0.4}
	}
	for _, l := range lamps {
		dx, dy := p.x-l.x, p.y-l.y
		if k := bump(math.Hypot(dx, dy), l.r*1.5); k > 0.06 {
			c := mix(mix(sulphur, amber, l.warm), rust, smoothstep(0.8, 0.15, k))
			s.colour, s.second = mix(s.colour, c, min(1, 1.5*k)), mix(s.second, sulphur, k)
			s.angle, s.size, s.detail = math.Atan2(dx, -dy), 0.6, max(s.detail, min(1, 2*k))
		}
	}
	return s
}

func roofline(x float64) float64 {
	house, f := floor(x / 46)
	gable := 15 * math.Abs(f-0.5) * lattice.Uniform(house, 1, 302)
	return 246 - 34*lattice.Uniform(house, 0, 302) + gable - 70*bump(math.Mod(x, 460)-330, 13)
}

func harbourSky(p point) spot {
	tone := 0.15 + 0.5*p.y/quay + 0.45*fbm2(p.x/190, p.y/70, 4, 303)
	c := ramp(tone, night, prussian, prussian, petrol, slate)
	s := spot{c, ramp(tone+0.2, prussian, petrol, slate), 0.5 * lattice.Noise(p.x/150, p.y/80, 304), 1, 0.2}
	if r := math.Hypot(p.x-612, p.y-92); r < 62 {
		s.colour = mix(sulphur, mix(c, slate, 0.5), smoothstep(20, 62, r))
		s.angle, s.size, s.detail = math.Atan2(p.x-612, 92-p.y), 0.7, 0.8
	}
	return s
}

// harbourWater carries each lamp's light towards us in broken bars.
func harbourWater(p point) spot {
	near := (p.y - quay) / (fullHeight - quay)
	tone := 0.3 + 0.35*lattice.Noise(p.x/110, p.y/16, 305) - 0.1*near
	s := spot{ramp(tone, night, prussian, petrol, petrol), ramp(tone, prussian, petrol, slate), 0.12 * lattice.Noise(p.x/40, p.y/20, 306), 0.8, 0.25}
	for i, l := range lamps {
		long := 90 + 8*l.r
		sway := 16 * near * math.Sin(p.y/19+float64(i))
		off := (p.x - l.x - sway) / (l.r*0.55 + 30*near)
		bars := smoothstep(-0.35, 0.3, math.Sin(p.y/(5.5+7*near)+1.7*float64(i)+2*lattice.Noise(p.x/30, p.y/30, 307)))
		if k := bump(off, 1) * bars * smoothstep(long, 0, p.y-quay); k > 0.1 {
			s.colour = mix(s.colour, mix(sulphur, amber, clamp(l.warm+0.6*near, 0, 1)), min(1, 1.5*k))
			s.second = mix(s.second, rust, k)
			s.size, s.detail = 0.6, max(s.detail, min(1, 1.6*k))
		}
	}
	return s
}

// boat is one of three that lie at anchor, with their masts.
func boat(p point) (spot, bool) {
	for i, b := range []struct{ x, y, half, tall float64 }{{250, 470, 120, 250}, {618, 400, 76, 170}, {812, 540, 130, 190}} {
		u, v := (p.x-b.x)/b.half, (p.y-b.y)/(b.half*0.36)
		if math.Abs(u) < 1-0.25*v && v > -0.35*u*u && v < 1 {
			c := []vec3{rust, petrol, night}[i]
			return spot{mix(c, night, 0.8*v), mix(c, amber, 0.35), 0.12 * u, 0.6, 0.6}, true
		}
		if math.Abs(p.x-b.x-0.05*(p.y-b.y)) < 4.5 && p.y < b.y && p.y > b.y-b.tall {
			return spot{umber, rust, math.Pi / 2, 0.5, 1}, true
		}
	}
	return spot{}, false
}
