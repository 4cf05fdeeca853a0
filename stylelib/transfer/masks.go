package transfer

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	sl "stylebook/stylelib"
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
// region at the style images' size. Masks are resized to the nearest pixel, so that no new colours arise. Where their colours are too
// many, or don't fit, they are sorted to their main ones first.
func masks(content image.Image, styles []image.Image, contentSize size, styleSize func(i int) size) ([]mask, [][]mask, error) {
	flat := flattened(content, styles)
	contentMasks, styleMasks, err := exactMasks(flat, contentSize, styleSize)
	if err == nil {
		return contentMasks, styleMasks, nil
	}
	if sorted := sortedMasks(flat); sorted != nil {
		if contentMasks, styleMasks, err := exactMasks(sorted, contentSize, styleSize); err == nil {
			return contentMasks, styleMasks, nil
		}
	}
	return nil, nil, err
}

// masksAreSorted says whether masks that go together do so only by their main colours.
func masksAreSorted(content image.Image, styles []image.Image) bool {
	any := size{sl.ChapterHeight, sl.ChapterWidth}
	_, _, err := exactMasks(flattened(content, styles), any, func(int) size { return any })
	return err != nil
}

func flattened(content image.Image, styles []image.Image) []*image.RGBA {
	all := []*image.RGBA{imagefile.Flatten(content)}
	for _, style := range styles {
		all = append(all, imagefile.Flatten(style))
	}
	return all
}

// sortedMasks sorts the masks, of which the first is the content's; nil where one can't be sorted.
func sortedMasks(all []*image.RGBA) (sorted []*image.RGBA) {
	for _, picture := range all {
		one := sortedMask(picture)
		if one == nil {
			return nil
		}
		sorted = append(sorted, one)
	}
	_, colours, _ := coloursOf(sorted[0])
	for i := range sorted[1:] {
		sorted[1+i] = likeContent(sorted[1+i], colours)
	}
	return sorted
}

// coloursOf numbers a mask's colours in their order.
func coloursOf(picture *image.RGBA) (order []color.RGBA, colours map[color.RGBA]int, err error) {
	colours = map[color.RGBA]int{}
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			c := picture.RGBAAt(x, y)
			if _, known := colours[c]; !known {
				colours[c] = len(order)
				order = append(order, c)
			}
		}
		if len(order) > maxRegions {
			return nil, nil, &MaskError{fmt.Sprintf("the content mask has more than %d colours: paint each region in one flat colour and save it as PNG", maxRegions)}
		}
	}
	return order, colours, nil
}

// exactMasks takes each colour for a region; the first of all is the content's.
func exactMasks(all []*image.RGBA, contentSize size, styleSize func(i int) size) ([]mask, [][]mask, error) {
	order, colours, err := coloursOf(all[0])
	if err != nil {
		return nil, nil, err
	}
	contentMasks := regions(all[0], colours, contentSize)
	var styleMasks [][]mask
	found := make([]bool, len(order))
	for i, style := range all[1:] {
		of := regions(style, colours, styleSize(i))
		for i := range of {
			found[i] = found[i] || of[i].sum() > 0
		}
		styleMasks = append(styleMasks, of)
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

// labelsOf are the numbers of the regions to which the places of a map that was pooled so many times belong most, -1 where there is none;
// of every stride-th row and column. Without masks there are none.
func labelsOf(masks []mask, poolings, stride int) (labels []int32) {
	var pooled []mask
	for _, m := range masks {
		pooled = append(pooled, m.pooled(poolings))
	}
	if pooled == nil {
		return nil
	}
	of := pooled[0].size
	for i := 0; i < of.height; i += stride {
		for j := 0; j < of.width; j += stride {
			label, most := int32(-1), float32(0)
			for k, m := range pooled {
				if v := m.values[i*of.width+j]; v > most {
					label, most = int32(k), v
				}
			}
			labels = append(labels, label)
		}
	}
	return labels
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
