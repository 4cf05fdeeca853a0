package main

// squares writes the loops over the vectors of a row of 2×2 squares. body gets the addresses of a square's corners and how far in
// bytes its vectors are in a pixel.
func (w *writer) squares(top, bottom, channels, pixels register, body func(corners [4]register, at register), next ...register) {
	at, here := w.register(), [4]register{}
	for i := range here {
		here[i] = w.register()
	}
	w.label("pixel")
	w.op("MOVD $0, %v", at)
	w.label("vector")
	w.op("ADD %v, %v, %v", at, top, here[0])
	w.op("ADD %v, %v, %v", channels, here[0], here[1])
	w.op("ADD %v, %v, %v", at, bottom, here[2])
	w.op("ADD %v, %v, %v", channels, here[2], here[3])
	body(here, at)
	w.op("ADD $%d, %v", bytes, at)
	w.op("CMP %v, %v", channels, at)
	w.op("BLT vector")
	w.op("ADD %v<<1, %v", channels, top)
	w.op("ADD %v<<1, %v", channels, bottom)
	for _, r := range next {
		w.op("ADD %v, %v", channels, r)
	}
	w.op("SUBS $1, %v, %v", pixels, pixels)
	w.op("BGT pixel")
}

// largest makes vector 0 the largest of 0 and a square's corners, which are in vectors 1 to 4.
func (w *writer) largest(corners [4]register) {
	w.zero(0)
	for i, r := range corners {
		w.vectorFrom(r, 0, vector(1+i))
		w.max(0, vector(1+i), 0)
	}
}

func (w *writer) maxPool() {
	w.begin("maxPool", "top", "bottom", "to *float32", "channels", "pixels int")
	r := w.load("top", "bottom", "to", "channels*", "pixels")
	address := w.register()
	w.squares(r[0], r[1], r[3], r[4], func(corners [4]register, at register) {
		w.largest(corners)
		w.op("ADD %v, %v, %v", at, r[2], address)
		w.vectorTo(0, address, 0)
	}, r[2])
	w.end()
}

func (w *writer) maxPoolGradient() {
	w.begin("maxPoolGradient", "top", "bottom", "dy", "toTop", "toBottom *float32", "channels", "pixels int")
	r := w.load("top", "bottom", "dy", "toTop", "toBottom", "channels*", "pixels")
	w.op("SUB %v, %v", r[0], r[3])
	w.op("SUB %v, %v", r[1], r[4])
	address := w.register()
	w.squares(r[0], r[1], r[5], r[6], func(corners [4]register, at register) {
		const rest, mask = 5, 6
		w.largest(corners)
		w.op("ADD %v, %v, %v", at, r[2], address)
		w.vectorFrom(address, 0, rest)
		w.above(0, mask)
		w.and(rest, mask, rest)
		for i, corner := range corners {
			w.equal(vector(1+i), 0, mask)
			w.and(rest, mask, mask)
			w.xor(mask, rest, rest)
			w.op("ADD %v, %v, %v", r[3+i/2], corner, address)
			w.vectorTo(mask, address, 0)
		}
	}, r[2])
	w.end()
}

func (w *writer) positive() {
	w.begin("positive", "x", "to *float32", "count int")
	r := w.load("x", "to", "count*")
	w.zero(1)
	w.label("vector")
	w.vectorFrom(r[0], 0, 0)
	w.max(0, 1, 0)
	w.vectorTo(0, r[1], 0)
	w.onward(r[2], r[0], r[1])
	w.end()
}

func (w *writer) gated() {
	w.begin("gated", "x", "dy", "to *float32", "count int")
	r := w.load("x", "dy", "to", "count*")
	w.label("vector")
	w.vectorFrom(r[0], 0, 0)
	w.vectorFrom(r[1], 0, 1)
	w.above(0, 0)
	w.and(0, 1, 0)
	w.vectorTo(0, r[2], 0)
	w.onward(r[3], r[0], r[1], r[2])
	w.end()
}

// onward ends a loop over vectors of so many bytes.
func (w *writer) onward(count register, addresses ...register) {
	for _, r := range addresses {
		w.op("ADD $%d, %v", bytes, r)
	}
	w.op("SUBS $%d, %v, %v", bytes, count, count)
	w.op("BGT vector")
}
