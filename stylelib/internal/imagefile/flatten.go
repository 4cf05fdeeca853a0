package imagefile

import (
	"image"
	"image/color"
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
	b := img.Bounds()
	dst := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	convert := rowConverter(img)
	for y := range b.Dy() {
		convert(dst.Pix[y*dst.Stride:][:4*b.Dx()], b.Min.Y+y)
	}
	return dst
}

// rowConverter returns a function that fills dst with the opaque R, G, B, A values of row y of img.
func rowConverter(img image.Image) func(dst []uint8, y int) {
	minX := img.Bounds().Min.X
	switch img := img.(type) {
	case *image.RGBA:
		return func(dst []uint8, y int) { rgbaRow(dst, img.Pix[img.PixOffset(minX, y):]) }
	case *image.NRGBA:
		return func(dst []uint8, y int) { nrgbaRow(dst, img.Pix[img.PixOffset(minX, y):]) }
	case *image.Gray:
		return func(dst []uint8, y int) {
			for x, v := range img.Pix[img.PixOffset(minX, y):][:len(dst)/4] {
				setRGB(dst[4*x:], v, v, v)
			}
		}
	case *image.Gray16:
		return func(dst []uint8, y int) {
			src := img.Pix[img.PixOffset(minX, y):]
			for x := range len(dst) / 4 {
				v := overWhite16(uint16(src[2*x])<<8|uint16(src[2*x+1]), 65535)
				setRGB(dst[4*x:], v, v, v)
			}
		}
	case *image.Paletted:
		table := paletteTable(img.Palette)
		return func(dst []uint8, y int) {
			for x, v := range img.Pix[img.PixOffset(minX, y):][:len(dst)/4] {
				copy(dst[4*x:4*x+4], table[v][:])
			}
		}
	case *image.CMYK:
		return func(dst []uint8, y int) { cmykRow(dst, img.Pix[img.PixOffset(minX, y):]) }
	}
	return func(dst []uint8, y int) {
		for x := range len(dst) / 4 {
			r, g, b := flattenColor(img.At(minX+x, y))
			setRGB(dst[4*x:], r, g, b)
		}
	}
}

func setRGB(dst []uint8, r, g, b uint8) {
	dst[0], dst[1], dst[2], dst[3] = r, g, b, 255
}

// rgbaRow composites premultiplied values over white.
func rgbaRow(dst, src []uint8) {
	for i := 0; i < len(dst); i += 4 {
		rest := 255 - src[i+3]
		setRGB(dst[i:], src[i]+rest, src[i+1]+rest, src[i+2]+rest)
	}
}

func nrgbaRow(dst, src []uint8) {
	for i := 0; i < len(dst); i += 4 {
		a := src[i+3]
		setRGB(dst[i:], overWhite(src[i], a), overWhite(src[i+1], a), overWhite(src[i+2], a))
	}
}

// cmykRow converts as Pillow does: value = (255-k)·(1-ink/255), the product rounded.
func cmykRow(dst, src []uint8) {
	for i := 0; i < len(dst); i += 4 {
		paper := 255 - uint32(src[i+3])
		for c := range 3 {
			dst[i+c] = uint8(paper - (uint32(src[i+c])*paper+127)/255)
		}
		dst[i+3] = 255
	}
}

// paletteTable has an entry for each index, opaque black beyond the palette's end.
func paletteTable(palette color.Palette) (table [256][4]uint8) {
	for i := range table {
		table[i][3] = 255
		if i < len(palette) {
			r, g, b := flattenColor(palette[i])
			table[i] = [4]uint8{r, g, b, 255}
		}
	}
	return table
}

func flattenColor(c color.Color) (r, g, b uint8) {
	if c, ok := c.(color.NRGBA); ok { // its own 8 bits, not 16 premultiplied ones
		return overWhite(c.R, c.A), overWhite(c.G, c.A), overWhite(c.B, c.A)
	}
	n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	return overWhite16(n.R, n.A), overWhite16(n.G, n.A), overWhite16(n.B, n.A)
}
