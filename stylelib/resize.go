package stylelib

import (
	"fmt"
	"image"
	"math"

	"stylebook/stylelib/internal/imagefile"
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

// String returns the filter's name.
func (f ResizeFilter) String() string {
	switch f {
	case AntialiasBilinear:
		return "antialias bilinear"
	case PlainBilinear:
		return "plain bilinear"
	}
	return fmt.Sprintf("ResizeFilter(%d)", int(f))
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
	if imagefile.TooManyPixels(height, width) {
		return nil, &SizeError{height, width, fmt.Sprintf("more than %d megapixels: choose a smaller size", MaxPixels/1_000_000)}
	}
	if img == nil || img.Bounds().Empty() {
		return nil, fmt.Errorf("resize: the picture has no pixels")
	}
	src := imagefile.Flatten(img)
	switch filter {
	case AntialiasBilinear:
		return resizeAntialias(src, height, width), nil
	case PlainBilinear:
		return resizePlain(src, height, width), nil
	}
	return nil, fmt.Errorf("resize: unknown filter %v: use AntialiasBilinear or PlainBilinear", filter)
}

// In this file conversions of products to float64 keep a compiler from fusing them with a sum, so that values are the
// same on every machine.

// resizeAntialias shrinks or widens rows first, and skips a pass that changes nothing.
func resizeAntialias(img *image.RGBA, height, width int) *image.RGBA {
	if width != img.Rect.Dx() {
		img = resampleRows(img, triangleTaps(img.Rect.Dx(), width))
	}
	if height != img.Rect.Dy() {
		img = resampleColumns(img, triangleTaps(img.Rect.Dy(), height))
	}
	return img
}

// taps are the weights of the pixels from start on, in units of 2⁻²².
type taps struct {
	start   int
	weights []int
}

const tapBits = 32 - 8 - 2

// triangleTaps returns the taps of each of the newSize pixels.
func triangleTaps(oldSize, newSize int) []taps {
	scale := float64(oldSize) / float64(newSize)
	support := max(scale, 1)
	all := make([]taps, newSize)
	for i := range all {
		center := float64((float64(i) + 0.5) * scale)
		start := max(int(center-support+0.5), 0)
		end := min(int(center+support+0.5), oldSize)
		raw, sum := make([]float64, end-start), 0.0
		for j := range raw {
			raw[j] = triangle(float64((float64(j+start) - center + 0.5) * (1 / support)))
			sum += raw[j]
		}
		all[i] = taps{start, make([]int, len(raw))}
		for j, w := range raw {
			all[i].weights[j] = int(0.5 + float64(w/sum*(1<<tapBits)))
		}
	}
	return all
}

func triangle(x float64) float64 { return max(0, 1-math.Abs(x)) }

func roundTap(sum int) uint8 { return uint8(min((sum+1<<(tapBits-1))>>tapBits, 255)) }

// resampleRows makes each row len(columns) pixels wide.
func resampleRows(src *image.RGBA, columns []taps) *image.RGBA {
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
			copy(to[4*x:], []uint8{roundTap(r), roundTap(g), roundTap(b), 255})
		}
	}
	return dst
}

// resampleColumns makes each column len(rows) pixels high. It adds up whole rows, which lie together in memory.
func resampleColumns(src *image.RGBA, rows []taps) *image.RGBA {
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
			to[i] = roundTap(sum)
		}
		for i := 3; i < len(to); i += 4 {
			to[i] = 255
		}
	}
	return dst
}

// pair is the two neighbours of a new pixel: (1-t)·in[low] + t·in[high].
type pair struct {
	low, high int
	t         float64
}

func (p pair) between(low, high float64) float64 { return float64(low*(1-p.t)) + float64(high*p.t) }

// neighbours returns the pair of each of the newSize pixels.
func neighbours(oldSize, newSize int) []pair {
	scale := float64(oldSize) / float64(newSize)
	all := make([]pair, newSize)
	for i := range all {
		place := max(float64((float64(i)+0.5)*scale)-0.5, 0)
		low := min(int(place), oldSize-1)
		all[i] = pair{low, min(low+1, oldSize-1), place - float64(low)}
	}
	return all
}

func resizePlain(src *image.RGBA, height, width int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	rows, columns := neighbours(src.Rect.Dy(), height), neighbours(src.Rect.Dx(), width)
	for y, row := range rows {
		above, below := src.Pix[row.low*src.Stride:], src.Pix[row.high*src.Stride:]
		to := dst.Pix[y*dst.Stride:]
		for x, column := range columns {
			left, right := 4*column.low, 4*column.high
			for c := range 3 {
				top := column.between(float64(above[left+c]), float64(above[right+c]))
				bottom := column.between(float64(below[left+c]), float64(below[right+c]))
				to[4*x+c] = uint8(math.RoundToEven(row.between(top, bottom)))
			}
			to[4*x+3] = 255
		}
	}
	return dst
}

const (
	// DefaultArea is the size of the chapter's pictures in pixels: height 300, width 450.
	DefaultArea = 300 * 450
	// MinSide is the least height and width of a picture in pixels. Four poolings come before the last block of
	// VGG-19, and each halves the picture: of 16 pixels they leave one.
	MinSide = 16
)

// FitSize returns the height and width, in pixels, at which to work on a content image of contentHeight ×
// contentWidth.
//
//	neither given (0, 0)   h·w ≈ area, h/w ≈ contentHeight/contentWidth; an upright picture stays upright
//	height given           w = height·contentWidth/contentHeight
//	width given            h = width·contentHeight/contentWidth
//	both given             exactly those
//
// Sizes are rounded to whole pixels. area counts only where neither is given; DefaultArea is the chapter's.
//
// The error is a one-line *SizeError: a side below MinSide, more than MaxPixels, or an argument that is negative.
//
// The chapter always takes 300 × 450, whatever the picture's aspect ratio.
func FitSize(contentHeight, contentWidth, height, width, area int) (h, w int, err error) {
	if contentHeight <= 0 || contentWidth <= 0 {
		return 0, 0, &SizeError{contentHeight, contentWidth, "the content image has no pixels"}
	}
	if height < 0 || width < 0 {
		return 0, 0, &SizeError{height, width, "neither may be negative: give pixels, or 0 to keep the picture's aspect ratio"}
	}
	if height == 0 && width == 0 && area <= 0 {
		return 0, 0, &SizeError{height, width, fmt.Sprintf("the area must be positive, not %d", area)}
	}
	rows, columns := float64(contentHeight), float64(contentWidth)
	fitHeight, fitWidth := float64(height), float64(width)
	switch {
	case height == 0 && width == 0:
		fitHeight, fitWidth = math.Sqrt(float64(area)*rows/columns), math.Sqrt(float64(area)*columns/rows)
	case width == 0:
		fitWidth = fitHeight * columns / rows
	case height == 0:
		fitHeight = fitWidth * rows / columns
	}
	return checkedSize(math.Round(fitHeight), math.Round(fitWidth))
}

func checkedSize(height, width float64) (h, w int, err error) {
	h, w = int(min(height, math.MaxInt32)), int(min(width, math.MaxInt32))
	switch {
	case h < MinSide || w < MinSide:
		return 0, 0, &SizeError{h, w, fmt.Sprintf(
			"both must be at least %d pixels, or the five blocks of VGG-19 have nothing left: choose a larger size", MinSide)}
	case imagefile.TooManyPixels(h, w):
		return 0, 0, &SizeError{h, w, fmt.Sprintf("more than %d megapixels: choose a smaller size", MaxPixels/1_000_000)}
	}
	return h, w, nil
}
