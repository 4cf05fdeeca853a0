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
	WAIT = 10000,     // times a tenth of a millisecond: a second, more where the machine does much else
	PASSED = 8,       // takers who had no need of it: then a block is one too many
};

static _Thread_local char self; // its address tells threads apart

static struct block {
	char *start; // NULL: there is none
	size_t size;
	int lent;
	char *to;   // the thread that it was lent to last
	int passed; // how many took another since
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

// fits tells whether a block is of use to who wants a size: it is large enough, and not much larger.
static int fits(const struct block *b, size_t size) { return b->start && b->size >= size && b->size <= size + size / 4; }

// smallest finds the smallest block that fits and isn't lent, or NULL.
static struct block *smallest(size_t size) {
	struct block *best = NULL;
	for (struct block *b = blocks; b < blocks + BLOCKS; b++) {
		if (fits(b, size) && !b->lent && (!best || b->size < best->size)) best = b;
	}
	return best;
}

// fresh gets a block from the system; then smaller ones are of no use any more, it seems. NULL: there is none.
static struct block *fresh(size_t size) {
	release(size);
	for (struct block *b = blocks; b < blocks + BLOCKS; b++) {
		if (!b->start) return (b->start = map(b->size = size)) ? b : NULL;
	}
	return NULL;
}

// pass counts for the large blocks that would have fitted too that one more did without them; one too many goes back to the system.
static void pass(size_t size) {
	for (struct block *b = blocks; size >= LARGE && b < blocks + BLOCKS; b++) {
		if (fits(b, size) && !b->lent && ++b->passed > PASSED) munmap(b->start, b->size), b->start = NULL;
	}
}

static char *take(size_t size) {
	struct block *b = smallest(size);
	if (!b) b = fresh(size);
	if (!b) return NULL;
	b->lent = 1, b->to = &self, b->passed = 0;
	pass(size);
	return b->start;
}

// coming tells whether a block that fits is lent to another thread, which may be about to give it back.
static int coming(size_t size) {
	for (struct block *b = blocks; b < blocks + BLOCKS; b++) {
		if (fits(b, size) && b->lent && b->to != &self) return 1;
	}
	return 0;
}

// await gives XLA time to give a large block back, which it does some time after a step has ended: else the next step, on another
// thread, gets a second one. It is called, and returns, with the lock held. Who needs two at once waits in vain, but once: then there
// are two.
static void await(size_t size) {
	for (int i = 0; size >= LARGE && i < WAIT && !smallest(size) && coming(size); i++) {
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
