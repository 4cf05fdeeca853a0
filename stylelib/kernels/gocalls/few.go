package gocalls

// fitsFew tells whether a convolution is one from up to 7 channels to a panel at most or the other way: of a network's first layer,
// or of the gradient of that.
func fitsFew(in, out int) bool {
	fits := func(a, b int) bool { return a*9 <= panel && b%wide == 0 && b <= panel }
	return fits(in, out) || fits(out, in)
}

// fromFew computes the convolution of few channels: of each pixel of the result all 9·in values that it sees lie side by side.
func (c *conv) fromFew() {
	n, width := divided(9*c.in, 4)*4, c.width() // products take multiples of four
	u := memory.take(n * c.out)
	defer memory.give(u)
	c.layOut(u, n, c.out, func(k, o int) float32 {
		if k < 9*c.in {
			return c.filter[k*c.out+o]
		}
		return 0
	})
	share(c.oh, 2*c.ow*panel, func(i int, w *worker) {
		m := parts(w.rest(), c.ow*panel, c.ow*panel)
		seen, sums := m[0], m[1]
		for j := range c.ow {
			c.look(i-c.pad, j-c.pad, seen[j*panel:][:n])
			copy(sums[j*panel:], c.bias)
		}
		for o := 0; o < c.out; o += width {
			c.multiply(c.ow, seen, 0, u[o*n:], n, sums[o:], true)
		}
		y := c.y[i*c.ow*c.out:][:c.ow*c.out]
		for j := range c.ow {
			copy(y[j*c.out:][:c.out], sums[j*panel:])
		}
		if c.gate != nil {
			closeGate(y, c.gate[i*len(y):])
		}
	})
}

// look copies the 3×3 pixels from row top and column left on, with zeros beyond the map.
func (c *conv) look(top, left int, seen []float32) {
	clear(seen)
	first, end := max(left, 0), min(left+3, c.w)
	for a := range 3 {
		if i := top + a; i >= 0 && i < c.h && first < end {
			copy(seen[(a*3+first-left)*c.in:], c.x[(i*c.w+first)*c.in:(i*c.w+end)*c.in])
		}
	}
	if c.relu {
		dropNegative(seen)
	}
}

func dropNegative(values []float32) {
	for i, v := range values {
		if v < 0 {
			values[i] = 0
		}
	}
}

// toFew computes the convolution to few channels: each pixel of x is multiplied with all of the filter, and what it gives is added to
// the 3×3 pixels of the result that see it.
func (c *conv) toFew() {
	n, width := 9*c.out, c.width()
	groups := divided(n, width)
	u := memory.take(groups * width * c.in)
	defer memory.give(u)
	c.layOut(u, c.in, groups*width, func(k, column int) float32 {
		if column < n {
			return c.filter[(column/c.out*c.in+k)*c.out+column%c.out]
		}
		return 0
	})
	const band = 16 // rows of the result that a worker computes
	share(divided(c.oh, band), 2*c.w*panel, func(b int, w *worker) {
		m := parts(w.rest(), c.w*panel, c.w*panel)
		given, row := m[0], m[1]
		first, end := b*band, min((b+1)*band, c.oh)
		y := c.y[first*c.ow*c.out : end*c.ow*c.out]
		clear(y)
		for r := max(first-c.pad, 0); r < min(end+2-c.pad, c.h); r++ {
			for j := range c.w {
				copy(row[j*panel:][:c.in], c.x[(r*c.w+j)*c.in:])
			}
			if c.relu {
				dropNegative(row)
			}
			for g := range groups {
				c.multiply(c.w, row, 0, u[g*width*c.in:], c.in, given[g*width:], false)
			}
			for a := range 3 {
				if i := r - a + c.pad; i >= first && i < end {
					c.scatter(given, a, c.y[i*c.ow*c.out:][:c.ow*c.out])
				}
			}
		}
		for i := first; i < end; i++ {
			for j := range c.ow {
				for o, v := range c.bias {
					c.y[(i*c.ow+j)*c.out+o] += v
				}
			}
		}
		if c.gate != nil {
			closeGate(y, c.gate[first*c.ow*c.out:])
		}
	})
}

// scatter adds what a row of x gives by the filter's row a to a row of the result.
func (c *conv) scatter(given []float32, a int, row []float32) {
	for b := range 3 {
		left := b - c.pad // of x, for the result's first pixel
		for j := max(0, -left); j < min(c.ow, c.w-left); j++ {
			from, to := given[(j+left)*panel+(a*3+b)*c.out:][:c.out], row[j*c.out:][:c.out]
			for o, v := range from {
				to[o] += v
			}
		}
	}
}
