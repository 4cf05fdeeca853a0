package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
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

func isWebP(data []byte) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
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
