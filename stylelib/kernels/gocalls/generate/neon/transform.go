package main

import (
	"math"
	"slices"
	"strings"

	"stylebook/stylelib/kernels/gocalls/generate/winograd"
)

// value is a vector before it has a register.
type value struct {
	from   *value // v + f·w, or f·w where from is nil
	factor float64
	with   *value
	in     vector
	uses   int
}

// arithmetic writes down what is computed.
type arithmetic struct{ steps []*value }

func (a *arithmetic) Add(v *value, f float64, w *value) *value {
	return a.step(&value{from: v, factor: f, with: w})
}
func (a *arithmetic) Scale(f float64, v *value) *value { return a.step(&value{factor: f, with: v}) }

func (a *arithmetic) step(s *value) *value {
	for _, used := range []*value{s.from, s.with} {
		if used != nil {
			used.uses++
		}
	}
	a.steps = append(a.steps, s)
	return s
}

// constantsAt is where the registers of numbers begin; those before are free for values.
const constantsAt = 22

// compute transforms vectors that lie in the first registers, and returns where the results are.
func (w *writer) compute(t winograd.Transform[*value], numbers *[]float64) (out []vector) {
	var a arithmetic
	var in []*value
	var free []vector
	for r := constantsAt - 1; r >= t.Side; r-- {
		free = append(free, vector(r))
	}
	for i := range t.Side {
		in = append(in, &value{in: vector(i)})
	}
	results := t.Of(&a, in)
	for _, r := range results {
		r.uses++
	}
	done := func(v *value) {
		if v.uses--; v.uses == 0 {
			free = append(free, v.in)
		}
	}
	for _, s := range a.steps {
		s.in = free[len(free)-1]
		free = free[:len(free)-1]
		switch {
		case s.from == nil:
			w.mul(s.with.in, number(numbers, s.factor), s.in)
		case s.factor == 1:
			w.add(s.from.in, s.with.in, s.in)
		case s.factor == -1:
			w.sub(s.from.in, s.with.in, s.in)
		default:
			w.copy(s.from.in, s.in)
			w.fma(s.with.in, number(numbers, s.factor), s.in)
		}
		if s.from != nil {
			done(s.from)
		}
		done(s.with)
	}
	for _, r := range results {
		out = append(out, r.in)
	}
	return out
}

// number returns the register of a number.
func number(all *[]float64, f float64) vector {
	i := slices.Index(*all, f)
	if i < 0 {
		i = len(*all)
		*all = append(*all, f)
	}
	return vector(constantsAt + i)
}

func (w *writer) transforms() {
	for _, t := range winograd.Transforms[*value]() {
		w.transform(t)
	}
}

// transform writes a function that transforms both axes of squares of vectors.
func (w *writer) transform(t winograd.Transform[*value]) {
	signature := t.Signature()
	w.begin(t.Name, strings.Split(signature[len("func("):len(signature)-1], ", ")...)
	names := []string{"from", "row*", "column*", "next*", "to", "toRow*", "toColumn*", "toNext*", "count", "half"}
	if t.With == "bias" || t.With == "gate" {
		names = append(names, t.With)
	}
	r := w.load(names...)
	from, row, column, next, to, toRow, toColumn, toNext, count, half := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9]
	at, address, other := w.register(), w.register(), w.register()
	if t.With == "gate" {
		w.op("SUB %v, %v", to, r[10]) // what lies at to has its gate so far from it
	}

	var numbers []float64
	before := w.code.String()
	w.code.Reset()
	w.label("square")
	w.op("MOVD %v, %v", from, at)
	results := 0
	for b := range t.Side {
		w.op("MOVD %v, %v", at, address)
		for a := range t.Side {
			w.vectorFrom(address, 0, vector(a))
			if t.With == "relu" {
				w.zero(31)
				w.max(vector(a), 31, vector(a))
			}
			w.op("ADD %v, %v", row, address)
		}
		out := w.compute(t, &numbers)
		results = len(out)
		for a, v := range out {
			w.vectorTo(v, half, (a*t.Side+b)*bytes)
		}
		w.op("ADD %v, %v", column, at)
	}
	w.op("MOVD %v, %v", to, at)
	for a := range results {
		for b := range t.Side {
			w.vectorFrom(half, (a*t.Side+b)*bytes, vector(b))
		}
		out := w.compute(t, &numbers)
		w.op("MOVD %v, %v", at, address)
		for _, v := range out {
			switch t.With {
			case "bias":
				w.vectorFrom(r[10], 0, 31)
				w.add(v, 31, v)
			case "gate":
				w.op("ADD %v, %v, %v", r[10], address, other)
				w.vectorFrom(other, 0, 31)
				w.above(31, 31)
				w.and(v, 31, v)
			}
			w.vectorTo(v, address, 0)
			w.op("ADD %v, %v", toColumn, address)
		}
		w.op("ADD %v, %v", toRow, at)
	}
	w.op("ADD %v, %v", next, from)
	w.op("ADD %v, %v", toNext, to)
	if t.With == "bias" {
		w.op("ADD $%d, %v", bytes, r[10])
	}
	w.op("SUBS $1, %v, %v", count, count)
	w.op("BGT square")
	w.end()
	body := w.code.String()

	// Only now it is known which numbers there are.
	w.code.Reset()
	w.code.WriteString(before)
	for i, f := range numbers {
		w.op("MOVD $0x%08X, %v // %g", math.Float32bits(float32(f)), at, f)
		w.op("VDUP %v, V%d.S4", at, constantsAt+i)
	}
	w.code.WriteString(body)
}
