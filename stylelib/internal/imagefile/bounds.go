package imagefile

import (
	"bytes"
	"fmt"

	"github.com/dustin/go-humanize"

	"stylebook/stylelib/internal/sandbox"
)

// smallest is how many pixels a JPEG keeps at least that memory makes smaller.
const smallest = 4_000_000

// fits refuses a picture, of which data is the beginning, that takes too much memory; what can't be told from it passes. Beside the
// error, shrink says by how much each side of a JPEG can be divided while it is decoded, so that it fits: 2, 4 or 8; else it is 0.
func fits(data []byte, path string, file, memory int64) (shrink int, err error) {
	format := sniffFormat(data)
	if format == nil {
		return 0, nil
	}
	height, width, err := format.size(data)
	if err != nil || height <= 0 || width <= 0 || TooManyPixels(height, width) {
		return 0, nil // Decode says so
	}
	needs := file + decodingMemory(format, data, int64(height)*int64(width))
	if needs <= memory {
		return 0, nil
	}
	for by := 2; by <= 8 && shrink == 0 && format.name == "JPEG"; by *= 2 {
		left := int64(height) * int64(width) / int64(by*by)
		if left >= smallest && file+sandbox.JPEGMemory(data, height*width, by)+4*left <= memory {
			shrink = by
		}
	}
	return shrink, &Error{Path: path, Reason: fmt.Sprintf("to decode its %d × %d pixels (height × width) takes about %s of memory, and %s may be taken: make it smaller first",
		height, width, humanize.Bytes(uint64(needs)), humanize.Bytes(uint64(max(memory, 0))))}
}

// decodingMemory is how much memory decoding takes at most, measured: Go keeps the coefficients of progressive JPEG (start of frame
// 2), and a TIFF may have all its pixels in one strip.
func decodingMemory(format *imageFormat, data []byte, pixels int64) int64 {
	const result, sandboxed = 8, 192 << 20
	switch {
	case format.name == "HEIC" || format.name == "AVIF":
		return sandboxed + pixels*int64(sandbox.HEIFBytes(data)+result)
	case format.name == "TIFF":
		return 28 * pixels
	case format.name == "JPEG" && bytes.Contains(data, []byte("\xff\xc2")):
		return 29 * pixels
	}
	return 15 * pixels
}

// TooManyPixels does not overflow, whatever a header says.
func TooManyPixels(height, width int) bool { return Exceeds(height, width, MaxPixels) }

// Exceeds says whether there are more than most pixels, without an overflow.
func Exceeds(height, width, most int) bool { return width > 0 && height > most/width }
