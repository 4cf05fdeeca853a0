package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// maxPool is the largest of 2×2 squares.
func (l level) maxPool() {
	l.begin("maxPool", "func(top, bottom, to *float32, channels, pixels int)")
	top, bottom, to, channels, pixels := param("top"), param("bottom"), param("to"), floats("channels"), param("pixels")
	l.overSquares(top, bottom, channels, pixels, func(corners [4]Mem, at GPVirtual) {
		VMOVUPS(l.largest(corners), Mem{Base: to, Index: at, Scale: 1})
	}, func() { ADDQ(channels, to) })
	end()
}

// largest is the largest of a square's corners and 0. The processor's maximum is the second of two if one is no number: both orders
// together keep that.
func (l level) largest(corners [4]Mem) VecVirtual {
	r := l.zero()
	for _, c := range corners {
		v, other := l.load(c), l.vector()
		VMAXPS(v, r, other)
		VMAXPS(r, v, r)
		VORPS(other, r, r)
	}
	return r
}

// overSquares writes the loops over the vectors of a row of 2×2 squares, from the last of a pixel's to its first: body gets a
// square's corners and where its vectors are in a pixel, in bytes.
func (l level) overSquares(top, bottom, channels, pixels GPVirtual, body func([4]Mem, GPVirtual), next func()) {
	at := GP64()
	loop("pixel", pixels, func() {
		topRight, bottomRight := GP64(), GP64()
		LEAQ(Mem{Base: top, Index: channels, Scale: 1}, topRight)
		LEAQ(Mem{Base: bottom, Index: channels, Scale: 1}, bottomRight)
		MOVQ(channels, at)
		Label("vector")
		SUBQ(U8(l.bytes()), at)
		var corners [4]Mem
		for i, base := range []GPVirtual{top, topRight, bottom, bottomRight} {
			corners[i] = Mem{Base: base, Index: at, Scale: 1}
		}
		body(corners, at)
		TESTQ(at, at)
		JNZ(LabelRef("vector"))
		LEAQ(Mem{Base: top, Index: channels, Scale: 2}, top)
		LEAQ(Mem{Base: bottom, Index: channels, Scale: 2}, bottom)
		next()
	})
}

// maxPoolGradient is its gradient.
func (l level) maxPoolGradient() {
	l.begin("maxPoolGradient", "func(top, bottom, dy, toTop, toBottom *float32, channels, pixels int)")
	top, bottom, dy, channels, pixels := param("top"), param("bottom"), param("dy"), floats("channels"), param("pixels")
	toTop, toBottom := param("toTop"), param("toBottom")
	SUBQ(top, toTop)
	SUBQ(bottom, toBottom)
	l.overSquares(top, bottom, channels, pixels, func(corners [4]Mem, at GPVirtual) {
		largest := l.largest(corners)
		rest := l.positive(l.load(Mem{Base: dy, Index: at, Scale: 1}), largest)
		for i, c := range corners {
			mask := l.compare(equal, l.load(c), largest)
			VANDPS(rest, mask, mask)
			VXORPS(mask, rest, rest)
			address, to := GP64(), toTop
			if i >= 2 {
				to = toBottom
			}
			LEAQ(c, address)
			VMOVUPS(mask, Mem{Base: address, Index: to, Scale: 1})
		}
	}, func() { ADDQ(channels, dy) })
	end()
}
