// Package resample brings pictures to other sizes. Pictures are opaque, with their corner at (0, 0).
package resample

import (
	"image"
	"math"
)

// In this file conversions of products to float64 keep a compiler from fusing them with a sum, so that values are the
// same on every machine.

// Antialias averages all pixels under a triangle that widens when a picture shrinks, and rounds to 8 bits after each of two
// passes. It shrinks or widens rows first, and skips a pass that changes nothing.
func Antialias(img *image.RGBA, height, width int) *image.RGBA {
	if width != img.Rect.Dx() {
		img = resampleRows(img, triangles(img.Rect.Dx(), width))
	}
	if height != img.Rect.Dy() {
		img = resampleColumns(img, triangles(img.Rect.Dy(), height))
	}
	return img
}

// window is the weights of the pixels from start on, in units of 2⁻²².
type window struct {
	start   int
	weights []int
}

const weightBits = 32 - 8 - 2

// triangles returns the window of each of the newSize pixels.
func triangles(oldSize, newSize int) []window {
	scale := float64(oldSize) / float64(newSize)
	support := max(scale, 1)
	all := make([]window, newSize)
	for i := range all {
		center := float64((float64(i) + 0.5) * scale)
		start := max(int(center-support+0.5), 0)
		end := min(int(center+support+0.5), oldSize)
		raw, sum := make([]float64, end-start), 0.0
		for j := range raw {
			raw[j] = triangle(float64((float64(j+start) - center + 0.5) * (1 / support)))
			sum += raw[j]
		}
		all[i] = window{start, make([]int, len(raw))}
		for j, w := range raw {
			all[i].weights[j] = int(0.5 + float64(w/sum*(1<<weightBits)))
		}
	}
	return all
}

func triangle(x float64) float64 { return max(0, 1-math.Abs(x)) }

func rounded(sum int) uint8 { return uint8(min((sum+1<<(weightBits-1))>>weightBits, 255)) }

// resampleRows makes each row len(columns) pixels wide.
func resampleRows(src *image.RGBA, columns []window) *image.RGBA {
	height := src.Rect.Dy()
	dst := image.NewRGBA(image.Rect(0, 0, len(columns), height))
	for y := range height {
		from, to := src.Pix[y*src.Stride:], dst.Pix[y*dst.Stride:]
		for x, column := range columns {
			var r, g, b int
			pixels := from[4*column.start:][:4*len(column.weights)]
			for j, w := range column.weights {
				p := pixels[4*j : 4*j+4 : 4*j+4]
				r += w * int(p[0])
				g += w * int(p[1])
				b += w * int(p[2])
			}
			copy(to[4*x:], []uint8{rounded(r), rounded(g), rounded(b), 255})
		}
	}
	return dst
}

// resampleColumns makes each column len(rows) pixels high. It adds up whole rows, which lie together in memory.
func resampleColumns(src *image.RGBA, rows []window) *image.RGBA {
	width := src.Rect.Dx()
	dst := image.NewRGBA(image.Rect(0, 0, width, len(rows)))
	sums := make([]int, 4*width)
	for y, row := range rows {
		clear(sums)
		for j, w := range row.weights {
			for i, v := range src.Pix[(row.start+j)*src.Stride:][:len(sums)] {
				sums[i] += w * int(v)
			}
		}
		to := dst.Pix[y*dst.Stride:][:len(sums)]
		for i, sum := range sums {
			to[i] = rounded(sum)
		}
		for i := 3; i < len(to); i += 4 {
			to[i] = 255
		}
	}
	return dst
}

// Pair is the two neighbours of a new pixel: (1-T)·in[Low] + T·in[High].
type Pair struct {
	Low, High int
	T         float64 // share of the second
}

// Between interpolates the values of the two.
func (p Pair) Between(low, high float64) float64 { return float64(low*(1-p.T)) + float64(high*p.T) }

// Neighbours returns the pair of each of the newSize pixels of a row or column.
func Neighbours(oldSize, newSize int) []Pair {
	scale := float64(oldSize) / float64(newSize)
	all := make([]Pair, newSize)
	for i := range all {
		place := max(float64((float64(i)+0.5)*scale)-0.5, 0)
		low := min(int(place), oldSize-1)
		all[i] = Pair{low, min(low+1, oldSize-1), place - float64(low)}
	}
	return all
}

// Plain interpolates between the four nearest pixels, in float64, and rounds once, half to even.
func Plain(src *image.RGBA, height, width int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	rows, columns := Neighbours(src.Rect.Dy(), height), Neighbours(src.Rect.Dx(), width)
	for y, row := range rows {
		above, below := src.Pix[row.Low*src.Stride:], src.Pix[row.High*src.Stride:]
		to := dst.Pix[y*dst.Stride:]
		for x, column := range columns {
			left, right := 4*column.Low, 4*column.High
			for c := range 3 {
				top := column.Between(float64(above[left+c]), float64(above[right+c]))
				bottom := column.Between(float64(below[left+c]), float64(below[right+c]))
				to[4*x+c] = uint8(math.RoundToEven(row.Between(top, bottom)))
			}
			to[4*x+3] = 255
		}
	}
	return dst
}
