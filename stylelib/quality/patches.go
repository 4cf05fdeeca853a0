package quality

import (
	"fmt"
	"image"
	"math"

	sl "stylebook/stylelib"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

const (
	patchSide    = 7
	patchScales  = 4       // each half the size of the one before
	patchAsked   = 1 << 12 // patches of a picture whose nearest are sought, at most
	patchOffered = 1 << 14 // patches among which they are sought, at most
)

// Patches is the bidirectional distance of a picture's patches from its painting's, both at height × width pixels and at a half, a
// quarter and an eighth of that, as far as a patch fits: how far a picture is from being made of the painting's pieces, and the painting of the picture's. No
// network looks. Of the 7 × 7 patches P of the picture and S of the painting, which lie in grids, it is the mean over the scales of
//
//	(mean_i min_j |P_i - S_j|² + mean_j min_i |S_j - P_i|²) / 2v
//
// where v is the mean squared distance of the painting's patches from their mean; 0 is best.
//
// Simakov, Caspi, Shechtman, Irani 2008, "Summarizing visual data using bidirectional similarity". Deviations: RGB, not Lab; patches in
// grids, not all.
func Patches(picture, style image.Image, height, width int) (float64, error) {
	sum, scales := 0.0, 0
	for h, w := height, width; scales < patchScales && min(h, w) >= patchSide; scales, h, w = scales+1, h/2, w/2 {
		var asked, offered [2]blas32.General
		for i, one := range []image.Image{picture, style} {
			resized, err := sl.Resize(one, h, w, sl.Default().Resize)
			if err != nil {
				return 0, err
			}
			asked[i], offered[i] = patchesOf(resized, patchAsked), patchesOf(resized, patchOffered)
		}
		spread := variance(offered[1])
		sum += (nearestMean(asked[0], offered[1]) + nearestMean(asked[1], offered[0])) / (2 * spread)
	}
	if scales == 0 {
		return 0, fmt.Errorf("a picture of %d × %d pixels (height × width) has no patch of %d × %[3]d", height, width, patchSide)
	}
	return sum / float64(scales), nil
}

// patchesOf are patches of a picture in a grid that has at most so many, a row each.
func patchesOf(picture image.Image, most int) blas32.General {
	b := picture.Bounds()
	rows, columns := b.Dy()-patchSide+1, b.Dx()-patchSide+1
	stride := max(1, int(math.Ceil(math.Sqrt(float64(rows*columns)/float64(most)))))
	const length = 3 * patchSide * patchSide
	m := blas32.General{Cols: length, Stride: length}
	for y := 0; y < rows; y += stride {
		for x := 0; x < columns; x += stride {
			for k := range patchSide * patchSide {
				red, green, blue, _ := picture.At(b.Min.X+x+k%patchSide, b.Min.Y+y+k/patchSide).RGBA()
				m.Data = append(m.Data, float32(red)/0xffff-0.5, float32(green)/0xffff-0.5, float32(blue)/0xffff-0.5)
			}
			m.Rows++
		}
	}
	return m
}

func row(m blas32.General, i int) blas32.Vector {
	return blas32.Vector{N: m.Cols, Inc: 1, Data: m.Data[i*m.Stride : i*m.Stride+m.Cols]}
}

// variance is the mean squared distance of the rows from their mean.
func variance(m blas32.General) float64 {
	mean, squares := make([]float64, m.Cols), 0.0
	for i := range m.Rows {
		for k, v := range row(m, i).Data {
			mean[k] += float64(v) / float64(m.Rows)
			squares += float64(v) * float64(v) / float64(m.Rows)
		}
	}
	for _, v := range mean {
		squares -= v * v
	}
	return squares
}

// nearestMean is the mean over a's rows of the squared distance to the nearest of b's.
//
//	|a|² + |b|² - 2ab
func nearestMean(a, b blas32.General) float64 {
	lengths := make([]float32, b.Rows)
	for j := range lengths {
		lengths[j] = blas32.Dot(row(b, j), row(b, j))
	}
	const atOnce = 256
	products, sum := make([]float32, atOnce*b.Rows), 0.0
	for at := 0; at < a.Rows; at += atOnce {
		some := blas32.General{Rows: min(atOnce, a.Rows-at), Cols: a.Cols, Stride: a.Stride, Data: a.Data[at*a.Stride:]}
		distances := blas32.General{Rows: some.Rows, Cols: b.Rows, Stride: b.Rows, Data: products}
		blas32.Gemm(blas.NoTrans, blas.Trans, -2, some, b, 0, distances)
		for i := range some.Rows {
			least := float32(math.MaxFloat32)
			for j, v := range row(distances, i).Data {
				least = min(least, v+lengths[j])
			}
			sum += float64(max(0, least+blas32.Dot(row(some, i), row(some, i))))
		}
	}
	return sum / float64(a.Rows)
}
