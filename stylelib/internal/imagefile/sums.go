package imagefile

import (
	"math"
	"sync"
)

// lightSums is a quick conversion for profiles of curves and a matrix: the linear light of a colour is the sum of what its three
// values add, each looked up.
type lightSums struct {
	adds  [3][][3]float64 // by channel and value
	shift int             // from 16 bits to an index
}

// sums is nil where the conversion is no sum, which a grid of colours shows.
func (c *conversion) sums(bits int) *lightSums {
	if c.channels != 3 {
		return nil
	}
	s := &lightSums{shift: 16 - bits}
	const middle = 0.5 // away from 0, where the library takes the smallest negative light for none
	gray := c.light(middle, middle, middle)
	for channel := range s.adds {
		table := make([][3]float64, 1<<bits)
		for i := range table {
			v := [3]float64{middle, middle, middle}
			v[channel] = float64(i) / float64(len(table)-1)
			table[i] = c.light(v[0], v[1], v[2])
			if channel > 0 { // the middle is in the sum once
				for k, light := range gray {
					table[i][k] -= light
				}
			}
		}
		s.adds[channel] = table
	}
	const points = 8
	for i := range points * points * points {
		d := device{gridValue(i % points), gridValue(i / points % points), gridValue(i / points / points)}
		for k, got := range s.convert(d) {
			if want := c.slowly(d)[k]; max(got, want)-min(got, want) > 2*13 { // of 65535; see TestLightSums
				return nil
			}
		}
	}
	return s
}

// gridValue gives values that 8 bits can hold, 36 levels apart.
func gridValue(i int) uint16 { return uint16(257 * 36 * i) }

// light is the linear light in sRGB, which may be outside of 0 to 1.
func (c *conversion) light(r, g, b float64) (light [3]float64) {
	v := [4]float64{r, g, b}
	c.apply(&v)
	for k := range light {
		light[k] = srgbLight(v[k])
	}
	return light
}

func (s *lightSums) convert(d device) (rgb [3]uint16) {
	r, g, b := &s.adds[0][d[0]>>s.shift], &s.adds[1][d[1]>>s.shift], &s.adds[2][d[2]>>s.shift]
	for k := range rgb {
		rgb[k] = srgbValue(r[k] + g[k] + b[k])
	}
	return rgb
}

// srgbLight is the linear light of a value (IEC 61966-2-1).
func srgbLight(v float64) float64 {
	if v <= 12.92*0.0031308 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// srgbValues has the value of linear light at so many places, of 65535.
var srgbValues = sync.OnceValue(func() *[lightPlaces + 2]float64 {
	var values [lightPlaces + 2]float64
	for i := range values {
		light := float64(i) / lightPlaces
		value := 12.92 * light
		if light > 0.0031308 {
			value = 1.055*math.Pow(light, 1/2.4) - 0.055
		}
		values[i] = math.MaxUint16 * value
	}
	return &values
})

const lightPlaces = 1 << 14

// srgbValue is the inverse of srgbLight, clipped, of 65535; what is no number is 0.
func srgbValue(light float64) uint16 {
	if !(light > 0) {
		return 0
	}
	at := min(light, 1) * lightPlaces
	i := int(at)
	values := srgbValues()
	return uint16(values[i] + (at-float64(i))*(values[i+1]-values[i]) + 0.5)
}
