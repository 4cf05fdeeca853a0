package imagefile

import (
	"bytes"
	"encoding/binary"
	"image/gif"
)

// widened is a GIF whose logical screen holds its first frame, as browsers show it; Go's decoder refuses a frame beyond it.
func widened(data []byte) []byte {
	const screen, frame, extension = 13, 10, '!'
	if len(data) < screen {
		return data
	}
	at := screen
	if flags := data[10]; flags&0x80 != 0 {
		at += 3 << (1 + flags&7)
	}
	for at+2 < len(data) && data[at] == extension {
		for at += 2; at < len(data) && data[at] != 0; {
			at += 1 + int(data[at])
		}
		at++
	}
	if at+frame > len(data) || data[at] != ',' {
		return data
	}
	wide := data
	for axis := range 2 {
		start, side := binary.LittleEndian.Uint16(data[at+1+2*axis:]), binary.LittleEndian.Uint16(data[at+5+2*axis:])
		if end := int(start) + int(side); end > int(binary.LittleEndian.Uint16(data[6+2*axis:])) && end < 1<<16 {
			wide = bytes.Clone(wide)
			binary.LittleEndian.PutUint16(wide[6+2*axis:], uint16(end))
		}
	}
	return wide
}

func gifSize(data []byte) (height, width int, err error) {
	return sizeBy(gif.DecodeConfig)(widened(data))
}

// decodeGIF decodes the first frame; what it leaves open of the logical screen is transparent, so white.
func decodeGIF(data []byte, _ int) (decoded, error) {
	height, width, err := gifSize(data)
	if err != nil {
		return decoded{}, err
	}
	frame, err := gif.Decode(bytes.NewReader(widened(data)))
	if err != nil {
		return decoded{}, err
	}
	return decoded{img: onCanvas(height, width, frame, frame.Bounds())}, nil
}
