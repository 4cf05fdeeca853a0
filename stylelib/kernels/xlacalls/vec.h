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

// UNROLLED stands before a loop over sums that stay in registers.
#ifdef __clang__
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

enum {
	WIDTH = 2 * LANES,  // channels that a product computes at once
	LINE = 16,          // floats in a line of the cache
	BAND = (64 + ROWS - 1) / ROWS * ROWS,
};

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE vec same(float f) { return f - (vec){}; }

// soon asks for the line of the cache at p, which will be read; soon_written for one that will be written.
INLINE void soon(const float *p) { __builtin_prefetch(p); }
INLINE void soon_written(const float *p) { __builtin_prefetch(p, 1); }

static int at_most(int a, int b) { return a < b ? a : b; }

// product adds the product of n tiles and a part of the filter to sums, or begins them: sums[t] (+)= Σ_k data[t][k]·u[k].
// The n × 2 vectors of sums stay in registers.
INLINE void product(int n, const float *data, size_t step, const float *u, int channels, float *sums, int add) {
	vec sum[ROWS][2];
	UNROLLED
	for (int i = 0; i < n; i++) {
		sum[i][0] = add ? load(sums + i * STEP) : (vec){};
		sum[i][1] = add ? load(sums + i * STEP + LANES) : (vec){};
	}
	for (; channels > 0; channels -= STEP, data += step) {
		for (int k = 0; k < STEP; k++, u += WIDTH) {
			vec left = load(u), right = load(u + LANES);
			soon(data + n * STEP + k * LINE); // of the next rows
			UNROLLED
			for (int i = 0; i < n; i++) {
				vec d = same(data[i * STEP + k]);
				sum[i][0] += d * left;
				sum[i][1] += d * right;
			}
		}
	}
	UNROLLED
	for (int i = 0; i < n; i++) {
		store(sums + i * STEP, sum[i][0]);
		store(sums + i * STEP + LANES, sum[i][1]);
	}
}

#define PRODUCT(n) \
	static void product_##n(const float *data, size_t step, const float *u, int channels, float *sums, int add) { \
		product(n, data, step, u, channels, sums, add); \
	}
PRODUCT(1) PRODUCT(2) PRODUCT(3) PRODUCT(4) PRODUCT(5) PRODUCT(6)
#if ROWS > 6
PRODUCT(7) PRODUCT(8) PRODUCT(9) PRODUCT(10) PRODUCT(11) PRODUCT(12)
#endif
#if ROWS > 12
PRODUCT(13) PRODUCT(14)
#endif

static void (*const products[ROWS])(const float *, size_t, const float *, int, float *, int) = {
	product_1, product_2, product_3, product_4, product_5, product_6,
#if ROWS > 6
	product_7, product_8, product_9, product_10, product_11, product_12,
#endif
#if ROWS > 12
	product_13, product_14,
#endif
};

// multiply computes the products of one place, for n tiles, in parts as large as each other: few rows take as long as more.
static void multiply(int n, const float *data, size_t step, const float *u, int channels, float *sums, int add) {
	for (int parts = (n + ROWS - 1) / ROWS, some; parts > 0; parts--, n -= some, data += some * STEP, sums += some * STEP) {
		some = (n + parts - 1) / parts;
		products[some - 1](data, step, u, channels, sums, add);
	}
}
