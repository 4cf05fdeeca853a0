package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// paintScale is the side of a painted pixel relative to the finished one; the
// strokes below are measured in finished pixels of the full-size picture.
const paintScale = 2

// layer is one coat of strokes, from broad to fine.
type layer struct {
	width, length float64 // of a stroke
	spacing       float64 // between strokes
	jitter        float64 // how far its colours stray
	load          float64 // how thick the paint is
	detail        float64 // only where the motif's detail exceeds this
}

// subject is what is painted: what the painter sees at each point, the coats of
// strokes that lay it down, and the ground that shows in gaps.
type subject struct {
	look   func(point) spot
	coats  []layer
	ground vec3
}

var valley = subject{motif, []layer{
	{46, 190, 22, 0.10, 0.35, 0},
	{26, 120, 13, 0.17, 0.60, 0},
	{15, 84, 8.5, 0.22, 0.85, 0},
	{9.5, 54, 8, 0.26, 1.0, 0.25},
	{6, 34, 6, 0.22, 1.0, 0.60},
}, ochre.scale(0.6)}

// paint renders the subject in oils: it gives colours and directions, and coats
// of curved bristle strokes lay them down.
func (s subject) paint(scale float64) *canvas {
	w, h := size(scale)
	e := newEasel(w*paintScale, h*paintScale, scale*paintScale, s.ground)
	for n, l := range s.coats {
		e.paint(s.plan(l, uint64(n)))
	}
	return e.light().shrink(paintScale)
}

// plan lays out a coat: jittered places in random order, each followed along
// the subject's flow.
func (s subject) plan(l layer, seed uint64) []stroke {
	lines := make([][]stroke, int((fullHeight+2*l.width)/l.spacing))
	rows(len(lines), func(j int) {
		rng := rand.New(rand.NewPCG(seed, uint64(j)))
		y := l.spacing*float64(j) - l.width
		for x := -l.width; x < fullWidth+l.width; x += l.spacing {
			p := point{x + l.spacing*rng.Float64(), y + l.spacing*rng.Float64()}
			m := s.look(p)
			if m.detail+0.3*rng.Float64() < l.detail {
				continue
			}
			if t := s.newStroke(p, m, l, rng); len(t.path) > 2 {
				lines[j] = append(lines[j], t)
			}
		}
	})
	strokes := slices.Concat(lines...)
	rng := rand.New(rand.NewPCG(seed, 1<<32))
	rng.Shuffle(len(strokes), func(i, j int) { strokes[i], strokes[j] = strokes[j], strokes[i] })
	return strokes
}

// newStroke grows a path both ways from p until its length is reached or the
// subject's colour changes, as a painter would stop at an edge.
func (s subject) newStroke(p point, m spot, l layer, rng *rand.Rand) stroke {
	t := stroke{
		width: l.width * (0.7 + 0.6*rng.Float64()) * m.size,
		load:  l.load * (0.75 + 0.5*rng.Float64()),
		seed:  rng.Uint32(),
	}
	t.colour = stray(m.colour, l.jitter, rng)
	t.streak = stray(m.second, l.jitter*1.2, rng)
	long := l.length * (0.55 + 0.9*rng.Float64()) * m.size
	ahead := s.follow(p, m, long/2, 1, l)
	behind := s.follow(p, m, long/2, -1, l)
	slices.Reverse(behind)
	t.path = append(behind, ahead[1:]...)
	if rng.Float64() < 0.5 {
		slices.Reverse(t.path)
	}
	return t
}

func (s subject) follow(p point, m spot, long, sign float64, l layer) []point {
	const step = 4.0
	path := []point{p}
	angle := m.angle
	for d := 0.0; d < long; d += step {
		sin, cos := math.Sincos(angle)
		p = point{p.x + sign*step*cos, p.y + sign*step*sin}
		next := s.look(p)
		if d > l.width*0.6 && differ(next.colour, m.colour) > 0.10+0.004*l.width {
			break
		}
		angle = next.angle + math.Round((angle-next.angle)/math.Pi)*math.Pi // no U-turns
		path = append(path, p)
	}
	return path
}

// differ compares colours about as the eye does.
func differ(a, b vec3) float64 {
	d := vec3{math.Sqrt(a.x) - math.Sqrt(b.x), math.Sqrt(a.y) - math.Sqrt(b.y), math.Sqrt(a.z) - math.Sqrt(b.z)}
	return math.Sqrt(d.dot(d))
}

// stray mixes a colour anew: a little lighter or darker, and warmer or cooler.
func stray(c vec3, k float64, rng *rand.Rand) vec3 {
	light := math.Exp(2.1 * k * (rng.Float64() + rng.Float64() - 1))
	warm := 1.5 * k * (rng.Float64() + rng.Float64() - 1)
	green := 0.8 * k * (rng.Float64() - 0.5)
	return vec3{c.x * light * math.Exp(warm), c.y * light * math.Exp(green), c.z * light * math.Exp(-warm)}
}
