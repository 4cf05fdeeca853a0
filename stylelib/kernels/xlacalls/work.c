#include "work.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

float *memory_take(size_t floats) {
	void *p;
	return posix_memalign(&p, 64, floats * sizeof(float)) ? NULL : p;
}

void memory_give(float *memory) { free(memory); }

// A shared is a work with its state. Threads that XLA starts late may look at it after all is done.
typedef struct {
	work work;
	atomic_int users, next, done;
	int total;
	int first[]; // item of each phase, and the total
} shared;

static void leave(shared *s) {
	if (atomic_fetch_sub(&s->users, 1) == 1) free(s);
}

static void wait_for(shared *s, int done) {
	for (int spins = 0; atomic_load_explicit(&s->done, memory_order_acquire) < done; spins++) {
		if (spins > 1000) sched_yield();
	}
}

static void take_part(shared *s, worker *me) {
	for (int i, phase = 0; (i = atomic_fetch_add(&s->next, 1)) < s->total;) {
		while (i >= s->first[phase + 1]) phase++;
		wait_for(s, s->first[phase]);
		s->work.item(s->work.job, phase, i - s->first[phase], me);
		me->items++;
		atomic_fetch_add_explicit(&s->done, 1, memory_order_release);
	}
}

static void help(void *data) {
	shared *s = data;
	if (atomic_load(&s->next) < s->total) {
		worker me = {.memory = memory_take(s->work.memory)};
		if (me.memory) {
			take_part(s, &me);
			memory_give(me.memory);
		}
	}
	leave(s);
}

int work_threads = 1;

int threads(const ffi_call *call) {
	int64_t n = 1;
	ffi_threads_args args = {.size = sizeof args, .context = call->context, .threads = &n};
	void *failed = call->api->threads(&args);
	return failed || n < 1 ? 1 : n < work_threads ? (int)n : work_threads;
}

int work_do(const work *w, const ffi_call *call) {
	worker me = {.memory = memory_take(w->memory)};
	shared *s = malloc(sizeof *s + (w->phases + 1) * sizeof(int));
	if (!me.memory || !s) {
		memory_give(me.memory), free(s);
		return 0;
	}
	s->work = *w;
	s->total = 0;
	for (int p = 0; p < w->phases; p++) {
		s->first[p] = s->total;
		s->total += w->items(w->job, p);
	}
	s->first[w->phases] = s->total;
	atomic_init(&s->users, 1), atomic_init(&s->next, 0), atomic_init(&s->done, 0);
	for (int i = 1, n = threads(call); i < n && i < s->total; i++) {
		atomic_fetch_add(&s->users, 1);
		ffi_schedule_args args = {.size = sizeof args, .context = call->context, .task = help, .data = s};
		if (call->api->schedule(&args)) leave(s);
	}
	take_part(s, &me);
	wait_for(s, s->total);
	leave(s);
	memory_give(me.memory);
	return 1;
}
