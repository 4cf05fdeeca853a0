package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"io"
	"slices"

	"github.com/kovidgoyal/imaging"
)

// exifOrientation returns the orientation of an EXIF block, 1 to 8, and 1 (upright) where there is none or the block
// is broken: a picture lying on its side is better than none.
//
// EXIF 2.3, section 4.6.4: tag 0x0112 of the first directory.
func exifOrientation(exif []byte) int {
	exif = bytes.TrimPrefix(exif, []byte("Exif\x00\x00"))
	if len(exif) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(exif[:2]) == "MM" {
		order = binary.BigEndian
	}
	start := uint64(order.Uint32(exif[4:]))
	if start+2 > uint64(len(exif)) {
		return 1
	}
	entries := int(order.Uint16(exif[start:]))
	for entry := range slices.Chunk(exif[start+2:], 12) {
		const tagOrientation, typeShort = 0x0112, 3
		if entries--; entries < 0 || len(entry) < 12 {
			break
		}
		value := int(order.Uint16(entry[8:]))
		if order.Uint16(entry) == tagOrientation && order.Uint16(entry[2:]) == typeShort && 1 <= value && value <= 8 {
			return value
		}
	}
	return 1
}

// turns bring a picture of each orientation but 1 upright.
var turns = [...]func(image.Image) image.Image{
	2: imaging.FlipH, 3: imaging.Rotate180, 4: imaging.FlipV, 5: imaging.Transpose, 6: imaging.Rotate270, 7: imaging.Transverse, 8: imaging.Rotate90,
}

// orientImage turns and mirrors an opaque picture upright.
func orientImage(src *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return src
	}
	turned := turns[orientation](src).(*image.NRGBA)
	return (*image.RGBA)(turned)
}

// jpegEXIF returns the first EXIF segment (APP1) before the picture data.
func jpegEXIF(data []byte) []byte {
	const app1 = 0xe1
	for marker, segment := range jpegSegments(data) {
		if marker == app1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")) {
			return segment
		}
	}
	return nil
}

// pngEXIF returns the eXIf chunk, which may stand before or after the picture data.
func pngEXIF(data []byte) []byte {
	for name, chunk := range pngChunks(data) {
		if name == "eXIf" {
			return chunk
		}
	}
	return nil
}

// pngSize reads the size itself: png.DecodeConfig names no size for the very largest.
func pngSize(data []byte) (height, width int, err error) {
	if len(data) < 24 {
		return 0, 0, io.ErrUnexpectedEOF
	}
	width, height = int(binary.BigEndian.Uint32(data[16:])), int(binary.BigEndian.Uint32(data[20:]))
	if string(data[12:16]) == "IHDR" && TooManyPixels(height, width) {
		return height, width, nil
	}
	return sizeBy(png.DecodeConfig)(data)
}

func isWebP(data []byte) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// webpChunk returns the first chunk of one of the names and its name.
func webpChunk(data []byte, names ...string) (name string, chunk []byte) {
	for i := 12; i+8 <= len(data); {
		size := uint64(binary.LittleEndian.Uint32(data[i+4:]))
		end := min(uint64(i)+8+size, uint64(len(data)))
		for _, name := range names {
			if string(data[i:i+4]) == name {
				return name, data[i+8 : end]
			}
		}
		i = int(end + size&1)
	}
	return "", nil
}

func webpEXIF(data []byte) []byte {
	_, chunk := webpChunk(data, "EXIF")
	return chunk
}

// webpSize reads the size of the picture itself. That of the canvas around it must agree: webp.Decode allocates by
// either.
func webpSize(data []byte) (height, width int, err error) {
	name, chunk := webpChunk(data, "VP8 ", "VP8L", "ANMF")
	switch {
	case name == "ANMF":
		return 0, 0, errors.New("it is animated: save one frame of it as PNG")
	case name == "VP8 " && len(chunk) >= 10:
		width = int(binary.LittleEndian.Uint16(chunk[6:]) & 0x3fff)
		height = int(binary.LittleEndian.Uint16(chunk[8:]) & 0x3fff)
	case name == "VP8L" && len(chunk) >= 5:
		bits := binary.LittleEndian.Uint32(chunk[1:])
		width = int(bits&0x3fff) + 1
		height = int(bits>>14&0x3fff) + 1
	default:
		return 0, 0, io.ErrUnexpectedEOF
	}
	if _, canvas := webpChunk(data, "VP8X"); len(canvas) >= 10 {
		canvasWidth := int(uint32(canvas[4])|uint32(canvas[5])<<8|uint32(canvas[6])<<16) + 1
		canvasHeight := int(uint32(canvas[7])|uint32(canvas[8])<<8|uint32(canvas[9])<<16) + 1
		if canvasHeight != height || canvasWidth != width {
			return 0, 0, errors.New("its canvas and its picture differ in size")
		}
	}
	return height, width, nil
}
