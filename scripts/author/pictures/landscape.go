package main

// view is a camera with a level horizon. A mirrored view sees the world upside
// down, as the still lake shows it.
type view struct {
	*canvas
	depth  []float64 // distance in z of what each pixel shows
	focal  float64   // in pixels
	cx, hy float64   // the vanishing point: middle column and horizon row
	flip   float64   // 1, or -1 when mirrored
}

const (
	eye         = 4.5 // the camera's height above the lake
	horizon     = 0.56
	fieldOfView = 1.06 // focal length as a fraction of the width
)

func newView(w, h int, mirrored bool) *view {
	v := &view{canvas: newCanvas(w, h), depth: make([]float64, w*h), flip: 1}
	v.focal, v.cx, v.hy = fieldOfView*float64(w), float64(w)/2, horizon*float64(h)
	if mirrored {
		v.flip = -1
	}
	return v
}

// ray is the direction in which a pixel looks, with z = 1.
func (v *view) ray(px, py float64) vec3 {
	return vec3{(px - v.cx) / v.focal, v.flip * (v.hy - py) / v.focal, 1}
}

func (v *view) origin() vec3 { return vec3{0, v.flip * eye, 0} }

// project is the pixel at which a point appears, and pixels per metre there.
func (v *view) project(p vec3) (px, py, scale float64) {
	scale = v.focal / p.z
	return v.cx + p.x*scale, v.hy - v.flip*(p.y-v.flip*eye)*scale, scale
}

// blend lays a colour over a pixel unless something nearer is there already.
func (v *view) blend(x, y int, z float64, c vec3, alpha float64) {
	if x < 0 || y < 0 || x >= v.w || y >= v.h {
		return
	}
	if i := y*v.w + x; z < v.depth[i] {
		v.pix[i] = mix(v.pix[i], c, alpha)
	}
}

// scene is everything that both views share.
type scene struct {
	land  *terrain
	sky   *sky
	trees []tree
}

// landscape renders a lake before a snowy ridge, with trees and a cabin.
func landscape(scale float64) *canvas {
	w, h := size(scale)
	land := newTerrain()
	s := &scene{land, newSky(w * 6 / 5), plant(land)}
	mirror := s.render(newView(w, h, true)) // ripples blur it, so half the size will do
	main := s.render(newView(2*w, 2*h, false))
	s.pourLake(main, mirror)
	drawCabin(main)
	s.drawForeground(main)
	return develop(main.shrink(2))
}

// render draws sky, land, cabin and forest, leaving the lake empty.
func (s *scene) render(v *view) *view {
	rows(v.h, func(y int) {
		for x := range v.w {
			v.pix[y*v.w+x], v.depth[y*v.w+x] = s.trace(v, float64(x)+0.5, float64(y)+0.5)
		}
	})
	drawForest(v, s.trees)
	if v.flip < 0 {
		drawCabin(v)
	}
	return v
}

const beyond = 1e9

// trace follows a ray to the land, the lake or the sky. The lake's own colour
// is filled in later.
func (s *scene) trace(v *view, px, py float64) (vec3, float64) {
	dir, from := v.ray(px, py), v.origin()
	start := 6.0
	if v.flip < 0 {
		if dir.y <= 0 {
			return vec3{}, beyond
		}
		start = eye / dir.y // where the ray leaves the water
	}
	z, hit := s.march(from, dir, start)
	if !hit {
		return s.sky.at(dir), beyond
	}
	p := from.add(dir.scale(z))
	if p.y < 0 && v.flip > 0 {
		return vec3{}, eye / -dir.y
	}
	c := s.shade(p, s.land.normal(p.x, p.z))
	return haze(c, dir, z, max(p.y, 0)), z
}

// march steps along a ray, further where the land is well below, then halves
// the last step until it is close.
func (s *scene) march(from, dir vec3, z float64) (float64, bool) {
	last := z
	for z < 8900 {
		p := from.add(dir.scale(z))
		if z > 34 && z < 90 { // nothing but water here
			z = 90
			continue
		}
		if top := ceiling(z); p.y > top {
			last = z
			z += clamp((p.y-top)*0.45, 0.5+z*0.004, 60)
			continue
		}
		gap := p.y - s.land.at(p.x, p.z)
		if gap < 0 || p.y < -0.5 {
			return s.refine(from, dir, last, z), true
		}
		if p.y > 1900 {
			break
		}
		last = z
		z += clamp(gap*0.45, z*0.0012+0.01, 60)
	}
	return 0, false
}

// ceiling bounds the height of the land, which saves evaluating it far below.
func ceiling(z float64) float64 {
	switch {
	case z < 34:
		return 4
	case z < nearLimit:
		return 16
	case z < 1200:
		return 200
	}
	return 1900
}

func (s *scene) refine(from, dir vec3, lo, hi float64) float64 {
	for range 7 {
		mid := (lo + hi) / 2
		if p := from.add(dir.scale(mid)); p.y < s.land.at(p.x, p.z) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi
}

// shade lights a point of bare land.
func (s *scene) shade(p, n vec3) vec3 {
	shadow, open := 1.0, 1.0
	if p.z > nearLimit {
		shadow = bilinear(s.land.shadow, p.x, p.z)
		open = bilinear(s.land.open, p.x, p.z)
		n = roughen(n, p)
	}
	return lit(surface(p, n), n, shadow, open)
}

// lit is a matt surface under the sun and the sky.
func lit(albedo, n vec3, shadow, open float64) vec3 {
	direct := sunColour.scale(max(0, n.dot(sun)) * shadow)
	ambient := skyLight.scale((0.55 + 0.45*n.y) * open)
	bounce := vec3{0.16, 0.13, 0.10}.scale((1 - n.y) * open)
	return albedo.mul(direct.add(ambient).add(bounce))
}

// roughen tilts a normal by detail finer than the grid.
func roughen(n, p vec3) vec3 {
	k := 0.42 * smoothstep(150, 500, p.y)
	q := vec3{p.x, p.y * 1.6, p.z}
	n.x += k * fbm3(q.scale(1.0/26), 4, 51)
	n.z += k * fbm3(q.scale(1.0/26), 4, 52)
	return n.unit()
}

// surface is the land's colour: grass, scree, rock or snow by height, slope
// and chance.
func surface(p, n vec3) vec3 {
	if p.z < nearLimit {
		return shoreColour(p, n)
	}
	wander := fbm2(p.x/170, p.z/170, 5, 53)
	grain := fbm3(p.scale(1.0/14), 3, 54)
	strata := fbm2(p.y/26+0.8*wander, p.x/900, 3, 55)
	rock := mix(vec3{0.105, 0.096, 0.094}, vec3{0.255, 0.225, 0.20}, clamp(0.5+0.9*strata+0.6*grain, 0, 1))
	scree := mix(rock, vec3{0.25, 0.225, 0.19}, 0.55)
	grass := mix(vec3{0.055, 0.078, 0.022}, vec3{0.125, 0.118, 0.04}, clamp(0.5+wander+grain, 0, 1))

	c := mix(rock, scree, smoothstep(0.62, 0.82, n.y))
	green := smoothstep(560, 330, p.y+230*wander) * smoothstep(0.52, 0.74, n.y+0.2*grain)
	c = mix(c, grass, green)
	line := smoothstep(380, 780, p.y+300*wander)
	hold := lerp(0.92, 0.42, line) + 0.10*grain
	snow := smoothstep(hold-0.05, hold+0.09, n.y) * smoothstep(0, 0.25, line)
	return mix(c, vec3{0.86, 0.89, 0.94}, snow)
}

// shoreColour is that of the land near the lake.
func shoreColour(p, n vec3) vec3 {
	fine := fbm2(p.x*2.5, p.z*2.5, 4, 56)
	broad := fbm2(p.x/6, p.z/6, 4, 57)
	if p.z > 90 {
		fine = fbm2(p.x/2, p.z/2, 3, 56)
	}
	grass := mix(vec3{0.05, 0.085, 0.018}, vec3{0.16, 0.15, 0.045}, clamp(0.45+broad+0.8*fine, 0, 1))
	stone := mix(vec3{0.09, 0.085, 0.08}, vec3{0.30, 0.28, 0.255}, clamp(0.5+0.9*fine+0.4*broad, 0, 1))
	wet := smoothstep(0.22, 0.02, p.y)
	beach := smoothstep(0.55, 0.30, p.y+0.25*broad)
	c := mix(grass, stone, max(beach, smoothstep(0.86, 0.70, n.y)))
	return c.scale(1 - 0.6*wet)
}

// develop is the film: exposure, a soft shoulder and a little extra colour.
func develop(c *canvas) *canvas {
	for i, p := range c.pix {
		p = p.scale(0.92)
		p = mix(vec3{p.luma(), p.luma(), p.luma()}, p, 1.12)
		c.pix[i] = vec3{film(p.x), film(p.y), film(p.z)}
	}
	return c
}

func film(v float64) float64 {
	v = max(v, 0)
	return clamp(v*(2.51*v+0.06)/(v*(2.43*v+0.75)+0.20), 0, 1)
}
