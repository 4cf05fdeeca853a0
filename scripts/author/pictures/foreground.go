package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// drawForeground adds what stands on the bank before the camera: grass,
// flowers and three tall spruces.
func (s *scene) drawForeground(v *view) {
	for z := 27.0; z > 9; z -= 0.045 {
		s.drawGrass(v, z)
	}
	for _, t := range []tree{
		{vec3{-10.2, 0, 21.2}, 14, 9, 1}, {vec3{-7.2, 0, 20.3}, 6.2, 21, 1}, {vec3{-10.6, 0, 19}, 20, 5, 1},
	} {
		t.foot.y = ground(t.foot.x, t.foot.z) - 0.1
		drawSpruce(v, t, 0, v.w)
	}
}

// drawGrass draws one row of blades, each bent its own way.
func (s *scene) drawGrass(v *view, z float64) {
	row := int(z * 1000)
	n := int(0.5 * z / 0.05)
	for i := -n; i <= n; i++ {
		x := (float64(i) + lattice.Uniform(i, row, 111)) * 0.05
		y := ground(x, z)
		thick := fbm2(x/1.7, z/1.7, 4, 112)
		if y < 0.55+0.35*lattice.Uniform(i, row, 113) || thick < -0.12+0.3*lattice.Uniform(i, row, 114)-0.15 {
			continue
		}
		drawBlade(v, vec3{x, y, z}, i, row, thick)
	}
}

func drawBlade(v *view, foot vec3, i, row int, thick float64) {
	r := func(k uint32) float64 { return lattice.Uniform(i, row, 115+k) }
	px, py, s := v.project(foot)
	long := s * (0.10 + 0.28*r(0)) * (1 + thick)
	lean := (r(1) - 0.42) * 0.9
	c := mix(vec3{0.045, 0.085, 0.016}, vec3{0.30, 0.27, 0.085}, r(2)*r(3)+0.3*thick)
	c = c.scale((0.35 + 1.6*r(4)*r(5)) * (1 + 1.3*fbm2(foot.x/4, foot.z/4, 3, 126)))
	b := brush{v, 0, v.w, foot.z}
	mx, my := px+0.3*lean*long, py-0.6*long
	tx, ty := px+lean*long, py-long*(1-0.3*math.Abs(lean))
	b.line(px, py, mx, my, s*0.014, c.scale(0.55))
	b.line(mx, my, tx, ty, s*0.010, c)
	if r(5) < 0.05*smoothstep(0.05, 0.3, fbm2(foot.x/2.3+40, foot.z/2.3, 3, 125)) {
		drawFlower(b, tx, ty, s, r(6))
	}
}

// drawFlower sets a head of one of three kinds on a blade.
func drawFlower(b brush, x, y, s, kind float64) {
	c := vec3{1.5, 1.05, 0.12}
	switch {
	case kind < 0.35:
		c = vec3{0.50, 0.26, 1.1}
	case kind < 0.6:
		c = vec3{1.6, 1.5, 1.35}
	}
	b.dab(x, y, s*0.015, c)
	b.dab(x, y+s*0.008, s*0.006, c.scale(0.45))
}
