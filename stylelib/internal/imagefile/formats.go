package imagefile

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"strings"

	"stylebook/stylelib/internal/sandbox"
)

// imageFormat is a picture format that can be read.
type imageFormat struct {
	name        string
	match       func(data []byte) bool
	size        func(data []byte) (height, width int, err error) // from the header alone
	decode      func(data []byte, pixels int) (decoded, error)
	orientation func(data []byte) int // as EXIF numbers it
	source      func(data []byte) (colourSource, error)
}

// decoded is what a file holds.
type decoded struct {
	img     image.Image   // an *image.RGBA is opaque
	note    string        // what is missing
	colours *colourSource // where the decoder says it
}

var imageFormats = []*imageFormat{
	{"JPEG", hasPrefix("\xff\xd8"), jpegSize, decodeJPEG, by(jpegEXIF), jpegSource},
	{"PNG", hasPrefix(pngMagic), pngSize, decodePNG, by(pngEXIF), pngSource},
	{"GIF", func(d []byte) bool { return hasPrefix("GIF87a")(d) || hasPrefix("GIF89a")(d) }, gifSize, decodeGIF, upright, noSource},
	{"WebP", isWebP, webpSize, decodeWebP, by(webpEXIF), webpSource},
	{"BMP", func(d []byte) bool { return hasPrefix("BM")(d) && !isText(d) }, bmpSize, decodeBMP, upright, noSource},
	{"TIFF", isTIFF, tiffSize, decodeTIFF, exifOrientation, tiffSource},
	{"HEIC", isISO("HEIC"), sandbox.SizeHEIF, decodeHEIF, upright, noSource},
	{"AVIF", isISO("AVIF"), sandbox.SizeHEIF, decodeHEIF, upright, noSource},
}

// FormatNames are the formats that are read, for messages.
const FormatNames = "JPEG, PNG, HEIC, AVIF, WebP, TIFF, GIF or BMP"

func sniffFormat(data []byte) *imageFormat {
	for _, format := range imageFormats {
		if format.match(data) {
			return format
		}
	}
	return nil
}

func hasPrefix(magic string) func([]byte) bool {
	return func(data []byte) bool { return strings.HasPrefix(string(data[:min(len(data), len(magic))]), magic) }
}

func upright([]byte) int { return 1 }

// by takes the orientation from the EXIF block that find returns.
func by(find func(data []byte) []byte) func([]byte) int {
	return func(data []byte) int { return exifOrientation(find(data)) }
}

func sizeBy(config func(io.Reader) (image.Config, error)) func([]byte) (int, int, error) {
	return func(data []byte) (int, int, error) {
		c, err := config(bytes.NewReader(data))
		return c.Height, c.Width, err
	}
}

// decodePNG tolerates what is wrong beside the pixels.
func decodePNG(data []byte, _ int) (decoded, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		if mended := mendPNG(data); mended != nil {
			defer mended.Close()
			if img, err := png.Decode(mended); err == nil {
				return decoded{img: img}, nil
			}
		}
	}
	return decoded{img: img}, err
}
