// Vectors of one kind of processor, and the product that all its kernels use. Whoever includes this says: LANES, floats in a vector;
// ROWS, how many rows a product of ROWS × 2 vectors takes at once, so that its sums stay in registers; NAME(n), the name of what
// others see.
#include <stddef.h>
#include <string.h>

enum {
	STEP = 64, // channels come in multiples of this, a panel
};

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int mask __attribute__((vector_size(LANES * 4)));

#define INLINE static inline __attribute__((always_inline))

enum {
	WIDTH = 2 * LANES,  // channels that a product computes at once
	BAND = (64 + ROWS - 1) / ROWS * ROWS,
};

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE vec same(float f) { return f - (vec){}; }

static int at_most(int a, int b) { return a < b ? a : b; }

// product adds the product of n tiles and a part of the filter to sums, or begins them: sums[t] (+)= Σ_k data[t][k]·u[k].
// The n × 2 vectors of sums stay in registers.
INLINE void product(int n, const float *data, size_t step, const float *u, int channels, float *sums, int add) {
	vec sum[ROWS][2];
	for (int i = 0; i < n; i++) {
		sum[i][0] = add ? load(sums + i * STEP) : (vec){};
		sum[i][1] = add ? load(sums + i * STEP + LANES) : (vec){};
	}
	for (; channels > 0; channels -= STEP, data += step) {
		for (int k = 0; k < STEP; k++, u += WIDTH) {
			vec left = load(u), right = load(u + LANES);
#pragma GCC unroll 16
			for (int i = 0; i < n; i++) {
				vec d = same(data[i * STEP + k]);
				sum[i][0] += d * left;
				sum[i][1] += d * right;
			}
		}
	}
	for (int i = 0; i < n; i++) {
		store(sums + i * STEP, sum[i][0]);
		store(sums + i * STEP + LANES, sum[i][1]);
	}
}

#define PRODUCT(n) \
	static void product_##n(const float *data, size_t step, const float *u, int channels, float *sums, int add) { \
		product(n, data, step, u, channels, sums, add); \
	}
PRODUCT(1)
PRODUCT(2)
PRODUCT(4)
#if ROWS > 8
PRODUCT(8)
#endif
static void product_all(const float *data, size_t step, const float *u, int channels, float *sums, int add) {
	product(ROWS, data, step, u, channels, sums, add);
}

// multiply computes the products of one place, for n tiles.
static void multiply(int n, const float *data, size_t step, const float *u, int channels, float *sums, int add) {
	for (int done; n > 0; n -= done, data += done * STEP, sums += done * STEP) {
		if (n >= ROWS) {
			done = ROWS, product_all(data, step, u, channels, sums, add);
#if ROWS > 8
		} else if (n >= 8) {
			done = 8, product_8(data, step, u, channels, sums, add);
#endif
		} else if (n >= 4) {
			done = 4, product_4(data, step, u, channels, sums, add);
		} else if (n >= 2) {
			done = 2, product_2(data, step, u, channels, sums, add);
		} else {
			done = 1, product_1(data, step, u, channels, sums, add);
		}
	}
}
