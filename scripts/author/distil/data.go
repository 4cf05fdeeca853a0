package main

import (
	"context"
	"math"
	"math/rand/v2"

	"stylebook/scripts/author/cores"

	"github.com/gomlx/gomlx/core/tensors"
)

// bank holds all that pictures for the training are cut from.
type bank struct{ photographs, painted, textures []pyramid }

// draw reads the photographs, paints them, and draws the textures.
func (r recipe) draw(ctx context.Context) (*bank, error) {
	photos, err := readPhotographs()
	if err != nil {
		return nil, err
	}
	b := &bank{make([]pyramid, len(photos)), make([]pyramid, r.painted*len(photos)), make([]pyramid, r.textures)}
	cores.Each(ctx, len(photos), func(i int) { b.photographs[i] = newPyramid(photos[i]) })
	cores.Each(ctx, len(b.painted), func(i int) { b.painted[i] = newPyramid(painting(r.chances(1, i), photos[i%len(photos)])) })
	cores.Each(ctx, len(b.textures), func(i int) { b.textures[i] = newPyramid(texture(r.chances(2, i))) })
	return b, context.Cause(ctx)
}

// chances are the random numbers for the numbered thing of a kind.
func (r recipe) chances(kind, number int) *rand.Rand {
	return rand.New(rand.NewPCG(r.seed, uint64(kind)<<32+uint64(number)))
}

// pyramid is a picture at falling sizes, each half the one before, so that it can be shrunk without grain.
type pyramid []*canvas

func newPyramid(c *canvas) pyramid {
	p := pyramid{c}
	for ; c.w >= 64 && c.h >= 64; p = append(p, c) {
		c = c.halved()
	}
	return p
}

// cut takes a square from a random place, at a random size and angle, mirrored now and then.
func (p pyramid) cut(r *rand.Rand, size int) *canvas {
	w, h := float64(p[0].w), float64(p[0].h)
	step := magnitude(r, 0.5, max(0.7, 1.3*min(w, h)/float64(size))) // of the picture's pixels to one of the cut's
	angle, flip := 0.0, 1.0
	if chance(r, 0.4) {
		angle = between(r, -math.Pi, math.Pi)
	}
	if chance(r, 0.5) {
		flip = -1
	}
	reach := min(step*float64(size), w, h) / 2
	cx, cy := between(r, reach, w-reach), between(r, reach, h-reach)
	level := min(max(0, int(math.Log2(step)+0.4)), len(p)-1)
	from, shrink := p[level], math.Pow(2, float64(level))
	sin, cos := math.Sincos(angle)
	return newCanvas(size, size, func(x, y float64) rgb {
		u, v := flip*(x-float64(size-1)/2)*step, (y-float64(size-1)/2)*step
		return from.sample((cx+u*cos-v*sin)/shrink, (cy+u*sin+v*cos)/shrink)
	})
}

// picture is a new one for the training.
func (b *bank) picture(r *rand.Rand, size int) *canvas {
	from := b.photographs
	switch u := r.Float64(); {
	case u < 0.2:
		from = b.painted
	case u < 0.4:
		from = b.textures
	}
	c := from[r.IntN(len(from))].cut(r, size)
	if chance(r, 0.15) {
		c.overlay(r, b.picture(r, size), between(r, 0.2, 1))
	}
	if chance(r, 0.6) {
		c.recolour(r)
	}
	return c
}

// overlay lays another picture over c, as a veil or where slow noise is high.
func (c *canvas) overlay(r *rand.Rand, over *canvas, strength float64) {
	where, veil, sharp := rough(r), chance(r, 0.4), between(r, 1, 20)
	for i := range c.pix {
		t := strength
		if !veil {
			t *= clamp(0.5+sharp*where(float64(i%c.w), float64(i/c.w)), 0, 1)
		}
		c.pix[i] = mix(c.pix[i], over.pix[i], t)
	}
}

// recolour mixes the channels and moves brightness and contrast.
func (c *canvas) recolour(r *rand.Rand) {
	var m [3]rgb
	var shift rgb
	for i := range m {
		for k := range m[i] {
			m[i][k] = 0.15 * r.NormFloat64()
		}
		m[i][i] += between(r, 0.6, 1.4)
		shift[i] = 0.5 + 0.1*r.NormFloat64()
	}
	for i, p := range c.pix {
		for k := range p {
			c.pix[i][k] = shift[k] + m[k][0]*(p[0]-0.5) + m[k][1]*(p[1]-0.5) + m[k][2]*(p[2]-0.5)
		}
	}
}

// partner is another picture, or the same with grain or a part of another one, as a painting under way has them.
func (b *bank) partner(r *rand.Rand, c *canvas) *canvas {
	other := b.picture(r, c.w)
	if chance(r, 0.3) {
		return other
	}
	changed := newCanvas(c.w, c.h, func(x, y float64) rgb { return c.at(int(x), int(y)) })
	if chance(r, 0.5) {
		changed.overlay(r, other, between(r, 0.05, 0.6))
		return changed
	}
	strength, gray := magnitude(r, 0.01, 1), r.Float64()
	for i := range changed.pix {
		common := r.NormFloat64()
		for k := range changed.pix[i] {
			changed.pix[i][k] += strength * (gray*common + (1-gray)*r.NormFloat64())
		}
	}
	return changed
}

// batch makes the numbered batch, whichever came before: new pictures, then their partners, as bytes [2·pairs, crop, crop, 3].
func (r recipe) batch(b *bank, number int) *tensors.Tensor {
	rng := r.chances(3, number)
	one := r.crop * r.crop * 3
	bytes := make([]uint8, 2*r.pairs*one)
	for i := range r.pairs {
		picture := b.picture(rng, r.crop)
		picture.write(bytes[i*one:])
		b.partner(rng, picture).write(bytes[(r.pairs+i)*one:])
	}
	return tensors.FromFlatDataAndDimensions(bytes, 2*r.pairs, r.crop, r.crop, 3)
}

func (c *canvas) write(bytes []uint8) {
	for i, p := range c.pix {
		for k, v := range p {
			bytes[3*i+k] = uint8(255*clamp(v, 0, 1) + 0.5)
		}
	}
}
