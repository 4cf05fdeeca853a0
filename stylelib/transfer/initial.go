package transfer

import (
	"fmt"
	"math/rand/v2"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/resample"

	"github.com/gomlx/gomlx/core/tensors"
)

// initial returns what the first, coarsest training starts from.
func (p Pictures) initial(s *sized, options Options) (*tensors.Tensor, error) {
	switch options.Init {
	case InitStyle:
		return sl.Preprocess(p.Styles[0], s.height, s.width, options.Resize)
	case InitFile:
		return sl.Preprocess(p.Init, s.height, s.width, options.Resize)
	case InitNoise:
		return Noise(options.Seed, s.height, s.width), nil
	case InitGray:
		return gray(s.height, s.width), nil
	case InitStatistics:
		return styleNoise(s.styles, options.shares(len(s.styles)), options.Seed, s.height, s.width)
	}
	return s.content, nil
}

// Noise returns an image [1, height, width, 3] of values that are normally distributed with mean 0 and variance 1.
func Noise(seed int64, height, width int) *tensors.Tensor {
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	values := make([]float32, height*width*3)
	for i := range values {
		values[i] = float32(random.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, 1, height, width, 3)
}

// Enlarge resizes a normalized image [1, h, w, 3] to height × width, bilinearly and without rounding: what one scale ends
// with is what the next starts from.
//
//	out[i] = (1-t)·in[k] + t·in[k+1],  k+t = (i+½)·s - ½ clamped to the image, s = old size / new size
func Enlarge(x *tensors.Tensor, height, width int) (*tensors.Tensor, error) {
	s := x.Shape()
	if s.Rank() != 4 || s.Dim(3) != 3 {
		return nil, fmt.Errorf("enlarge: want a tensor of shape [1, height, width, 3], got %s", s)
	}
	from, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		return nil, err
	}
	at := func(i, j, c int) float64 { return float64(from[(i*s.Dim(2)+j)*3+c]) }
	rows, columns := resample.Neighbours(s.Dim(1), height), resample.Neighbours(s.Dim(2), width)
	to := make([]float32, 0, height*width*3)
	for _, row := range rows {
		for _, column := range columns {
			for c := range 3 {
				top := column.Between(at(row.Low, column.Low, c), at(row.Low, column.High, c))
				bottom := column.Between(at(row.High, column.Low, c), at(row.High, column.High, c))
				to = append(to, float32(row.Between(top, bottom)))
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(to, 1, height, width, 3), nil
}

// styleNoise returns an image [1, height, width, 3] of noise whose colours are distributed as those of normalized style images, each
// [1, h, w, 3], mixed by shares with the sum 1.
//
//	x = m + C^½·z,  m = Σ shareᵢ·mᵢ,  C = Σ shareᵢ·(Cᵢ + (mᵢ - m)·(mᵢ - m)ᵀ)
//
// z is [Noise] of the seed; mᵢ and Cᵢ are mean and covariance of the pixels of image i.
func styleNoise(styles []*tensors.Tensor, shares []float64, seed int64, height, width int) (*tensors.Tensor, error) {
	var mean [3]float64
	var square [9]float64 // mean of p·pᵀ
	for i, style := range styles {
		values, err := tensors.CopyFlatData[float32](style)
		if err != nil {
			return nil, err
		}
		share := shares[i] / float64(len(values)/3)
		for at := 0; at < len(values); at += 3 {
			for a := range 3 {
				mean[a] += share * float64(values[at+a])
				for b := range 3 {
					square[3*a+b] += share * float64(values[at+a]) * float64(values[at+b])
				}
			}
		}
	}
	for a := range 3 {
		for b := range 3 {
			square[3*a+b] -= mean[a] * mean[b]
		}
	}
	root, err := squareRoot(square[:], 3)
	if err != nil {
		return nil, err
	}
	noise := tensors.MustCopyFlatData[float32](Noise(seed, height, width))
	values := make([]float32, len(noise))
	for at := 0; at < len(noise); at += 3 {
		for a := range 3 {
			v := mean[a]
			for b := range 3 {
				v += root[3*a+b] * float64(noise[at+b])
			}
			values[at+a] = float32(v)
		}
	}
	return tensors.FromFlatDataAndDimensions(values, 1, height, width, 3), nil
}

// gray returns a normalized image [1, height, width, 3] that is halfway between black and white.
func gray(height, width int) *tensors.Tensor {
	values := make([]float32, height*width*3)
	for i := range values {
		values[i] = (0.5 - sl.RGBMean[i%3]) / sl.RGBStd[i%3]
	}
	return tensors.FromFlatDataAndDimensions(values, 1, height, width, 3)
}
