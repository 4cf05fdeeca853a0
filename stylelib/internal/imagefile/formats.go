package imagefile

import (
	"bytes"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"
)

// imageFormat is a picture format that can be read.
type imageFormat struct {
	name   string
	match  func(data []byte) bool
	size   func(data []byte) (height, width int, err error) // from the header alone
	decode func(data []byte) (image.Image, error)           // an *image.RGBA is opaque
	exif   func(data []byte) []byte                         // the EXIF block; nil where there is none
	source func(data []byte) (colourSource, error)
}

var imageFormats = []*imageFormat{
	{"JPEG", hasPrefix("\xff\xd8"), sizeBy(jpeg.DecodeConfig), decodeJPEG, jpegEXIF, jpegSource},
	{"PNG", hasPrefix("\x89PNG\r\n\x1a\n"), pngSize, decodeBy(png.Decode), pngEXIF, pngSource},
	{"GIF", func(d []byte) bool { return hasPrefix("GIF87a")(d) || hasPrefix("GIF89a")(d) }, sizeBy(gif.DecodeConfig), decodeGIF, noEXIF, noSource},
	{"WebP", isWebP, webpSize, decodeWebP, webpEXIF, webpSource},
	{"BMP", func(d []byte) bool { return hasPrefix("BM")(d) && !isText(d) }, sizeBy(bmp.DecodeConfig), decodeBy(bmp.Decode), noEXIF, noSource},
}

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

func noEXIF([]byte) []byte { return nil }

func sizeBy(config func(io.Reader) (image.Config, error)) func([]byte) (int, int, error) {
	return func(data []byte) (int, int, error) {
		c, err := config(bytes.NewReader(data))
		return c.Height, c.Width, err
	}
}

func decodeBy(decode func(io.Reader) (image.Image, error)) func([]byte) (image.Image, error) {
	return func(data []byte) (image.Image, error) { return decode(bytes.NewReader(data)) }
}

// decodeGIF decodes the first frame; what it leaves open of the logical screen is transparent, so white.
func decodeGIF(data []byte) (image.Image, error) {
	height, width, err := sizeBy(gif.DecodeConfig)(data)
	if err != nil {
		return nil, err
	}
	frame, err := gif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	screen := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(screen, screen.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(screen, frame.Bounds(), Flatten(frame), image.Point{}, draw.Src)
	return screen, nil
}

// decodeWebP decodes WebP; golang.org/x/image/webp takes no animations, and webpSize refused them.
func decodeWebP(data []byte) (image.Image, error) {
	img, err := webp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	switch img := img.(type) {
	case *image.YCbCr:
		return vp8ToRGBA(img), nil
	case *image.NYCbCrA:
		rgba := vp8ToRGBA(&img.YCbCr)
		for y := range rgba.Rect.Dy() {
			alpha, row := img.A[y*img.AStride:], rgba.Pix[y*rgba.Stride:]
			for x := range rgba.Rect.Dx() {
				row[4*x+3] = alpha[x]
			}
		}
		return &image.NRGBA{Pix: rgba.Pix, Stride: rgba.Stride, Rect: rgba.Rect}, nil
	}
	return img, nil
}
