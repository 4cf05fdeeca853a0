package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/kovidgoyal/imaging/prism/meta/icc"
)

// conversion brings a colour to sRGB.
type conversion struct {
	channels int                 // 1 for grey, 3 for red, green, blue, 4 for inks
	apply    func(v *[4]float64) // values from 0 to 1, the first channels; afterwards the first three are red, green, blue, not clipped
}

// readProfile makes a conversion of an ICC profile, relative colorimetric with black point compensation: white and black
// become white and black, colours that sRGB lacks are clipped. It is nil where the profile is that of sRGB.
func readProfile(profile []byte) (c *conversion, err error) {
	if err := checkProfile(profile); err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil { // the library checks much, but not all
			c, err = nil, errors.New("it is damaged")
		}
	}()
	p, err := icc.DecodeProfile(bytes.NewReader(profile))
	if err != nil {
		return nil, err
	}
	if p.IsSRGB() {
		return nil, nil
	}
	c = &conversion{channels: map[icc.ColorSpace]int{icc.ColorSpaceGray: 1, icc.ColorSpaceRGB: 3, icc.ColorSpaceCMYK: 4}[p.Header.DataColorSpace]}
	pipeline, err := p.CreateTransformerToSRGB(icc.RelativeColorimetricRenderingIntent, true, c.channels, false, false, true)
	if err != nil {
		return nil, err
	}
	c.apply = func(v *[4]float64) { v[0], v[1], v[2] = pipeline.Transform(v[0], v[1], v[2]) }
	if c.channels != 3 {
		c.apply = func(v *[4]float64) {
			var out [4]float64
			pipeline.TransformGeneral(out[:], v[:])
			*v = out
		}
	}
	return c, nil
}

const (
	maxCurvePoints  = 4096 // as many as ICC.1 allows in a lut16Type
	maxInks         = 4
	profileHeader   = 128
	profileTagEntry = 12
)

// checkProfile refuses a profile whose counts would take memory or time without limit: the library believes them, and takes
// the square of a curve's points for one that is not monotonic.
func checkProfile(profile []byte) error {
	size := uint64(len(profile))
	if size < profileHeader+4 {
		return errors.New("it is cut off")
	}
	first := profileHeader + 4 + profileTagEntry*uint64(binary.BigEndian.Uint32(profile[profileHeader:]))
	if first > size {
		return errors.New("it is cut off")
	}
	for i := uint64(profileHeader + 4); i < first; i += profileTagEntry {
		start, length := uint64(binary.BigEndian.Uint32(profile[i+4:])), uint64(binary.BigEndian.Uint32(profile[i+8:]))
		if start < first || start+length > size {
			return errors.New("it is cut off")
		}
		if tag := profile[start : start+length]; !tagIsBounded(tag) {
			return fmt.Errorf("its part %q has more than %d points or %d channels", profile[i:i+4], maxCurvePoints, maxInks)
		}
	}
	return nil
}

func tagIsBounded(tag []byte) bool {
	if len(tag) < 12 {
		return true
	}
	channels := max(tag[8], tag[9])
	switch string(tag[:4]) {
	case "curv":
		return curvesAreBounded(tag)
	case "mft1":
		return channels <= maxInks
	case "mft2":
		return channels <= maxInks && len(tag) >= 52 &&
			max(binary.BigEndian.Uint16(tag[48:]), binary.BigEndian.Uint16(tag[50:])) <= maxCurvePoints
	case "mAB ", "mBA ":
		if channels > maxInks || len(tag) < 32 {
			return false
		}
		for _, at := range []int{12, 20, 28} { // the offsets of B, M and A curves
			if start := uint64(binary.BigEndian.Uint32(tag[at:])); start < uint64(len(tag)) && !curvesAreBounded(tag[start:]) {
				return false
			}
		}
	}
	return true
}

// curvesAreBounded checks curves that stand one after the other.
func curvesAreBounded(block []byte) bool {
	for len(block) >= 12 {
		size := 0
		switch string(block[:4]) {
		case "curv":
			points := binary.BigEndian.Uint32(block[8:])
			if points > maxCurvePoints {
				return false
			}
			size = 12 + 2*int(points)
		case "para":
			size = 12 + 4*map[uint16]int{0: 1, 1: 3, 2: 4, 3: 5, 4: 7}[binary.BigEndian.Uint16(block[8:])]
		default:
			return true
		}
		block = block[min(size + 3 & ^3, len(block)):]
	}
	return true
}
