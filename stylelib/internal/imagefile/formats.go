package imagefile

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
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

// decodePNG tolerates what is wrong beside the pixels, and that the last rows are missing.
func decodePNG(data []byte, _ int) (decoded, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err == nil {
		return decoded{img: img}, nil
	}
	mended := mendPNG(data)
	if mended == nil {
		return decoded{}, err
	}
	defer mended.Close()
	img, second := png.Decode(mended)
	if second != nil {
		return decoded{}, err
	}
	if mended.missing == 0 {
		return decoded{img: img}, nil
	}
	b := img.Bounds()
	rest := image.Rect(0, b.Dy()-mended.missing, b.Dx(), b.Dy())
	draw.Draw(img.(draw.Image), rest, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	return decoded{img: img, note: missingRows(mended.missing, b.Dy())}, nil
}

// enough says whether a picture is worth reading of which a part is missing: less than 45 %.
func enough(there, all int64) bool { return 20*there > 11*all }

// missingRows is the note of a picture whose last rows are gray.
func missingRows(missing, height int) string {
	return fmt.Sprintf("it is cut off or damaged: its last %d of %d rows are missing, and gray", missing, height)
}
