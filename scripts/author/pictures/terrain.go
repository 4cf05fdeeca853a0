package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// All lengths are metres: x to the right, y up, z away from the camera. The
// lake's surface is y = 0.

// nearShore is the z at which the bank before the camera meets the water.
func nearShore(x float64) float64 {
	return 19 - 0.30*x + 1.8*lattice.Noise(x/5, 0.3, 11) + 0.5*lattice.Noise(x/1.3, 0.7, 12)
}

// farShore is the z at which the water ends; a wooded point reaches in from
// the right and a smaller one from the left.
func farShore(x float64) float64 {
	z := 450 - 285*smoothstep(14, 48, x) - 130*smoothstep(-70, -150, x)
	return z + 22*lattice.Noise(x/60, 0.5, 13) + 5*lattice.Noise(x/13, 0.1, 14)
}

// ground is the height of the land around the lake.
func ground(x, z float64) float64 {
	if z < 90 {
		return bank(x, z)
	}
	t := z - farShore(x)
	if t < 0 {
		return max(-3, 0.1*t)
	}
	h := 0.9*smoothstep(0, 5, t) + 0.022*t + 0.35*fbm2(x/7, z/7, 3, 15)*smoothstep(0, 12, t)
	return h + foothills(x, z, t)
}

func bank(x, z float64) float64 {
	t := nearShore(x) - z
	h := 0.5*smoothstep(-0.2, 2, t) + 0.09*t
	if t < 0 {
		h = 0.22 * t
	}
	if t < -6 { // open water
		return max(h, -3)
	}
	h += 0.10 * fbm2(x*0.9, z*0.9, 4, 16)
	if math.Abs(t) < 4 {
		h += stones(x, z, 1.5, 17)*bump(t, 2.2) + stones(x, z, 0.6, 18)*bump(t+0.5, 1.6)
	}
	return h
}

// stones strews rounded boulders, one in each cell of the given size.
func stones(x, z, cell float64, seed uint32) float64 {
	ix, _ := floor(x / cell)
	iz, _ := floor(z / cell)
	best := 0.0
	for j := -1; j <= 1; j++ {
		for i := -1; i <= 1; i++ {
			cx := (float64(ix+i) + lattice.Uniform(ix+i, iz+j, seed)) * cell
			cz := (float64(iz+j) + lattice.Uniform(ix+i, iz+j, seed+50)) * cell
			r := cell * (0.15 + 0.4*lattice.Uniform(ix+i, iz+j, seed+60))
			dx, dz := (x-cx)/r, (z-cz)/(r*0.8)
			if d := 1 - dx*dx - dz*dz; d > 0 {
				best = max(best, r*0.75*math.Sqrt(d))
			}
		}
	}
	return best
}

func foothills(x, z, t float64) float64 {
	far := smoothstep(80, 1100, t)
	if far == 0 {
		return 0
	}
	h := 50 * far * (0.6 + fbm2(x/420, z/420, 5, 19))
	h += 230 * bump(x+1050, 520) * bump(z-1900, 700)
	h += 260 * bump(x-1250, 560) * bump(z-2100, 750)
	return h * far
}

// peak is a mountain's place, height and breadth.
type peak struct{ x, z, height, breadth float64 }

var peaks = []peak{
	{620, 5300, 1290, 1150}, {1500, 5900, 830, 900}, {-420, 5900, 800, 900},
	{-1500, 5500, 1010, 980}, {-2500, 5900, 820, 1000}, {2500, 5600, 900, 1000}, {3300, 6600, 850, 900},
	{-3500, 6800, 900, 1100},
}

// mountains is the height added behind the foothills.
func mountains(x, z float64) float64 {
	m := smoothstep(1700, 4300, z)
	if m == 0 {
		return 0
	}
	wx := x + 230*fbm2(x/900, z/900, 4, 21)
	wz := z + 230*fbm2(x/900, z/900, 4, 22)
	h := massif(wx, wz, m)
	const e = 60 // wide, so that gullies follow whole slopes
	dx := (massif(wx+e, wz, m) - h) / e
	dz := (massif(wx, wz+e, m) - h) / e
	k := 1.3 / math.Sqrt(1+dx*dx+dz*dz)
	return h + m*(95*gullies(x/330, z/330, k*dx, k*dz)+(30+0.05*h)*(ridged(x/190, z/190, 4, 25)-0.3))
}

// massif is the mountains' broad shape, before water has cut into it.
func massif(x, z, m float64) float64 {
	h := 0.0
	for _, p := range peaks {
		dx, dz := (x-p.x)/p.breadth, (z-p.z)/p.breadth
		v := p.height * math.Exp(-1.35*math.Sqrt(dx*dx+dz*dz+0.004))
		h = math.Sqrt(h*h + v*v) // a soft maximum
	}
	return m * (h*1.02 + (150+0.36*h)*(ridged(x/1500, z/1500, 7, 24)-0.3))
}

// gullies is stripe noise that runs down the slope (dx, dz), each octave bent
// by the ones before it: it looks like the work of running water, yet can be
// evaluated at any point alone.
func gullies(x, z, dx, dz float64) float64 {
	sum, amp, freq := 0.0, 0.55, 1.0
	gx, gz := 0.0, 0.0
	for o := range 3 {
		v, sx, sz := stripes(x*freq, z*freq, -(dz + gz), dx+gx, 31+uint32(o))
		sum += amp * v
		gx += amp * freq * sx * 0.35
		gz += amp * freq * sz * 0.35
		amp *= 0.5
		freq *= 2
	}
	return sum
}

// stripes blends plane waves that all travel along (dx, dz); it returns the
// height and its slope.
func stripes(x, z, dx, dz float64, seed uint32) (v, sx, sz float64) {
	ix, fx := floor(x)
	iz, fz := floor(z)
	total := 0.0
	for j := -1; j <= 2; j++ {
		for i := -1; i <= 2; i++ {
			h := lattice.Hash(ix+i, iz+j, seed)
			px := fx - float64(i) + float64(h&0xffff)/131072
			pz := fz - float64(j) + float64(h>>16)/131072
			d := px*px + pz*pz
			w := max(0, 1-d/4)
			w *= w * w * w
			s, c := math.Sincos(2 * math.Pi * (px*dx + pz*dz))
			total += w
			v += w * c
			sx -= w * s * dx
			sz -= w * s * dz
		}
	}
	return v / total, sx / total, sz / total
}

const (
	gridN    = 1800
	gridCell = 5.0
	gridX0   = -gridN * gridCell / 2
	gridZ0   = 0.0
)

// terrain is the land sampled on a grid, with the sun's shadow and the sky's
// reach worked out for each cell.
type terrain struct {
	height, shadow, open []float64
}

func newTerrain() *terrain {
	t := &terrain{height: make([]float64, gridN*gridN), shadow: make([]float64, gridN*gridN)}
	rows(gridN, func(j int) {
		for i := range gridN {
			x, z := gridX0+gridCell*float64(i), gridZ0+gridCell*float64(j)
			if math.Abs(x) < 0.62*z+300 { // outside the view nothing is needed
				t.height[j*gridN+i] = ground(x, z) + mountains(x, z)
			}
		}
	})
	rows(gridN, func(j int) {
		for i := range gridN {
			t.shadow[j*gridN+i] = t.sunlight(gridX0+gridCell*float64(i), gridZ0+gridCell*float64(j))
		}
	})
	t.open = t.openness(14)
	return t
}

// bilinear reads a grid at a point of the land.
func bilinear(g []float64, x, z float64) float64 {
	i, fx := floor((x - gridX0) / gridCell)
	j, fz := floor((z - gridZ0) / gridCell)
	i, j = min(max(i, 0), gridN-2), min(max(j, 0), gridN-2)
	k := j*gridN + i
	return lerp(lerp(g[k], g[k+1], fx), lerp(g[k+gridN], g[k+gridN+1], fx), fz)
}

// nearLimit divides the land that is evaluated exactly from that on the grid.
const nearLimit = 520

func (t *terrain) at(x, z float64) float64 {
	if z < nearLimit {
		return ground(x, z)
	}
	return bilinear(t.height, x, z)
}

// normal takes slopes across a distance that suits how far the point is.
func (t *terrain) normal(x, z float64) vec3 {
	e := clamp(z*0.002, 0.03, gridCell)
	if z >= nearLimit {
		e = gridCell * 0.8
	}
	dx := (t.at(x+e, z) - t.at(x-e, z)) / (2 * e)
	dz := (t.at(x, z+e) - t.at(x, z-e)) / (2 * e)
	return vec3{-dx, 1, -dz}.unit()
}

// sunlight is 1 where the sun reaches the ground and 0 in full shadow.
func (t *terrain) sunlight(x, z float64) float64 {
	y := bilinear(t.height, x, z) + 2
	lit := 1.0
	for d := 12.0; d < 4000; d *= 1.09 {
		p := vec3{x, y, z}.add(sun.scale(d))
		if p.y > 1800 {
			break
		}
		gap := p.y - bilinear(t.height, p.x, p.z)
		lit = min(lit, 0.5+gap/(0.035*d+4))
		if lit <= 0 {
			return 0
		}
	}
	return lit
}

// openness compares each height with the mean around it: hollows see little
// of the sky, crests much.
func (t *terrain) openness(radius int) []float64 {
	blur := boxBlur(boxBlur(t.height, radius), radius)
	for i, h := range t.height {
		blur[i] = clamp(0.72+(h-blur[i])/110, 0.35, 1.1)
	}
	return blur
}

// boxBlur averages along rows and then, by transposing, along columns.
func boxBlur(g []float64, r int) []float64 {
	for range 2 {
		src, out := g, make([]float64, len(g))
		rows(gridN, func(j int) {
			row, sum := src[j*gridN:(j+1)*gridN], 0.0
			for i := -r; i <= r; i++ {
				sum += row[min(max(i, 0), gridN-1)]
			}
			for i := range gridN {
				out[i*gridN+j] = sum / float64(2*r+1)
				sum += row[min(i+r+1, gridN-1)] - row[max(i-r, 0)]
			}
		})
		g = out
	}
	return g
}
