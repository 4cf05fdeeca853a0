package imagefile

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/kovidgoyal/imaging/prism/meta"
	"github.com/kovidgoyal/imaging/prism/meta/icc"
)

// pngColours are what the chunks gAMA and cHRM of a PNG say.
type pngColours struct {
	exponent float64 // of linear light: value to its power
	meta.Primaries
}

func srgbColours() pngColours {
	return pngColours{2.2, meta.Primaries{White: meta.XY{X: 0.3127, Y: 0.3290}, Red: meta.XY{X: 0.64, Y: 0.33}, Green: meta.XY{X: 0.30, Y: 0.60}, Blue: meta.XY{X: 0.15, Y: 0.06}}}
}

// chromaticities are in the order of cHRM.
func (c *pngColours) chromaticities() []*float64 {
	return []*float64{&c.White.X, &c.White.Y, &c.Red.X, &c.Red.Y, &c.Green.X, &c.Green.Y, &c.Blue.X, &c.Blue.Y}
}

// readPNGColours returns nil where there is no gAMA, or where both together are what programs write beside, or for, the
// chunk sRGB: 1/2.2 and its primaries.
func readPNGColours(gamma, chromaticities []byte) (*pngColours, error) {
	if gamma == nil {
		return nil, nil
	}
	c, srgb := srgbColours(), srgbColours()
	if len(gamma) != 4 || binary.BigEndian.Uint32(gamma) == 0 {
		return nil, errors.New("its gAMA is damaged")
	}
	c.exponent = 100_000 / float64(binary.BigEndian.Uint32(gamma))
	all, off := c.chromaticities(), 0.0
	if chromaticities != nil && len(chromaticities) != 4*len(all) {
		return nil, errors.New("its cHRM is damaged")
	}
	for i, of := range srgb.chromaticities() {
		if chromaticities != nil {
			*all[i] = float64(binary.BigEndian.Uint32(chromaticities[4*i:])) / 100_000
		}
		off = max(off, math.Abs(*all[i]-*of))
	}
	if off < 0.001 && math.Abs(c.exponent/srgb.exponent-1) < 0.01 {
		return nil, nil
	}
	return &c, nil
}

// conversion goes from values to linear light, to XYZ, to sRGB; white stays white by Bradford's adaptation.
func (c pngColours) conversion() (converted *conversion, err error) {
	defer func() {
		if recover() != nil || c.White.Y <= 0 { // the library takes primaries for ones that can be told apart
			converted, err = nil, errors.New("its cHRM makes no colours")
		}
	}()
	toXYZ := c.CalculateRGBtoXYZMatrix()
	toSRGB := icc.NewXYZtosRGB(icc.XYZType{X: c.White.X / c.White.Y, Y: 1, Z: (1 - c.White.X - c.White.Y) / c.White.Y}, false, false)
	return &conversion{channels: 3, apply: func(v *[4]float64) {
		x, y, z := toXYZ.Transform(math.Pow(v[0], c.exponent), math.Pow(v[1], c.exponent), math.Pow(v[2], c.exponent))
		v[0], v[1], v[2] = toSRGB.Transform(x, y, z)
	}}, nil
}
