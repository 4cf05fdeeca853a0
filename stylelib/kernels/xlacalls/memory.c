// XLA takes the memory of a step, one block of some hundred megabytes, anew in each step, and gives it back. So does the C library,
// and the system clears every page of it anew, which is a tenth of a step. Here blocks stay for the next taker, in pages of 2 MB
// where the system has them.
//
// That XLA's plugin takes its blocks here it does not know: it calls posix_memalign and free by their names, and those of the
// program come before the C library's. (The linker makes them visible with -rdynamic.) Whatever is smaller the C library still does.
#include "memory.h"

#include <stdlib.h>

enum { BLOCK = 8 << 20 }; // the smallest, lest much of its last page is of no use

float *memory_take(size_t floats) {
	void *p;
	size_t size = floats * sizeof(float);
	return posix_memalign(&p, 64, size < BLOCK ? BLOCK : size) ? NULL : p;
}

void memory_give(float *memory) { free(memory); }

#ifdef __GLIBC__

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

enum {
	PAGE = 2 << 20,
	BLOCKS = 256,
	LARGE = 64 << 20, // from which on a block is waited for
	WAIT = 20,        // times a tenth of a millisecond
};

static struct block {
	char *start; // NULL: there is none
	size_t size;
	int lent;
} blocks[BLOCKS];

static atomic_flag busy = ATOMIC_FLAG_INIT;

static void lock(void) {
	while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) sched_yield();
}

static void unlock(void) { atomic_flag_clear_explicit(&busy, memory_order_release); }

// release gives the system all blocks below a size that aren't lent.
static void release(size_t below) {
	for (struct block *b = blocks; b < blocks + BLOCKS; b++) {
		if (b->start && !b->lent && b->size < below) munmap(b->start, b->size), b->start = NULL;
	}
}

void memory_release(void) {
	lock();
	release(SIZE_MAX);
	unlock();
}

// map gets a block from the system that begins at a large page.
static char *map(size_t size) {
	char *from = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (from == MAP_FAILED) return NULL;
	char *start = (char *)(((uintptr_t)from + PAGE - 1) / PAGE * PAGE);
	if (start > from) munmap(from, start - from);
	munmap(start + size, from + PAGE - start);
	madvise(start, size, MADV_HUGEPAGE);
	return start;
}

// take finds the smallest block that is not much larger, or gets one; then smaller ones are of no use any more, it seems.
static char *take(size_t size) {
	struct block *best = NULL, *none = NULL;
	for (struct block *b = blocks; b < blocks + BLOCKS; b++) {
		if (!b->start) none = b;
		if (b->start && !b->lent && b->size >= size && b->size <= size + size / 4 && (!best || b->size < best->size)) best = b;
	}
	if (!best && none) {
		release(size);
		best = none;
		best->start = map(best->size = size);
	}
	if (!best || !best->start) return NULL;
	best->lent = 1;
	return best->start;
}

// lent_so tells whether a block of a size is lent.
static int lent_so(size_t size) {
	for (struct block *b = blocks; b < blocks + BLOCKS; b++) {
		if (b->start && b->lent && b->size == size) return 1;
	}
	return 0;
}

// await gives XLA some time to give a large block back, which it does on another thread after a step has ended: else the next step
// gets a second one, and both stay. It is called, and returns, with the lock held.
static void await(size_t size) {
	for (int i = 0; size >= LARGE && i < WAIT && lent_so(size); i++) {
		unlock();
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
		lock();
	}
}

int posix_memalign(void **result, size_t alignment, size_t size) {
	if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || !alignment) return EINVAL;
	void *p = NULL;
	if (size >= BLOCK && size <= SIZE_MAX / 2 && alignment <= PAGE) {
		lock();
		size_t pages = (size + PAGE - 1) / PAGE * PAGE;
		await(pages);
		p = take(pages);
		unlock();
	}
	if (!p) p = __libc_memalign(alignment, size);
	if (!p) return ENOMEM;
	*result = p;
	return 0;
}

void free(void *p) {
	if (p && (uintptr_t)p % PAGE == 0) { // as nearly nothing but a block
		lock();
		for (struct block *b = blocks; b < blocks + BLOCKS; b++) {
			if (b->start == p && b->lent) {
				b->lent = 0;
				unlock();
				return;
			}
		}
		unlock();
	}
	__libc_free(p);
}

#else

void memory_release(void) {}

#endif
