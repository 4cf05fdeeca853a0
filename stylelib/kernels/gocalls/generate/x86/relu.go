package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// relu is max(x, 0).
func (l level) relu() {
	l.begin("positive", "func(x, to *float32, count int)")
	x, to, at := param("x"), param("to"), floats("count")
	zero := l.zero()
	Label("vector")
	SUBQ(U8(l.bytes()), at)
	v := l.load(Mem{Base: x, Index: at, Scale: 1})
	VMAXPS(v, zero, v) // the second of two if one is no number
	VMOVUPS(v, Mem{Base: to, Index: at, Scale: 1})
	TESTQ(at, at)
	JNZ(LabelRef("vector"))
	end()
}

// reluGradient is its gradient.
func (l level) reluGradient() {
	l.begin("gated", "func(x, dy, to *float32, count int)")
	x, dy, to, at := param("x"), param("dy"), param("to"), floats("count")
	Label("vector")
	SUBQ(U8(l.bytes()), at)
	v := l.positive(l.load(Mem{Base: dy, Index: at, Scale: 1}), l.load(Mem{Base: x, Index: at, Scale: 1}))
	VMOVUPS(v, Mem{Base: to, Index: at, Scale: 1})
	TESTQ(at, at)
	JNZ(LabelRef("vector"))
	end()
}
