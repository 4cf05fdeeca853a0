package imagefile

import (
	"bytes"
	"image"

	"github.com/kovidgoyal/imaging"
)

// exifOrientation returns the orientation of an EXIF block, 1 to 8, and 1 (upright) where there is none or the block
// is broken: a picture lying on its side is better than none.
//
// EXIF 2.3, section 4.6.4: tag 0x0112 of the first directory.
func exifOrientation(exif []byte) int {
	value := readIFD(bytes.TrimPrefix(exif, []byte("Exif\x00\x00"))).short(tagOrientation)
	if value < 1 || value > 8 {
		return 1
	}
	return value
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

func webpEXIF(data []byte) []byte {
	_, chunk := webpChunk(data, "EXIF")
	return chunk
}
