// A product of matrices in float64 that is symmetric.
#ifndef STYLEBOOK_SYMMETRIC_H
#define STYLEBOOK_SYMMETRIC_H

#include "work.h"

typedef struct {
	int c;                // a multiple of 64
	const double *a, *b;  // [c, c]
	double *y;            // a·b, known to be symmetric: half of it is computed, and the other half is the same

	double *left, *right; // aᵀ as [c/SIDE, c, SIDE], b as [c/LANES, c, LANES]
} symmetric;

int symmetric_avx512(symmetric *s, const ffi_call *call);
int symmetric_avx2(symmetric *s, const ffi_call *call);
int symmetric_any(symmetric *s, const ffi_call *call);

#endif
