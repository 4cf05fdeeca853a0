package gocalls

// gram is the products of a matrix's columns, and the gradient of that: see gram_body.h of package xlacalls.
type gram struct {
	*vectors
	n, c int // of x, [n, c]; c is a multiple of 32
}

const gramChunk = 128 // rows whose products are summed before they are added to the rest

// products computes y = xᵀ·x, [c, c]. Only those of column i and column j are summed where j's panel isn't before i's: the others are
// the same. Slices of the rows are summed by themselves, whatever the number of workers, and then all in order.
func (g *gram) products(x, y []float32) {
	slices := 16
	if g.c > 256 {
		slices = 8
	}
	sums := memory.take(slices * g.c * g.c)
	defer memory.give(sums)
	share(slices, gramChunk*panels(g.c)*panel, func(slice int, w *worker) { g.slice(x, slice, slices, sums[slice*g.c*g.c:][:g.c*g.c], w.rest()) })
	share(g.c, 0, func(i int, _ *worker) {
		row := y[i*g.c:][:g.c]
		clear(row)
		first := i / panel * panel
		for s := range slices {
			for j, v := range sums[(s*g.c+i)*g.c:][first:g.c] {
				row[first+j] += v
			}
		}
	})
	mirror(y, g.c)
}

func (g *gram) slice(x []float32, slice, slices int, sums, data []float32) {
	clear(sums)
	first, end := g.n*slice/slices, g.n*(slice+1)/slices
	for ; first < end; first += gramChunk {
		rows := min(gramChunk, end-first)
		for r := range rows {
			row := x[(first+r)*g.c:]
			for k := 0; k < g.c; k += panel {
				copy(data[k*gramChunk+r*panel:][:panelAt(k, g.c)], row[k:])
			}
		}
		for j := 0; j < g.c; j += g.width() {
			b := data[j/panel*gramChunk*panel+j%panel:]
			for i := 0; i < min(j/panel*panel+panel, g.c); i += g.side {
				g.columnProducts(&data[i/panel*gramChunk*panel+i%panel], &b[0], rows, &sums[i*g.c+j], g.c)
			}
		}
	}
}

// gradient computes y = x·(s + sᵀ), [n, c], of s, [c, c].
func (g *gram) gradient(x, s, y []float32) {
	matMul{g.vectors, g.n, g.c, g.c}.compute(x, func(k, o int) float32 { return s[k*g.c+o] + s[o*g.c+k] }, y)
}
