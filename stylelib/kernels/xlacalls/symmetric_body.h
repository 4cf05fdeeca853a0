// Products of matrices in float64 that are symmetric, for one kind of processor: see vec.h. It comes after gram_body.h, whose SIDE and
// CHUNK it has.
#include "symmetric.h"

typedef double vec64 __attribute__((vector_size(LANES * 4), aligned(8), may_alias));

enum { ROWS64 = 16 }; // that are laid out or mirrored together

INLINE vec64 load64(const double *p) { return *(const vec64 *)p; }
INLINE void store64(double *p, vec64 v) { *(vec64 *)p = v; }

// block64 adds the products of the SIDE columns of a and the two vectors of b to sums.
static void block64(const double *a, const double *b, int rows, double *sums) {
	vec64 sum[SIDE][2] = {};
	for (int r = 0; r < rows; r++, a += SIDE, b += LANES) {
		vec64 left = load64(b), right = load64(b + LANES / 2);
		UNROLLED
		for (int i = 0; i < SIDE; i++) {
			vec64 v = a[i] - (vec64){};
			sum[i][0] += v * left;
			sum[i][1] += v * right;
		}
	}
	UNROLLED
	for (int i = 0; i < SIDE; i++, sums += LANES) {
		store64(sums, load64(sums) + sum[i][0]);
		store64(sums + LANES / 2, load64(sums + LANES / 2) + sum[i][1]);
	}
}

// lay_out lays ROWS64 rows of a and b out for the products.
static void lay_out(const symmetric *s, size_t first) {
	size_t c = s->c;
	for (size_t i = first; i < first + ROWS64; i += SIDE) {
		for (size_t k = 0; k < c; k++) {
			for (size_t o = 0; o < SIDE; o++) s->left[i * c + k * SIDE + o] = s->a[(i + o) * c + k];
		}
	}
	for (size_t k = first; k < first + ROWS64; k++) {
		for (size_t j = 0; j < c; j += LANES) memcpy(s->right + j * c + k * LANES, s->b + k * c + j, LANES * sizeof(double));
	}
}

// symmetric_columns computes LANES columns of y from j on, down to the diagonal.
static void symmetric_columns(const symmetric *s, size_t j, double *sums) {
	size_t c = s->c, rows = j + LANES, whole = (rows + SIDE - 1) / SIDE * SIDE;
	memset(sums, 0, whole * LANES * sizeof(double));
	for (size_t k = 0; k < c; k += CHUNK) {
		for (size_t i = 0; i < whole; i += SIDE) {
			block64(s->left + i * c + k * SIDE, s->right + j * c + k * LANES, at_most(CHUNK, c - k), sums + i * LANES);
		}
	}
	for (size_t i = 0; i < rows; i++) memcpy(s->y + i * c + j, sums + i * LANES, LANES * sizeof(double));
}

static void symmetric_item(const void *job, int phase, int item, worker *w) {
	const symmetric *s = job;
	size_t c = s->c, first = (size_t)item * ROWS64;
	if (phase == 0) lay_out(s, first);
	if (phase == 1) symmetric_columns(s, c - (item + 1) * LANES, (double *)w->memory); // the longest first
	for (size_t j = 0; phase == 2 && j <= first; j += ROWS64) {
		for (size_t i = first; i < first + ROWS64; i++) {
			for (size_t o = j; o < j + ROWS64 && o < i; o++) s->y[i * c + o] = s->y[o * c + i];
		}
	}
}

static int symmetric_items(const void *job, int phase) {
	const symmetric *s = job;
	return s->c / (phase == 1 ? LANES : ROWS64);
}

int NAME(symmetric)(symmetric *s, const ffi_call *call) {
	size_t size = (size_t)s->c * s->c;
	float *memory = memory_take(2 * 2 * size);
	if (!memory) return 0;
	s->left = (double *)memory, s->right = s->left + size;
	int done = work_do(&(work){symmetric_item, s, 3, symmetric_items, 2 * (size_t)s->c * LANES}, call);
	memory_give(memory);
	return done;
}
