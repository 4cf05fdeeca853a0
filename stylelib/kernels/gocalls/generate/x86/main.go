// Command x86 writes the innermost loops of package gocalls as assembly, once with AVX2's vectors of eight floats and once with
// AVX-512's of sixteen. Both compute each value by the same operations in the same order, so that all processors agree to the bit.
package main

import (
	"fmt"

	"stylebook/stylelib/kernels/gocalls/generate/winograd"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// level is a kind of vectors.
type level struct {
	name  string
	lanes int   // floats in a vector
	rows  []int // rows that a product takes at once: rows × 2 sums stay in registers
	side  int   // columns of a Gram matrix whose sums do
}

var levels = []level{
	{"AVX2", 8, []int{6, 4, 2, 1}, 4},
	{"AVX512", 16, []int{14, 8, 4, 2, 1}, 8},
}

func main() {
	ConstraintExpr("amd64")
	constants = GLOBL("constants", 24) // NOPTR, RODATA
	for _, l := range levels {
		for _, rows := range l.rows {
			l.product(rows)
		}
		l.columnProducts()
		l.columnProducts64()
		for _, t := range winograd.Transforms[VecVirtual]() {
			l.transform(t)
		}
		l.maxPool()
		l.maxPoolGradient()
		l.relu()
		l.reluGradient()
	}
	Generate()
}

func (l level) bytes() int { return 4 * l.lanes }

func (l level) vector() VecVirtual {
	if l.lanes == 16 {
		return ZMM()
	}
	return YMM()
}

func (l level) zero() VecVirtual {
	v := l.vector()
	VXORPS(v, v, v)
	return v
}

func (l level) load(m Mem) VecVirtual {
	v := l.vector()
	VMOVUPS(m, v)
	return v
}

// compare returns a vector of ones where a and b compare so, and of zeros elsewhere.
func (l level) compare(how Constant, a, b VecVirtual) VecVirtual {
	r := l.vector()
	if l.lanes == 16 {
		k := K()
		VCMPPS(how, b, a, k)
		VPMOVM2D(k, r)
	} else {
		VCMPPS(how, b, a, r)
	}
	return r
}

const (
	equal   = U8(0)
	greater = U8(30) // false if one is no number
)

// positive returns v where gate is above 0, else 0.
func (l level) positive(v, gate VecVirtual) VecVirtual {
	r := l.compare(greater, gate, l.zero())
	VANDPS(v, r, r)
	return r
}

// begin begins a function for the level; type vectors of package gocalls says what it does.
func (l level) begin(name, signature string) {
	TEXT(name+l.name, 0, signature)
	Pragma("noescape")
}

// end ends it. Go's own instructions wait for vectors whose upper halves aren't cleared.
func end() {
	VZEROUPPER()
	RET()
}

func param(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

// floats is a parameter that counts floats, in bytes.
func floats(name string) GPVirtual {
	r := param(name)
	SHLQ(U8(2), r)
	return r
}

// loop repeats body while it counts n down to 0, at least once.
func loop(name string, n GPVirtual, body func()) {
	Label(name)
	body()
	DECQ(n)
	JNZ(LabelRef(name))
}

const step = 64 // floats in a row of a panel

// product is sums[i] (+)= Σ_k data[i][k]·u[k] for some rows i and two vectors of columns.
func (l level) product(rows int) {
	l.begin(fmt.Sprintf("product%d", rows), "func(data *float32, panel int, u *float32, channels int, sums *float32, add int)")
	data, panel, u, channels, sums, add := param("data"), floats("panel"), param("u"), param("channels"), param("sums"), param("add")
	var sum [14][2]VecVirtual
	for i := range rows {
		sum[i] = [2]VecVirtual{l.zero(), l.zero()}
	}
	TESTQ(add, add)
	JZ(LabelRef("panels"))
	for i := range rows {
		VMOVUPS(Mem{Base: sums, Disp: i * 4 * step}, sum[i][0])
		VMOVUPS(Mem{Base: sums, Disp: i*4*step + l.bytes()}, sum[i][1])
	}
	Label("panels")
	at, n, soon := GP64(), GP64(), GP64()
	MOVQ(data, at)
	LEAQ(Mem{Base: data, Disp: rows * 4 * step}, soon) // the next rows
	MOVQ(U32(step), n)
	CMPQ(channels, n)
	CMOVQLT(channels, n)
	SUBQ(n, channels)
	loop("channel", n, func() {
		left, right, d := l.load(Mem{Base: u}), l.load(Mem{Base: u, Disp: l.bytes()}), l.vector()
		ADDQ(U32(2*l.bytes()), u)
		PREFETCHT0(Mem{Base: soon})
		ADDQ(U8(64), soon)
		for i := range rows {
			VBROADCASTSS(Mem{Base: at, Disp: i * 4 * step}, d)
			VFMADD231PS(left, d, sum[i][0])
			VFMADD231PS(right, d, sum[i][1])
		}
		ADDQ(U8(4), at)
	})
	ADDQ(panel, data)
	TESTQ(channels, channels)
	JNZ(LabelRef("panels"))
	for i := range rows {
		VMOVUPS(sum[i][0], Mem{Base: sums, Disp: i * 4 * step})
		VMOVUPS(sum[i][1], Mem{Base: sums, Disp: i*4*step + l.bytes()})
	}
	end()
}

// columnProducts is a block of a Gram matrix.
func (l level) columnProducts() {
	l.begin("columnProducts", "func(a, b *float32, rows int, sums *float32, row int)")
	a, b, rows, sums, row := param("a"), param("b"), param("rows"), param("sums"), floats("row")
	sum := l.block(a, b, rows, VBROADCASTSS, VFMADD231PS, 4, 4*step, 4*step)
	for i := range l.side {
		for o, v := range sum[i] {
			to := Mem{Base: sums, Disp: o * l.bytes()}
			VADDPS(to, v, v)
			VMOVUPS(v, to)
		}
		ADDQ(row, sums)
	}
	end()
}

// columnProducts64 is a block of a product of matrices.
func (l level) columnProducts64() {
	l.begin("columnProducts64", "func(a, b *float64, rows int, sums *float64)")
	a, b, rows, sums := param("a"), param("b"), param("rows"), param("sums")
	sum := l.block(a, b, rows, VBROADCASTSD, VFMADD231PD, 8, 8*l.side, 2*l.bytes())
	for i := range l.side {
		for o, v := range sum[i] {
			to := Mem{Base: sums, Disp: (2*i + o) * l.bytes()}
			VADDPD(to, v, v)
			VMOVUPS(v, to)
		}
	}
	end()
}

// block sums the products of some columns of a with two vectors of b, over rows of so many bytes.
func (l level) block(a, b, rows GPVirtual, broadcast, multiplyAdd func(...Op), size, rowOfA, rowOfB int) [][2]VecVirtual {
	sum := make([][2]VecVirtual, l.side)
	for i := range sum {
		sum[i] = [2]VecVirtual{l.zero(), l.zero()}
	}
	loop("row", rows, func() {
		left, right, v := l.load(Mem{Base: b}), l.load(Mem{Base: b, Disp: l.bytes()}), l.vector()
		for i := range sum {
			broadcast(Mem{Base: a, Disp: size * i}, v)
			multiplyAdd(left, v, sum[i][0])
			multiplyAdd(right, v, sum[i][1])
		}
		ADDQ(U32(rowOfA), a)
		ADDQ(U32(rowOfB), b)
	})
	return sum
}
