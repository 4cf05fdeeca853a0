package transfer

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	"stylebook/stylelib/internal/imagefile"

	"github.com/gomlx/gomlx/core/tensors"
)

// maxRegions bounds what a mask may hold: a photograph given by mistake has thousands of colours.
const maxRegions = 16

// mask says how much each pixel of a map belongs to a region, from 0 to 1.
type mask struct {
	size
	values []float32
}

// MaskError reports masks that can't be used, in one line.
type MaskError struct{ Reason string }

func (e *MaskError) Error() string { return "masks: " + e.Reason }

// masks returns, for each colour of the content mask, the region at the result's size, and for each style image the
// region at the style images' size. Masks are resized to the nearest pixel, so that no new colours arise.
func masks(content image.Image, styles []image.Image, contentSize size, styleSize func(i int) size) ([]mask, [][]mask, error) {
	flat := imagefile.Flatten(content)
	colours := map[color.RGBA]int{}
	var order []color.RGBA
	for y := range flat.Rect.Dy() {
		for x := range flat.Rect.Dx() {
			c := flat.RGBAAt(x, y)
			if _, known := colours[c]; !known {
				colours[c] = len(order)
				order = append(order, c)
			}
		}
		if len(order) > maxRegions {
			return nil, nil, &MaskError{fmt.Sprintf("the content mask has more than %d colours: paint each region in one flat colour and save it as PNG", maxRegions)}
		}
	}
	contentMasks := regions(flat, colours, contentSize)
	var styleMasks [][]mask
	found := make([]bool, len(order))
	for i, style := range styles {
		all := regions(imagefile.Flatten(style), colours, styleSize(i))
		for i := range all {
			found[i] = found[i] || all[i].sum() > 0
		}
		styleMasks = append(styleMasks, all)
	}
	for i, c := range order {
		if !found[i] && contentMasks[i].sum() > 0 {
			return nil, nil, &MaskError{fmt.Sprintf("no style mask has the colour #%02x%02x%02x of the content mask", c.R, c.G, c.B)}
		}
	}
	return contentMasks, styleMasks, nil
}

// regions returns one mask for each colour.
func regions(picture *image.RGBA, colours map[color.RGBA]int, of size) []mask {
	all := make([]mask, len(colours))
	for i := range all {
		all[i] = mask{of, make([]float32, of.height*of.width)}
	}
	for i := range of.height {
		y := (2*i + 1) * picture.Rect.Dy() / (2 * of.height)
		for j := range of.width {
			x := (2*j + 1) * picture.Rect.Dx() / (2 * of.width)
			if region, ok := colours[picture.RGBAAt(x, y)]; ok {
				all[region].values[i*of.width+j] = 1
			}
		}
	}
	return all
}

// everywhere is the mask of a whole picture.
func everywhere(of size) mask { return mask{of, slices.Repeat([]float32{1}, of.area())} }

// halved is the mask of a map that was pooled: the mean of each 2×2 square; an odd last row or column is dropped.
func (m mask) halved() mask {
	h := mask{size: m.size.halved(1)}
	for i := range h.height {
		for j := range h.width {
			at := 2*i*m.width + 2*j
			h.values = append(h.values, (m.values[at]+m.values[at+1]+m.values[at+m.width]+m.values[at+m.width+1])/4)
		}
	}
	return h
}

// pooled is the mask of a map that was pooled several times.
func (m mask) pooled(poolings int) mask {
	for range poolings {
		m = m.halved()
	}
	return m
}

// cut returns the part of a mask in a window, 0 outside the core.
func (m mask) cut(window, core rect) mask {
	part := mask{size{window.height(), window.width()}, make([]float32, window.height()*window.width())}
	for i := core.top; i < core.bottom; i++ {
		for j := core.left; j < core.right; j++ {
			part.values[(i-window.top)*part.width+j-window.left] = m.values[i*m.width+j]
		}
	}
	return part
}

func (m mask) sum() float64 {
	sum := 0.0
	for _, v := range m.values {
		sum += float64(v)
	}
	return sum
}

// tensor has shape [1, h, w, 1].
func (m mask) tensor() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(m.values, 1, m.height, m.width, 1)
}
