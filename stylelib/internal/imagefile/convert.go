package imagefile

import (
	"errors"
	"image"
	"image/color"
	"math"
	"runtime"
	"slices"
	"sync"
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
	switch {
	case s.gamma != nil:
		return s.gamma.conversion()
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

// convert converts each pixel with the digits that the file has, and lays it over white then.
func (c *conversion) convert(img image.Image) (picture *image.RGBA, err error) {
	damaged := errors.New("it is damaged") // so much that the library fails
	defer func() {
		if recover() != nil {
			picture, err = nil, damaged
		}
	}()
	bits := 8
	switch img.(type) {
	case *image.Gray16, *image.NRGBA64, *image.RGBA64:
		bits = 16
	}
	b := img.Bounds()
	var quick *lightSums
	if b.Dx()*b.Dy() > 3<<bits { // more pixels than its tables have entries
		quick = c.sums(bits)
	}
	dst := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	workers := min(runtime.GOMAXPROCS(0), b.Dy())
	failed := make([]bool, workers)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			defer func() { failed[w] = recover() != nil }()
			at, convert := deviceAt(img), newColourCache(c).convert
			if quick != nil {
				convert = quick.convert
			}
			for y := w; y < b.Dy(); y += workers {
				row := dst.Pix[y*dst.Stride:]
				for x := range b.Dx() {
					values, alpha := at(b.Min.X+x, b.Min.Y+y)
					rgb := convert(values)
					setRGB(row[4*x:], overWhite16(rgb[0], alpha), overWhite16(rgb[1], alpha), overWhite16(rgb[2], alpha))
				}
			}
		})
	}
	wait.Wait()
	if slices.Contains(failed, true) {
		return nil, damaged
	}
	return dst, nil
}

// device are the values of a pixel as the file means them: grey thrice, red, green, blue, or inks.
type device [4]uint16

// deviceAt returns a function that gives a pixel's values, not premultiplied, and its alpha.
func deviceAt(img image.Image) func(x, y int) (device, uint16) {
	switch img := img.(type) {
	case *image.RGBA: // opaque: decoders give it for nothing else
		return func(x, y int) (device, uint16) { return device8(img.Pix[img.PixOffset(x, y):], 3), math.MaxUint16 }
	case *image.NRGBA:
		return func(x, y int) (device, uint16) {
			p := img.Pix[img.PixOffset(x, y):]
			return device8(p, 3), 257 * uint16(p[3])
		}
	case *image.CMYK:
		return func(x, y int) (device, uint16) { return device8(img.Pix[img.PixOffset(x, y):], 4), math.MaxUint16 }
	}
	return func(x, y int) (device, uint16) {
		n := color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)
		return device{n.R, n.G, n.B}, n.A
	}
}

func device8(p []uint8, channels int) (d device) {
	for i, v := range p[:channels] {
		d[i] = 257 * uint16(v)
	}
	return d
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

// colourCache remembers colours: neighbours are alike, and a conversion takes a hundred times as long as a look.
type colourCache struct {
	c     *conversion
	known []knownColour
}

type knownColour struct {
	from device
	to   [3]uint16
	used bool
}

const cacheBits = 16

func newColourCache(c *conversion) *colourCache {
	return &colourCache{c: c, known: make([]knownColour, 1<<cacheBits)}
}

func (m *colourCache) convert(d device) [3]uint16 {
	mixed := (uint64(d[0])<<48 | uint64(d[1])<<32 | uint64(d[2])<<16 | uint64(d[3])) * 0x9e3779b97f4a7c15 // Fibonacci hashing
	k := &m.known[mixed>>(64-cacheBits)]
	if !k.used || k.from != d {
		*k = knownColour{from: d, to: m.c.slowly(d), used: true}
	}
	return k.to
}
