package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"

	"stylebook/stylelib/internal/sandbox"
)

// decodeJPEG decodes a JPEG to the pixels that libjpeg-turbo, and so Pillow and OpenCV, would give.
//
//	4:2:2, 4:2:0, 4:4:0   missing chroma samples lie between their neighbours: 3/4 the nearer, 1/4 the farther, in each
//	                      direction that was halved
//	4:1:1, 4:1:0          chroma samples are repeated
//	R = Y + 1.402·(Cr-128), G = Y - 0.34414·(Cb-128) - 0.71414·(Cr-128), B = Y + 1.772·(Cb-128)
//
// Go's own conversion repeats chroma always, which moves pixels along edges by dozens of levels, and the losses with
// them. What remains is rounding in the inverse cosine transform, 1 level of Y, Cb or Cr.
//
// Facts taken from libjpeg-turbo's jdsample.c and jdcolor.c. What Go's decoder refuses is tried by libjpeg-turbo itself, in the
// sandbox: inks with halved chroma, rare samplings, missing tables, and what is left of a file that is cut off, if that is enough.
func decodeJPEG(data []byte, pixels int) (decoded, error) {
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		if rest, second := decodeRest(data, pixels); second == nil {
			return rest, nil
		}
		return decoded{}, err
	}
	if img, ok := img.(*image.YCbCr); ok {
		return decoded{img: ycbcrToRGBA(img)}, nil
	}
	return decoded{img: img}, nil
}

func decodeRest(data []byte, pixels int) (decoded, error) {
	j, err := sandbox.DecodeJPEG(data, pixels, 1)
	if err != nil {
		return decoded{}, err
	}
	height := j.Picture.Bounds().Dy()
	switch {
	case !enough(int64(j.Rows), int64(height)):
		return decoded{}, errors.New("most of its rows are missing")
	case j.Rows < height:
		return decoded{img: j.Picture, note: missingRows(height-j.Rows, height)}, nil
	case j.Coarse:
		return decoded{img: j.Picture, note: "it is cut off: its finest details are missing"}, nil
	case j.Damaged:
		return decoded{img: j.Picture, note: "it is damaged: parts of it may look wrong"}, nil
	}
	return decoded{img: j.Picture}, nil
}

// decodeShrunk decodes a JPEG whose sides are divided meanwhile.
func decodeShrunk(data []byte, pixels, shrink int) (decoded, error) {
	j, err := sandbox.DecodeJPEG(data, pixels, shrink)
	if err != nil {
		return decoded{}, err
	}
	of := j.Picture.Bounds()
	return decoded{img: j.Picture, note: fmt.Sprintf("memory is short: it is read at 1/%d of its height and width, %d × %d", shrink, of.Dy(), of.Dx())}, nil
}

// jpegSize finds the start of frame of whatever kind; Go's decoder refuses some.
func jpegSize(data []byte) (height, width int, err error) {
	const first, last, tables, extension, arithmetic = 0xc0, 0xcf, 0xc4, 0xc8, 0xcc
	for marker, segment := range jpegSegments(data) {
		if first <= marker && marker <= last && marker != tables && marker != extension && marker != arithmetic && len(segment) >= 5 {
			return int(binary.BigEndian.Uint16(segment[1:])), int(binary.BigEndian.Uint16(segment[3:])), nil
		}
	}
	return sizeBy(jpeg.DecodeConfig)(data)
}

// chromaPlane holds the samples of Cb or Cr without the padding to whole blocks.
type chromaPlane struct {
	pix                   []uint8
	stride, height, width int
}

func chromaPlanes(img *image.YCbCr) (cb, cr chromaPlane) {
	dx, dy := chromaSteps(img.SubsampleRatio)
	height, width := (img.Rect.Dy()+dy-1)/dy, (img.Rect.Dx()+dx-1)/dx
	return chromaPlane{img.Cb, img.CStride, height, width}, chromaPlane{img.Cr, img.CStride, height, width}
}

// chromaSteps returns how many pixels share one chroma sample in x and in y.
func chromaSteps(ratio image.YCbCrSubsampleRatio) (dx, dy int) {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}

func (p chromaPlane) row(y int) []uint8 { return p.pix[y*p.stride:][:p.width] }

// rowsAround returns the chroma rows nearer and farther to row y of a picture with half as many chroma rows; beyond
// the border the last row is repeated.
func (p chromaPlane) rowsAround(y int) (near, far []uint8) {
	other := y/2 - 1
	if y%2 == 1 {
		other = y/2 + 1
	}
	return p.row(y / 2), p.row(min(max(other, 0), p.height-1))
}

// upsampler fills dst with the chroma of row y at full width. dst has room for whole groups of chromaSteps.
type upsampler func(dst []uint8, p chromaPlane, y int)

// chromaUpsampler chooses as libjpeg does, which repeats samples where a row has no more than two of them.
func chromaUpsampler(ratio image.YCbCrSubsampleRatio, chromaWidth int) upsampler {
	switch {
	case ratio == image.YCbCrSubsampleRatio444:
		return func(dst []uint8, p chromaPlane, y int) { copy(dst, p.row(y)) }
	case ratio == image.YCbCrSubsampleRatio440:
		return upsampleRows
	case ratio == image.YCbCrSubsampleRatio422 && chromaWidth > 2:
		return upsampleColumns
	case ratio == image.YCbCrSubsampleRatio420 && chromaWidth > 2:
		return upsampleBoth
	}
	return repeatChroma(chromaSteps(ratio))
}

func repeatChroma(dx, dy int) upsampler {
	return func(dst []uint8, p chromaPlane, y int) {
		for i, v := range p.row(y / dy) {
			for k := range dx {
				dst[i*dx+k] = v
			}
		}
	}
}

// upsampleRows is for chroma halved in y. Rounding down and up in turn keeps the mean.
func upsampleRows(dst []uint8, p chromaPlane, y int) {
	near, far := p.rowsAround(y)
	bias := 1 + y&1
	for i, v := range near {
		dst[i] = uint8((3*int(v) + int(far[i]) + bias) >> 2)
	}
}

// upsampleColumns is for chroma halved in x.
func upsampleColumns(dst []uint8, p chromaPlane, y int) {
	row := p.row(y)
	last := int(row[0])
	for i := range row {
		this := int(row[i])
		next := int(row[min(i+1, len(row)-1)])
		dst[2*i] = uint8((3*this + last + 1) >> 2)
		dst[2*i+1] = uint8((3*this + next + 2) >> 2)
		last = this
	}
}

// upsampleBoth is for chroma halved in x and y, rounded once.
func upsampleBoth(dst []uint8, p chromaPlane, y int) {
	near, far := p.rowsAround(y)
	far = far[:len(near)]
	this := 3*int(near[0]) + int(far[0])
	last := this
	for i := range near {
		k := min(i+1, len(near)-1)
		next := 3*int(near[k]) + int(far[k])
		dst[2*i] = uint8((3*this + last + 8) >> 4)
		dst[2*i+1] = uint8((3*this + next + 7) >> 4)
		last, this = this, next
	}
}

func ycbcrToRGBA(img *image.YCbCr) *image.RGBA {
	cb, _ := chromaPlanes(img)
	return convertRows(img, chromaUpsampler(img.SubsampleRatio, cb.width), jfifRow)
}

// convertRows upsamples the chroma of each row and converts the row to R, G, B, A.
func convertRows(img *image.YCbCr, upsample upsampler, convert func(dst, luma, cb, cr []uint8)) *image.RGBA {
	height, width := img.Rect.Dy(), img.Rect.Dx()
	dst := image.NewRGBA(image.Rect(0, 0, width, height))
	cb, cr := chromaPlanes(img)
	cbRow, crRow := make([]uint8, width+4), make([]uint8, width+4)
	for y := range height {
		upsample(cbRow, cb, y)
		upsample(crRow, cr, y)
		convert(dst.Pix[y*dst.Stride:][:4*width], img.Y[y*img.YStride:][:width], cbRow, crRow)
	}
	return dst
}

// jfifRow converts with libjpeg's coefficients, times 2¹⁶, and rounding.
func jfifRow(dst, luma, cb, cr []uint8) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	for x, v := range luma {
		y, b, r := int32(v), int32(cb[x])-128, int32(cr[x])-128
		d := dst[4*x : 4*x+4 : 4*x+4]
		d[0] = clampByte(y + (91881*r+1<<15)>>16)
		d[1] = clampByte(y + (-22554*b-46802*r+1<<15)>>16)
		d[2] = clampByte(y + (116130*b+1<<15)>>16)
		d[3] = 255
	}
}

func clampByte(v int32) uint8 {
	if uint32(v) <= 255 {
		return uint8(v)
	}
	return uint8(^v >> 31) // 0 below, 255 above
}

// vp8ToRGBA converts a lossy WebP as libwebp does: Y from 16 to 235, and chroma 9/16, 3/16, 3/16 and 1/16 of the four
// samples around a pixel. Go would take it for a JPEG's YCbCr, which makes it pale.
func vp8ToRGBA(img *image.YCbCr) *image.RGBA { return convertRows(img, upsampleVP8, vp8Row) }

// upsampleVP8 rounds twice, as libwebp does.
func upsampleVP8(dst []uint8, p chromaPlane, y int) {
	near, far := p.rowsAround(y)
	for x := range 2 * len(near) {
		i := x / 2
		k := i - 1
		if x%2 == 1 {
			k = i + 1
		}
		k = min(max(k, 0), len(near)-1)
		corner, side, above, across := int(near[i]), int(near[k]), int(far[i]), int(far[k])
		dst[x] = uint8(((corner+3*side+3*above+across+8)>>3 + corner) >> 1)
	}
}

func vp8Row(dst, luma, cb, cr []uint8) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	for x, v := range luma {
		y, b, r := int32(v)*19077>>8, int32(cb[x]), int32(cr[x])
		d := dst[4*x : 4*x+4 : 4*x+4]
		d[0] = clampByte((y + r*26149>>8 - 14234) >> 6)
		d[1] = clampByte((y - b*6419>>8 - r*13320>>8 + 8708) >> 6)
		d[2] = clampByte((y + b*33050>>8 - 17685) >> 6)
		d[3] = 255
	}
}
