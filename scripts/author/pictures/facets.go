package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// facets is a still life with guitar and bottle, broken into planes that are
// seen from several sides, in short parallel strokes.
var facets = subject{facetAt, []layer{
	{34, 90, 17, 0.06, 0.4, 0},
	{17, 38, 9, 0.10, 0.7, 0},
	{10, 24, 7, 0.12, 0.8, 0.35},
	{5, 26, 4, 0.08, 0.7, 0.8},
}, srgb(0x8a7c60)}

var (
	bone     = srgb(0xe6dcc0)
	sand     = srgb(0xc9ad78)
	sienna   = srgb(0x9c6430)
	charcoal = srgb(0x2a2724)
	ash      = srgb(0x8f9490)
	steel    = srgb(0x586570)
	sage     = srgb(0x7a8460)
)

// cuts are the lines that part the planes, as an angle and a distance from the
// middle. A plane is known by the sides on which it lies.
var cuts = func() (c [13]struct{ nx, ny, off float64 }) {
	for i := range c {
		a := math.Pi * (float64(i)*0.618 + 0.1*lattice.Uniform(i, 0, 340))
		c[i].nx, c[i].ny = math.Cos(a), math.Sin(a)
		c[i].off = 620 * (lattice.Uniform(i, 1, 340) - 0.5)
	}
	return c
}()

func facetAt(p point) spot {
	x, y := p.x-fullWidth/2, p.y-fullHeight/2
	plane, edge, side := 0, math.Inf(1), 0.0
	for i, c := range cuts {
		d := x*c.nx + y*c.ny - c.off
		if d > 0 {
			plane |= 1 << i
		}
		if math.Abs(d) < edge {
			edge, side = math.Abs(d), math.Atan2(c.nx, -c.ny)
		}
	}
	r := func(k uint32) float64 { return lattice.Uniform(plane, 0, 350+k) }
	sin, cos := math.Sincos(0.5 * (r(0) - 0.5))
	u, v := (cos*x-sin*y)*(0.9+0.25*r(1))+70*(r(2)-0.5), (sin*x+cos*y)*(0.9+0.25*r(1))+70*(r(3)-0.5)
	dark, light, line := stillLife(u, v)
	turn := 2 * math.Pi * r(4)
	shade := clamp(0.5+(x*math.Cos(turn)+y*math.Sin(turn)-(r(5)-0.5)*260)/190, 0, 1)
	s := spot{mix(dark, light, smoothstep(0, 1, shade)), mix(light, bone, 0.5), turn + math.Pi/2, 0.9, 0.4}
	switch {
	case line:
		s.colour, s.second, s.size, s.detail = charcoal, umber, 0.7, 1
	case edge < 3.5 && r(6) < 0.7:
		s.colour, s.second, s.angle, s.size, s.detail = charcoal, s.colour, side, 0.8, 1
	}
	return s
}

// stillLife is what stands on the table: the two colours of the thing at a
// point, and whether a drawn line runs there.
func stillLife(x, y float64) (dark, light vec3, line bool) {
	body := math.Min(math.Hypot(x+60, (y-120)*1.05)-125, math.Hypot(x+10, (y+30)*1.05)-92)
	along, across := (x-40)*0.35-(y+100)*0.94, (x-40)*0.94+(y+100)*0.35
	neck := math.Abs(across) < 20 && along > 0 && along < 210
	bottle := math.Max(math.Abs(x-270)-math.Max(16, math.Min(52, 52+(y+40)*0.6)), math.Abs(y-20)-190)
	glass := math.Max(math.Abs(x+310)-46-0.2*(100-y), math.Abs(y-120)-80)
	switch {
	case neck:
		return umber, sienna, math.Abs(math.Mod(across+60, 9)-4) < 1.3
	case body < 0:
		hole := math.Hypot(x+30, y-40)
		strings := math.Abs(math.Mod(across+90, 11)-5) < 1.2 && across > -24 && across < 24
		if hole < 42 {
			return charcoal, umber, strings
		}
		return sienna, sand, math.Abs(body+5) < 3 || math.Abs(hole-52) < 3 || strings
	case bottle < 0:
		return steel, sage, math.Abs(bottle+4) < 2.5 || math.Abs(y-60) < 2.5
	case glass < 0:
		return ash, bone, math.Abs(glass+4) < 2.5 || math.Abs(y-60) < 2
	case y > 150+0.1*x:
		return umber, ochre, math.Abs(math.Mod(y+900-0.1*x, 44)-22) < 2
	}
	return steel, bone, math.Abs(math.Mod(math.Abs(x+y*0.5)+900, 150)-75) < 2 && y < -60
}
