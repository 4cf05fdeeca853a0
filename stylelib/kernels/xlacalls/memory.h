// Large pieces of memory, which stay when they are given back.
#ifndef STYLEBOOK_MEMORY_H
#define STYLEBOOK_MEMORY_H

#include <stddef.h>

// memory_take returns memory for so many values, or NULL; memory_give gives it back.
float *memory_take(size_t floats);
void memory_give(float *memory);

// memory_release gives the system what was given back.
void memory_release(void);

#endif
