package imagefile

import (
	"errors"
	"math"

	"github.com/kovidgoyal/imaging/prism/meta"

	"stylebook/stylelib/internal/sandbox"
)

// primariesOf are of H.273, 8.1; all but those of BT.709, which are sRGB's.
var primariesOf = map[byte]meta.Primaries{
	5:  {White: d65, Red: meta.XY{X: 0.64, Y: 0.33}, Green: meta.XY{X: 0.29, Y: 0.60}, Blue: meta.XY{X: 0.15, Y: 0.06}},
	6:  {White: d65, Red: meta.XY{X: 0.63, Y: 0.34}, Green: meta.XY{X: 0.31, Y: 0.595}, Blue: meta.XY{X: 0.155, Y: 0.07}},
	7:  {White: d65, Red: meta.XY{X: 0.63, Y: 0.34}, Green: meta.XY{X: 0.31, Y: 0.595}, Blue: meta.XY{X: 0.155, Y: 0.07}},
	9:  {White: d65, Red: meta.XY{X: 0.708, Y: 0.292}, Green: meta.XY{X: 0.17, Y: 0.797}, Blue: meta.XY{X: 0.131, Y: 0.046}},
	11: {White: meta.XY{X: 0.314, Y: 0.351}, Red: meta.XY{X: 0.68, Y: 0.32}, Green: meta.XY{X: 0.265, Y: 0.69}, Blue: meta.XY{X: 0.15, Y: 0.06}},
	12: {White: d65, Red: meta.XY{X: 0.68, Y: 0.32}, Green: meta.XY{X: 0.265, Y: 0.69}, Blue: meta.XY{X: 0.15, Y: 0.06}},
}

var d65 = meta.XY{X: 0.3127, Y: 0.3290}

// coded are the colours that numbers say, in PNG's cICP or in HEIC and AVIF; nil for sRGB's. The curves of BT.709, BT.601 and BT.2020 stand for a display that is near sRGB's, and pictures that
// name them are meant so.
//
// HDR is shown as on a display for SDR: paper white (203 cd/m², ITU-R BT.2408) becomes 1, and what is brighter is rolled off.
func coded(c sandbox.Codes) (*pngColours, error) {
	of := srgbColours()
	primaries, known := primariesOf[c.Primaries]
	if known {
		of.Primaries = primaries
	} else if c.Primaries != 1 && c.Primaries != 2 {
		return nil, errors.New("its primaries are not known here")
	}
	switch c.Transfer {
	case 1, 2, 6, 13, 14, 15:
		if !known {
			return nil, nil
		}
		of.light = srgbLight
	case 4:
		of.light = power(2.2)
	case 5:
		of.light = power(2.8)
	case 8:
		of.light = power(1)
	case 16:
		of.light, of.bright = pqLight, true
	case 18:
		of.light, of.bright = hlgLight, true
	default:
		return nil, errors.New("its transfer function is not known here")
	}
	return &of, nil
}

const paperWhite = 203 // cd/m²

// pqLight is SMPTE ST 2084, of paper white.
func pqLight(v float64) float64 {
	const m1, m2, c1, c2, c3 = 2610. / 16384, 2523. / 32, 3424. / 4096, 2413. / 128, 2392. / 128
	p := math.Pow(max(v, 0), 1/m2)
	return 10_000 / float64(paperWhite) * math.Pow(max(p-c1, 0)/(c2-c3*p), 1/m1)
}

// hlgLight is ARIB STD-B67 on a display of 1000 cd/m², of paper white; its gamma of 1.2 is taken for each channel.
func hlgLight(v float64) float64 {
	const a, b, c = 0.17883277, 0.28466892, 0.55991073
	light := v * v / 3
	if v > 0.5 {
		light = (math.Exp((v-c)/a) + b) / 12
	}
	return 1000 / float64(paperWhite) * math.Pow(light, 1.2)
}

// rollOff leaves light up to three quarters of white as it is and brings what is brighter below white, in the colour that it has.
func rollOff(light *[3]float64) {
	const knee = 0.75
	most := max(light[0], light[1], light[2])
	if most <= knee {
		return
	}
	over := most - knee
	to := knee + (1-knee)*over/(over+1-knee)
	for i := range light {
		light[i] *= to / most
	}
}
