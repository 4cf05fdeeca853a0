package synth

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
)

// Inputs are the pictures of a training, at any size.
type Inputs struct {
	Content image.Image
	Styles  []image.Image // at least one

	// ContentMask and StyleMasks, one for each style image, are painted in a few flat colours: the style of the parts of
	// the style images in one colour goes to the part of the result in that colour. Both nil: there is one region.
	ContentMask image.Image
	StyleMasks  []image.Image

	Init image.Image // for [InitFile]
}

// Check reports what is missing or does not fit together.
func (in Inputs) Check(options Options) error {
	switch {
	case in.Content == nil:
		return fmt.Errorf("the content image is missing")
	case len(in.Styles) == 0:
		return fmt.Errorf("a style image is missing")
	case options.Init == InitFile && in.Init == nil:
		return fmt.Errorf("init: the picture to start from is missing")
	case in.ContentMask == nil && len(in.StyleMasks) > 0:
		return fmt.Errorf("masks: the style images have them, the content image has none")
	case in.ContentMask != nil && len(in.StyleMasks) != len(in.Styles):
		return fmt.Errorf("masks: %d for %d style images", len(in.StyleMasks), len(in.Styles))
	}
	if err := options.Validate(len(in.Styles)); err != nil || in.ContentMask == nil {
		return err
	}
	size := [2]int{sl.ChapterHeight, sl.ChapterWidth} // any will do to see whether the colours fit
	_, _, err := masks(in.ContentMask, in.StyleMasks, size, size)
	return err
}

// sized are the inputs brought to one size.
type sized struct {
	height, width int
	content       *tensors.Tensor
	styles        []*tensors.Tensor
	contentMasks  []mask   // one for each region; nil without masks
	styleMasks    [][]mask // [style image][region]
}

// at brings the pictures to a size: the content image to height × width, the style images to StyleScale times that.
func (in Inputs) at(height, width int, options Options) (*sized, error) {
	s := &sized{height: height, width: width}
	var err error
	if s.content, err = sl.Preprocess(in.Content, height, width, options.Resize); err != nil {
		return nil, err
	}
	styleHeight := max(1, int(math.Round(float64(height)*options.StyleScale)))
	styleWidth := max(1, int(math.Round(float64(width)*options.StyleScale)))
	for _, picture := range in.Styles {
		if options.Colours == ColoursHistogram {
			if picture, err = MatchColours(picture, in.Content); err != nil {
				return nil, err
			}
		}
		style, err := sl.Preprocess(picture, styleHeight, styleWidth, options.Resize)
		if err != nil {
			return nil, err
		}
		s.styles = append(s.styles, style)
	}
	if in.ContentMask != nil {
		s.contentMasks, s.styleMasks, err = masks(in.ContentMask, in.StyleMasks, [2]int{height, width}, [2]int{styleHeight, styleWidth})
	}
	return s, err
}

// initial returns what the first, coarsest training starts from.
func (in Inputs) initial(s *sized, options Options) (*tensors.Tensor, error) {
	switch options.Init {
	case InitStyle:
		return sl.Preprocess(in.Styles[0], s.height, s.width, options.Resize)
	case InitFile:
		return sl.Preprocess(in.Init, s.height, s.width, options.Resize)
	case InitNoise:
		return noise(options.Seed, s.height, s.width), nil
	}
	return s.content, nil
}

// noise is normally distributed, with mean 0 and variance 1.
func noise(seed int64, height, width int) *tensors.Tensor {
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
	oldWidth := s.Dim(2)
	at := func(i, j, c int) float64 { return float64(from[(i*oldWidth+j)*3+c]) }
	to := make([]float32, 0, height*width*3)
	for i := range height {
		top, bottom, v := between(i, s.Dim(1), height)
		for j := range width {
			left, right, u := between(j, oldWidth, width)
			for c := range 3 {
				above := float64((1-u)*at(top, left, c)) + float64(u*at(top, right, c))
				below := float64((1-u)*at(bottom, left, c)) + float64(u*at(bottom, right, c))
				to = append(to, float32(float64((1-v)*above)+float64(v*below)))
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(to, 1, height, width, 3), nil
}

// between returns the two neighbours of new pixel i among old ones, and the share of the second.
func between(i, oldSize, newSize int) (low, high int, t float64) {
	place := max((float64(i)+0.5)*float64(oldSize)/float64(newSize)-0.5, 0)
	low = min(int(place), oldSize-1)
	return low, min(low+1, oldSize-1), place - float64(low)
}
