package main

import (
	"math"
	"math/rand/v2"

	"stylebook/scripts/author/lattice"
)

var (
	ricePaper = srgb(0xefe6d2)
	blackInk  = srgb(0x14161a)
	sealRed   = srgb(0xb8281e)
)

// ink is a landscape in ink and water: washes of mountains that sink into the
// mist, then dry strokes for rocks and a pine.
func ink(scale float64) *canvas {
	w, h := size(scale)
	e := newEasel(w*paintScale, h*paintScale, scale*paintScale, ricePaper)
	rows(e.h, func(y int) {
		for x := range e.w {
			p := point{(float64(x) + 0.5) / e.scale, (float64(y) + 0.5) / e.scale}
			e.pix[y*e.w+x] = mix(paperAt(p), blackInk, wash(p))
		}
	})
	e.paint(crags())
	e.paint(pine())
	rows(e.h, func(y int) {
		for x := range e.w {
			p := point{(float64(x) + 0.5) / e.scale, (float64(y) + 0.5) / e.scale}
			if seal(p) {
				e.pix[y*e.w+x] = sealRed
			}
		}
	})
	return e.shrink(paintScale)
}

func paperAt(p point) vec3 {
	return ricePaper.scale(1 + 0.03*fbm2(p.x/7, p.y/3, 3, 410) + 0.05*fbm2(p.x/160, p.y/160, 3, 411))
}

// ridge is one range: its height, how dark it is, and its shape.
type ridge struct {
	base, tall, wide, tone float64
	seed                   uint32
}

var ridges = []ridge{
	{270, 130, 210, 0.26, 420}, {350, 210, 170, 0.5, 430}, {470, 240, 190, 0.85, 440}, {610, 170, 240, 1.1, 450},
}

func (r ridge) line(x float64) float64 {
	v := fbm2(x/r.wide, 0.7, 5, r.seed)
	return r.base - r.tall*(0.25+1.25*v+0.35*math.Abs(v))
}

// wash is how much ink lies at a point, from 0 to 1. Each range is darkest
// under its line and thins downwards.
func wash(p point) float64 {
	dark := 0.03 + 0.05*max(0, fbm2(p.x/200, p.y/50, 3, 412))
	for _, r := range ridges {
		d := p.y - r.line(p.x)
		if d < -2 {
			continue
		}
		pool := 0.75 + 0.6*fbm2(p.x/55, p.y/40, 4, r.seed+10) + 0.2*bump(d, 5)
		fade := math.Exp(-d / (0.55 * r.tall))
		dark = lerp(dark, clamp(r.tone*fade*pool, 0, 1), smoothstep(-2, 2, d)*(0.35+0.65*fade))
	}
	return clamp(dark, 0, 0.96)
}

// crags are dry strokes that run down the slopes.
func crags() []stroke {
	rng := rand.New(rand.NewPCG(413, 0))
	var strokes []stroke
	for range 1900 {
		r := ridges[1+rng.IntN(len(ridges)-1)]
		x := fullWidth * rng.Float64()
		top := r.line(x)
		slope := (r.line(x+6) - r.line(x-6)) / 12
		y := top + math.Pow(rng.Float64(), 1.6)*r.tall*0.8
		if y > fullHeight || hidden(r, point{x, y}) {
			continue
		}
		lean, long := clamp(slope, -1.4, 1.4)+0.5*(rng.Float64()-0.5), (20+60*rng.Float64())*r.tall/200
		s := stroke{width: 2 + 6*rng.Float64()*rng.Float64(), load: 0.1, seed: rng.Uint32()}
		depth := math.Exp(-(y - top) / (0.7 * r.tall))
		s.colour = mix(ricePaper, blackInk, clamp(r.tone*(0.45+0.7*depth), 0, 1))
		s.streak = mix(s.colour, ricePaper, 0.25)
		for t := 0.0; t < long; t += 4 {
			bend := math.Copysign(0.3+0.4*t/long, lean) + 0.3*lattice.Noise(x/30, t/14, 417)
			s.path = append(s.path, point{x + bend*t, y + t*(0.5+0.3*math.Abs(lean))})
		}
		if len(s.path) > 2 {
			strokes = append(strokes, s)
		}
	}
	return strokes
}

// hidden tells whether a nearer range stands before a point of r.
func hidden(r ridge, p point) bool {
	for _, near := range ridges {
		if near.base > r.base && p.y > near.line(p.x)-4 {
			return true
		}
	}
	return false
}

// pine leans in from the right: trunk, boughs, and fans of needles.
func pine() []stroke {
	rng := rand.New(rand.NewPCG(414, 0))
	trunk := func(t float64) point {
		return point{850 - 190*t + 46*math.Sin(5*t), 600 - 420*t - 30*math.Sin(7*t)}
	}
	var strokes []stroke
	brush := func(width, load, dark float64, path ...point) {
		s := stroke{path: path, width: width, load: load, seed: rng.Uint32()}
		s.colour = mix(ricePaper, blackInk, dark)
		s.streak = mix(s.colour, ricePaper, 0.3)
		strokes = append(strokes, s)
	}
	for t := 0.0; t < 1; t += 0.1 {
		brush(46-32*t, 0.5, 0.85, trunk(t-0.03), trunk(t+0.05), trunk(t+0.12), trunk(t+0.16))
	}
	for i := range 13 {
		t := 0.32 + 0.68*float64(i)/12
		from, side := trunk(t), 1.0
		if i%2 == 0 {
			side = -1
		}
		long := (190 - 110*t) * (0.7 + 0.6*rng.Float64())
		at := func(f float64) point {
			return point{from.x + side*long*f, from.y + 26*math.Sin(3*f)*side - 34*f*f + 8}
		}
		brush(11-5*t, 0.6, 0.9, at(0), at(0.3), at(0.6), at(0.9), at(1))
		for range 16 {
			hub := at(0.3 + 0.75*rng.Float64())
			hub.y -= 16 * rng.Float64()
			dark := 0.55 + 0.4*rng.Float64()
			for a := -1.3; a <= 1.3; a += 0.26 {
				sin, cos := math.Sincos(a - math.Pi/2)
				far := 16 + 12*rng.Float64()
				brush(2.8, 0.9, dark, hub, point{hub.x + far/2*cos, hub.y + far/2*sin}, point{hub.x + far*cos, hub.y + far*sin})
			}
		}
	}
	return strokes
}

// seal is the painter's stamp, with its signs left white.
func seal(p point) bool {
	u, v := p.x-62, p.y-478
	if u < 0 || v < 0 || u > 44 || v > 60 || lattice.Noise(p.x/2.5, p.y/2.5, 415) > 0.62 {
		return false
	}
	if u < 4 || v < 4 || u > 40 || v > 56 {
		return true
	}
	cell := lattice.Hash(int(u/7), int(v/6), 416)
	return cell&3 != 0 && math.Mod(u, 7) > 1.2
}
