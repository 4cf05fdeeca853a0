package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// sheet is one panel of the picture: its corners, its paper, and the frond that
// was cut for it.
type sheet struct {
	x0, y0, x1, y1 float64
	paper, frond   uint32
	arms           int
	lean           float64
}

var sheets = []sheet{
	{0, 0, 250, 330, 0x1f3f9a, 0xf6f0de, 5, 0.10},
	{250, 0, 520, 250, 0xf0b323, 0x14532d, 4, -0.20},
	{520, 0, 720, 330, 0xf3ead2, 0xd62f2f, 6, 0.15},
	{720, 0, 900, 250, 0x1d8a6b, 0x151515, 4, -0.05},
	{0, 330, 250, 600, 0xe0567a, 0x1f3f9a, 4, -0.12},
	{250, 250, 520, 600, 0x151515, 0xf0b323, 6, 0.08},
	{520, 330, 720, 600, 0x2f7fd0, 0xf6f0de, 5, 0.2},
	{720, 250, 900, 600, 0xd8442a, 0xf3ead2, 5, -0.1},
}

// leaves is a picture of flat shapes cut from painted paper and pasted on.
func leaves(scale float64) *canvas {
	w, h := size(scale)
	c := newCanvas(w*paintScale, h*paintScale)
	k := scale * paintScale
	rows(c.h, func(y int) {
		for x := range c.w {
			c.pix[y*c.w+x] = cutAt(point{(float64(x) + 0.5) / k, (float64(y) + 0.5) / k})
		}
	})
	return c.shrink(paintScale)
}

func cutAt(p point) vec3 {
	i := sheetAt(p)
	s := sheets[i]
	if s.inside(p, i) {
		return gouache(srgb(s.frond), p, uint32(2*i))
	}
	c := gouache(srgb(s.paper), p, uint32(2*i+1))
	if s.inside(point{p.x - 2, p.y - 2.5}, i) {
		c = c.scale(0.72) // the pasted paper's shadow
	}
	return c
}

// sheetAt is the panel under a point. No cut is quite straight.
func sheetAt(p point) int {
	x := clamp(p.x+5*lattice.Noise(p.y/90, 0.5, 370), 0, fullWidth-1)
	y := clamp(p.y+5*lattice.Noise(p.x/90, 0.5, 371), 0, fullHeight-1)
	for i, s := range sheets {
		if x < s.x1 && y < s.y1 && x >= s.x0 && y >= s.y0 {
			return i
		}
	}
	panic("leaves: a point on no sheet")
}

// inside tells whether a point lies on the panel's frond: a stem with rounded
// lobes on both sides that shorten towards its tip.
func (s sheet) inside(p point, seed int) bool {
	w, h := s.x1-s.x0, s.y1-s.y0
	u, v := (p.x-(s.x0+s.x1)/2)/w*2, (s.y1-p.y)/h
	u -= s.lean*math.Sin(3*v) + 0.03*lattice.Noise(p.x/40, p.y/40, 372)
	stem := 0.09 * (1.1 - v)
	if v > 0.06 && v < 0.86 && math.Abs(u) < stem {
		return true
	}
	side := 0
	if u < 0 {
		side = 1
	}
	for a := range s.arms {
		r := func(k uint32) float64 { return lattice.Uniform(2*a+side, seed, 373+k) }
		root := 0.12 + 0.62*(float64(a)+0.4*r(0))/float64(s.arms)
		long := (0.78 - 0.42*float64(a)/float64(s.arms)) * (0.8 + 0.3*r(1))
		t := math.Abs(u) / long
		if t > 1.08 {
			continue
		}
		mid := root + (0.16+0.10*r(2))*t*t + 0.03
		half := (0.34 / float64(s.arms)) * math.Sqrt(max(0, t*0.9+0.12)) * math.Sqrt(max(0, 1.08-t)) * 1.25
		if math.Abs(v-mid) < half {
			return true
		}
	}
	return math.Hypot(u*0.9, (v-0.87)*2.2) < 0.14
}

// gouache is paper painted by hand: broad streaks of one colour.
func gouache(c vec3, p point, seed uint32) vec3 {
	a := math.Pi * lattice.Uniform(int(seed), 0, 380)
	sin, cos := math.Sincos(a)
	u, v := p.x*cos+p.y*sin, -p.x*sin+p.y*cos
	streak := 0.6*lattice.Noise(v/11, u/150, 381+seed) + 0.4*lattice.Noise(v/3.2, u/60, 401+seed)
	return c.scale(1 + 0.16*streak).add(vec3{0.012, 0.012, 0.012}.scale(1 + streak))
}
