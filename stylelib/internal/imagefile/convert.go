package imagefile

import (
	"errors"
	"image"
	"math"
)

// toSRGB makes the opaque picture, in sRGB, of what a file holds. The note says why colours could not be converted; the
// picture then has them as if they were sRGB's.
func toSRGB(img image.Image, source colourSource, sourceErr error) (picture *image.RGBA, note error) {
	c, err := source.conversion(img)
	if sourceErr != nil {
		err = sourceErr
	}
	if err == nil && c != nil {
		if picture, err = c.convert(img); err == nil {
			return picture, nil
		}
	}
	if rgba, ok := img.(*image.RGBA); ok && rgba.Rect.Min == (image.Point{}) && rgba.Opaque() {
		return rgba, err
	}
	return Flatten(img), err
}

// conversion is nil where there is nothing to convert.
func (s colourSource) conversion(img image.Image) (c *conversion, err error) {
	colours := s.gamma
	if s.codes != nil && s.icc == nil {
		if colours, err = coded(*s.codes); err != nil {
			return nil, err
		}
	}
	switch {
	case colours != nil:
		return colours.conversion()
	case s.icc == nil:
		return nil, nil
	}
	if c, err = readProfile(s.icc); err != nil || c == nil {
		return nil, err
	}
	gray, inks := s.gray, false
	switch img.(type) {
	case *image.Gray, *image.Gray16:
		gray = true
	case *image.CMYK:
		inks = true
	}
	if (c.channels == 4) != inks || c.channels == 1 && !gray {
		return nil, errors.New("it is for another kind of picture")
	}
	return c, nil
}

// convert converts each pixel.
func (c *conversion) convert(img image.Image) (picture *image.RGBA, err error) {
	defer func() {
		if recover() != nil { // it is so damaged that the library fails
			picture, err = nil, errors.New("it is damaged")
		}
	}()
	bits := 8
	switch img.(type) {
	case *image.Gray16, *image.NRGBA64, *image.RGBA64:
		bits = 16
	}
	if b := img.Bounds(); b.Dx()*b.Dy() > 3<<bits { // more pixels than its tables have entries
		if quick := c.sums(bits); quick != nil {
			return paint(img, func() converter { return quick.convert }), nil
		}
	}
	return paint(img, c.cached), nil
}

// slowly converts one colour.
func (c *conversion) slowly(d device) [3]uint16 {
	var v [4]float64
	for i := range d {
		v[i] = float64(d[i]) / math.MaxUint16
	}
	c.apply(&v)
	return [3]uint16{round16(v[0]), round16(v[1]), round16(v[2])}
}

// round16 takes what is no number for 0.
func round16(v float64) uint16 {
	if !(v > 0) {
		return 0
	}
	return uint16(min(v, 1)*math.MaxUint16 + 0.5)
}

// cached remembers colours: neighbours are alike, and a conversion takes longer than a look.
func (c *conversion) cached() converter {
	const most = 1 << 16
	known := map[device][3]uint16{}
	return func(d device) [3]uint16 {
		rgb, found := known[d]
		if !found {
			if len(known) == most {
				clear(known)
			}
			rgb = c.slowly(d)
			known[d] = rgb
		}
		return rgb
	}
}
