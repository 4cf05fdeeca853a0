package imagefile

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/kovidgoyal/imaging/prism/meta"
	"github.com/kovidgoyal/imaging/prism/meta/icc"
)

// pngColours are what the chunks gAMA and cHRM of a PNG say, or its cICP.
type pngColours struct {
	light  func(v float64) float64 // of a value, linear
	bright bool                    // there is light above 1
	meta.Primaries
}

func power(exponent float64) func(v float64) float64 {
	return func(v float64) float64 { return math.Pow(v, exponent) }
}

func srgbColours() pngColours {
	return pngColours{power(2.2), false, meta.Primaries{White: d65, Red: meta.XY{X: 0.64, Y: 0.33}, Green: meta.XY{X: 0.30, Y: 0.60}, Blue: meta.XY{X: 0.15, Y: 0.06}}}
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
	exponent := 100_000 / float64(binary.BigEndian.Uint32(gamma))
	c.light = power(exponent)
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
	if off < 0.001 && math.Abs(exponent/2.2-1) < 0.01 {
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
		x, y, z := toXYZ.Transform(c.light(v[0]), c.light(v[1]), c.light(v[2]))
		v[0], v[1], v[2] = toSRGB.Transform(x, y, z)
		if c.bright {
			light := [3]float64{srgbLight(v[0]), srgbLight(v[1]), srgbLight(v[2])}
			rollOff(&light)
			for i := range light {
				v[i] = float64(srgbValue(light[i])) / math.MaxUint16
			}
		}
	}}, nil
}
