package main

import "fmt"

// product is sums[i] (+)= Σ_k data[i][k]·u[k] for n rows i and two vectors of columns. It takes four channels at once.
func (w *writer) product(n int) {
	w.begin(fmt.Sprintf("product%d", n), "data *float32", "panel int", "u *float32", "channels int", "sums *float32", "add int")
	r := w.load("data", "panel*", "u", "channels", "sums", "add")
	data, panel, u, channels, sums, add := r[0], r[1], r[2], r[3], r[4], r[5]
	at, count := w.register(), w.register()
	const first = 20 // of the filter's vectors
	d := vector(28)
	for i := range 2 * n {
		w.zero(vector(i))
	}
	w.op("CBZ %v, panels", add)
	for i := range 2 * n {
		w.vectorFrom(sums, i/2*4*step+i%2*bytes, vector(i))
	}
	w.label("panels")
	w.op("MOVD %v, %v", data, at)
	w.op("MOVD $%d, %v", step, count)
	w.op("CMP %v, %v", count, channels)
	w.op("CSEL LT, %v, %v, %v", channels, count, count)
	w.op("SUB %v, %v", count, channels)
	w.label("channel")
	for i := range 8 {
		w.vectorFrom(u, i*bytes, vector(first+i))
	}
	w.op("ADD $%d, %v", 8*bytes, u)
	for i := range n {
		w.vectorFrom(at, i*4*step, d)
		for k := range 4 {
			w.fmaOf(vector(first+2*k), d, k, vector(2*i))
			w.fmaOf(vector(first+2*k+1), d, k, vector(2*i+1))
		}
	}
	w.op("ADD $%d, %v", bytes, at)
	w.op("SUBS $4, %v, %v", count, count)
	w.op("BGT channel")
	w.op("ADD %v, %v", panel, data)
	w.op("CBNZ %v, panels", channels)
	for i := range 2 * n {
		w.vectorTo(vector(i), sums, i/2*4*step+i%2*bytes)
	}
	w.end()
}

// columnProducts is a block of a Gram matrix.
func (w *writer) columnProducts() {
	w.begin("columnProducts", "a", "b *float32", "rows int", "sums *float32", "row int")
	r := w.load("a", "b", "rows", "sums", "row*")
	w.block(r[0], r[1], r[2], 4*step, 4*step, lanes, w.fmaOf)
	for i := range side {
		for o := range 2 {
			w.vectorFrom(r[3], o*bytes, 28)
			w.add(28, vector(2*i+o), 28)
			w.vectorTo(28, r[3], o*bytes)
		}
		w.op("ADD %v, %v", r[4], r[3])
	}
	w.end()
}

// columnProducts64 is a block of a product of matrices.
func (w *writer) columnProducts64() {
	w.begin("columnProducts64", "a", "b *float64", "rows int", "sums *float64")
	r := w.load("a", "b", "rows", "sums")
	w.block(r[0], r[1], r[2], 8*side, 2*bytes, 2, w.fmaOf64)
	for i := range 2 * side {
		w.vectorFrom(r[3], i*bytes, 28)
		w.add64(28, vector(i), 28)
		w.vectorTo(28, r[3], i*bytes)
	}
	w.end()
}

// block sums the products of some columns of a with two vectors of b, over rows of so many bytes, in the vectors from the first on.
func (w *writer) block(a, b, rows register, rowOfA, rowOfB, inVector int, fmaOf func(a, b vector, i int, to vector)) {
	const left, right, first = 20, 21, 22
	for i := range 2 * side {
		w.zero(vector(i))
	}
	w.label("row")
	w.vectorFrom(b, 0, left)
	w.vectorFrom(b, bytes, right)
	for i := range side / inVector {
		w.vectorFrom(a, i*bytes, vector(first+i))
	}
	for i := range side {
		fmaOf(left, vector(first+i/inVector), i%inVector, vector(2*i))
		fmaOf(right, vector(first+i/inVector), i%inVector, vector(2*i+1))
	}
	w.op("ADD $%d, %v", rowOfA, a)
	w.op("ADD $%d, %v", rowOfB, b)
	w.op("SUBS $1, %v, %v", rows, rows)
	w.op("BGT row")
}
