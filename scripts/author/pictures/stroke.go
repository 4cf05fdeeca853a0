package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// stroke is one touch of the brush along a path, in the units of the full-size
// picture.
type stroke struct {
	path           []point
	width, load    float64
	colour, streak vec3 // the brush picked up two paints, not quite mixed
	seed           uint32
}

// easel holds the wet canvas: colours and the paint's thickness.
type easel struct {
	*canvas
	scale  float64 // pixels per unit
	relief []float64
}

// hand paints one band of the canvas, so that several can work at a time.
type hand struct {
	*easel
	y0, y1 int
	stamp  []int32   // the stroke that a pixel of reach belongs to
	reach  []contact // where the current stroke touches a pixel
	touch  []int     // pixels under the current stroke
	count  int32
}

// contact is a place on a stroke: along is measured in units from its start,
// across from -1 to 1.
type contact struct{ along, across float64 }

func newEasel(w, h int, scale float64, ground vec3) *easel {
	e := &easel{canvas: newCanvas(w, h), scale: scale, relief: make([]float64, w*h)}
	for i := range e.pix {
		e.pix[i] = ground
	}
	return e
}

// paint lays strokes one over another. Each band of rows sees all strokes in
// order, so the number of hands does not matter.
func (e *easel) paint(strokes []stroke) {
	const bands = 8
	rows(bands, func(b int) {
		e := &hand{easel: e, y0: e.h * b / bands, y1: e.h * (b + 1) / bands}
		e.stamp, e.reach = make([]int32, e.w*(e.y1-e.y0)), make([]contact, e.w*(e.y1-e.y0))
		for i := range strokes {
			e.paint(&strokes[i])
		}
	})
}

// paint finds the pixels under a stroke and lays paint on each.
func (e *hand) paint(s *stroke) {
	e.count++
	e.touch = e.touch[:0]
	along := 0.0
	for i := range len(s.path) - 1 {
		a, b := s.path[i], s.path[i+1]
		long := math.Sqrt((b.x-a.x)*(b.x-a.x) + (b.y-a.y)*(b.y-a.y))
		e.cover(a, b, s.width/2, along, long)
		along += long
	}
	for _, i := range e.touch {
		e.deposit(s, i+e.y0*e.w, e.reach[i], along)
	}
}

// cover notes the pixels within half a width of one piece of the path,
// keeping for each the nearest piece.
func (e *hand) cover(a, b point, half, along, long float64) {
	k := e.scale
	x0, x1 := int((min(a.x, b.x)-half)*k), int((max(a.x, b.x)+half)*k)+1
	y0, y1 := int((min(a.y, b.y)-half)*k), int((max(a.y, b.y)+half)*k)+1
	ux, uy := (b.x-a.x)/long, (b.y-a.y)/long
	for y := max(y0, e.y0); y < min(y1, e.y1); y++ {
		for x := max(x0, 0); x < min(x1, e.w); x++ {
			dx, dy := (float64(x)+0.5)/k-a.x, (float64(y)+0.5)/k-a.y
			t, v := dx*ux+dy*uy, (dy*ux-dx*uy)/half
			if t < -0.15*half || t > long+0.15*half || math.Abs(v) > 1 {
				continue
			}
			i := (y-e.y0)*e.w + x
			if e.stamp[i] != e.count {
				e.stamp[i] = e.count
				e.touch = append(e.touch, i)
			} else if math.Abs(e.reach[i].across) <= math.Abs(v) {
				continue
			}
			e.reach[i] = contact{along + t, v}
		}
	}
}

// deposit lays a stroke's paint on one pixel. Bristles leave grooves that run
// the stroke's length, and the brush runs dry towards the end.
func (e *easel) deposit(s *stroke, i int, c contact, long float64) {
	hairs := s.width * 0.42
	v := c.across * hairs
	hair := lattice.Noise(v, c.along/70, s.seed)
	fine := lattice.Noise(v*2.7+40, c.along/26, s.seed+1)
	groove := 0.62*hair + 0.38*fine

	ragged := 0.5 * s.width * (0.35 + 0.35*lattice.Noise(v*0.9+9, 0.5, s.seed+2))
	start := smoothstep(-0.1*s.width, 0.25*ragged, c.along-0.3*ragged)
	end := smoothstep(0, 0.5*ragged+1, long-c.along-0.8*ragged)
	edge := smoothstep(1, 0.80, math.Abs(c.across)+0.10*groove)
	dry := smoothstep(0.35, 1, c.along/long) * 0.9
	alpha := start * end * edge * smoothstep(-0.95, -0.45, groove-dry*1.15+0.5*s.load)
	if alpha <= 0 {
		return
	}
	blend := smoothstep(-0.15, 0.65, 0.7*lattice.Noise(v*0.55+70, c.along/95, s.seed+3)+0.5*fine)
	paint := mix(s.colour, s.streak, 0.55*blend).scale(1 + 0.20*groove)
	e.pix[i] = mix(e.pix[i], paint, alpha*0.97)

	lip := bump(math.Abs(c.across)-0.80, 0.16) * 0.55 // paint pushed aside
	heap := bump(long-c.along-1.1*ragged, 0.22*s.width) * 0.5
	thick := s.load * math.Sqrt(s.width) * (0.55 + 0.62*groove + lip + heap - 0.3*dry)
	e.relief[i] = lerp(e.relief[i], 0.45*e.relief[i]+thick, alpha)
}

// light shows the relief by a lamp at the upper left, with a faint gloss.
func (e *easel) light() *canvas {
	out := newCanvas(e.w, e.h)
	lamp := vec3{-0.55, -0.62, 0.56}.unit()
	half := lamp.add(vec3{0, 0, 1}).unit()
	at := func(x, y int) float64 {
		return e.relief[min(max(y, 0), e.h-1)*e.w+min(max(x, 0), e.w-1)]
	}
	steep := 0.15 * e.scale
	rows(e.h, func(y int) {
		for x := range e.w {
			n := vec3{steep * (at(x-1, y) - at(x+1, y)), steep * (at(x, y-1) - at(x, y+1)), 1}.unit()
			shade := clamp(1+0.95*(n.dot(lamp)-lamp.z), 0.35, 1.6)
			gloss := 0.16 * math.Pow(max(0, n.dot(half)), 26)
			base := 0.16 * math.Pow(half.z, 26) // what a flat surface would add
			p := e.pix[y*e.w+x].scale(shade)
			k := max(0, gloss-base)
			out.pix[y*e.w+x] = p.add(vec3{k, k, k})
		}
	})
	return out
}
