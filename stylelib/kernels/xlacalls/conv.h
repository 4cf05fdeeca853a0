// What a convolution is given. See conv_body.h for how it is computed.
#ifndef STYLEBOOK_CONV_H
#define STYLEBOOK_CONV_H

#include "work.h"

typedef struct {
	int h, w, in;       // of x, [h, w, in]
	int oh, ow, out;    // of the result, [oh, ow, out]
	int pad;            // rows and columns of zeros around x
	int relu;           // convolve max(x, 0) instead of x
	const float *x;
	const float *filter; // [3, 3, in, out]
	const float *bias;   // [out], or NULL
	const float *gate;   // [oh, ow, out]: where it isn't positive, the result is 0; or NULL
	float *y;

	// How it is computed:
	int rows, columns;  // of tiles
	int whole;          // each worker keeps the whole transformed filter
	int band;           // tiles that are computed together
	int blocks;         // parts of a band that are multiplied by themselves, where workers share it
	float *data;        // transformed tiles, where workers share them
} conv;

// Each computes y and returns 1, or 0 where there is no memory.
int conv_avx512(conv *c, const ffi_call *call);
int conv_avx2(conv *c, const ffi_call *call);
int conv_any(conv *c, const ffi_call *call);

#endif
