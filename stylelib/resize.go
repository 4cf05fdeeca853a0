package stylelib

import (
	"fmt"
	"image"

	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/resample"
)

// ResizeFilter says how Resize finds the value of a new pixel.
type ResizeFilter int

const (
	// AntialiasBilinear averages all pixels under a triangle that widens when a picture shrinks: Pillow's BILINEAR,
	// used by the chapter's PyTorch and Paddle variants.
	AntialiasBilinear ResizeFilter = iota
	// PlainBilinear interpolates between the four nearest pixels only, even when a picture shrinks: OpenCV's
	// INTER_LINEAR, used by the chapter's MXNet variant.
	PlainBilinear
)

func (f ResizeFilter) String() string {
	if f == PlainBilinear {
		return "plain bilinear"
	}
	return "antialias bilinear"
}

// SizeError reports a picture size, in pixels, that cannot be used, in one line.
type SizeError struct {
	Height, Width int
	Reason        string // what is wrong and what to do about it
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("height %d, width %d: %s", e.Height, e.Width, e.Reason)
}

// Resize returns a copy of img, height × width pixels in size.
//
//	AntialiasBilinear  out[i] = Σ_j w(i,j)·in[j] / Σ_j w(i,j),  w(i,j) = max(0, 1 - |j+½ - (i+½)·s| / max(s, 1))
//	PlainBilinear      out[i] = (1-t)·in[k] + t·in[k+1],  k+t = (i+½)·s - ½ clamped to the picture
//
// with s = old size / new size, for rows and for columns. AntialiasBilinear rounds to 8 bits after each of the two
// passes, PlainBilinear once, half to even. img may be of any type; the result is opaque, as that of ReadImage.
//
// The error is a *SizeError for a size that is not positive or has more than MaxPixels, or else says that the filter
// is unknown or img empty.
//
// AntialiasBilinear gives the very values of Pillow's Image.resize with BILINEAR (facts taken from its Resample.c).
// PlainBilinear works in float64 and gives the values of PyTorch's F.interpolate without antialiasing. OpenCV itself has
// fixed-point weights, which put up to 13 % of its values one level off.
func Resize(img image.Image, height, width int, filter ResizeFilter) (*image.RGBA, error) {
	if height <= 0 || width <= 0 {
		return nil, &SizeError{height, width, "both must be positive"}
	}
	if imagefile.Exceeds(height, width, MaxPixels) {
		return nil, &SizeError{height, width, fmt.Sprintf("more than %d megapixels: choose a smaller size", MaxPixels/1_000_000)}
	}
	if img == nil || img.Bounds().Empty() {
		return nil, fmt.Errorf("resize: the picture has no pixels")
	}
	src := imagefile.Flatten(img)
	switch filter {
	case AntialiasBilinear:
		return resample.Antialias(src, height, width), nil
	case PlainBilinear:
		return resample.Plain(src, height, width), nil
	}
	return nil, fmt.Errorf("resize: unknown filter %d: use AntialiasBilinear or PlainBilinear", filter)
}
