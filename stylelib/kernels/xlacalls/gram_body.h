// The products of a matrix's columns, and their gradient, for one kind of processor: see vec.h.
#include "gram.h"

enum {
	CHUNK = 128,                 // rows whose products are summed before they are added to the rest
	SIDE = ROWS >= 8 ? 8 : 4,    // columns on the left of a block, whose sums stay in registers
	BANDS = 4 * BAND,            // rows of the gradient that are computed together
};

// block adds the products of SIDE columns of a and two vectors of b to sums. Both are panels, [rows, STEP].
static void block(const float *a, const float *b, int rows, float *sums, int c) {
	vec sum[SIDE][2] = {};
	for (int r = 0; r < rows; r++, a += STEP, b += STEP) {
		vec left = load(b), right = load(b + LANES);
		UNROLLED
		for (int i = 0; i < SIDE; i++) {
			vec v = same(a[i]);
			sum[i][0] += v * left;
			sum[i][1] += v * right;
		}
	}
	UNROLLED
	for (int i = 0; i < SIDE; i++, sums += c) {
		store(sums, load(sums) + sum[i][0]);
		store(sums + LANES, load(sums + LANES) + sum[i][1]);
	}
}

// slice_products sums a slice's products of column i and column j, where j's panel isn't before i's: the others are the same.
static void slice_products(const gram *g, int slice, float *panels) {
	int64_t first = g->n * slice / g->slices, end = g->n * (slice + 1) / g->slices;
	float *sums = g->shared + (size_t)slice * g->c * g->c;
	memset(sums, 0, sizeof(float) * g->c * g->c);
	for (; first < end; first += CHUNK) {
		int rows = end - first < CHUNK ? end - first : CHUNK;
		for (int r = 0; r < rows; r++) {
			const float *x = g->x + (first + r) * g->c;
			for (int k = 0; k < g->c; k += LANES) store(panels + (k / STEP * CHUNK + r) * STEP + k % STEP, load(x + k));
		}
		for (int j = 0; j < g->c; j += WIDTH) {
			const float *b = panels + j / STEP * CHUNK * STEP + j % STEP;
			for (int i = 0; i < j / STEP * STEP + STEP; i += SIDE) {
				block(panels + i / STEP * CHUNK * STEP + i % STEP, b, rows, sums + (size_t)i * g->c + j, g->c);
			}
		}
	}
}

static void gram_item(const void *job, int phase, int i, worker *w) {
	const gram *g = job;
	size_t c = g->c;
	if (phase == 0) {
		slice_products(g, i, w->memory);
		return;
	}
	size_t first = i / STEP * STEP; // column, from which on row i was summed
	for (size_t j = first; phase == 1 && j < c; j += LANES) {
		vec sum = {};
		for (int s = 0; s < g->slices; s++) sum += load(g->shared + (s * c + i) * c + j);
		store(g->y + i * c + j, sum);
	}
	for (size_t j = 0; phase == 2 && j < first; j++) g->y[i * c + j] = g->y[j * c + i];
}

static int gram_items(const void *job, int phase) {
	const gram *g = job;
	return phase == 0 ? g->slices : g->c;
}

int NAME(gram)(gram *g, const ffi_call *call) {
	g->slices = g->c > 256 ? 8 : 16;
	g->shared = memory_take((size_t)g->slices * g->c * g->c);
	if (!g->shared) return 0;
	int done = work_do(&(work){gram_item, g, 3, gram_items, (size_t)CHUNK * g->c}, call);
	memory_give(g->shared);
	return done;
}

// The gradient is one product of matrices. First s + sᵀ is laid out for it, [c/WIDTH, c, WIDTH].
static void gradient_item(const void *job, int phase, int i, worker *w) {
	const gram *g = job;
	size_t c = g->c;
	if (phase == 0) {
		for (size_t k = 0; k < c; k++) {
			for (size_t j = 0; j < WIDTH; j++) {
				size_t o = i * WIDTH + j;
				g->shared[(i * c + k) * WIDTH + j] = g->s[k * c + o] + g->s[o * c + k];
			}
		}
		return;
	}
	int64_t first = (int64_t)i * BANDS;
	int n = g->n - first < BANDS ? g->n - first : BANDS;
	const float *x = g->x + first * c;
	float *sums = w->memory, *data = sums + BANDS * STEP;
	for (int r = 0; r < n && c > STEP; r++) { // [c/STEP, n, STEP]
		for (size_t k = 0; k < c; k += STEP) memcpy(data + (k / STEP * n + r) * STEP, x + r * c + k, STEP * sizeof(float));
	}
	if (c > STEP) x = data;
	for (size_t o = 0; o < c; o += WIDTH) {
		multiply(n, x, (size_t)n * STEP, g->shared + o * c, c, sums, 0);
		float *y = g->y + first * c + o;
		for (int r = 0; r < n; r++, y += c) {
			store(y, load(sums + r * STEP));
			store(y + LANES, load(sums + r * STEP + LANES));
		}
	}
}

static int gradient_items(const void *job, int phase) {
	const gram *g = job;
	return phase == 0 ? g->c / WIDTH : (g->n + BANDS - 1) / BANDS;
}

int NAME(gram_gradient)(gram *g, const ffi_call *call) {
	g->shared = memory_take((size_t)g->c * g->c);
	if (!g->shared) return 0;
	int done = work_do(&(work){gradient_item, g, 2, gradient_items, (size_t)BANDS * (g->c + STEP)}, call);
	memory_give(g->shared);
	return done;
}
