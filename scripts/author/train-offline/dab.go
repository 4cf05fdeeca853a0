package main

import (
	"math"
	"math/rand/v2"

	"stylebook/scripts/author/lattice"
)

// outline is the shape of a dab in its own frame, u along from -1 to 1 and v across: 0 at the edge, 1 deep inside.
type outline func(u, v float64) float64

func ellipse(u, v float64) float64 { return 1 - math.Hypot(u, v) }

func box(u, v float64) float64 { return 1 - max(math.Abs(u), math.Abs(v)) }

// leaf is pointed at both ends.
func leaf(u, v float64) float64 { return 1 - u*u - math.Abs(v) }

// blade is broad at its foot and pointed at its tip.
func blade(u, v float64) float64 { return min(1-math.Abs(u), (1-u)/2-math.Abs(v)) }

// polygon is the outline of an irregular one with the given number of sides.
func polygon(r *rand.Rand, sides int) outline {
	normals, reach := make([][2]float64, sides), make([]float64, sides)
	for i := range normals {
		a := 2 * math.Pi * (float64(i) + between(r, -0.35, 0.35)) / float64(sides)
		normals[i] = [2]float64{math.Cos(a), math.Sin(a)}
		reach[i] = between(r, 0.45, 0.95)
	}
	return func(u, v float64) float64 {
		inside := 1.0
		for i, n := range normals {
			inside = min(inside, reach[i]-u*n[0]-v*n[1])
		}
		return inside
	}
}

// dab is one touch of paint.
type dab struct {
	x, y          float64 // centre
	angle         float64 // of its length
	long, wide    float64 // half length and half width in pixels
	bend          float64 // how far its ends curve aside, in half lengths
	shape         outline
	colour        rgb
	second        rgb     // paint not quite mixed with the first, in streaks
	streaks       float64 // how much of it, 0 to 1
	rim           float64 // how much darker the edge is (brighter if negative)
	lit           float64 // how much the side towards the light is brighter than the other
	opacity, seed float64
}

// put lays a dab on the canvas.
func (c *canvas) put(d *dab) {
	reach := max(d.long, d.wide)*(1+math.Abs(d.bend)) + 1
	sin, cos := math.Sincos(d.angle)
	small := min(d.long, d.wide)
	for y := max(0, int(d.y-reach)); y <= min(c.h-1, int(d.y+reach)); y++ {
		for x := max(0, int(d.x-reach)); x <= min(c.w-1, int(d.x+reach)); x++ {
			dx, dy := float64(x)-d.x, float64(y)-d.y
			u := (dx*cos + dy*sin) / d.long
			v := (dy*cos-dx*sin)/d.wide - d.bend*d.long/d.wide*u*u
			depth := d.shape(u, v)
			alpha := clamp(depth*small+0.5, 0, 1) * d.opacity
			if alpha <= 0 {
				continue
			}
			i := y*c.w + x
			c.pix[i] = mix(c.pix[i], d.paint(u, v, depth, dx, dy), alpha)
		}
	}
}

// paint is the dab's colour at a point.
func (d *dab) paint(u, v, depth, dx, dy float64) rgb {
	colour := d.colour
	if d.streaks > 0 {
		hair := lattice.Noise(u*1.5+d.seed, v*d.wide*0.7, uint32(d.seed*1000))
		colour = mix(colour, d.second, d.streaks*clamp(0.5+hair, 0, 1)).scale(1 + 0.25*d.streaks*hair)
	}
	shade := 1.0
	if d.rim != 0 {
		shade -= d.rim * clamp(1-depth*4, 0, 1)
	}
	if d.lit != 0 {
		shade -= d.lit * clamp((dx+dy)/(d.long+d.wide), -1, 1)
	}
	return colour.scale(shade)
}

// scatter describes a crowd of dabs.
type scatter struct {
	shape           func(r *rand.Rand) outline
	long, wide      [2]float64 // limits of half lengths and half widths; both are drawn anew for each picture
	angle           field
	colour          func(r *rand.Rand, x, y float64) rgb
	jitter          float64 // deviation of a dab's colour
	turn            float64 // deviation of a dab's angle
	bend            float64
	streaks         float64
	rim, lit        float64
	opacity         float64
	cover           float64 // how many times the dabs could cover the picture
	powerLaw        bool    // sizes as in nature: many small, few large
	topDown         bool    // lower dabs lie over higher ones
	secondFromOther func(r *rand.Rand) rgb
}

// maxDabs keeps very fine textures from taking very long.
const maxDabs = 9000

// draw lays the crowd on the canvas.
func (s *scatter) draw(r *rand.Rand, c *canvas) *canvas {
	long, wide := between(r, s.long[0], s.long[1]), between(r, s.wide[0], s.wide[1])
	count := min(maxDabs, int(s.cover*float64(c.w*c.h)/(4*long*wide)))
	for i := range count {
		size := between(r, 0.6, 1.4)
		if s.powerLaw {
			size = min(6, 0.35/math.Sqrt(1.003-r.Float64()))
		}
		x, y := between(r, -8, float64(c.w)+8), between(r, -8, float64(c.h)+8)
		if s.topDown {
			y = -8 + float64(c.h+30)*float64(i)/float64(count)
		}
		colour := s.colour(r, x, y).stray(r, s.jitter)
		d := &dab{x: x, y: y, angle: s.angle(x, y) + s.turn*r.NormFloat64(), long: max(1, long*size),
			wide: max(0.7, wide*size), bend: s.bend * between(r, -1, 1), shape: s.shape(r), colour: colour, second: colour,
			streaks: s.streaks, rim: s.rim, lit: s.lit, opacity: s.opacity, seed: 1000 * r.Float64()}
		if s.secondFromOther != nil {
			d.second = s.secondFromOther(r)
		}
		c.put(d)
	}
	return c
}

// always returns a scatter's shape that is the same for all dabs.
func always(o outline) func(*rand.Rand) outline { return func(*rand.Rand) outline { return o } }
