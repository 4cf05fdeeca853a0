package imagefile

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"

	"stylebook/stylelib/internal/sandbox"
)

// maxProfileBytes is enough for profiles of presses, which have 3 MB at most.
const maxProfileBytes = 4 << 20

// colourSource says where a file's colours lie; of a picture without it they are sRGB's.
type colourSource struct {
	icc   []byte         // a profile (ICC.1:2022)
	codes *sandbox.Codes // else numbers
	gamma *pngColours    // else what a PNG says in gAMA and cHRM
	gray  bool           // a PNG of grey values, which may come with alpha
}

var errProfileSize = fmt.Errorf("it has more than %d MiB", maxProfileBytes>>20)

// jpegSource joins the segments of a profile (APP2; ICC.1:2022, annex B.4).
func jpegSource(data []byte) (colourSource, error) {
	const app2 = 0xe2
	parts := map[byte][]byte{}
	var count byte
	size := 0
	for marker, segment := range jpegSegments(data) {
		body, found := bytes.CutPrefix(segment, []byte("ICC_PROFILE\x00"))
		if marker != app2 || !found || len(body) < 2 {
			continue
		}
		parts[body[0]], count = body[2:], body[1]
		if size += len(body); size > maxProfileBytes {
			return colourSource{}, errProfileSize
		}
	}
	var icc []byte
	for i := range int(count) {
		part, found := parts[byte(i+1)]
		if !found {
			return colourSource{}, errors.New("a part of it is missing")
		}
		icc = append(icc, part...)
	}
	return colourSource{icc: icc}, nil
}

// pngSource looks for cICP, iCCP, sRGB, and gAMA with cHRM, of which the first counts (PNG, third edition, 4.3).
func pngSource(data []byte) (source colourSource, err error) {
	const colourUsed = 2
	source.gray = len(data) > 25 && data[25]&colourUsed == 0
	var gamma, chromaticities []byte
	tagged := false
chunks:
	for name, chunk := range pngChunks(data) {
		switch name {
		case "cICP":
			source.icc = nil
			if len(chunk) != 4 || chunk[2] != 0 || chunk[3] != 1 {
				return source, errors.New("its cICP is damaged or of a video")
			}
			source.codes = &sandbox.Codes{Primaries: chunk[0], Transfer: chunk[1]}
			return source, nil
		case "iCCP":
			source.icc, err = inflateProfile(chunk)
		case "sRGB":
			tagged = true
		case "gAMA":
			gamma = chunk
		case "cHRM":
			chromaticities = chunk
		case "IDAT": // what speaks of colours stands before it
			break chunks
		}
	}
	if !tagged && source.icc == nil && err == nil {
		source.gamma, err = readPNGColours(gamma, chromaticities)
	}
	return source, err
}

// inflateProfile unpacks the chunk iCCP: a name of at most 79 bytes, 0, the method 0, and the profile.
func inflateProfile(chunk []byte) ([]byte, error) {
	_, packed, found := bytes.Cut(chunk, []byte{0})
	if !found || len(packed) < 1 || packed[0] != 0 {
		return nil, errors.New("it is packed in an unknown way")
	}
	unpack, err := zlib.NewReader(bytes.NewReader(packed[1:]))
	if err != nil {
		return nil, fmt.Errorf("it can't be unpacked: %w", err)
	}
	icc, err := io.ReadAll(io.LimitReader(unpack, maxProfileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("it can't be unpacked: %w", err)
	}
	if len(icc) > maxProfileBytes {
		return nil, errProfileSize
	}
	return icc, nil
}

func webpSource(data []byte) (colourSource, error) {
	_, icc := webpChunk(data, "ICCP")
	if len(icc) > maxProfileBytes {
		return colourSource{}, errProfileSize
	}
	return colourSource{icc: icc}, nil
}

func noSource([]byte) (colourSource, error) { return colourSource{}, nil }
