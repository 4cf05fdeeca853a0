#ifndef STYLEBOOK_KERNELS_H
#define STYLEBOOK_KERNELS_H

// kernels_register makes the kernels known to a plugin that is loaded from path, to be computed by so many of its threads at most,
// and returns NULL, or why it can't be done.
const char *kernels_register(const char *path, int threads);

// kernels_level tells which kernels are used here: 2 those for AVX-512, 1 those for AVX2, 0 those for any processor.
int kernels_level(void);

// kernels_limit sets the highest level that may be used.
void kernels_limit(int level);

// kernels_release_memory gives the system what the C library holds and nobody uses.
void kernels_release_memory(void);

#endif
