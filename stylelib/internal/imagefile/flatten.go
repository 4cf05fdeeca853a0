package imagefile

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"runtime"
	"slices"
	"sync"
)

// overWhite composites a value that is not premultiplied over white and rounds to the nearest.
func overWhite(value, alpha uint8) uint8 {
	v, a := uint32(value), uint32(alpha)
	return uint8((v*a + 255*(255-a) + 127) / 255)
}

// overWhite16 is overWhite for 16-bit values, rounded once, to 8 bits.
func overWhite16(value, alpha uint16) uint8 {
	const unit = 65535 * 257
	v, a := uint64(value), uint64(alpha)
	return uint8((v*a + 65535*(65535-a) + unit/2) / unit)
}

// Flatten copies any image into an opaque one with its corner at (0, 0).
func Flatten(img image.Image) *image.RGBA {
	switch img := img.(type) {
	case *image.RGBA:
		return flattenPremultiplied(img)
	case *image.CMYK:
		return paint(img, func() converter { return inksLikePillow })
	}
	return paint(img, func() converter { return func(d device) [3]uint16 { return [3]uint16(d[:3]) } })
}

// device are the values of a pixel as the file means them: grey thrice, red, green, blue, or inks.
type device [4]uint16

// converter gives red, green and blue, in sRGB.
type converter func(device) [3]uint16

// paint converts each pixel with the digits that the file has, and lays it over white then. Each worker has its converter; where
// one panics, paint does.
func paint(img image.Image, newConverter func() converter) *image.RGBA {
	b := img.Bounds()
	picture := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	at, reasons := deviceAt(img), make([]any, min(runtime.GOMAXPROCS(0), b.Dy()))
	var wait sync.WaitGroup
	for w := range reasons {
		wait.Go(func() {
			defer func() { reasons[w] = recover() }()
			convert := newConverter()
			for y := w; y < b.Dy(); y += len(reasons) {
				row := picture.Pix[y*picture.Stride:]
				for x := range b.Dx() {
					values, alpha := at(b.Min.X+x, b.Min.Y+y)
					rgb := convert(values)
					setRGB(row[4*x:], overWhite16(rgb[0], alpha), overWhite16(rgb[1], alpha), overWhite16(rgb[2], alpha))
				}
			}
		})
	}
	wait.Wait()
	for _, reason := range reasons {
		if reason != nil {
			panic(reason)
		}
	}
	return picture
}

func setRGB(dst []uint8, r, g, b uint8) {
	dst[0], dst[1], dst[2], dst[3] = r, g, b, 255
}

func flattenPremultiplied(img *image.RGBA) *image.RGBA {
	b := img.Bounds()
	dst := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		src, row := img.Pix[y*img.Stride:], dst.Pix[y*dst.Stride:]
		for i := 0; i < 4*b.Dx(); i += 4 {
			rest := 255 - src[i+3]
			setRGB(row[i:], src[i]+rest, src[i+1]+rest, src[i+2]+rest)
		}
	}
	return dst
}

// inksLikePillow is for inks without a profile: value = (255-k)·(1-ink/255), the product rounded.
func inksLikePillow(d device) (rgb [3]uint16) {
	paper := 255 - uint32(d[3]/257)
	for c := range rgb {
		rgb[c] = 257 * uint16(paper-(uint32(d[c]/257)*paper+127)/255)
	}
	return rgb
}

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
	case *image.Paletted:
		palette := slices.Grow(slices.Clone(img.Palette), 256)
		for len(palette) < 256 { // damaged files have indices behind the palette's end
			palette = append(palette, color.Black)
		}
		return func(x, y int) (device, uint16) { return deviceOf(palette[img.ColorIndexAt(x, y)]) }
	}
	if img, ok := img.(opaqueImage); ok && img.Opaque() {
		return func(x, y int) (device, uint16) {
			c := img.RGBA64At(x, y)
			return device{c.R, c.G, c.B}, math.MaxUint16
		}
	}
	return func(x, y int) (device, uint16) { return deviceOf(img.At(x, y)) }
}

// opaqueImage gives its pixels without an allocation for each.
type opaqueImage interface {
	image.RGBA64Image
	Opaque() bool
}

func device8(p []uint8, channels int) (d device) {
	for i, v := range p[:channels] {
		d[i] = 257 * uint16(v)
	}
	return d
}

func deviceOf(c color.Color) (device, uint16) {
	if c, ok := c.(color.NRGBA); ok { // its own 8 bits, not 16 premultiplied ones
		return device8([]uint8{c.R, c.G, c.B}, 3), 257 * uint16(c.A)
	}
	n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	return device{n.R, n.G, n.B}, n.A
}

// onCanvas lays an animation's first frame, placed at a rectangle, over a white canvas.
func onCanvas(height, width int, frame image.Image, at image.Rectangle) *image.RGBA {
	canvas := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(canvas, canvas.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(canvas, at, Flatten(frame), image.Point{}, draw.Src)
	return canvas
}

// withAlpha gives an opaque picture, whose pixels become the result's, alpha that is not multiplied into its colours.
func withAlpha(picture *image.RGBA, alpha []uint8, stride int) *image.NRGBA {
	for y := range picture.Rect.Dy() {
		row := picture.Pix[y*picture.Stride:]
		for x := range picture.Rect.Dx() {
			row[4*x+3] = alpha[y*stride+x]
		}
	}
	return &image.NRGBA{Pix: picture.Pix, Stride: picture.Stride, Rect: picture.Rect}
}
