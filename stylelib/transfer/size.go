package transfer

import (
	"fmt"
	"math"

	sl "stylebook/stylelib"
)

const (
	// DefaultArea is the size of the chapter's pictures in pixels: height 300, width 450.
	DefaultArea = 300 * 450
	// MinSide is the least height and width of a picture in pixels. Four poolings come before the last block of
	// the network, and each halves the picture: of 16 pixels they leave one.
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
// The error is a one-line *[sl.SizeError]: a side below MinSide, more than [sl.MaxPixels], or an argument that is negative.
//
// The chapter always takes 300 × 450, whatever the picture's aspect ratio.
func FitSize(contentHeight, contentWidth, height, width, area int) (h, w int, err error) {
	if contentHeight <= 0 || contentWidth <= 0 {
		return 0, 0, &sl.SizeError{Height: contentHeight, Width: contentWidth, Reason: "the content image has no pixels"}
	}
	if height < 0 || width < 0 {
		return 0, 0, &sl.SizeError{Height: height, Width: width, Reason: "neither may be negative: give pixels, or 0 to keep the picture's aspect ratio"}
	}
	if height == 0 && width == 0 && area <= 0 {
		return 0, 0, &sl.SizeError{Height: height, Width: width, Reason: fmt.Sprintf("the area must be positive, not %d", area)}
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
		return 0, 0, &sl.SizeError{Height: h, Width: w, Reason: fmt.Sprintf(
			"both must be at least %d pixels, or the five blocks of the network have nothing left: choose a larger size", MinSide)}
	case h*w > sl.MaxPixels:
		return 0, 0, &sl.SizeError{Height: h, Width: w, Reason: fmt.Sprintf("more than %d megapixels: choose a smaller size", sl.MaxPixels/1_000_000)}
	}
	return h, w, nil
}

// checkSizes refuses pictures of which, at some scale, the network's layers leave nothing; a convolution that mirrors its map
// needs two rows and columns.
func (t *Transfer) checkSizes() error {
	vgg, ok := t.Network.(*sl.Network)
	mirrors := ok && vgg.Padding == sl.ReflectPadding
	stages := t.Options.stages(t.Height, t.Width)
	for _, of := range stages {
		sizes := []size{of.size}
		for i := range t.Pictures.Styles {
			sizes = append(sizes, t.Options.styleSize(of.size, i))
		}
		for _, s := range sizes {
			for _, layer := range t.Extractor.Layers {
				least := 1
				if layer.Kind == sl.ConvLayer && mirrors {
					least = 2
				}
				if m := s.halved(layer.Halvings); m.height < least || m.width < least {
					return &sl.SizeError{Height: s.height, Width: s.width, Reason: fmt.Sprintf(
						"%s of this network needs at least %d pixels either way, at each of the %d scales and for the style pictures too: choose a larger size, style scale, or layers before it",
						layer.Name, least<<layer.Halvings, len(stages))}
				}
			}
		}
	}
	return nil
}
