package gocalls

import "unsafe"

// matrix is a product of matrices [c, c] in float64, of which c is a multiple of 64. If it is known to be symmetric, half of it is
// computed, and the other half is the same.
type matrix struct {
	*vectors
	c         int
	symmetric bool
}

const (
	matrixChunk = 128 // columns of a, rows of b, whose products are summed at once
	matrixBand  = 16  // rows that are laid out or mirrored together
)

// compute computes y = γ·a·b + β·x + α·1, or y = a·b if it is symmetric.
func (m *matrix) compute(a, b, x []float64, gamma, beta, alpha float64, y []float64) {
	c, side, width := m.c, m.side, m.width()/2
	block := memory.take(2 * 2 * c * c)
	defer memory.give(block)
	left, right := doubles(block)[:c*c], doubles(block)[c*c:] // aᵀ as [c/side, c, side], b as [c/width, c, width]
	share(c/matrixBand, 0, func(band int, _ *worker) {
		first := band * matrixBand
		for i := first; i < first+matrixBand; i += side {
			to := left[i*c:][:side*c]
			for o := range side {
				for k, v := range a[(i+o)*c:][:c] {
					to[k*side+o] = v
				}
			}
		}
		for k := first; k < first+matrixBand; k++ {
			for j := 0; j < c; j += width {
				copy(right[j*c+k*width:][:width], b[k*c+j:])
			}
		}
	})
	share(c/width, 2*c*width, func(item int, w *worker) {
		j := c - (item+1)*width // the longest first
		rows := c
		if m.symmetric {
			rows = j + width
		}
		whole := divided(rows, side) * side
		sums := doubles(w.rest())[:whole*width]
		clear(sums)
		for k := 0; k < c; k += matrixChunk {
			for i := 0; i < whole; i += side {
				m.columnProducts64(&left[i*c+k*side], &right[j*c+k*width], min(matrixChunk, c-k), &sums[i*width])
			}
		}
		for i := range rows {
			row, sum := y[i*c+j:][:width], sums[i*width:][:width]
			if m.symmetric {
				copy(row, sum)
				continue
			}
			added := x[i*c+j:][:len(row)]
			for o, v := range sum[:len(row)] {
				row[o] = gamma*v + beta*added[o]
			}
			if i >= j && i < j+width {
				row[i-j] += alpha
			}
		}
	})
	if m.symmetric {
		mirror(y, c)
	}
}

// doubles is a block of memory for numbers of twice the size.
func doubles(block []float32) []float64 {
	return unsafe.Slice((*float64)(unsafe.Pointer(&block[0])), len(block)/2)
}

// mirror copies what is above the diagonal of a matrix [c, c] below it, a square after the other.
func mirror[T float32 | float64](y []T, c int) {
	share(c/matrixBand, 0, func(band int, _ *worker) {
		first := band * matrixBand
		for j := 0; j <= first; j += matrixBand {
			for i := first; i < first+matrixBand; i++ {
				for o := j; o < min(j+matrixBand, i); o++ {
					y[i*c+o] = y[o*c+i]
				}
			}
		}
	})
}
