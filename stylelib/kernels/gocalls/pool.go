package gocalls

// pool makes of each 2×2 square of max(x, 0) its largest value; an odd last row or column is dropped.
type pool struct {
	*vectors
	h, w, c int // of x, [h, w, c]
}

// row returns row i of a map like x.
func (p *pool) row(x []float32, i int) []float32 { return x[i*p.w*p.c:][:p.w*p.c] }

// largest computes y, [h/2, w/2, c].
func (p *pool) largest(x, y []float32) {
	share(p.h/2, 0, func(i int, _ *worker) {
		p.maxPool(&p.row(x, 2*i)[0], &p.row(x, 2*i+1)[0], &y[i*(p.w/2)*p.c], p.c, p.w/2)
	})
}

// gradient computes dx, of the shape of x, from dy, [h/2, w/2, c].
func (p *pool) gradient(x, dy, dx []float32) {
	share(p.h/2, 0, func(i int, _ *worker) {
		top, bottom := p.row(dx, 2*i), p.row(dx, 2*i+1)
		p.maxPoolGradient(&p.row(x, 2*i)[0], &p.row(x, 2*i+1)[0], &dy[i*(p.w/2)*p.c], &top[0], &bottom[0], p.c, p.w/2)
		if odd := p.w % 2 * p.c; odd > 0 {
			clear(top[len(top)-odd:])
			clear(bottom[len(bottom)-odd:])
		}
	})
	if p.h%2 == 1 {
		clear(p.row(dx, p.h-1))
	}
}
