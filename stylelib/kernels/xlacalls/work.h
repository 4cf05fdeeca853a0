// Work that is shared among XLA's threads.
#ifndef STYLEBOOK_WORK_H
#define STYLEBOOK_WORK_H

#include <stddef.h>

#include "ffi.h"

// A worker is a thread at some work, with memory of its own.
typedef struct {
	float *memory;
	int items; // that it has done
} worker;

// A work is a sequence of phases, each of some items that may be done in any order and at once. A phase begins when the one
// before it is done.
typedef struct {
	void (*item)(const void *job, int phase, int index, worker *w);
	const void *job;
	int phases;
	int (*items)(const void *job, int phase);
	size_t memory; // for each worker, in floats
} work;

// work_threads is how many threads may work at once. XLA may have more than there are processors.
extern int work_threads;

// memory_take returns memory for so many values, or NULL; memory_give gives it back.
float *memory_take(size_t floats);
void memory_give(float *memory);

// threads returns how many threads of XLA's work.
int threads(const ffi_call *call);

// work_do does all of it, with XLA's threads, and returns 1, or 0 where there is no memory.
int work_do(const work *w, const ffi_call *call);

#endif
