package main

import (
	"fmt"
	"strings"
)

// writer collects functions.
type writer struct {
	code, stubs strings.Builder
	free        []int          // general registers
	params      map[string]int // offsets
}

// op writes an instruction.
func (w *writer) op(format string, args ...any) { fmt.Fprintf(&w.code, "\t"+format+"\n", args...) }

// word writes one that Go's assembler has no name for.
func (w *writer) word(code uint32, name string, args ...any) {
	w.op("WORD $0x%08X // %s", code, fmt.Sprintf(name, args...))
}

// begin begins a function with parameters of eight bytes each, "name type"; type vectors of package gocalls says what it does.
func (w *writer) begin(name string, params ...string) {
	w.params = map[string]int{}
	for i, p := range params {
		w.params[strings.Fields(p)[0]] = 8 * i
	}
	fmt.Fprintf(&w.stubs, "\n//go:noescape\nfunc %sNEON(%s)\n", name, strings.Join(params, ", "))
	fmt.Fprintf(&w.code, "\n// func %sNEON(%s)\nTEXT ·%[1]sNEON(SB), NOSPLIT, $0-%[3]d\n", name, strings.Join(params, ", "), 8*len(params))
	w.free = nil
	for r := 26; r >= 0; r-- {
		if r < 16 || r > 18 { // those that linkers and systems use
			w.free = append(w.free, r)
		}
	}
}

func (w *writer) end() { w.op("RET") }

// register is a general register.
type register int

func (r register) String() string { return fmt.Sprintf("R%d", int(r)) }

func (w *writer) register() register {
	r := w.free[len(w.free)-1]
	w.free = w.free[:len(w.free)-1]
	return register(r)
}

// load loads parameters into registers, those that end in * as counts of floats, in bytes.
func (w *writer) load(names ...string) (all []register) {
	for _, name := range names {
		r := w.register()
		plain := strings.TrimSuffix(name, "*")
		w.op("MOVD %s+%d(FP), %v", plain, w.params[plain], r)
		if plain != name {
			w.op("LSL $2, %v", r)
		}
		all = append(all, r)
	}
	return all
}

func (w *writer) label(name string) { fmt.Fprintf(&w.code, "%s:\n", name) }

// vector is a vector register.
type vector int

func (w *writer) vectorFrom(base register, offset int, v vector) {
	w.op("FMOVQ %d(%v), F%d", offset, base, v)
}
func (w *writer) vectorTo(v vector, base register, offset int) {
	w.op("FMOVQ F%d, %d(%v)", v, offset, base)
}

func (w *writer) three(code uint32, name string, a, b, to vector) {
	w.word(code|uint32(b)<<16|uint32(a)<<5|uint32(to), "%s V%d, V%d, V%d", name, to, a, b)
}

func (w *writer) add(a, b, to vector)   { w.three(0x4E20D400, "FADD.4S", a, b, to) }
func (w *writer) sub(a, b, to vector)   { w.three(0x4EA0D400, "FSUB.4S", a, b, to) }
func (w *writer) mul(a, b, to vector)   { w.three(0x6E20DC00, "FMUL.4S", a, b, to) }
func (w *writer) max(a, b, to vector)   { w.three(0x4E20F400, "FMAX.4S", a, b, to) }
func (w *writer) equal(a, b, to vector) { w.three(0x4E20E400, "FCMEQ.4S", a, b, to) }
func (w *writer) and(a, b, to vector)   { w.three(0x4E201C00, "AND.16B", a, b, to) }
func (w *writer) xor(a, b, to vector)   { w.three(0x6E201C00, "EOR.16B", a, b, to) }
func (w *writer) copy(a, to vector)     { w.three(0x4EA01C00, "ORR.16B", a, a, to) }
func (w *writer) zero(to vector)        { w.xor(to, to, to) }
func (w *writer) fma(a, b, to vector)   { w.three(0x4E20CC00, "FMLA.4S", a, b, to) }
func (w *writer) add64(a, b, to vector) { w.three(0x4E60D400, "FADD.2D", a, b, to) }

// above makes a vector of ones where a is above 0, and of zeros elsewhere.
func (w *writer) above(a, to vector) {
	w.word(0x4EA0C800|uint32(a)<<5|uint32(to), "FCMGT.4S V%d, V%d, 0", to, a)
}

// fmaOf adds a times element i of b to a vector, of four floats.
func (w *writer) fmaOf(a, b vector, i int, to vector) {
	w.word(0x4F801000|uint32(i&1)<<21|uint32(b)<<16|uint32(i>>1)<<11|uint32(a)<<5|uint32(to), "FMLA.4S V%d, V%d, V%d[%d]", to, a, b, i)
}

// fmaOf64 does so with two doubles.
func (w *writer) fmaOf64(a, b vector, i int, to vector) {
	w.word(0x4FC01000|uint32(b)<<16|uint32(i)<<11|uint32(a)<<5|uint32(to), "FMLA.2D V%d, V%d, V%d[%d]", to, a, b, i)
}
