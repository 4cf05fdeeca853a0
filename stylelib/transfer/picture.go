package transfer

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
)

// Picture turns the result of the training, x, into a picture of 8 or 16 bits for each channel, with the colours that the
// options ask for.
//
// 8 bits with the colours as they come are [sl.Postprocess]'s; values are rounded, those of 16 bits from float32.
func (t *Transfer) Picture(x *tensors.Tensor, bits int) (image.Image, error) {
	if bits != 8 && bits != 16 || bits == 16 && t.Options.Colours == ColoursMatched {
		return nil, &sl.OptionError{Option: "bits", Reason: fmt.Sprintf("%d: choose 8 or 16, and 8 for matched colours", bits)}
	}
	narrow, err := sl.Postprocess(x)
	if err == nil && t.Options.Colours == ColoursMatched {
		return MatchColours(narrow, t.Pictures.Styles[0])
	}
	if err != nil || (bits == 8 && t.Options.Colours != ColoursLuminance) {
		return narrow, err
	}
	deep := postprocess16(x)
	if t.Options.Colours == ColoursLuminance {
		if err := t.keepChroma(deep); err != nil {
			return nil, err
		}
	}
	if bits == 16 {
		return deep, nil
	}
	narrowed(narrow, deep)
	return narrow, nil
}

// narrowed rounds a picture of 16 bits for each channel to one of 8, opaque and of the same size.
func narrowed(to *image.RGBA, deep *image.NRGBA64) {
	for at := 0; at < len(to.Pix); at += 4 {
		p := deep.NRGBA64At(at/4%to.Rect.Dx(), at/4/to.Rect.Dx())
		to.Pix[at], to.Pix[at+1], to.Pix[at+2], to.Pix[at+3] = to8(p.R), to8(p.G), to8(p.B), 255
	}
}

// keepChroma is [keepChroma] where the mask, if there is one, says so:
//
//	p = m·kept + (1-m)·painted,  m = Y(mask)/255
func (t *Transfer) keepChroma(picture *image.NRGBA64) error {
	if t.Pictures.ColoursMask == nil {
		return keepChroma(picture, t.Pictures.Content, t.Options.Resize)
	}
	painted := slices.Clone(picture.Pix)
	if err := keepChroma(picture, t.Pictures.Content, t.Options.Resize); err != nil {
		return err
	}
	mask, err := sl.Resize(t.Pictures.ColoursMask, picture.Rect.Dy(), picture.Rect.Dx(), t.Options.Resize)
	if err != nil {
		return err
	}
	for at := 0; at < len(picture.Pix); at += 2 {
		share, p := 0.0, mask.Pix[at/8*4:]
		for c, weight := range luminance {
			share += weight * float64(p[c]) / 255
		}
		mixed := share*float64(binary.BigEndian.Uint16(picture.Pix[at:])) + (1-share)*float64(binary.BigEndian.Uint16(painted[at:]))
		binary.BigEndian.PutUint16(picture.Pix[at:], uint16(math.Round(mixed)))
	}
	return nil
}

func to8(v uint16) uint8 { return uint8((uint32(v) + 128) / 257) }

// postprocess16 is [sl.Postprocess] with 16 bits; x has passed that.
func postprocess16(x *tensors.Tensor) *image.NRGBA64 {
	values := tensors.MustCopyFlatData[float32](x)
	height, width := x.Shape().Dim(1), x.Shape().Dim(2)
	picture := image.NewNRGBA64(image.Rect(0, 0, width, height))
	for i := range height * width {
		value := func(c int) uint16 {
			v := float64(values[3*i+c]*sl.RGBStd[c] + sl.RGBMean[c])
			return uint16(math.Round(65535 * min(max(v, 0), 1)))
		}
		picture.SetNRGBA64(i%width, i/width, color.NRGBA64{R: value(0), G: value(1), B: value(2), A: 65535})
	}
	return picture
}
