package sandbox

import (
	"bytes"
	_ "embed"
	"errors"
	"image"
)

//go:embed jpeg.wasm.gz
var jpegCode []byte

var libjpeg = newProgram(jpegCode)

// JPEG is what there is of a JPEG.
type JPEG struct {
	Picture image.Image // *image.Gray, opaque *image.RGBA, or *image.CMYK of inks
	Rows    int         // so many rows are there, the others are gray
	Coarse  bool        // the finest details are cut off
	Damaged bool        // what is there may be wrong
}

// JPEGMemory is how much memory DecodeJPEG takes at most: libjpeg-turbo keeps the coefficients of what is not in one scan.
func JPEGMemory(file []byte, pixels, shrink int) int64 {
	coefficients := 8
	if bytes.Contains(file, []byte("\xff\xc0")) && bytes.Count(file, []byte("\xff\xda")) == 1 {
		coefficients = 0
	}
	return limitsFor(file, pixels, coefficients, 0).memory + 6*int64(pixels/(shrink*shrink))
}

// DecodeJPEG decodes a JPEG of so many pixels, each of its sides divided by shrink (1, 2, 4 or 8), by libjpeg-turbo, which takes all
// kinds of sampling and what is left of damaged files. Inks are taken as Adobe's programs write them: 255 for none.
func DecodeJPEG(file []byte, pixels, shrink int) (JPEG, error) {
	l := limitsFor(file, pixels, 0, 40)
	l.memory = min(JPEGMemory(file, pixels, shrink), mostMemory)
	i, address, err := libjpeg.start(file, l)
	if err != nil {
		return JPEG{}, err
	}
	defer i.close()
	const infoWords = 6
	info := i.alloc(4 * infoWords)
	decode := func(out uint32) {
		i.call("decode", uint64(address), uint64(len(file)), uint64(shrink), uint64(info), uint64(out))
	}
	decode(0)
	told := i.words(info, infoWords)
	width, height, channels := int(told[0]), int(told[1]), int(told[2])
	each := map[int]int{1: 1, 3: 4, 4: 4}[channels]
	if i.err == nil && width*height > pixels {
		i.err = ErrBounds
	}
	if i.err != nil {
		return JPEG{}, i.jpegError()
	}
	out := i.alloc(width * height * each)
	decode(out)
	pix := i.bytes(out, width*height*each)
	if i.err != nil {
		return JPEG{}, i.jpegError()
	}
	told = i.words(info, infoWords)
	j := JPEG{Rows: int(told[3]), Coarse: told[4] != 0, Damaged: told[5] != 0}
	rect := image.Rect(0, 0, width, height)
	switch channels {
	case 1:
		j.Picture = &image.Gray{Pix: pix, Stride: width, Rect: rect}
	case 4:
		for k := range pix {
			pix[k] = 255 - pix[k]
		}
		j.Picture = &image.CMYK{Pix: pix, Stride: 4 * width, Rect: rect}
	default:
		j.Picture = &image.RGBA{Pix: pix, Stride: 4 * width, Rect: rect}
	}
	return j, nil
}

func (i *instance) jpegError() error {
	if errors.Is(i.err, ErrDecode) {
		return errors.New(i.message())
	}
	return i.err
}
