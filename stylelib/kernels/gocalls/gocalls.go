// Package gocalls makes the pure-Go engine call loops of our own where GoMLX's would take many times as long: for convolutions,
// products of matrices, ReLU and pooling. It needs no C compiler and nothing installed.
//
// Convolutions, Gram matrices and symmetric products are computed as in package xlacalls, but in Go; the innermost loops are assembly,
// which the programs in folder generate write, for x86-64 with AVX2 or AVX-512 and for ARM with NEON. On other processors [kernels.Usable] says no, and GoMLX computes all by
// itself.
package gocalls

//go:generate go run ./generate/x86 -out loops_amd64.s -stubs loops_amd64.go -pkg gocalls
//go:generate go run ./generate/neon -out loops_arm64.s -stubs loops_arm64.go

import (
	"fmt"
	"runtime"
	"slices"

	"stylebook/stylelib/kernels"

	"github.com/gomlx/compute"
)

// vectors are the loops for a kind of vectors, and what must be known of them.
type vectors struct {
	name  string
	lanes int // floats in a vector
	side  int // columns of columnProducts

	products []product // from most rows to 1

	// columnProducts adds the products of side columns of a with two vectors of columns of b to rows of sums, which are row floats
	// apart. Rows of a and b are 64 floats apart.
	columnProducts func(a, b *float32, rows int, sums *float32, row int)

	// columnProducts64 adds the products of the side columns of a with the lanes columns of b to sums.
	columnProducts64 func(a, b *float64, rows int, sums *float64)

	// These transform count squares of vectors. row, column and next are floats from a row of a square, a column and a square to the
	// next one. half has room for 36 vectors. transformPositiveData takes negative values for 0; transformResult adds extra, a
	// vector of bias, to all of a square; transformGatedResult makes the result 0 where extra, which is laid out as it, isn't
	// positive.
	transformData, transformPositiveData, transformFilter squares

	transformResult, transformGatedResult func(from *float32, row, column, next int, to *float32, toRow, toColumn, toNext,
		count int, half, extra *float32)

	// maxPool makes pixels of to, each the largest of 0 and two pixels of top and two of bottom. maxPoolGradient gives each of dy to
	// the first of the largest of its square, if that is above 0; the others get 0. channels is a multiple of 16.
	maxPool         func(top, bottom, to *float32, channels, pixels int)
	maxPoolGradient func(top, bottom, dy, toTop, toBottom *float32, channels, pixels int)

	// positive makes count of to, each the larger of 0 and one of x, gated each one of dy where x is above 0, else 0. count is a
	// multiple of 16.
	positive func(x, to *float32, count int)
	gated    func(x, dy, to *float32, count int)
}

// product adds the products of some rows of data with a part of the filter, of two vectors of columns, to sums, or begins them:
// sums[i] (+)= Σ_k data[i][k]·u[k]. Rows of data and sums are 64 floats apart, every 64 channels of data panel floats. channels is a
// multiple of 4.
type product struct {
	rows int
	add  func(data *float32, panel int, u *float32, channels int, sums *float32, add int)
}

type squares func(from *float32, row, column, next int, to *float32, toRow, toColumn, toNext, count int, half *float32)

// Wide maps have a multiple of so many channels. Products take panels of them side by side, of which the last may be narrower.
const (
	wide  = 32
	panel = 64
)

// width is how many channels of a result a product computes at once.
func (v *vectors) width() int { return 2 * v.lanes }

// panels is how many panels so many channels are.
func panels(channels int) int { return divided(channels, panel) }

// panelAt is how many of the channels are in the panel that begins with one.
func panelAt(channel, channels int) int { return min(panel, channels-channel) }

// multiply computes sums[t] (+)= Σ_k data[t][k]·u[k], of width columns, for n rows t. Rows of data and sums are 64 floats apart, every
// 64 channels of data next floats; u has shape [channels, width].
func (v *vectors) multiply(n int, data []float32, next int, u []float32, channels int, sums []float32, add bool) {
	adding := 0
	if add {
		adding = 1
	}
	for i, row := 0, 0; row < n; {
		if v.products[i].rows > n-row {
			i++
			continue
		}
		v.products[i].add(&data[row*panel], next, &u[0], channels, &sums[row*panel], adding)
		row += v.products[i].rows
	}
}

// layOut lays a matrix [rows, columns], of which at returns the numbers, out as multiply takes it: [columns/width, rows, width]. columns
// is a multiple of width.
func (v *vectors) layOut(u []float32, rows, columns int, at func(k, o int) float32) {
	width := v.width()
	share(columns/width, 0, func(group int, _ *worker) {
		for k := range rows {
			to := u[(group*rows+k)*width:][:width]
			for o := range to {
				to[o] = at(k, group*width+o)
			}
		}
	})
}

// best are the fastest loops that this processor has, or nil.
var best = available()[0]

func available() []*vectors { return append(ofProcessor(), nil) }

func init() { kernels.Register("Go Backend", linked{}) }

// linked is how a program that links this package calls the loops.
type linked struct{}

func (linked) Usable(engine compute.Backend) error {
	if best == nil {
		why := fmt.Sprintf("there are none for this processor, of kind %s", runtime.GOARCH)
		return &kernels.UnusableError{Engine: "the go engine", Why: why, Longer: "many times as long"}
	}
	if err := register(engine); err != nil {
		return &kernels.UnusableError{Engine: "the go engine", Why: err.Error(), Longer: "many times as long"}
	}
	return nil
}

func (linked) Vectors() string { return best.name }

func (linked) Fit(kind string, channels ...int) bool {
	multiple := wide
	switch kind {
	case "conv":
		if fitsFew(channels[0], channels[1]) {
			return true
		}
	case "matrix", "symmetric":
		multiple = panel
	case "map":
		multiple = 16
	}
	return !slices.ContainsFunc(channels, func(n int) bool { return n%multiple != 0 })
}

func (linked) ReleaseMemory() { memory.release() }
