// Package winograd has the transforms of Winograd's method F(4×4, 3×3) for the generators of loops: see conv_body.h of package
// xlacalls, whose formulas they are.
package winograd

// Arithmetic is how a processor computes with vectors.
type Arithmetic[V any] interface {
	Add(v V, f float64, w V) V // v + f·w, rounded once
	Scale(f float64, v V) V    // f·v
}

// The points of the method, and numbers that its transforms multiply with.
const (
	p, q   = 0.625, 1.5
	p2, q2 = p * p, q * q
	atP    = 1 / (2 * p2 * (p2 - q2))
	atQ    = 1 / (2 * q2 * (q2 - p2))
)

// Data is Bᵀ d, of six vectors.
func Data[V any](o Arithmetic[V], d []V) []V {
	evenP, oddP := o.Add(d[4], -q2, d[2]), o.Add(d[3], -q2, d[1])
	evenQ, oddQ := o.Add(d[4], -p2, d[2]), o.Add(d[3], -p2, d[1])
	return []V{
		o.Add(o.Add(d[4], -(p2+q2), d[2]), p2*q2, d[0]),
		o.Add(evenP, p, oddP), o.Add(evenP, -p, oddP),
		o.Add(evenQ, q, oddQ), o.Add(evenQ, -q, oddQ),
		o.Add(o.Add(d[5], -(p2+q2), d[3]), p2*q2, d[1]),
	}
}

// Filter is G g, of three vectors.
func Filter[V any](o Arithmetic[V], g []V) []V {
	evenP, oddP := o.Add(o.Scale(atP, g[0]), p2*atP, g[2]), o.Scale(p*atP, g[1])
	evenQ, oddQ := o.Add(o.Scale(atQ, g[0]), q2*atQ, g[2]), o.Scale(q*atQ, g[1])
	return []V{
		o.Scale(1/(p2*q2), g[0]),
		o.Add(evenP, 1, oddP), o.Add(evenP, -1, oddP),
		o.Add(evenQ, 1, oddQ), o.Add(evenQ, -1, oddQ),
		g[2],
	}
}

// Result is Aᵀ m, of six vectors.
func Result[V any](o Arithmetic[V], m []V) []V {
	evenP, oddP := o.Add(m[1], 1, m[2]), o.Add(m[1], -1, m[2])
	evenQ, oddQ := o.Add(m[3], 1, m[4]), o.Add(m[3], -1, m[4])
	return []V{
		o.Add(o.Add(m[0], 1, evenP), 1, evenQ),
		o.Add(o.Scale(p, oddP), q, oddQ),
		o.Add(o.Scale(p2, evenP), q2, evenQ),
		o.Add(o.Add(m[5], p*p2, oddP), q*q2, oddQ),
	}
}

// Transforms are the functions that transform both axes of squares: each takes squares of side × side vectors through Of twice.
func Transforms[V any]() []Transform[V] {
	return []Transform[V]{
		{"transformData", 6, Data[V], ""},
		{"transformPositiveData", 6, Data[V], "relu"},
		{"transformFilter", 3, Filter[V], ""},
		{"transformResult", 6, Result[V], "bias"},
		{"transformGatedResult", 6, Result[V], "gate"},
	}
}

// Transform is one of them.
type Transform[V any] struct {
	Name string
	Side int
	Of   func(Arithmetic[V], []V) []V
	With string // what it does besides: relu to what it reads, bias or gate to what it writes
}

// OfResult tells whether it makes results, and so takes a bias or a gate.
func (t Transform[V]) OfResult() bool { return t.With == "bias" || t.With == "gate" }

// Signature is that of its Go function.
func (t Transform[V]) Signature() string {
	s := "func(from *float32, row, column, next int, to *float32, toRow, toColumn, toNext int, count int, half *float32"
	if t.OfResult() {
		s += ", " + t.With + " *float32"
	}
	return s + ")"
}
