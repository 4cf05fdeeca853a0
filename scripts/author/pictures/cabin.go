package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// cabinAt is where the cabin stands, on the point to the right.
var cabinAt = vec3{44, 0, 181}

// panel is a flat part of the cabin: a corner, two edges, and a paint that
// gives the colour at (u, v) metres along them; ok is false for holes.
type panel struct {
	corner, eu, ev vec3
	paint          func(u, v float64) (c vec3, ok bool)
}

// cabinPanels builds the cabin turned towards the lake, farthest part first.
func cabinPanels() []panel {
	const wide, deep, tall, ridge, eave = 9.5, 6.5, 3.2, 3.4, 0.7
	s, c := math.Sincos(0.20)
	along, back, up := vec3{c, 0, s}, vec3{-s, 0, c}, vec3{0, 1, 0}
	base := vec3{cabinAt.x, ground(cabinAt.x, cabinAt.z) + 0.35, cabinAt.z}
	front := panel{base, along.scale(wide), up.scale(tall), frontWall}
	gable := panel{base, back.scale(deep), up.scale(tall + ridge), gableWall(deep, tall, ridge)}
	slope := back.scale(deep/2 + eave).add(up.scale(ridge * (1 + eave/(deep/2))))
	corner := base.add(up.scale(tall + 0.15)).sub(slope.scale(eave / (deep/2 + eave))).sub(along.scale(eave))
	roof := panel{corner, along.scale(wide + 2*eave), slope, shingles}
	stack := base.add(along.scale(6.6)).add(back.scale(2.6)).add(up.scale(tall + 1.8))
	chimney := panel{stack, along.scale(1.0), up.scale(2.8), masonry}
	flue := panel{stack, back.scale(1.0), up.scale(2.8), masonry}
	plinth := panel{base.sub(up.scale(1.2)), along.scale(wide), up.scale(1.2), masonry}
	side := panel{base.sub(up.scale(1.2)), back.scale(deep), up.scale(1.2), masonry}
	return []panel{gable, side, front, plinth, roof, flue, chimney}
}

func logs(u, v float64) vec3 {
	row, f := floor(v / 0.34)
	round := math.Sqrt(clamp(4*f*(1-f), 0.04, 1))
	tone := 0.75 + 0.35*lattice.Uniform(row, 0, 101) + 0.3*lattice.Noise(u*0.7, float64(row), 102)
	return vec3{0.27, 0.145, 0.07}.scale(tone * (0.35 + 0.65*round))
}

func frontWall(u, v float64) (vec3, bool) {
	switch {
	case v < 2.25 && u > 4.2 && u < 5.4:
		return vec3{0.06, 0.035, 0.022}, true
	case window(u-2.3, v-1.5) || window(u-7.4, v-1.5):
		return vec3{1.5, 0.80, 0.26}, true
	case frame(u-2.3, v-1.5) || frame(u-7.4, v-1.5):
		return vec3{0.42, 0.38, 0.32}, true
	}
	return logs(u, v), true
}

func window(u, v float64) bool {
	return math.Abs(u) < 0.62 && math.Abs(v) < 0.58 && math.Abs(u) > 0.06
}

func frame(u, v float64) bool { return math.Abs(u) < 0.82 && math.Abs(v) < 0.78 }

func gableWall(deep, tall, ridge float64) func(u, v float64) (vec3, bool) {
	return func(u, v float64) (vec3, bool) {
		inside := v < tall+ridge*(1-math.Abs(2*u/deep-1))
		if window(u-deep/2, v-1.6) {
			return vec3{1.3, 0.66, 0.2}, inside
		}
		return logs(u+30, v), inside
	}
}

func shingles(u, v float64) (vec3, bool) {
	row, f := floor(v / 0.32)
	col, g := floor(u/0.28 + 0.5*float64(row&1))
	tone := 0.6 + 0.6*lattice.Uniform(col, row, 103) - 0.25*f
	if g < 0.1 {
		tone *= 0.6
	}
	moss := smoothstep(0.05, 0.4, fbm2(u*0.5, v*0.5, 3, 104))
	return mix(vec3{0.13, 0.10, 0.085}, vec3{0.08, 0.10, 0.04}, 0.7*moss).scale(tone), true
}

func masonry(u, v float64) (vec3, bool) {
	row, f := floor(v / 0.3)
	col, g := floor(u/0.45 + 0.5*float64(row&1))
	tone := 0.7 + 0.6*lattice.Uniform(col, row, 105)
	if f < 0.15 || g < 0.1 {
		tone = 0.45
	}
	return vec3{0.24, 0.22, 0.20}.scale(tone), true
}

// drawCabin casts a ray at each panel from each pixel it may cover.
func drawCabin(v *view) {
	for _, p := range cabinPanels() {
		normal := p.eu.cross(p.ev).unit()
		if normal.dot(p.corner.sub(v.origin())) > 0 {
			normal = normal.scale(-1)
		}
		x0, y0, x1, y1 := p.bounds(v)
		for y := y0; y < y1; y++ {
			for x := x0; x < x1; x++ {
				p.draw(v, x, y, normal)
			}
		}
	}
}

func (p panel) bounds(v *view) (x0, y0, x1, y1 int) {
	x0, y0 = v.w, v.h
	for _, c := range []vec3{p.corner, p.corner.add(p.eu), p.corner.add(p.ev), p.corner.add(p.eu).add(p.ev)} {
		px, py, _ := v.project(c)
		x0, y0 = min(x0, int(px)), min(y0, int(py))
		x1, y1 = max(x1, int(px)+2), max(y1, int(py)+2)
	}
	return max(x0, 0), max(y0, 0), min(x1, v.w), min(y1, v.h)
}

func (p panel) draw(v *view, x, y int, normal vec3) {
	from, dir := v.origin(), v.ray(float64(x)+0.5, float64(y)+0.5)
	z := normal.dot(p.corner.sub(from)) / normal.dot(dir)
	at := from.add(dir.scale(z)).sub(p.corner)
	lu, lv := math.Sqrt(p.eu.dot(p.eu)), math.Sqrt(p.ev.dot(p.ev))
	a, b := at.dot(p.eu)/lu, at.dot(p.ev)/lv
	if a < 0 || b < 0 || a > lu || b > lv {
		return
	}
	c, ok := p.paint(a, b)
	if !ok {
		return
	}
	if c.x < 1 { // brighter paint is a lamp behind glass
		c = lit(c, normal, 1, 0.8)
	}
	v.blend(x, y, z, haze(c, dir, z, 2), 1)
	if i := y*v.w + x; z < v.depth[i] {
		v.depth[i] = z
	}
}
