package transfer

import (
	"image"
	"image/draw"
	"math"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/imagefile"

	"gonum.org/v1/gonum/mat"
)

// MatchColours gives a picture the mean and covariance of colour of another, over all pixels.
//
//	p ← Cₜ^½ · C^-½ · (p - m) + mₜ
//
// The result is rounded and cut off at 0 and 255. A direction without variance, as in a gray picture, stays without.
//
// Gatys et al. 2016, "Preserving color in neural artistic style transfer", section 3: the form with the roots of the
// covariances.
func MatchColours(picture, to image.Image) (*image.RGBA, error) {
	flat, wanted := imagefile.Flatten(picture), imagefile.Flatten(to)
	mean, covariance := colourStatistics(flat)
	wantedMean, wantedCovariance := colourStatistics(wanted)
	root, err := squareRoot(wantedCovariance, 3)
	if err != nil {
		return nil, err
	}
	inverse, err := spectral(covariance, 3, func(v float64) float64 {
		if v < 1e-3 { // grey levels squared: less than rounding to 8 bits makes
			return 0
		}
		return 1 / math.Sqrt(v)
	})
	if err != nil {
		return nil, err
	}
	var product mat.Dense
	product.Mul(mat.NewDense(3, 3, root), mat.NewDense(3, 3, inverse))
	matrix := product.RawMatrix().Data
	for at := 0; at < len(flat.Pix); at += 4 {
		var p [3]float64
		for i := range 3 {
			p[i] = wantedMean[i]
			for j := range 3 {
				p[i] += matrix[3*i+j] * (float64(flat.Pix[at+j]) - mean[j])
			}
		}
		for i, v := range p {
			flat.Pix[at+i] = uint8(math.Round(min(max(v, 0), 255)))
		}
	}
	return flat, nil
}

// colourStatistics returns mean [3] and covariance [3, 3] of red, green and blue, in grey levels.
func colourStatistics(picture *image.RGBA) (mean, covariance []float64) {
	mean, covariance = make([]float64, 3), make([]float64, 9)
	n := float64(len(picture.Pix) / 4)
	for at := 0; at < len(picture.Pix); at += 4 {
		for i := range 3 {
			mean[i] += float64(picture.Pix[at+i]) / n
		}
	}
	for at := 0; at < len(picture.Pix); at += 4 {
		for i := range 3 {
			for j := range 3 {
				covariance[3*i+j] += (float64(picture.Pix[at+i]) - mean[i]) * (float64(picture.Pix[at+j]) - mean[j]) / n
			}
		}
	}
	return mean, covariance
}

// Weights of red, green and blue in the luminance: ITU-R BT.601.
var luminance = [3]float64{0.299, 0.587, 0.114}

// KeepColours gives a painted picture the colours of its content, of the same size: only the luminance is the painted one's.
func KeepColours(painted, content *image.RGBA) (*image.RGBA, error) {
	deep := image.NewNRGBA64(painted.Rect)
	draw.Draw(deep, deep.Rect, painted, painted.Rect.Min, draw.Src)
	if err := keepChroma(deep, content, sl.AntialiasBilinear); err != nil {
		return nil, err
	}
	kept := image.NewRGBA(painted.Rect)
	narrowed(kept, deep)
	return kept, nil
}

// keepChroma returns the content image's colours under the result's luminance.
//
//	p = content + (Y(result) - Y(content)),  Y = 0.299 R + 0.587 G + 0.114 B
//
// content is brought to the result's size; values are cut off at the ends of their range. The same number is added to red, green and
// blue, which leaves the differences of colour, U and V, as they are.
//
// Gatys et al. 2016, "Preserving color in neural artistic style transfer", section 4, without matching the luminance
// of the style image first.
func keepChroma(result *image.NRGBA64, content image.Image, filter sl.ResizeFilter) error {
	b := result.Bounds()
	resized, err := sl.Resize(content, b.Dy(), b.Dx(), filter)
	if err != nil {
		return err
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			from, to := resized.RGBAAt(x, y), result.NRGBA64At(x, y)
			original := [3]float64{257 * float64(from.R), 257 * float64(from.G), 257 * float64(from.B)}
			painted := [3]float64{float64(to.R), float64(to.G), float64(to.B)}
			shift := 0.0
			for c, weight := range luminance {
				shift += weight * (painted[c] - original[c])
			}
			value := func(c int) uint16 { return uint16(math.Round(min(max(original[c]+shift, 0), 65535))) }
			to.R, to.G, to.B = value(0), value(1), value(2)
			result.SetNRGBA64(x, y, to)
		}
	}
	return nil
}
