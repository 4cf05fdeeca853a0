package main

import "math"

// vec3 is a point, a direction or a linear-light RGB colour.
type vec3 struct{ x, y, z float64 }

func (a vec3) add(b vec3) vec3      { return vec3{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec3) sub(b vec3) vec3      { return vec3{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec3) mul(b vec3) vec3      { return vec3{a.x * b.x, a.y * b.y, a.z * b.z} }
func (a vec3) scale(k float64) vec3 { return vec3{a.x * k, a.y * k, a.z * k} }
func (a vec3) dot(b vec3) float64   { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec3) unit() vec3           { return a.scale(1 / math.Sqrt(a.dot(a))) }
func (a vec3) luma() float64        { return 0.2126*a.x + 0.7152*a.y + 0.0722*a.z }

func (a vec3) cross(b vec3) vec3 {
	return vec3{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x}
}

// mix goes from a (t=0) to b (t=1).
func mix(a, b vec3, t float64) vec3 { return a.add(b.sub(a).scale(t)) }

func lerp(a, b, t float64) float64 { return a + (b-a)*t }

func clamp(v, lo, hi float64) float64 {
	if v < lo {
		return lo
	}
	if v > hi {
		return hi
	}
	return v
}

// smoothstep rises from 0 at lo to 1 at hi; lo may exceed hi.
func smoothstep(lo, hi, v float64) float64 {
	t := clamp((v-lo)/(hi-lo), 0, 1)
	return t * t * (3 - 2*t)
}

// bump is a bell of height 1 at v=0 that has fallen to 1/e at v=width.
func bump(v, width float64) float64 {
	v /= width
	return math.Exp(-v * v)
}

// srgb turns a 0xRRGGBB screen colour into linear light.
func srgb(hex uint32) vec3 {
	return vec3{linear(hex >> 16 & 255), linear(hex >> 8 & 255), linear(hex & 255)}
}

func linear(v uint32) float64 { return math.Pow(float64(v)/255, 2.2) }
