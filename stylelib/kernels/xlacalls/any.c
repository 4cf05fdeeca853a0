// For every other processor: vectors of four floats, as ARM's NEON and x86's SSE2 have them.
#define LANES 4
#ifdef __aarch64__
#define ROWS 12
#else
#define ROWS 6
#endif
#define NAME(kernel) kernel##_any
#include "vec.h"

#include "conv_body.h"
#include "gram_body.h"
#include "symmetric_body.h"
