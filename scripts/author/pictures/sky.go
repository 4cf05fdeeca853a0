package main

import (
	"math"

	"stylebook/scripts/author/lattice"
)

// sun points to the light, low behind the camera's left shoulder.
var sun = vec3{-0.80, 0.46, -0.42}.unit()

var (
	sunColour = vec3{3.3, 2.72, 2.0}
	skyLight  = vec3{0.34, 0.48, 0.74}
)

// sky is the dome before the camera, sampled by slope: columns by x/z and rows
// by y/z, which are the coordinates of a picture with a level horizon.
type sky struct {
	img        *canvas
	half, rise float64
}

func newSky(width int) *sky {
	s := &sky{half: 0.60, rise: 0.46}
	s.img = newCanvas(width, int(float64(width)*s.rise/(2*s.half)))
	rows(s.img.h, func(j int) {
		for i := range s.img.w {
			u := (float64(i)+0.5)/float64(s.img.w)*2*s.half - s.half
			v := (float64(j) + 0.5) / float64(s.img.h) * s.rise
			dir := vec3{u, v, 1}.unit()
			s.img.pix[j*s.img.w+i] = withClouds(dir, clearSky(dir), lattice.Uniform(i, j, 40))
		}
	})
	return s
}

func (s *sky) at(dir vec3) vec3 {
	u, v := dir.x/dir.z, dir.y/dir.z
	return s.img.sample((u+s.half)/(2*s.half)*float64(s.img.w), v/s.rise*float64(s.img.h))
}

// clearSky deepens with height and is warmer to the left, where the sun is.
func clearSky(dir vec3) vec3 {
	up := clamp(dir.y, 0, 1)
	c := mix(vec3{0.60, 0.70, 0.82}, vec3{0.10, 0.235, 0.54}, 1-math.Exp(-5.5*up))
	warm := math.Exp(-11*up) * (0.55 - 0.45*dir.x)
	return mix(c, vec3{0.98, 0.80, 0.62}, 0.75*warm)
}

const (
	cloudBase = 2300.0
	cloudTop  = 3900.0
)

// cloudDensity is how thick the cloud is at a point, 0 in clear air.
func cloudDensity(p vec3, octaves int) float64 {
	t := (p.y - cloudBase) / (cloudTop - cloudBase)
	if t <= 0 || t >= 1 {
		return 0
	}
	cover := -0.06 + 0.34*lattice.Noise(p.x/5200+0.4, p.z/5200+2.1, 41)
	shape := smoothstep(0, 0.12, t) * (1 - t*t)
	n := 1.35*fbm3(p.scale(1.0/1250), octaves, 42) + cover - 0.36*(1-shape)
	return clamp(n*3.2, 0, 1)
}

// withClouds marches through the cloud layer and lays it over the clear sky.
func withClouds(dir, clear vec3, jitter float64) vec3 {
	if dir.y < 0.04 {
		return clear
	}
	const steps = 72
	start, end := cloudBase/dir.y, min(cloudTop/dir.y, 42000)
	if start > end {
		return clear
	}
	step := (end - start) / steps
	through, light := 1.0, vec3{}
	for i := range steps {
		d := start + (float64(i)+jitter)*step
		p := dir.scale(d)
		rho := cloudDensity(p, 5)
		if rho <= 0 {
			continue
		}
		c := mix(cloudColour(p, rho), clear, 1-math.Exp(-d/26000))
		alpha := 1 - math.Exp(-rho*step*0.0042)
		light = light.add(c.scale(alpha * through))
		if through *= 1 - alpha; through < 0.02 {
			break
		}
	}
	return clear.scale(through).add(light)
}

// cloudColour lights a point of cloud by the sun through what lies between,
// and by the sky according to height.
func cloudColour(p vec3, rho float64) vec3 {
	depth := 0.0
	for i := 1; i <= 4; i++ {
		depth += cloudDensity(p.add(sun.scale(float64(i)*110)), 3) * 110
	}
	direct := math.Exp(-depth*0.0052)*0.85 + 0.15*math.Exp(-depth*0.0012)
	powder := 1 - 0.45*math.Exp(-rho*4)
	t := (p.y - cloudBase) / (cloudTop - cloudBase)
	return sunColour.scale(0.30 * direct * powder).add(mix(vec3{0.24, 0.30, 0.40}, vec3{0.38, 0.46, 0.58}, t))
}

// haze fades a surface into the air before it.
func haze(c, dir vec3, dist, height float64) vec3 {
	amount := 1 - math.Exp(-dist/15500*math.Exp(-height/2600))
	air := mix(vec3{0.42, 0.54, 0.72}, vec3{0.74, 0.66, 0.58}, clamp(0.32-0.5*dir.x, 0, 1))
	return mix(c, air, amount)
}
