package main

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
)

// pictures draws the textures and cuts the photographs up; each picture returned is a class.
func (r recipe) pictures(ctx context.Context) ([]*canvas, error) {
	all := make([]*canvas, r.textures)
	parallel(ctx, len(all), func(i int) { all[i] = texture(r.seed, i) })
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	whole, err := readPhotographs()
	if err != nil {
		return nil, err
	}
	for _, photograph := range whole[:r.photographs] {
		all = append(all, photograph.cells()...)
	}
	return all, nil
}

// parallel calls f with each number below n, spread over the cores, until ctx ends.
func parallel(ctx context.Context, n int, f func(i int)) {
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	workers.Wait()
}

// example is one batch: normalized crops [batch, crop, crop, 3] and their classes [batch].
type example struct {
	crops   *tensors.Tensor
	classes *tensors.Tensor
}

// batchOf makes the numbered batch, whichever came before.
func (r recipe) batchOf(all []*canvas, number int) example {
	rng := rand.New(rand.NewPCG(r.seed, 1<<33+uint64(number)))
	pixels, classes := make([]float32, 0, r.batch*r.crop*r.crop*3), make([]int32, r.batch)
	for i := range classes {
		class := rng.IntN(len(all))
		classes[i] = int32(class)
		pixels = r.appendCrop(pixels, all[class], rng)
	}
	return example{tensors.FromFlatDataAndDimensions(pixels, r.batch, r.crop, r.crop, 3),
		tensors.FromFlatDataAndDimensions(classes, r.batch, 1)}
}

// appendCrop cuts a random square, resizes it, and changes its colours a little.
func (r recipe) appendCrop(pixels []float32, c *canvas, rng *rand.Rand) []float32 {
	size := min(r.cropLow+rng.IntN(r.cropHigh-r.cropLow), c.w, c.h)
	x, y := rng.IntN(c.w-size+1), rng.IntN(c.h-size+1)
	small := c.resized(x, y, size, r.crop)
	flip := chance(rng, 0.5)
	var gain, offset rgb
	for i := range gain {
		gain[i], offset[i] = between(rng, 0.75, 1.3), between(rng, -0.3, 0.3)
	}
	for i := range small.pix {
		p := small.pix[i]
		if flip {
			p = small.pix[i/r.crop*r.crop+r.crop-1-i%r.crop]
		}
		for k, v := range normalized(p) {
			pixels = append(pixels, float32(v*gain[k]+offset[k]))
		}
	}
	return pixels
}

// normalized brings a colour to the range that the network sees.
func normalized(p rgb) rgb {
	for i := range p {
		p[i] = (p[i] - float64(sl.RGBMean[i])) / float64(sl.RGBStd[i])
	}
	return p
}

// resized brings a square to another size, bilinear and, where it shrinks, antialiased.
func (c *canvas) resized(x0, y0, from, to int) *canvas {
	scale := float64(from) / float64(to)
	reach := max(1, scale)
	weights := func(i int) (first int, w []float64) {
		centre := (float64(i) + 0.5) * scale
		first = max(0, int(math.Ceil(centre-reach-0.5)))
		sum := 0.0
		for k := first; k < from && float64(k)+0.5 < centre+reach; k++ {
			w = append(w, 1-math.Abs(float64(k)+0.5-centre)/reach)
			sum += w[len(w)-1]
		}
		for k := range w {
			w[k] /= sum
		}
		return first, w
	}
	half, out := newCanvas(to, from, rgb{}), newCanvas(to, to, rgb{})
	for i := range to {
		first, w := weights(i)
		for y := range from {
			half.pix[y*to+i] = weighted(w, func(k int) rgb { return c.pix[(y0+y)*c.w+x0+first+k] })
		}
	}
	for i := range to {
		first, w := weights(i)
		for x := range to {
			out.pix[i*to+x] = weighted(w, func(k int) rgb { return half.pix[(first+k)*to+x] })
		}
	}
	return out
}

func weighted(weights []float64, at func(k int) rgb) (sum rgb) {
	for k, w := range weights {
		p := at(k)
		sum[0], sum[1], sum[2] = sum[0]+w*p[0], sum[1]+w*p[1], sum[2]+w*p[2]
	}
	return sum
}

// tensor is the whole picture, normalized, of shape [1, h, w, 3].
func (c *canvas) tensor() *tensors.Tensor {
	pixels := make([]float32, 0, 3*len(c.pix))
	for _, p := range c.pix {
		for _, v := range normalized(p) {
			pixels = append(pixels, float32(v))
		}
	}
	return tensors.FromFlatDataAndDimensions(pixels, 1, c.h, c.w, 3)
}
