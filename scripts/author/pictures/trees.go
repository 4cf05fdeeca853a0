package main

import (
	"math"
	"slices"

	"stylebook/scripts/author/lattice"
)

// tree is a conifer: its foot, height and seed.
type tree struct {
	foot   vec3
	height float64
	seed   uint32
	light  float64 // how much sun reaches it
}

var (
	needleDark  = vec3{0.011, 0.022, 0.019}
	needleLight = vec3{0.120, 0.158, 0.052}
	barkColour  = vec3{0.050, 0.036, 0.026}
)

// plant sets trees on a jittered lattice that widens with distance, and
// returns them farthest first.
func plant(t *terrain) []tree {
	var trees []tree
	z := 150.0
	for row := 0; z < 4600; row++ {
		gap := 4.2 + z*0.0024
		n := int((0.56*z + 30) / gap)
		for i := -n; i <= n; i++ {
			x := gap * (float64(i) + 0.9*lattice.Uniform(i, row, 61))
			zz := z + gap*0.9*lattice.Uniform(i, row, 62)
			if tr, ok := sprout(t, x, zz, lattice.Hash(i, row, 63)); ok {
				trees = append(trees, tr)
			}
		}
		z += gap * 0.95
	}
	slices.SortStableFunc(trees, func(a, b tree) int {
		return int(math.Copysign(1, b.foot.z-a.foot.z))
	})
	return trees
}

// sprout decides whether a tree grows at a place.
func sprout(t *terrain, x, z float64, seed uint32) (tree, bool) {
	y := t.at(x, z)
	clear := fbm2(x/210, z/210, 4, 64)
	dense := 0.93 - 2.6*smoothstep(0.10, 0.34, clear) - smoothstep(330, 620, y+200*clear)
	dense -= smoothstep(0.80, 0.62, t.normal(x, z).y)
	dense -= bump(x-cabinAt.x+4, 13) * bump(z-cabinAt.z+8, 20) * 2.2
	if y < 0.9 || lattice.Uniform(int(seed), 1, 65) > dense {
		return tree{}, false
	}
	size := 9 + 15*math.Sqrt(lattice.Uniform(int(seed), 2, 65))
	size *= 1 - 0.55*smoothstep(250, 600, y)
	light := 1.0
	if z > nearLimit {
		light = bilinear(t.shadow, x, z)
	}
	return tree{vec3{x, y - 0.3, z}, size, seed, light}, true
}

// drawForest draws the trees in bands of columns, so that cores can share the
// work and yet each pixel receives its trees in order.
func drawForest(v *view, trees []tree) {
	const bands = 12
	rows(bands, func(b int) {
		x0, x1 := v.w*b/bands, v.w*(b+1)/bands
		for _, t := range trees {
			if t.height/t.foot.z > 0.037 { // tall enough in the picture for branches to show
				drawSpruce(v, t, x0, x1)
			} else {
				drawFir(v, t, x0, x1)
			}
		}
	})
}

// drawFir draws a distant tree as a notched triangle, lit from one side.
func drawFir(v *view, t tree, x0, x1 int) {
	px, py, s := v.project(t.foot)
	tall := s * t.height
	half := tall * (0.17 + 0.07*lattice.Uniform(int(t.seed), 3, 66))
	left, right := max(x0, int(px-half-1)), min(x1, int(px+half+2))
	tiers := 7 + 5*lattice.Uniform(int(t.seed), 4, 66)
	tint := 0.65 + 0.7*lattice.Uniform(int(t.seed), 5, 66)
	dir := vec3{t.foot.x / t.foot.z, 0, 1}
	for x := left; x < right; x++ {
		u := (float64(x) + 0.5 - px) / half
		for k := 0; k < int(tall)+2; k++ {
			y := int(py) - int(v.flip)*k
			up := (float64(k) + 0.5) / tall
			tier, f := floor(up*tiers + 0.5*math.Abs(u))
			reach := (1.04 - up) * (1 - 0.42*f) * (0.8 + 0.4*lattice.Uniform(tier, int(t.seed), 67+uint32(signBit(u))))
			if math.Abs(u) > reach+0.3/half {
				continue
			}
			sunny := clamp(0.42-0.62*u/(reach+0.05), 0, 1) * (0.35 + 0.65*(1-f)) * (0.4 + 0.6*up)
			sunny *= 0.45 + 1.1*lattice.Uniform(x, k, t.seed)
			c := mix(needleDark, needleLight.scale(tint), 0.12+0.95*sunny*t.light)
			v.blend(x, y, t.foot.z, haze(c, dir, t.foot.z, t.foot.y), 0.9)
		}
	}
}

func signBit(v float64) int {
	if v < 0 {
		return 1
	}
	return 0
}

// brush is where and how the parts of one near tree are drawn.
type brush struct {
	*view
	x0, x1 int
	z      float64
}

// line draws a tapering stroke. It needs no smooth edges: the views are shrunk
// to half their size in the end.
func (b brush) line(xa, ya, xb, yb, wide float64, c vec3) {
	n := int(max(math.Abs(xb-xa), math.Abs(yb-ya))*1.3) + 1
	for i := range n + 1 {
		t := float64(i) / float64(n)
		b.dab(lerp(xa, xb, t), lerp(ya, yb, t), wide*(1-0.75*t)/2, c)
	}
}

func (b brush) dab(x, y, r float64, c vec3) {
	alpha := 1.0
	if r < 0.5 {
		alpha, r = max(0.3, 2*r), 0.5
	}
	for j := int(math.Floor(y - r + 0.5)); float64(j)+0.5 <= y+r+0.01; j++ {
		for i := int(math.Floor(x - r + 0.5)); float64(i)+0.5 <= x+r+0.01; i++ {
			if i >= b.x0 && i < b.x1 {
				b.blend(i, j, b.z, c, alpha)
			}
		}
	}
}

// twig is a line with, where there is room to see them, needles on both sides.
func (b brush) twig(x, y, dx, dy, wide float64, c vec3, seed uint32) {
	b.line(x, y, x+dx, y+dy, wide, c)
	long := math.Sqrt(dx*dx + dy*dy)
	if long < 9 {
		return
	}
	n := int(long / 2.5)
	for i := range n {
		t := float64(i) / float64(n)
		side := float64(2*(i&1) - 1)
		k := min(0.3, 9/long) * (1.15 - t) * (0.6 + 0.8*lattice.Uniform(i, 1, seed))
		nx, ny := k*(0.8*dx-side*dy), k*(0.8*dy+side*dx)
		tone := 0.65 + 0.75*lattice.Uniform(i, 2, seed)
		b.line(x+t*dx, y+t*dy, x+t*dx+nx, y+t*dy+ny, 1.3, c.scale(tone))
	}
}

// drawSpruce draws a near tree branch by branch: those behind the trunk first,
// and from the foot up, so that each whorl hangs over the one below.
func drawSpruce(v *view, t tree, x0, x1 int) {
	px, py, s := v.project(t.foot)
	tall := s * t.height
	if px+tall*0.4 < float64(x0) || px-tall*0.4 > float64(x1) {
		return
	}
	b := brush{v, x0, x1, t.foot.z}
	whorls := int(clamp(tall/5.5, 14, 64))
	for pass := range 2 {
		for k := range whorls {
			for a := range 9 {
				drawBranch(b, t, px, py, s, float64(k)/float64(whorls), k*16+a, pass)
			}
		}
		if pass == 0 {
			b.line(px, py, px, py-v.flip*tall, max(1, tall*0.022), barkColour.scale(1.2))
		}
	}
}

// drawBranch draws one bough and the twigs that hang from it.
func drawBranch(b brush, t tree, px, py, s, up float64, id, pass int) {
	r := func(i uint32) float64 { return lattice.Uniform(id, int(t.seed), 70+i) }
	turn := 2 * math.Pi * r(0)
	out, away := math.Cos(turn), math.Sin(turn)
	if (away > 0.1) != (pass == 0) {
		return
	}
	base := 0.05 + 0.95*up
	long := t.height * (0.20*math.Pow(1-base, 0.82) + 0.008) * (0.55 + 0.7*r(1)) * (0.8 + 0.4*lattice.Uniform(int(base*9), int(t.seed), 69))
	facing := clamp(0.46-0.54*out-0.35*away, 0, 1)
	parts := int(clamp(s*long/9, 9, 20))
	for i := range parts {
		f := math.Sqrt((float64(i) + r(2)) / float64(parts))
		x := px + s*long*f*out
		drop := long * (0.42*f - 0.20*f*f*f)
		y := py - b.flip*s*(t.height*base-drop)
		for j := range 3 {
			q := lattice.Uniform(id*parts+i, int(t.seed), 80+uint32(j))
			len := s * long * (0.13 + 0.24*(1-f)) * (0.5 + q)
			lean := out*0.7 + (q-0.5)*1.9
			bright := facing * (0.20 + 0.8*f) * (0.35 + 0.9*lattice.Uniform(id*parts+i, int(t.seed), 90+uint32(j)))
			c := mix(needleDark, needleLight, 0.10+1.15*bright*t.light*(0.55+0.45*up))
			b.twig(x, y, lean*len*0.7, b.flip*len*(0.55-0.25*f), clamp(s*0.16, 1, 2), c, uint32(id*parts+i)+t.seed)
		}
	}
}
