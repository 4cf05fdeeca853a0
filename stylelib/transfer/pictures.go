package transfer

import (
	"fmt"
	"image"
	"slices"

	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
)

// Pictures are what a training is made from, at any size.
type Pictures struct {
	Content image.Image
	Styles  []image.Image // at least one

	// ContentMask and StyleMasks, one for each style image, are painted in a few flat colours: the style of the parts of
	// the style images in one colour goes to the part of the result in that colour. Both nil: there is one region.
	ContentMask image.Image
	StyleMasks  []image.Image

	// ColoursMask says where [ColoursLuminance] holds: white keeps the content image's colours, black does not, gray mixes. nil: everywhere.
	ColoursMask image.Image

	Init image.Image // for [InitFile]
}

// bytes is the memory that the pictures take.
func (p Pictures) bytes() (total int64) {
	for _, picture := range slices.Concat([]image.Image{p.Content, p.ContentMask, p.ColoursMask, p.Init}, p.Styles, p.StyleMasks) {
		if picture != nil {
			total += 4 * int64(picture.Bounds().Dx()*picture.Bounds().Dy())
		}
	}
	return total
}

// Check reports what is missing or does not fit together.
func (p Pictures) Check(options Options) error {
	switch {
	case p.Content == nil:
		return fmt.Errorf("the content image is missing")
	case len(p.Styles) == 0 || slices.Contains(p.Styles, nil):
		return fmt.Errorf("a style image is missing")
	case options.Init == InitFile && p.Init == nil:
		return fmt.Errorf("init: the picture to start from is missing")
	case p.ColoursMask != nil && options.Colours != ColoursLuminance:
		return &sl.OptionError{Option: "colours mask", Reason: fmt.Sprintf("says where the luminance alone is painted: it goes with %q", ColoursLuminance)}
	case p.ContentMask == nil && len(p.StyleMasks) > 0:
		return &MaskError{"the style images have them, the content image has none"}
	case p.ContentMask != nil && len(p.StyleMasks) != len(p.Styles):
		return &MaskError{fmt.Sprintf("%d for %d style images", len(p.StyleMasks), len(p.Styles))}
	}
	if err := options.Validate(len(p.Styles)); err != nil || p.ContentMask == nil {
		return err
	}
	for _, term := range options.terms() {
		if term.Of&StyleImages != 0 && term.Statistic == nil && term.bind == nil {
			return &MaskError{fmt.Sprintf("%s is no sum over positions, so it has no regions: leave the masks or the term out", term.Name)}
		}
	}
	any := size{sl.ChapterHeight, sl.ChapterWidth} // will do to see whether the colours fit
	_, _, err := masks(p.ContentMask, p.StyleMasks, any, func(int) size { return any })
	return err
}

// sized are pictures brought to one size.
type sized struct {
	size
	content      *tensors.Tensor
	styles       []*tensors.Tensor
	contentMasks []mask   // one for each region; nil without masks
	styleMasks   [][]mask // [style image][region]
}

// styleMask returns the regions of a style image, nil without masks.
func (s *sized) styleMask(i int) []mask {
	if s.styleMasks == nil {
		return nil
	}
	return s.styleMasks[i]
}

// resized brings the pictures to a size: the content image to of, the style images to that times their scale.
func (p Pictures) resized(of size, options Options) (*sized, error) {
	s := &sized{size: of}
	var err error
	if s.content, err = sl.Preprocess(p.Content, of.height, of.width, options.Resize); err != nil {
		return nil, err
	}
	for i, picture := range p.Styles {
		if options.Colours == ColoursMeanCovariance {
			if picture, err = MatchColours(picture, p.Content); err != nil {
				return nil, err
			}
		}
		ofStyle := options.styleSize(of, i)
		style, err := sl.Preprocess(picture, ofStyle.height, ofStyle.width, options.Resize)
		if err != nil {
			return nil, err
		}
		s.styles = append(s.styles, style)
	}
	if p.ContentMask != nil {
		s.contentMasks, s.styleMasks, err = masks(p.ContentMask, p.StyleMasks, of, func(i int) size { return options.styleSize(of, i) })
	}
	return s, err
}
