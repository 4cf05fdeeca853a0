package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

type point struct{ x, y float64 }

// spot is what the painter sees at a point: two colours to mix, the direction
// of the brush, a factor for the brush's size, and how much detail it wants.
type spot struct {
	colour, second vec3
	angle          float64
	size, detail   float64
}

// The palette.
var (
	ultramarine = srgb(0x14225f)
	cobalt      = srgb(0x1f4fa8)
	cerulean    = srgb(0x3f8fc4)
	turquoise   = srgb(0x63b7b3)
	paleGreen   = srgb(0xb9d6a6)
	cream       = srgb(0xf6e8b4)
	lemon       = srgb(0xf7d64a)
	ochre       = srgb(0xd9982b)
	orange      = srgb(0xee7d20)
	vermilion   = srgb(0xd8371f)
	crimson     = srgb(0x8e1f2f)
	violet      = srgb(0x57407f)
	umber       = srgb(0x40271b)
	viridian    = srgb(0x1d6650)
	olive       = srgb(0x6f7a24)
	deepGreen   = srgb(0x123a35)
)

// disc is the low sun, and eddies are the whirls of the sky.
var (
	disc   = point{655, 205}
	eddies = []struct {
		at     point
		radius float64
		spin   float64
		arms   float64
	}{{point{225, 150}, 105, 1, 2}, {point{432, 82}, 64, -1, 1}, {point{842, 92}, 74, 1, 3}}
)

// motif looks at the subject, nearest things first.
func motif(p point) spot {
	for _, look := range []func(point) (spot, bool){oliveTree, houses, fields, hills} {
		if s, ok := look(p); ok {
			return s
		}
	}
	return heavens(p)
}

// ramp runs through colours as t goes from 0 to 1.
func ramp(t float64, colours ...vec3) vec3 {
	t = clamp(t, 0, 1) * float64(len(colours)-1)
	i := min(int(t), len(colours)-2)
	return mix(colours[i], colours[i+1], t-float64(i))
}

func heavens(p point) spot {
	vx, vy := 1.0, 0.25*math.Sin(p.x/95+p.y/60)+0.2*lattice.Noise(p.x/120, p.y/70, 201)
	tone := 0.22 + 0.48*p.y/400 + 0.22*fbm2(p.x/150, p.y/48, 4, 202)
	tone += 0.10 * math.Sin(p.y/11+2.5*math.Sin(p.x/130)+3*lattice.Noise(p.x/160, p.y/90, 203))
	for _, e := range eddies {
		dx, dy := p.x-e.at.x, p.y-e.at.y
		r := math.Sqrt(dx*dx + dy*dy)
		pull := bump(r, e.radius*1.15)
		vx += e.spin * pull * 7 * -dy / (r + 9)
		vy += e.spin * pull * 7 * dx / (r + 9)
		arms := math.Sin(r/e.radius*9 - e.arms*e.spin*math.Atan2(dy, dx))
		tone += bump(r, e.radius) * (0.34*arms + 0.22 - 0.3*r/e.radius)
		tone += 0.12 * bump(r, e.radius*0.3)
	}
	c := ramp(tone, ultramarine, ultramarine, cobalt, cerulean, turquoise, paleGreen, cream, cream)
	second := ramp(tone+0.17, ultramarine, violet, cobalt, cerulean, turquoise, cream, cream)
	s := spot{c, second, 0, 1, 0.35 + 0.3*smoothstep(0.4, 0.8, tone)}
	glow(p, &s, &vx, &vy)
	s.angle = math.Atan2(vy, vx)
	return s
}

// glow adds the sun and its broken rings to the sky.
func glow(p point, s *spot, vx, vy *float64) {
	dx, dy := p.x-disc.x, p.y-disc.y
	r := math.Sqrt(dx*dx + dy*dy)
	pull := 6 * bump(r, 125)
	*vx += pull * dy / (r + 4)
	*vy -= pull * dx / (r + 4)
	if r < 38 {
		s.colour, s.second = ramp(r/38, cream, lemon, lemon), cream
		s.size, s.detail = 0.75, 0.9
		return
	}
	ring := 0.5 + 0.5*math.Sin(r/7.6+0.8*math.Sin(3*math.Atan2(dy, dx)))
	warm := ramp((r-38)/120, lemon, orange, ochre, vermilion, violet)
	k := clamp(bump(r-30, 88)*(0.62+0.55*ring), 0, 1)
	s.colour = mix(s.colour, warm, k)
	s.second = mix(s.second, mix(warm, cream, 0.4), k)
	s.detail = max(s.detail, 0.6*k)
}

// hills are three ranges, each with its own skyline, from far to near.
func hills(p point) (spot, bool) {
	type hill struct {
		base, swell, wave, phase float64
		dark, light              vec3
	}
	for i, h := range []hill{
		{392, 20, 74, 3.1, viridian, olive},
		{352, 30, 112, 0.6, ultramarine, viridian},
		{318, 36, 150, 1.9, violet, cerulean},
	} {
		line := func(x float64) float64 {
			return h.base - h.swell*(math.Sin(x/h.wave+h.phase)+0.45*math.Sin(2.7*x/h.wave+2*h.phase))
		}
		y := line(p.x)
		if p.y < y {
			continue
		}
		slope := (line(p.x+2) - line(p.x-2)) / 4
		depth := (p.y - y) / 60
		fold := 0.5 + 0.5*math.Sin((p.x*0.8+p.y*1.6)/13+3*lattice.Noise(p.x/70, p.y/70, 210+uint32(i)))
		rim := bump(p.y-y, 7) * bump(p.x-disc.x, 260)
		c := mix(h.light, h.dark, clamp(0.25+0.6*depth+0.5*(fold-0.5), 0, 1))
		c = mix(c, orange, 0.85*rim)
		return spot{c, mix(h.light, cerulean, 0.35), math.Atan(slope) + 0.75*(fold-0.2)*min(1, depth*2.5), 0.8, 0.45}, true
	}
	return spot{}, false
}

// vanish is where the furrows meet, behind the hills.
var vanish = point{590, 330}

// fields fan out from the vanishing point, with a river bending through.
func fields(p point) (spot, bool) {
	top := 412 + 13*math.Sin(p.x/105) + 5*math.Sin(p.x/31)
	if p.y < top {
		return spot{}, false
	}
	dx, dy := p.x-vanish.x, p.y-vanish.y
	near := (p.y - 395) / 205
	if s, ok := river(p, near); ok {
		return s, true
	}
	lane := dx/dy*2.1 + 0.16*lattice.Noise(p.x/120, p.y/80, 220)
	plot, _ := floor(lane*0.9 + 0.7*math.Floor(3.2*math.Sqrt(max(near, 0))))
	furrow := 0.5 + 0.5*math.Sin(lane*2*math.Pi*4.5)
	trio := crops[((plot%len(crops))+len(crops))%len(crops)]
	patch := 0.5 + 0.9*lattice.Noise(p.x/46, p.y/24, 221)
	c := mix(mix(trio[0], trio[1], furrow), trio[2], clamp(patch-0.45, 0, 0.75))
	return spot{c, trio[1], math.Atan2(dy, dx) + 0.25*lattice.Noise(p.x/40, p.y/40, 222), 0.65 + 0.45*near, 0.75 - 0.35*near}, true
}

// crops are each field's furrow, crest and blossom.
var crops = [][3]vec3{
	{ochre, lemon, orange},
	{deepGreen, olive, vermilion},
	{crimson, vermilion, orange},
	{olive, paleGreen, lemon},
	{violet, cerulean, cream},
	{umber, ochre, lemon},
}

// river winds from the hills to the lower edge and mirrors the sky.
func river(p point, near float64) (spot, bool) {
	bend := func(y float64) float64 {
		n := (y - 395) / 205
		return 560 - 60*n + 95*math.Sin(2.2*n*n+3.6*n)*(0.25+n*0.75)
	}
	half := 7 + 52*near*near
	off := (p.x - bend(p.y)) / half
	if math.Abs(off) > 1 {
		return spot{}, false
	}
	slope := (bend(p.y+2) - bend(p.y-2)) / 4
	band := 0.5 + 0.5*math.Sin(off*5+p.y/9+2*lattice.Noise(p.x/30, p.y/22, 225))
	c := ramp(0.15+0.85*band, cobalt, cerulean, turquoise, cream)
	c = mix(c, orange, 0.8*bump(off-0.25, 0.28)*band)
	if math.Abs(off) > 0.86 {
		c = ultramarine
	}
	return spot{c, cream, math.Atan2(1, slope) + 0.5*(1-near)*off, 0.7, 0.8}, true
}

// houses stand in a row before the hills.
func houses(p point) (spot, bool) {
	for i, h := range []struct{ x, y, w, tall float64 }{
		{742, 416, 34, 21}, {780, 421, 27, 27}, {812, 418, 40, 19}, {706, 420, 24, 17}, {858, 424, 30, 23},
	} {
		u, v := (p.x-h.x)/h.w, (h.y-p.y)/h.tall
		roof := 1 + 0.85*(0.62-math.Abs(u))
		switch {
		case math.Abs(u) > 0.62 || v < 0 || v > roof:
			continue
		case v > 1:
			return spot{mix(vermilion, crimson, 0.5+u*0.7), orange, 0.5 * math.Copysign(1, u), 0.5, 1}, true
		case math.Abs(u) > 0.5:
			continue
		case math.Abs(u-0.2) < 0.13 && v > 0.35 && v < 0.75:
			return spot{lemon, orange, 0, 0.4, 1}, true
		}
		wall := mix(cream, ochre, 0.3*float64(i%3))
		return spot{mix(wall, violet, smoothstep(-0.1, 0.4, u)*0.7), cream, math.Pi / 2, 0.5, 1}, true
	}
	return spot{}, false
}

// oliveTree leans over the left foreground: clumps of leaves round a bent
// trunk.
func oliveTree(p point) (spot, bool) {
	for i, c := range []struct{ x, y, r float64 }{
		{112, 338, 58}, {205, 340, 50}, {48, 366, 50}, {160, 280, 42}, {262, 384, 34}, {92, 418, 30}, {196, 402, 36},
		{72, 306, 34}, {222, 296, 30}, {14, 410, 28}, {150, 372, 40},
	} {
		dx, dy := p.x-c.x, (p.y-c.y)*1.15
		r := math.Sqrt(dx*dx+dy*dy) + 0.36*c.r*lattice.Noise(p.x/19, p.y/19, 230+uint32(i)) + 5*lattice.Noise(p.x/6, p.y/6, 229)
		if r > c.r {
			continue
		}
		curl := math.Atan2(dy, dx) + math.Pi/2 + 0.5*math.Sin(r/9)
		light := clamp(0.45+0.5*(dx-dy)/c.r+0.35*math.Sin(r/6.5+float64(i)), 0, 1)
		return spot{ramp(light, deepGreen, viridian, olive, turquoise), mix(paleGreen, ochre, light), curl, 0.62, 0.7}, true
	}
	return trunk(p)
}

func trunk(p point) (spot, bool) {
	up := (560 - p.y) / 200
	if up < 0 || up > 1 {
		return spot{}, false
	}
	mid := 118 + 46*math.Sin(up*2.6) - 20*math.Sin(up*7)
	half := 15 + 20*(1-up)*(1-up)*(1-up)
	off := (p.x - mid) / half
	if math.Abs(off) > 1 {
		return spot{}, false
	}
	slope := -(46*2.6*math.Cos(up*2.6) - 140*math.Cos(up*7)) / 200
	c := ramp(0.5+0.5*off, ultramarine, umber, crimson, orange)
	return spot{c, ramp(0.5+0.5*off, violet, ochre), math.Atan2(1, slope), 0.6, 0.8}, true
}
