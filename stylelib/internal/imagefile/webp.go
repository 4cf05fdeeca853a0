package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"io"

	"golang.org/x/image/webp"
)

func isWebP(data []byte) bool {
	return len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP"
}

// webpSize reads the size of the picture itself. That of the canvas around it must agree: webp.Decode allocates by
// either. The size of an animation is that of its canvas, in which its first frame must lie.
func webpSize(data []byte) (height, width int, err error) {
	name, chunk := webpChunk(data, "VP8 ", "VP8L", "ANMF")
	_, canvas := webpChunk(data, "VP8X")
	canvasHeight, canvasWidth := 0, 0
	if len(canvas) >= 10 {
		canvasHeight, canvasWidth = 1+uint24(canvas[7:]), 1+uint24(canvas[4:])
	}
	switch {
	case name == "ANMF" && len(chunk) >= 16:
		frame := webpFrame(chunk)
		if !frame.at.In(image.Rect(0, 0, canvasWidth, canvasHeight)) {
			return 0, 0, errors.New("its first frame lies beyond its canvas")
		}
		return canvasHeight, canvasWidth, nil
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
	if canvasHeight > 0 && (canvasHeight != height || canvasWidth != width) {
		return 0, 0, errors.New("its canvas and its picture differ in size")
	}
	return height, width, nil
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// frameOf is a frame of an animation: where it lies, and a WebP of its own.
type frameOf struct {
	at    image.Rectangle
	still []byte
}

func webpFrame(chunk []byte) frameOf {
	x, y, width, height := 2*uint24(chunk), 2*uint24(chunk[3:]), 1+uint24(chunk[6:]), 1+uint24(chunk[9:])
	const hasAlpha = 0x10
	canvas := append([]byte{hasAlpha, 0, 0, 0}, chunk[6:12]...)
	still := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00"), canvas...)
	if name, _ := webpChunk(append(bytes.Repeat([]byte{0}, 12), chunk[16:]...), "ALPH", "VP8 ", "VP8L"); name != "ALPH" {
		still = still[:12]
	}
	still = append(still, chunk[16:]...)
	binary.LittleEndian.PutUint32(still[4:], uint32(len(still)-8))
	return frameOf{image.Rect(x, y, x+width, y+height), still}
}

// decodeWebP decodes a WebP, of an animation the first frame, on white.
func decodeWebP(data []byte, _ int) (decoded, error) {
	name, chunk := webpChunk(data, "VP8 ", "VP8L", "ANMF")
	if name != "ANMF" {
		img, err := decodeStill(data)
		return decoded{img: img}, err
	}
	height, width, err := webpSize(data)
	if err != nil {
		return decoded{}, err
	}
	frame := webpFrame(chunk)
	if h, w, err := webpSize(frame.still); err != nil || h != frame.at.Dy() || w != frame.at.Dx() {
		return decoded{}, errors.Join(err, errors.New("its first frame is damaged"))
	}
	img, err := decodeStill(frame.still)
	if err != nil {
		return decoded{}, err
	}
	return decoded{img: onCanvas(height, width, img, frame.at)}, nil
}

func decodeStill(data []byte) (image.Image, error) {
	img, err := webp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	switch img := img.(type) {
	case *image.YCbCr:
		return vp8ToRGBA(img), nil
	case *image.NYCbCrA:
		return withAlpha(vp8ToRGBA(&img.YCbCr), img.A, img.AStride), nil
	}
	return img, nil
}
