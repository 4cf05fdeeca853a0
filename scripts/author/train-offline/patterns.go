package main

import (
	"math"
	"math/rand/v2"

	"stylebook/scripts/author/lattice"
)

// cells colours each point by the nearest of some scattered points and may draw the borders.
func cells(r *rand.Rand) *canvas {
	gap := between(r, 7, 45)
	seed, colours, border := r.Uint32(), palette(r, 2+r.IntN(5)), palette(r, 2)[0]
	thick, borders, domed := between(r, 1, 5), chance(r, 0.7), between(r, -0.4, 0.5)
	warp, strength := smooth(r), between(r, 0, 0.3)*gap
	return newCanvas(side, side, rgb{}).fill(func(x, y float64) rgb {
		x += strength * warp(x, y)
		id, near, next := nearestTwo(x/gap, y/gap, seed)
		colour := colours[id%uint32(len(colours))].scale(0.85 + 0.3*lattice.Uniform(int(id), 1, seed))
		colour = colour.scale(1 - domed*near)
		if borders {
			colour = mix(border, colour, clamp((next-near)*gap/thick, 0, 1))
		}
		return colour
	})
}

// nearestTwo finds the nearest and the second nearest of points scattered with one in every unit square.
func nearestTwo(x, y float64, seed uint32) (id uint32, near, next float64) {
	near, next = math.Inf(1), math.Inf(1)
	ix, iy := int(math.Floor(x)), int(math.Floor(y))
	for j := iy - 2; j <= iy+2; j++ {
		for i := ix - 2; i <= ix+2; i++ {
			d := math.Hypot(float64(i)+lattice.Uniform(i, j, seed)-x, float64(j)+lattice.Uniform(i, j, seed+1)-y)
			switch {
			case d < near:
				near, next, id = d, near, lattice.Hash(i, j, seed+2)
			case d < next:
				next = d
			}
		}
	}
	return id, near, next
}

// bricks are rows of stones or tiles with mortar between them.
func bricks(r *rand.Rand) *canvas {
	high := between(r, 6, 30)
	wide := high * between(r, 0.8, 3)
	mortar, joint, shift := palette(r, 2)[0], between(r, 0.8, 4), between(r, 0, 0.6)
	colours, seed := palette(r, 2+r.IntN(4)), r.Uint32()
	rough, strength := anyNoise(r), between(r, 0, 0.15)
	warp, bent := smooth(r), between(r, 0, 3)
	sin, cos := math.Sincos(between(r, -0.6, 0.6))
	return newCanvas(side, side, rgb{}).fill(func(x, y float64) rgb {
		b := bent * warp(x, y)
		u, v := x*cos+y*sin+b, y*cos-x*sin+b
		row := math.Floor(v / high)
		column := math.Floor(u/wide + shift*row)
		du, dv := (u/wide+shift*row-column)*wide, v-row*high
		edge := min(du, wide-du, dv, high-dv)
		id := lattice.Hash(int(column), int(row), seed)
		colour := colours[id%uint32(len(colours))].scale(0.8 + 0.4*lattice.Uniform(int(id), 1, seed) + strength*rough(x, y))
		return mix(mortar, colour, clamp(edge-joint/2+0.5, 0, 1))
	})
}

// marble bends stripes or rings by rough noise, as veins in marble and rings in wood.
func marble(r *rand.Rand) *canvas {
	colours, rings := palette(r, 2+r.IntN(4)), chance(r, 0.5)
	n, strength := octaves(r, between(r, 40, 160), between(r, 0.4, 0.7), 1, 0), between(r, 0.5, 4)
	period := between(r, 12, 60)
	sin, cos := math.Sincos(between(r, 0, math.Pi))
	sharp := between(r, 0.4, 2)
	return newCanvas(side, side, rgb{}).fill(func(x, y float64) rgb {
		u := (x*cos + y*sin) / period
		if rings {
			u = math.Hypot(x-side/3, (y-side/3)*0.4) / period
		}
		return ramp(colours, math.Pow(math.Abs(math.Sin(math.Pi*u+strength*n(x, y))), sharp), false)
	})
}

// dots stand in rows, larger where slow noise is high: halftone, or a pointillist's touch if they stray.
func dots(r *rand.Rand) *canvas {
	gap, stray := between(r, 4, 16), between(r, 0, 0.5)
	colours, size, patches := palette(r, 3+r.IntN(4)), smooth(r), smooth(r)
	sin, cos := math.Sincos(between(r, 0, math.Pi/2))
	c := newCanvas(side, side, colours[0])
	reach := int(1.5 * side / gap)
	for j := -reach; j < reach; j++ {
		for i := -reach; i < reach; i++ {
			u, v := gap*(float64(i)+stray*r.NormFloat64()), gap*(float64(j)+stray*r.NormFloat64())
			x, y := side/2+u*cos-v*sin, side/2+u*sin+v*cos
			if x < -gap || y < -gap || x > side+gap || y > side+gap {
				continue
			}
			radius := max(1, gap*(0.15+0.5*unit(size(x, y))))
			colour := ramp(colours[1:], clamp(unit(patches(x, y))+0.2*r.NormFloat64(), 0, 1), true).stray(r, 0.05)
			c.put(&dab{x: x, y: y, long: radius, wide: radius, shape: ellipse, colour: colour, opacity: 1})
		}
	}
	return c
}

// weave lets threads go over and under each other.
func weave(r *rand.Rand) *canvas {
	gap, colours, seed := between(r, 5, 22), palette(r, 2+r.IntN(4)), r.Uint32()
	twill, round := 2+r.IntN(3), between(r, 0.3, 0.9)
	fibre, strength := octaves(r, 6, 0.7, 4, 0), between(r, 0, 0.12)
	sin, cos := math.Sincos(between(r, 0, math.Pi/2))
	return newCanvas(side, side, rgb{}).fill(func(x, y float64) rgb {
		u, v := (x*cos+y*sin)/gap, (y*cos-x*sin)/gap
		i, j := int(math.Floor(u)), int(math.Floor(v))
		across, thread := u-math.Floor(u), i
		if ((i+j)%twill+twill)%twill == 0 {
			across, thread = v-math.Floor(v), j+1000
		}
		shade := 1 - round*4*(across-0.5)*(across-0.5)
		return colours[lattice.Hash(thread, 0, seed)%uint32(len(colours))].scale(shade + strength*fibre(x, y))
	})
}

// relief is a rough surface in low light.
func relief(r *rand.Rand) *canvas {
	height, depth := anyNoise(r), between(r, 0.5, 4)
	colours, stain := palette(r, 2+r.IntN(3)), smooth(r)
	sin, cos := math.Sincos(between(r, 0, 2*math.Pi))
	return newCanvas(side, side, rgb{}).fill(func(x, y float64) rgb {
		slope := depth * (height(x+cos, y+sin) - height(x-cos, y-sin))
		return ramp(colours, unit(stain(x, y)+0.3*height(x, y)), false).scale(clamp(1+slope, 0.25, 1.8))
	})
}

// smeared drags patches of colour along a flow, as a palette knife does.
func smeared(r *rand.Rand) *canvas {
	n, colours := octaves(r, between(r, 6, 30), 0.8, 1, 0), palette(r, 3+r.IntN(5))
	flow, turns, around := smooth(r), between(r, 0.3, 2), between(r, 0, 2*math.Pi)
	length := 4 + r.IntN(14)
	hard := chance(r, 0.3)
	return newCanvas(side, side, rgb{}).fill(func(x, y float64) rgb {
		sum := 0.0
		for range length {
			sum += n(x, y)
			sin, cos := math.Sincos(around + turns*flow(x, y))
			x, y = x+1.6*cos, y+1.6*sin
		}
		return ramp(colours, unit(sum/math.Sqrt(float64(length))), hard)
	})
}
