package stylelib

import (
	"fmt"
	"image"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// RGBMean and RGBStd are mean and standard deviation of the red, green and blue values (0 to 1) of
// the pictures that VGG-19 was trained on (ImageNet).
var (
	RGBMean = [3]float32{0.485, 0.456, 0.406}
	RGBStd  = [3]float32{0.229, 0.224, 0.225}
)

// Preprocess resizes a picture and normalizes each channel for VGG-19.
//
//	x = (v/255 - mean) / std
//
// The result is float32 of shape [1, height, width, 3], channels red, green, blue. height and width
// are in pixels; a size below 1 is an error.
func Preprocess(picture image.Image, height, width int,
	filter ResizeFilter) (*tensors.Tensor, error) {
	resized, err := Resize(picture, height, width, filter)
	if err != nil {
		return nil, fmt.Errorf("preprocess: %w", err)
	}
	pixels := make([]float32, 0, height*width*3)
	for y := range height {
		row := resized.Pix[y*resized.Stride:]
		for x := range width {
			for c := range 3 {
				v := float32(row[4*x+c]) / 255
				pixels = append(pixels, (v-RGBMean[c])/RGBStd[c])
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(pixels, 1, height, width, 3), nil
}

// Postprocess turns a normalized tensor back into a picture: the inverse of the normalization,
// clipped to 0 to 1.
//
//	v = clip(x·std + mean, 0, 1) · 255
//
// x is float32 of shape [1, height, width, 3]; a value that is not a number is an error. Values are
// rounded to the nearest level; the chapter's PyTorch variant truncates, which darkens one value in
// six by a level.
func Postprocess(x *tensors.Tensor) (*image.RGBA, error) {
	s := x.Shape()
	if s.Rank() != 4 || s.Dim(0) != 1 || s.Dim(3) != 3 {
		return nil, fmt.Errorf("postprocess: want shape [1, height, width, 3], got %s", s)
	}
	pixels, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		return nil, fmt.Errorf("postprocess: %w", err)
	}
	picture := image.NewRGBA(image.Rect(0, 0, s.Dim(2), s.Dim(1)))
	for i := range len(pixels) / 3 {
		for c := range 3 {
			v := float64(pixels[3*i+c]*RGBStd[c] + RGBMean[c])
			if math.IsNaN(v) {
				return nil, fmt.Errorf("postprocess: the image holds values that are not numbers")
			}
			picture.Pix[4*i+c] = uint8(math.Round(255 * min(max(v, 0), 1)))
		}
		picture.Pix[4*i+3] = 255
	}
	return picture, nil
}
