#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define LANES 8
#define ROWS 6
#define NAME(kernel) kernel##_avx2
#include "vec.h"

#include "conv_body.h"
#include "gram_body.h"
#include "symmetric_body.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
