package gocalls

// matMul is a product of a matrix [n, k] with one [k, m]; k and m are multiples of 32.
type matMul struct {
	*vectors
	n, k, m int
}

// compute computes y = a·b, of which at returns the numbers of b.
func (p matMul) compute(a []float32, at func(k, o int) float32, y []float32) {
	width := p.width()
	b := memory.take(p.k * p.m)
	defer memory.give(b)
	p.layOut(b, p.k, p.m, at)
	const band = 4 * mostTiles
	share(divided(p.n, band), band*(panels(p.k)+1)*panel, func(i int, w *worker) {
		first := i * band
		n := min(band, p.n-first)
		m := parts(w.rest(), band*panel, band*panels(p.k)*panel)
		sums, data := m[0], m[1]
		for r := range n { // [panels of k, n, 64]
			for k := 0; k < p.k; k += panel {
				copy(data[k*n+r*panel:][:panelAt(k, p.k)], a[(first+r)*p.k+k:])
			}
		}
		for o := 0; o < p.m; o += width {
			p.multiply(n, data, n*panel, b[o*p.k:], p.k, sums, false)
			for r := range n {
				copy(y[(first+r)*p.m+o:][:width], sums[r*panel:])
			}
		}
	})
}
