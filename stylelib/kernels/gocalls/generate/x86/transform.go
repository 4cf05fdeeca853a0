package main

import (
	"stylebook/stylelib/kernels/gocalls/generate/winograd"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// constants are vectors of one number each, which known lists.
var (
	constants Mem
	known     = map[float64]int{}
)

func constant(f float64) Mem {
	if _, ok := known[f]; !ok {
		known[f] = len(known) * 64
		for i := range 16 {
			DATA(known[f]+4*i, F32(float32(f)))
		}
	}
	return constants.Offset(known[f])
}

// Add returns v + f·w.
func (l level) Add(v VecVirtual, f float64, w VecVirtual) VecVirtual {
	sum := l.vector()
	VMOVAPS(v, sum)
	switch f {
	case 1:
		VADDPS(w, sum, sum)
	case -1:
		VSUBPS(w, sum, sum)
	default:
		VFMADD231PS(constant(f), w, sum)
	}
	return sum
}

// Scale returns f·v.
func (l level) Scale(f float64, v VecVirtual) VecVirtual {
	r := l.vector()
	VMULPS(constant(f), v, r)
	return r
}

// transform writes a function that transforms both axes of squares of vectors.
func (l level) transform(t winograd.Transform[VecVirtual]) {
	l.begin(t.Name, t.Signature())
	from, row, column, next := param("from"), floats("row"), floats("column"), floats("next")
	to, toRow, toColumn, toNext := param("to"), floats("toRow"), floats("toColumn"), floats("toNext")
	count, half := param("count"), param("half")
	var extra GPVirtual
	switch t.With {
	case "bias":
		extra = param("bias")
	case "gate":
		extra = param("gate")
		SUBQ(to, extra) // what lies at to has its gate so far from it
	}
	// The next tile's values lie behind this one's, in dozens of places at once, more than the processor follows by itself.
	soon := func(m Mem) { PREFETCHT0(m.Offset(4 * step)) }
	results := 0
	loop("square", count, func() {
		at := GP64()
		MOVQ(from, at)
		for b := range t.Side {
			var in []VecVirtual
			each(at, row, t.Side, func(_ int, m Mem) {
				if t.OfResult() {
					soon(m)
				}
				v := l.load(m)
				if t.With == "relu" {
					VMAXPS(v, l.zero(), v) // the second of two if one is no number
				}
				in = append(in, v)
			})
			out := t.Of(l, in)
			results = len(out)
			for a, v := range out {
				VMOVUPS(v, Mem{Base: half, Disp: (a*t.Side + b) * l.bytes()})
			}
			ADDQ(column, at)
		}
		MOVQ(to, at)
		for a := range results {
			var in []VecVirtual
			for b := range t.Side {
				in = append(in, l.load(Mem{Base: half, Disp: (a*t.Side + b) * l.bytes()}))
			}
			out := t.Of(l, in)
			each(at, toColumn, results, func(b int, m Mem) {
				v := out[b]
				switch t.With {
				case "bias":
					VADDPS(Mem{Base: extra}, v, v)
				case "gate":
					v = l.positive(v, l.load(Mem{Base: m.Base, Index: extra, Scale: 1}))
				}
				if !t.OfResult() {
					soon(m)
				}
				VMOVUPS(v, m)
			})
			ADDQ(toRow, at)
		}
		ADDQ(next, from)
		ADDQ(toNext, to)
		if t.With == "bias" {
			ADDQ(U32(l.bytes()), extra)
		}
	})
	end()
}

// each goes through n addresses from one on.
func each(from, step GPVirtual, n int, do func(i int, m Mem)) {
	address := GP64()
	MOVQ(from, address)
	for i := range n {
		do(i, Mem{Base: address})
		ADDQ(step, address)
	}
}
