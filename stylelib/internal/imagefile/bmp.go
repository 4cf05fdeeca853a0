package imagefile

import (
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"math/bits"
)

// bmpFile is what a BMP says of itself: OS/2's short header, or one of those of Windows, which begin alike.
type bmpFile struct {
	height, width, bits, packing int
	topDown                      bool
	masks                        [4]uint32 // of red, green, blue and alpha in a pixel of 16 or 32 bits
	palette                      color.Palette
	pixels                       []byte
}

// How pixels are packed.
const bmpPlain, bmpRLE8, bmpRLE4, bmpFields, bmpAlphaFields = 0, 1, 2, 3, 6

func readBMP(data []byte) (h bmpFile, err error) {
	const file, short, long = 14, 12, 40
	if len(data) < file+short {
		return h, io.ErrUnexpectedEOF
	}
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	size, at := int(u32(data[file:])), int(u32(data[10:]))
	d, entry := data[file:], 4
	if size != short && (size < 16 || size > 124) {
		return h, errors.New("its header is of an unknown kind")
	}
	if len(d) < size || len(data) < at {
		return h, io.ErrUnexpectedEOF
	}
	colours := 0
	if size == short {
		entry, h.width, h.height, h.bits = 3, int(u16(d[4:])), int(u16(d[6:])), int(u16(d[10:]))
	} else {
		h.width, h.height, h.bits = int(int32(u32(d[4:]))), int(int32(u32(d[8:]))), int(u16(d[14:]))
		if size >= long {
			h.packing, colours = int(u32(d[16:])), int(u32(d[32:]))
		}
	}
	if h.height < 0 {
		h.height, h.topDown = -h.height, true
	}
	table := size
	h.masks = map[int][4]uint32{16: {0x7c00, 0x3e0, 0x1f}, 32: {0xff0000, 0xff00, 0xff}}[h.bits]
	if size >= 56 { // headers that have a mask of alpha
		h.masks[3] = u32(d[52:])
	}
	if h.packing == bmpFields || h.packing == bmpAlphaFields {
		count := 3
		if h.packing == bmpAlphaFields || size >= 56 {
			count = 4
		}
		if len(d) < long+4*count {
			return h, io.ErrUnexpectedEOF
		}
		for i := range count {
			h.masks[i] = u32(d[long+4*i:])
		}
		table = max(size, long+4*count)
	}
	if h.bits <= 8 {
		if colours == 0 || colours > 1<<h.bits {
			colours = 1 << h.bits
		}
		colours = min(colours, max(at-file-table, 0)/entry) // where fewer are there
		for i := range colours {
			p := d[table+entry*i:]
			h.palette = append(h.palette, color.NRGBA{p[2], p[1], p[0], 255})
		}
	}
	h.pixels = data[at:]
	return h, h.check()
}

func (h *bmpFile) check() error {
	plain := h.packing == bmpPlain
	switch h.bits {
	case 1, 2:
	case 4:
		plain = plain || h.packing == bmpRLE4
	case 8:
		plain = plain || h.packing == bmpRLE8
	case 24:
	case 16, 32:
		plain = plain || h.packing == bmpFields || h.packing == bmpAlphaFields
	default:
		plain = false
	}
	if !plain || h.width < 0 || h.topDown && (h.packing == bmpRLE4 || h.packing == bmpRLE8) {
		return errors.New("its pixels are packed in an unknown way")
	}
	return nil
}

func bmpSize(data []byte) (height, width int, err error) {
	h, err := readBMP(data)
	return h.height, h.width, err
}

func decodeBMP(data []byte, _ int) (decoded, error) {
	h, err := readBMP(data)
	if err != nil {
		return decoded{}, err
	}
	if h.packing == bmpRLE8 || h.packing == bmpRLE4 {
		return decoded{img: h.unpack()}, nil
	}
	if len(h.pixels) < h.stride()*(h.height-1)+(h.width*h.bits+7)/8 { // the padding of the last row may be missing
		return decoded{}, io.ErrUnexpectedEOF
	}
	rect := image.Rect(0, 0, h.width, h.height)
	if h.bits <= 8 {
		img := image.NewPaletted(rect, h.palette)
		h.rows(func(y int, row []byte) {
			for x := range h.width {
				at := x * h.bits
				img.Pix[y*img.Stride+x] = row[at/8] >> (8 - h.bits - at%8) & (1<<h.bits - 1)
			}
		})
		return decoded{img: img}, nil
	}
	img := image.NewNRGBA(rect)
	pixel := h.pixel()
	h.rows(func(y int, row []byte) {
		for x := range h.width {
			pixel(img.Pix[y*img.Stride+4*x:], row[x*h.bits/8:])
		}
	})
	return decoded{img: img}, nil
}

// stride is how many bytes a row takes.
func (h *bmpFile) stride() int { return (h.width*h.bits + 31) / 32 * 4 }

// rows calls do for each row, from above.
func (h *bmpFile) rows(do func(y int, row []byte)) {
	for y := range h.height {
		from := h.height - 1 - y
		if h.topDown {
			from = y
		}
		do(y, h.pixels[h.stride()*from:])
	}
}

// pixel returns what takes a pixel of 16, 24 or 32 bits apart. Alpha counts only where a mask says so.
func (h *bmpFile) pixel() func(dst, src []byte) {
	if h.bits == 24 {
		return func(dst, src []byte) { setRGB(dst, src[2], src[1], src[0]) }
	}
	return func(dst, src []byte) {
		v := uint32(binary.LittleEndian.Uint16(src))
		if h.bits == 32 {
			v = binary.LittleEndian.Uint32(src)
		}
		dst[3] = 255
		for i, mask := range h.masks {
			if mask != 0 {
				most := uint64(mask >> bits.TrailingZeros32(mask))
				dst[i] = uint8((uint64(v&mask>>bits.TrailingZeros32(mask))*255 + most/2) / most)
			}
		}
	}
}

// unpack unpacks runs of equal pixels; what they leave out has the first colour, and so has what is cut off.
func (h *bmpFile) unpack() image.Image {
	img := image.NewPaletted(image.Rect(0, 0, h.width, h.height), h.palette)
	x, y, src := 0, h.height-1, h.pixels
	put := func(v uint8) {
		if x < h.width && y >= 0 {
			img.Pix[y*img.Stride+x] = v
		}
		x++
	}
	value := func(b []byte, i int) uint8 {
		if h.bits == 8 {
			return b[i]
		}
		return b[i/2] >> (4 - 4*(i%2)) & 15
	}
	for len(src) >= 2 && y >= 0 {
		count, what := int(src[0]), int(src[1])
		src = src[2:]
		switch {
		case count > 0:
			pair := []byte{uint8(what), uint8(what)}
			for i := range count {
				put(value(pair, i%2))
			}
		case what == 0:
			x, y = 0, y-1
		case what == 1:
			return img
		case what == 2:
			if len(src) < 2 {
				return img
			}
			x, y, src = x+int(src[0]), y-int(src[1]), src[2:]
		default:
			size := (what*h.bits + 7) / 8
			if len(src) < size {
				return img
			}
			for i := range what {
				put(value(src, i))
			}
			src = src[min(size+size%2, len(src)):]
		}
	}
	return img
}
