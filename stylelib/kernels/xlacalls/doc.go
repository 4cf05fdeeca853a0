// Package xlacalls holds loops in C that XLA on a CPU calls, and hands them to package kernels. XLA takes them as custom calls, by the
// interface that its plugin offers for that (PJRT's FFI extension), and lends its threads to them.
//
// They are compiled for processors with AVX-512, for those with AVX2, and for any other; which are used is decided when they run:
//
//	conv_body.h       3×3 convolution by Winograd's method
//	gram_body.h       the products of a matrix's columns, and their gradient
//	symmetric_body.h  products of matrices in float64 that are symmetric
//	vec.h             vectors, and the product of matrices that the first two use
//	work.c            how threads share the work
//	ffi.h             the parts of XLA's interfaces
package xlacalls
