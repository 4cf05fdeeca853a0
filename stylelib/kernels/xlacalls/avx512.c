#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")
#endif
#define LANES 16
#define ROWS 14
#define NAME(kernel) kernel##_avx512
#include "vec.h"

#include "conv_body.h"
#include "gram_body.h"
#include "symmetric_body.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
