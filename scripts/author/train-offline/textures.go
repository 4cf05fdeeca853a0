package main

import (
	"math"
	"math/rand/v2"
)

// side is that of a texture in pixels.
const side = 256

// kinds are the ways to make a texture; each takes its measures, colours and directions by chance.
var kinds = []struct {
	name string
	make func(r *rand.Rand) *canvas
}{
	{"brush strokes", brushStrokes},
	{"ellipses", ellipses},
	{"polygons", polygons},
	{"discs", discs},
	{"noise", noise},
	{"cells", cells},
	{"gratings", gratings},
	{"warped waves", warpedWaves},
	{"dead leaves", deadLeaves},
	{"oil paint", oilPaint},
	{"hatching", hatching},
	{"bricks", bricks},
	{"leaves and scales", leaves},
	{"marble and wood", marble},
	{"grass and fur", grass},
	{"dots", dots},
	{"weave", weave},
	{"pebbles", pebbles},
	{"relief", relief},
	{"smeared paint", smeared},
	{"watercolour", watercolour},
	{"sparks", sparks},
}

// texture makes the numbered texture: the kinds take turns, and the number seeds everything else.
func texture(seed uint64, number int) *canvas {
	r := rand.New(rand.NewPCG(seed, uint64(number)))
	c := kinds[number%len(kinds)].make(r)
	if chance(r, 0.6) { // grain
		grain, strength := anyNoise(r), between(r, 0, 0.06)
		for i := range c.pix {
			g := strength * (grain(float64(i%c.w), float64(i/c.w)) + 0.5*r.NormFloat64())
			c.pix[i] = rgb{c.pix[i][0] + g, c.pix[i][1] + g, c.pix[i][2] + g}
		}
	}
	if chance(r, 0.4) {
		c = c.blur(between(r, 0, 1.3))
	}
	return c.cut()
}

// crowd is what most kinds of scattered dabs share: their directions and colours follow slow noise or chance.
func crowd(r *rand.Rand, shape func(*rand.Rand) outline) (*scatter, *canvas) {
	colours := palette(r, 3+r.IntN(6))
	flow, strength, around := smooth(r), between(r, 0, 1.2), between(r, 0, math.Pi)
	patches, follow := smooth(r), chance(r, 0.6)
	s := &scatter{
		shape: shape,
		angle: func(x, y float64) float64 { return around + strength*flow(x, y) },
		colour: func(r *rand.Rand, x, y float64) rgb {
			if follow {
				return ramp(colours, unit(patches(x, y)), true)
			}
			return colours[r.IntN(len(colours))]
		},
		secondFromOther: func(r *rand.Rand) rgb { return colours[r.IntN(len(colours))] },
		jitter:          0.05, opacity: 1, cover: 4,
	}
	return s, newCanvas(side, side, colours[0])
}

func brushStrokes(r *rand.Rand) *canvas {
	s, c := crowd(r, always(box))
	s.long, s.wide = [2]float64{4, 22}, [2]float64{1, 4.5}
	s.bend = between(r, 0, 0.35)
	return s.draw(r, c)
}

func ellipses(r *rand.Rand) *canvas {
	s, c := crowd(r, always(ellipse))
	s.long, s.wide = [2]float64{3, 20}, [2]float64{1.5, 7}
	s.lit = between(r, -0.3, 0.4)
	return s.draw(r, c)
}

func polygons(r *rand.Rand) *canvas {
	s, c := crowd(r, func(r *rand.Rand) outline { return polygon(r, 3+r.IntN(4)) })
	s.long = [2]float64{4, 26}
	s.wide = s.long
	s.turn, s.powerLaw = 2, chance(r, 0.5)
	return s.draw(r, c)
}

func discs(r *rand.Rand) *canvas {
	s, c := crowd(r, always(ellipse))
	size := between(r, 2.5, 16)
	s.long, s.wide = [2]float64{size, size}, [2]float64{size, size}
	s.rim = between(r, -0.5, 0.8)
	return s.draw(r, c)
}

func noise(r *rand.Rand) *canvas {
	n, colours, hard := anyNoise(r), palette(r, 2+r.IntN(5)), chance(r, 0.4)
	return newCanvas(side, side, rgb{}).fill(func(x, y float64) rgb { return ramp(colours, unit(n(x, y)), hard) })
}

func gratings(r *rand.Rand) *canvas {
	colours, hard := palette(r, 2+r.IntN(5)), chance(r, 0.5)
	sin, cos := math.Sincos(between(r, 0, math.Pi))
	period, warp, w := between(r, 4, 40), smooth(r), between(r, 0, 2.5)
	plaid, second := chance(r, 0.5), between(r, 0.5, 2)
	return newCanvas(side, side, rgb{}).fill(func(x, y float64) rgb {
		shift := w * warp(x, y)
		t := math.Sin((x*cos+y*sin)*2*math.Pi/period + shift)
		if plaid {
			t = (t + math.Sin((y*cos-x*sin)*2*math.Pi/(period*second)+shift)) / 2
		}
		return ramp(colours, 0.5+0.5*t, hard)
	})
}

func warpedWaves(r *rand.Rand) *canvas {
	colours, hard, rings := palette(r, 2+r.IntN(5)), chance(r, 0.5), chance(r, 0.5)
	n, m, strength := smooth(r), smooth(r), between(r, 5, 25)
	period, cx, cy := between(r, 8, 40), between(r, 0, side), between(r, 0, side)
	return newCanvas(side, side, rgb{}).fill(func(x, y float64) rgb {
		u, v := x+strength*n(x, y), y+strength*m(x, y)
		t := math.Sin(u*2*math.Pi/period) * math.Sin(v*2*math.Pi/period)
		if rings {
			t = math.Sin(math.Hypot(u-cx, v-cy) * 2 * math.Pi / period)
		}
		return ramp(colours, 0.5+0.5*t, hard)
	})
}

// deadLeaves piles up shapes of all sizes, as things pile up in front of a camera.
//
// Lee, Mumford, Huang 2001: such pictures share much of the statistics of photographs.
func deadLeaves(r *rand.Rand) *canvas {
	s, c := crowd(r, func(r *rand.Rand) outline {
		return []outline{ellipse, box, leaf, polygon(r, 3+r.IntN(5))}[r.IntN(4)]
	})
	s.long, s.wide = [2]float64{5, 14}, [2]float64{5, 14}
	s.powerLaw, s.turn, s.cover = true, 2, 6
	s.streaks, s.lit = between(r, 0, 0.8), between(r, 0, 0.5)
	return s.draw(r, c)
}

// oilPaint lays bristle strokes from broad to fine.
func oilPaint(r *rand.Rand) *canvas {
	s, c := crowd(r, always(func(u, v float64) float64 { return min(1-math.Abs(v), 1.2*(1-u*u)) }))
	s.streaks, s.bend, s.jitter = between(r, 0.3, 0.9), between(r, 0, 0.3), between(r, 0.03, 0.12)
	wide := between(r, 4, 9)
	for range 3 {
		s.wide, s.long = [2]float64{wide, wide}, [2]float64{2 * wide, 5 * wide}
		s.cover, s.lit = 2, between(r, 0, 0.25)
		s.draw(r, c)
		wide *= 0.6
	}
	return c
}

// hatching draws thin lines in a few directions, denser where slow noise is high.
func hatching(r *rand.Rand) *canvas {
	colours := palette(r, 3)
	c := newCanvas(side, side, colours[0])
	around, dense := between(r, 0, math.Pi), smooth(r)
	for pass := range 1 + r.IntN(3) {
		s := &scatter{shape: always(box), long: [2]float64{8, 30}, wide: [2]float64{0.6, 1.6}, turn: between(r, 0, 0.2), opacity: between(r, 0.4, 1),
			cover: between(r, 0.6, 2), bend: between(r, 0, 0.15)}
		s.angle = func(x, y float64) float64 { return around + float64(pass) }
		s.colour = func(r *rand.Rand, x, y float64) rgb {
			if dense(x, y) > r.NormFloat64() {
				return colours[1]
			}
			return colours[1+pass%2]
		}
		s.draw(r, c)
	}
	return c
}

func leaves(r *rand.Rand) *canvas {
	shape := []outline{leaf, ellipse, blade}[r.IntN(3)]
	s, c := crowd(r, always(shape))
	s.long, s.wide = [2]float64{5, 18}, [2]float64{2, 8}
	s.topDown, s.turn = chance(r, 0.5), between(r, 0, 0.8)
	s.rim, s.lit, s.streaks = between(r, 0, 0.6), between(r, -0.2, 0.4), between(r, 0, 0.5)
	s.cover = 6
	return s.draw(r, c)
}

func grass(r *rand.Rand) *canvas {
	s, c := crowd(r, always(blade))
	s.long, s.wide = [2]float64{8, 30}, [2]float64{0.8, 2.5}
	s.topDown, s.turn, s.bend = true, between(r, 0.05, 0.5), between(r, 0, 0.5)
	lean := -math.Pi/2 + between(r, -0.8, 0.8)
	flow, strength := smooth(r), between(r, 0, 0.5)
	s.angle = func(x, y float64) float64 { return lean + strength*flow(x, y) }
	s.jitter, s.cover, s.lit = 0.08, 5, between(r, 0, 0.3)
	return s.draw(r, c)
}

func pebbles(r *rand.Rand) *canvas {
	s, c := crowd(r, func(r *rand.Rand) outline {
		if chance(r, 0.5) {
			return ellipse
		}
		return polygon(r, 5+r.IntN(4))
	})
	size := between(r, 4, 18)
	s.long, s.wide = [2]float64{size, 1.3 * size}, [2]float64{0.7 * size, size}
	s.turn, s.lit, s.rim, s.streaks, s.cover = 1, between(r, 0.2, 0.6), between(r, 0.2, 0.8), between(r, 0, 0.5), 5
	return s.draw(r, c)
}

// watercolour lays large translucent shapes with dark edges over each other.
func watercolour(r *rand.Rand) *canvas {
	s, c := crowd(r, func(r *rand.Rand) outline { return polygon(r, 6+r.IntN(5)) })
	c.fill(func(x, y float64) rgb { return rgb{0.93, 0.91, 0.87} })
	s.long, s.wide = [2]float64{14, 40}, [2]float64{10, 30}
	s.opacity, s.rim, s.turn, s.cover, s.powerLaw = between(r, 0.15, 0.5), between(r, 0.1, 0.5), 2, between(r, 2, 8), true
	return s.draw(r, c)
}

// sparks are small bright things on a dark ground, or dark ones on a bright ground.
func sparks(r *rand.Rand) *canvas {
	colours := palette(r, 4)
	back, n := anyNoise(r), between(r, 0, 0.5)
	c := newCanvas(side, side, colours[0]).fill(func(x, y float64) rgb {
		return mix(colours[0], colours[1], n*unit(back(x, y)))
	})
	s := &scatter{shape: always([]outline{ellipse, leaf, box}[r.IntN(3)]), long: [2]float64{1.2, 7}, wide: [2]float64{1, 3},
		turn: 2, opacity: 1, cover: between(r, 0.05, 0.5), powerLaw: true, jitter: 0.1, angle: func(x, y float64) float64 { return 0 }}
	s.colour = func(r *rand.Rand, x, y float64) rgb { return colours[2+r.IntN(2)] }
	return s.draw(r, c)
}
