package main

import (
	"math"
	"math/rand/v2"

	"stylebook/scripts/author/lattice"
)

// dot is a round dab of unmixed paint.
type dot struct {
	at     point
	radius float64
	colour vec3
}

// shore is a beach at noon in dots: each colour is divided into its neighbours,
// and some of its complement, which the eye mixes again.
func shore(scale float64) *canvas {
	w, h := size(scale)
	e := newEasel(w*paintScale, h*paintScale, scale*paintScale, srgb(0xf4ecd8))
	for n, gap := range []float64{9, 7, 6} {
		e.stipple(scatter(gap, 0.62*gap, uint64(n)))
	}
	return e.light().shrink(paintScale)
}

// scatter sets dots on a jittered lattice, each in one of its place's colours.
func scatter(gap, radius float64, seed uint64) []dot {
	rng := rand.New(rand.NewPCG(seed, 360))
	var dots []dot
	for y := 0.0; y < fullHeight+gap; y += gap {
		for x := 0.0; x < fullWidth+gap; x += gap {
			at := point{x + gap*(rng.Float64()-0.5)*1.5, y + gap*(rng.Float64()-0.5)*1.5}
			dots = append(dots, dot{at, radius * (0.75 + 0.5*rng.Float64()), divide(beach(at), rng)})
		}
	}
	rng.Shuffle(len(dots), func(i, j int) { dots[i], dots[j] = dots[j], dots[i] })
	return dots
}

// divide takes one of a colour's parts: its own, brighter and purer, a
// neighbour, or now and then the complement.
func divide(c vec3, rng *rand.Rand) vec3 {
	grey := c.luma()
	pure := vec3{grey, grey, grey}
	pure = pure.add(c.sub(pure).scale(1.45))
	pure = vec3{max(pure.x, 0.004), max(pure.y, 0.004), max(pure.z, 0.004)}
	switch k := rng.Float64(); {
	case k < 0.10:
		return mix(vec3{pure.y + 0.3*pure.z, 0.6*pure.x + 0.3*pure.z, pure.x}, pure, 0.25)
	case k < 0.28:
		return mix(pure, srgb(0xf6d98a), 0.45)
	case k < 0.44:
		return mix(pure, srgb(0x5a6fc0), 0.40)
	}
	return stray(pure, 0.13, rng)
}

// stipple lays the dots on, each a little heap.
func (e *easel) stipple(dots []dot) {
	const bands = 8
	rows(bands, func(b int) {
		for _, d := range dots {
			x, y, r := d.at.x*e.scale, d.at.y*e.scale, d.radius*e.scale
			for j := max(int(y-r), e.h*b/bands); j < min(int(y+r)+2, e.h*(b+1)/bands); j++ {
				for i := max(int(x-r), 0); i < min(int(x+r)+2, e.w); i++ {
					far := math.Hypot(float64(i)+0.5-x, float64(j)+0.5-y) / r
					far += 0.14 * lattice.Noise(float64(i)/(0.5*r)+d.at.x, float64(j)/(0.5*r), 361)
					alpha := smoothstep(1, 0.8, far)
					k := j*e.w + i
					e.pix[k] = mix(e.pix[k], d.colour, alpha*0.96)
					e.relief[k] = lerp(e.relief[k], 0.4*e.relief[k]+1.6*(1-far*far), alpha)
				}
			}
		}
	})
}

// beach is the colour at a point of the scene, nearest things first.
func beach(p point) vec3 {
	for _, b := range []struct{ x, y, tall float64 }{{190, 262, 120}, {330, 232, 60}, {560, 240, 82}, {690, 225, 44}} {
		u, v := (p.x-b.x)/b.tall, (b.y-p.y)/b.tall
		switch {
		case v > 0.06 && v < 1 && u > 0.02 && u < 0.5*(1-v):
			return mix(srgb(0xfdf6e6), srgb(0xe9b9a8), u)
		case v > 0.12 && v < 0.9 && u < -0.03 && u > -0.3*(1-v):
			return srgb(0xf3cfa0)
		case v > -0.1 && v < 0.03 && math.Abs(u) < 0.34+v:
			return srgb(0x8c3b2e)
		}
	}
	for i, s := range []struct{ x, y, r float64 }{{640, 430, 96}, {790, 470, 70}, {420, 520, 60}} {
		dx, dy := (p.x-s.x)/s.r, (p.y-s.y)/s.r
		rib, _ := floor(3.5 * math.Atan2(dx, -dy-0.0001) / math.Pi * 2)
		switch {
		case dy < 0 && dx*dx+1.6*dy*dy < 1:
			return [][2]vec3{{srgb(0xd8422f), srgb(0xf7ead0)}, {srgb(0x2f6fb0), srgb(0xf6d564)}, {srgb(0x3f8f63), srgb(0xf4e4c8)}}[i][rib&1]
		case math.Abs(dx) < 0.035 && dy >= 0 && dy < 1.1:
			return srgb(0x6a4630)
		case dy > 0.85 && math.Hypot(dx-0.5, (dy-1.1)*4) < 1:
			return srgb(0x6f6aa8) // its shadow is violet
		}
	}
	switch edge := 372 + 26*math.Sin(p.x/140) + 0.09*p.x; {
	case math.Hypot(p.x-60, (p.y-90)*1.1)+40*lattice.Noise(p.x/40, p.y/40, 362) < 150, p.x < 64+14*math.Sin(p.y/30) && p.x > 34 && p.y < 470:
		leaf := lattice.Noise(p.x/24, p.y/24, 363)
		return ramp(0.5+0.8*leaf, srgb(0x1f4a3c), srgb(0x3f7a3a), srgb(0xa9bf4a))
	case p.y > edge:
		dry := smoothstep(0, 120, p.y-edge)
		return mix(srgb(0xd9b98c), srgb(0xf3d68e), clamp(dry+0.4*lattice.Noise(p.x/60, p.y/30, 364), 0, 1))
	case p.y > edge-12:
		return srgb(0xf5f1ea)
	case p.y > 205:
		deep := (edge - p.y) / 170
		wave := 0.25 * math.Sin(p.y/5+3*lattice.Noise(p.x/70, p.y/30, 365))
		return ramp(deep+wave, srgb(0x74c3b4), srgb(0x3f9db5), srgb(0x2b6aa6), srgb(0x27508f))
	case p.y > 196-22*bump(p.x-700, 190):
		return srgb(0x7d86b8)
	}
	cloud := smoothstep(0, 0.35, fbm2(p.x/170, p.y/60, 4, 366))
	return mix(ramp(p.y/200, srgb(0x6fa4d8), srgb(0xa8cbe4), srgb(0xf3dfc6)), srgb(0xfdf3e4), 0.8*cloud)
}
