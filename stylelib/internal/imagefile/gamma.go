package imagefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/kovidgoyal/imaging/prism/meta/icc"
)

// pngColours are what the chunks gAMA and cHRM of a PNG say.
type pngColours struct {
	exponent         float64    // of linear light: value to its power
	white            [2]float64 // chromaticities x and y
	red, green, blue [2]float64
}

var srgbColours = pngColours{
	exponent: 2.2, white: [2]float64{0.3127, 0.3290}, red: [2]float64{0.64, 0.33}, green: [2]float64{0.30, 0.60}, blue: [2]float64{0.15, 0.06},
}

// readPNGColours returns nil where there is no gAMA, or where both together are what programs write beside, or for, the
// chunk sRGB: 1/2.2 and its primaries.
func readPNGColours(gamma, chromaticities []byte) (*pngColours, error) {
	if gamma == nil {
		return nil, nil
	}
	c := srgbColours
	if len(gamma) != 4 || binary.BigEndian.Uint32(gamma) == 0 {
		return nil, errors.New("its gAMA is damaged")
	}
	c.exponent = 100_000 / float64(binary.BigEndian.Uint32(gamma))
	primaries := []*[2]float64{&c.white, &c.red, &c.green, &c.blue}
	if chromaticities != nil && len(chromaticities) != 8*len(primaries) {
		return nil, errors.New("its cHRM is damaged")
	}
	if chromaticities != nil {
		for i, p := range primaries {
			p[0] = float64(binary.BigEndian.Uint32(chromaticities[8*i:])) / 100_000
			p[1] = float64(binary.BigEndian.Uint32(chromaticities[8*i+4:])) / 100_000
		}
	}
	if c.near(srgbColours) {
		return nil, nil
	}
	return &c, nil
}

func (c pngColours) near(o pngColours) bool {
	off := 0.0
	for i, p := range [][2]float64{c.white, c.red, c.green, c.blue} {
		q := [][2]float64{o.white, o.red, o.green, o.blue}[i]
		off = max(off, math.Abs(p[0]-q[0]), math.Abs(p[1]-q[1]))
	}
	return off < 0.001 && math.Abs(c.exponent/o.exponent-1) < 0.01
}

// conversion goes from values to linear light, to XYZ, to sRGB; white stays white by Bradford's adaptation.
func (c pngColours) conversion() (*conversion, error) {
	columns := icc.Matrix3{}
	for i, p := range [][2]float64{c.red, c.green, c.blue} {
		columns[0][i], columns[1][i], columns[2][i] = p[0], p[1], 1-p[0]-p[1]
	}
	inverse, err := columns.Inverted()
	if err != nil || c.white[1] <= 0 {
		return nil, fmt.Errorf("its cHRM makes no colours")
	}
	white := icc.XYZType{X: c.white[0] / c.white[1], Y: 1, Z: (1 - c.white[0] - c.white[1]) / c.white[1]}
	r, g, b := inverse.Transform(white.X, white.Y, white.Z)
	toXYZ := columns.Multiply(icc.Matrix3{{r, 0, 0}, {0, g, 0}, {0, 0, b}})
	toSRGB := icc.NewXYZtosRGB(white, false, false)
	return &conversion{channels: 3, apply: func(v *[4]float64) {
		x, y, z := toXYZ.Transform(math.Pow(v[0], c.exponent), math.Pow(v[1], c.exponent), math.Pow(v[2], c.exponent))
		v[0], v[1], v[2] = toSRGB.Transform(x, y, z)
	}}, nil
}
