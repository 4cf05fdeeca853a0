package quality

import (
	"image"
	"math"
)

// detail is the mean size of the finest detail of a picture's luminance, from 0 to 255.
//
//	mean |Y - (left + right + above + below)/4|
func detail(picture *image.RGBA) float64 {
	b := picture.Bounds()
	luminance := func(x, y int) float64 {
		p := picture.RGBAAt(x, y)
		return 0.299*float64(p.R) + 0.587*float64(p.G) + 0.114*float64(p.B)
	}
	sum, count := 0.0, 0
	for y := b.Min.Y + 1; y < b.Max.Y-1; y++ {
		for x := b.Min.X + 1; x < b.Max.X-1; x++ {
			around := luminance(x-1, y) + luminance(x+1, y) + luminance(x, y-1) + luminance(x, y+1)
			sum += math.Abs(luminance(x, y) - around/4)
			count++
		}
	}
	return sum / float64(count)
}
