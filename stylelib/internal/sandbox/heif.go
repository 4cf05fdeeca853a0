package sandbox

import (
	_ "embed"
	"errors"
	"image"
)

//go:embed heif.wasm.gz
var heifCode []byte

var libheif = newProgram(heifCode)

// HEIF is the main picture of a HEIC or AVIF, as it is to be seen: turned, mirrored and cropped as the file says.
type HEIF struct {
	Picture       image.Image  // *image.YCbCr, *image.Gray, or *image.NRGBA64 of more than 8 bits
	Alpha         *image.Alpha // nil where there is none, and beside NRGBA64
	Premultiplied bool
	Matrix        byte   // of luma and chroma, by ITU-T H.273; 2 where nothing is said
	Limited       bool   // luma goes from 16 to 235
	ICC           []byte // its profile of colours
	Codes         *Codes // what it says of its colours otherwise
}

// Codes say colours by numbers of ITU-T H.273.
type Codes struct{ Primaries, Transfer byte }

// heifInfo are the words that the program tells; see scripts/author/sandbox/heif.c.
type heifInfo struct {
	width, height, kind, bits, sampling, coded, primaries, transfer, matrix, fullRange int
	planes, strides                                                                    [4]uint32
	icc, iccSize                                                                       uint32
	premultiplied                                                                      bool
}

// Kinds of pixels.
const heifPlanes, heifGray, heifDeep = 0, 1, 2

// heif calls a function that tells.
func (i *instance) heif(function string, file []byte, address uint32) (h heifInfo) {
	at := i.call(function, uint64(address), uint64(len(file)))
	if i.err != nil {
		return h
	}
	if at == 0 {
		i.err = errors.New(i.message())
		return h
	}
	w := i.words(at, 21)
	for k, v := range []*int{&h.width, &h.height, &h.kind, &h.bits, &h.sampling, &h.coded, &h.primaries, &h.transfer, &h.matrix, &h.fullRange} {
		*v = int(w[k])
	}
	h.planes, h.strides = [4]uint32(w[10:]), [4]uint32(w[14:])
	h.icc, h.iccSize, h.premultiplied = w[18], w[19], w[20] != 0
	return h
}

// look reads what the header of a HEIC or AVIF says.
func look(file []byte) (heifInfo, error) {
	l := limitsFor(file, 0, 0, 0)
	l.memory -= freeMemory * 3 / 4 // pixels take the most
	i, address, err := libheif.start(file, l)
	if err != nil {
		return heifInfo{}, err
	}
	defer i.close()
	return i.heif("size", file, address), i.err
}

// SizeHEIF returns the size of the main picture of a HEIC or AVIF.
func SizeHEIF(file []byte) (height, width int, err error) {
	told, err := look(file)
	return told.height, told.width, err
}

// HEIFBytes is how many bytes a pixel takes at most while it is decoded: measured, 10 of 8 bits, 40 of more, and as much again for
// turning and grids.
func HEIFBytes(file []byte) int {
	if told, err := look(file); err == nil && told.bits > 8 {
		return 64
	}
	return 24
}

// DecodeHEIF decodes the main picture, of so many pixels, by libheif with libde265 (HEIC) or dav1d (AVIF).
func DecodeHEIF(file []byte, pixels int) (HEIF, error) {
	i, address, err := libheif.start(file, limitsFor(file, pixels, HEIFBytes(file), 80))
	if err != nil {
		return HEIF{}, err
	}
	defer i.close()
	told := i.heif("decode", file, address)
	if i.err == nil && uint64(told.width)*uint64(told.height) > uint64(pixels) {
		i.err = ErrBounds
	}
	if i.err != nil {
		return HEIF{}, i.err
	}
	h := HEIF{Picture: i.heifPicture(told), Premultiplied: told.premultiplied, Matrix: byte(told.matrix), Limited: told.fullRange == 0}
	if told.planes[3] != 0 {
		h.Alpha = &image.Alpha{Pix: i.plane(told, 3, told.height, told.width), Stride: int(told.strides[3]), Rect: h.Picture.Bounds()}
	}
	if told.icc != 0 {
		h.ICC = i.bytes(told.icc, int(told.iccSize))
	}
	if told.coded != 0 {
		h.Codes = &Codes{byte(told.primaries), byte(told.transfer)}
	}
	if i.err != nil {
		return HEIF{}, i.err
	}
	return h, nil
}

// plane returns the rows of a plane, each of at least so many bytes.
func (i *instance) plane(told heifInfo, k, height, row int) []uint8 {
	if int(told.strides[k]) < row && i.err == nil {
		i.err = ErrDecode
	}
	return i.bytes(told.planes[k], height*int(told.strides[k]))
}

func (i *instance) heifPicture(told heifInfo) image.Image {
	rect, stride := image.Rect(0, 0, told.width, told.height), int(told.strides[0])
	switch told.kind {
	case heifGray:
		return &image.Gray{Pix: i.plane(told, 0, told.height, told.width), Stride: stride, Rect: rect}
	case heifDeep:
		pix := i.plane(told, 0, told.height, 8*told.width)
		deepen(pix, told.bits)
		return &image.NRGBA64{Pix: pix, Stride: stride, Rect: rect}
	}
	ratio := map[int]image.YCbCrSubsampleRatio{1: image.YCbCrSubsampleRatio420, 2: image.YCbCrSubsampleRatio422, 3: image.YCbCrSubsampleRatio444}[told.sampling]
	height, width := told.height, told.width
	if ratio == image.YCbCrSubsampleRatio420 {
		height = (height + 1) / 2
	}
	if ratio != image.YCbCrSubsampleRatio444 {
		width = (width + 1) / 2
	}
	if told.strides[1] != told.strides[2] {
		i.err = ErrDecode
	}
	return &image.YCbCr{Y: i.plane(told, 0, told.height, told.width), Cb: i.plane(told, 1, height, width), Cr: i.plane(told, 2, height, width),
		YStride: stride, CStride: int(told.strides[1]), SubsampleRatio: ratio, Rect: rect}
}

// deepen makes values of so many bits ones of 16, the high byte first.
func deepen(pix []uint8, bits int) {
	most := uint32(1)<<bits - 1
	for k := 0; k+1 < len(pix); k += 2 {
		v := uint32(pix[k]) | uint32(pix[k+1])<<8
		v = (min(v, most)*0xffff + most/2) / most
		pix[k], pix[k+1] = uint8(v>>8), uint8(v)
	}
}
