// The products of a matrix's columns, and the gradient of that.
#ifndef STYLEBOOK_GRAM_H
#define STYLEBOOK_GRAM_H

#include "work.h"

typedef struct {
	int64_t n;       // rows of x, [n, c]
	int c;           // a multiple of 64
	const float *x;
	const float *s;  // [c, c], for the gradient
	float *y;        // xᵀ·x, [c, c], or x·(s + sᵀ), [n, c]

	int slices;      // into which the rows are cut: each is summed by itself, whatever the number of threads, and then all in order
	float *shared;   // sums of slices, or s + sᵀ in the form that products take
} gram;

int gram_avx512(gram *g, const ffi_call *call);
int gram_avx2(gram *g, const ffi_call *call);
int gram_any(gram *g, const ffi_call *call);
int gram_gradient_avx512(gram *g, const ffi_call *call);
int gram_gradient_avx2(gram *g, const ffi_call *call);
int gram_gradient_any(gram *g, const ffi_call *call);

#endif
