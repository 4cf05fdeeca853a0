package gocalls

// conv is a 3×3 convolution, of wide maps by Winograd's method F(4×4, 3×3): see conv_body.h of package xlacalls, whose ways of sharing
// the work and its memory these are.
type conv struct {
	*vectors
	h, w, in    int // of x, [h, w, in]
	oh, ow, out int // of the result, [oh, ow, out]
	pad         int // rows and columns of zeros around x
	relu        bool
	x           []float32 // convolved as max(x, 0) if relu
	filter      []float32 // [3, 3, in, out]
	bias        []float32 // [out]; nil is all zeros
	gate        []float32 // [oh, ow, out]: where it isn't positive, the result is 0; or nil
	y           []float32

	rows, columns int  // of tiles, 6×6 values of x that overlap by two, of which each gives 4×4 results
	whole         bool // each worker keeps the whole transformed filter
	band          int  // tiles that are computed together
}

const (
	places    = 36        // of a transformed tile
	inChunk   = 128       // channels of a transformed part of the filter
	skew      = 16        // floats between two places, lest all of them share the same lines of the cache
	alone     = 256 * 256 // in · out, up to which each worker transforms tiles for itself
	wholeSize = 5 << 16   // floats, up to which it keeps the whole transformed filter
	mostTiles = 70        // of a band whose filter is kept: a multiple of the rows of products
)

// Transformed tiles have shape [36, panels of in, tiles, 64], places skew apart; the products of a panel [36, tiles, 64]; the filter
// [64/width, 36, channels, width].
func (c *conv) dataPlace(tiles int) int      { return tiles*panels(c.in)*panel + skew }
func sumsPlace(tiles int) int                { return tiles*panel + skew }
func (c *conv) filterPlace(channels int) int { return channels*c.width() + skew }

// patchSize is a tile of a panel, for those that reach beyond the map.
const patchSize = places * panel

// filterPart transforms channels of the filter from in on for the panel that begins at channel out.
func (c *conv) filterPart(in, channels, out int, u []float32, w *worker) {
	tap, place := c.in*c.out, c.filterPlace(channels)
	for o := 0; o < panelAt(out, c.out); o += c.lanes {
		to := u[o/c.width()*places*place+o%c.width():]
		c.transformFilter(&c.filter[in*c.out+out+o], 3*tap, tap, c.out, &to[0], 6*place, place, c.width(), channels, w.half())
	}
}

// dataTile transforms a tile, which becomes number at of tiles. patch has room for a tile.
func (c *conv) dataTile(tile, at, tiles int, data, patch []float32, w *worker) {
	transform := c.transformData
	if c.relu {
		transform = c.transformPositiveData
	}
	top, left := tile/c.columns*4-c.pad, tile%c.columns*4-c.pad
	inside := top >= 0 && left >= 0 && top+6 <= c.h && left+6 <= c.w
	place := c.dataPlace(tiles)
	for k := 0; k < c.in; k += panel {
		from, row, column := patch, 6*panel, panel
		if inside {
			from, row, column = c.x[(top*c.w+left)*c.in+k:], c.w*c.in, c.in
		} else {
			c.cut(top, left, k, patch)
		}
		to := data[(k/panel*tiles+at)*panel:]
		transform(&from[0], row, column, c.lanes, &to[0], 6*place, place, c.lanes, panelAt(k, c.in)/c.lanes, w.half())
	}
}

// cut copies a panel of a tile that reaches beyond the map, with zeros there.
func (c *conv) cut(top, left, channel int, patch []float32) {
	for a := range 6 {
		for b := range 6 {
			to := patch[(a*6+b)*panel:][:panelAt(channel, c.in)]
			if i, j := top+a, left+b; i >= 0 && i < c.h && j >= 0 && j < c.w {
				copy(to, c.x[(i*c.w+j)*c.in+channel:])
			} else {
				clear(to)
			}
		}
	}
}

// resultTile transforms number at of the products of a panel back.
func (c *conv) resultTile(tile, at, tiles, out int, sums, patch []float32, w *worker) {
	top, left := tile/c.columns*4, tile%c.columns*4
	from, place := &sums[at*panel], sumsPlace(tiles)
	bias, vectors := &c.bias[out], panelAt(out, c.out)/c.lanes
	if top+4 > c.oh || left+4 > c.ow {
		c.transformResult(from, 6*place, place, c.lanes, &patch[0], 4*panel, panel, c.lanes, vectors, w.half(), bias)
		c.paste(top, left, out, patch)
		return
	}
	first := (top*c.ow+left)*c.out + out
	if c.gate != nil {
		c.transformGatedResult(from, 6*place, place, c.lanes, &c.y[first], c.ow*c.out, c.out, c.lanes, vectors, w.half(),
			&c.gate[first])
		return
	}
	c.transformResult(from, 6*place, place, c.lanes, &c.y[first], c.ow*c.out, c.out, c.lanes, vectors, w.half(), bias)
}

// paste copies what lies in the map of a panel of a result, where the gate is open.
func (c *conv) paste(top, left, out int, patch []float32) {
	for a := range min(4, c.oh-top) {
		for b := range min(4, c.ow-left) {
			first := ((top+a)*c.ow+left+b)*c.out + out
			to, from := c.y[first:][:panelAt(out, c.out)], patch[(a*4+b)*panel:]
			copy(to, from)
			if c.gate != nil {
				closeGate(to, c.gate[first:])
			}
		}
	}
}

func closeGate(values, gate []float32) {
	for i := range values {
		if !(gate[i] > 0) {
			values[i] = 0
		}
	}
}

func (c *conv) partChannels() int {
	if c.whole {
		return c.in
	}
	return min(c.in, inChunk)
}

func (c *conv) panelFilter() int { return panel / c.width() * places * c.filterPlace(c.partChannels()) }

// panel computes a panel of the result, for n of the tiles in data, from number at on; the first in data is tile first of the map.
// u has room for the filter, sums for products.
func (c *conv) panel(out, first, tiles, at, n int, data, u []float32, ready bool, sums, patch []float32, w *worker) {
	part := c.partChannels()
	for in := 0; in < c.in; in += part {
		channels := min(part, c.in-in)
		if !ready {
			c.filterPart(in, channels, out, u, w)
		}
		for p := range places {
			for o := 0; o < panelAt(out, c.out); o += c.width() {
				from := data[p*c.dataPlace(tiles)+(in/panel*tiles+at)*panel:]
				with := u[(o/c.width()*places+p)*c.filterPlace(channels):]
				c.multiply(n, from, tiles*panel, with, channels, sums[p*sumsPlace(n)+o:], in > 0)
			}
		}
	}
	for i := range n {
		c.resultTile(first+at+i, i, n, out, sums, patch, w)
	}
}

func (c *conv) bandOf(b int) int { return min(c.band, c.rows*c.columns-b*c.band) }
func (c *conv) bands() int       { return (c.rows*c.columns + c.band - 1) / c.band }

// parts cuts memory into parts of some sizes.
func parts(memory []float32, sizes ...int) (cut [][]float32) {
	for _, n := range sizes {
		cut = append(cut, memory[:n:n])
		memory = memory[n:]
	}
	return cut
}

func (c *conv) compute() {
	c.rows, c.columns = (c.oh+3)/4, (c.ow+3)/4
	tiles := c.rows * c.columns
	if c.bias == nil {
		c.bias = make([]float32, c.out)
	}
	if c.in < wide {
		c.fromFew()
	} else if c.out < wide {
		c.toFew()
	} else if c.in*c.out <= alone && tiles >= workers()*mostTiles/2 {
		c.computeAlone(tiles)
	} else {
		c.computeTogether(tiles)
	}
}

// computeAlone lets each worker compute bands from start to end.
func (c *conv) computeAlone(tiles int) {
	c.whole = places*(c.in+1)*c.out <= wholeSize
	most, all := 2*mostTiles, panels(c.out) // each band transforms the filter anew, if it isn't kept
	filters := 1
	if c.whole {
		most, filters = mostTiles, all
	}
	each := divided(tiles, workers()*most)
	c.band = divided(tiles, workers()*each)
	sizes := []int{places * c.dataPlace(c.band), places * sumsPlace(c.band), filters * c.panelFilter(), patchSize}
	share(c.bands(), sum(sizes), func(b int, w *worker) {
		m := parts(w.rest(), sizes...)
		data, sums, u, patch := m[0], m[1], m[2], m[3]
		n, first := c.bandOf(b), b*c.band
		for i := range n {
			c.dataTile(first+i, i, n, data, patch, w)
		}
		for o := range all {
			of := u
			if c.whole {
				of = u[o*c.panelFilter():]
			}
			c.panel(o*panel, first, n, 0, n, data, of, c.whole && w.items > 0, sums, patch, w)
		}
	})
}

// computeTogether lets workers transform the tiles of a band, some at a time, and then compute panels of it.
func (c *conv) computeTogether(tiles int) {
	c.band = divided(tiles, divided(tiles, 2*mostTiles))
	data := memory.take(places * c.dataPlace(c.band))
	defer memory.give(data)
	all, blocks := panels(c.out), 1
	if all < 2*workers() {
		blocks = min(divided(2*workers(), all), divided(c.band, c.products[0].rows))
	}
	sizes := []int{places * sumsPlace(c.band), c.panelFilter(), patchSize}
	for b := range c.bands() {
		const some = 4
		n, first := c.bandOf(b), b*c.band
		share(divided(n, some), patchSize, func(i int, w *worker) {
			for t := i * some; t < min(n, (i+1)*some); t++ {
				c.dataTile(first+t, t, n, data, w.rest(), w)
			}
		})
		share(all*blocks, sum(sizes), func(i int, w *worker) {
			m := parts(w.rest(), sizes...)
			size := divided(n, blocks)
			if at := i % blocks * size; at < n {
				c.panel(i/blocks*panel, first, n, at, min(size, n-at), data, m[1], false, m[0], m[2], w)
			}
		})
	}
}

// divided is a / b, rounded up.
func divided(a, b int) int { return (a + b - 1) / b }

func sum(all []int) (total int) {
	for _, n := range all {
		total += n
	}
	return total
}
