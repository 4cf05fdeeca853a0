#include "kernels.h"

#include <dlfcn.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "conv.h"
#include "gram.h"
#include "symmetric.h"

static void *fail(const ffi_call *call, const char *message) {
	return call->api->error_create(&(ffi_error_args){.size = sizeof(ffi_error_args), .message = message, .code = FFI_INVALID_ARGUMENT});
}

// A plugin asks each handler once which version of the interface it speaks.
static int asked_for_version(const ffi_call *call) {
	for (extension *e = call->extensions; e; e = e->next) {
		if (e->type == FFI_METADATA_EXTENSION) {
			ffi_metadata_extension *m = (ffi_metadata_extension *)e;
			m->metadata->version.major = 0, m->metadata->version.minor = 3;
			return 1;
		}
	}
	return 0;
}

// The kernels for AVX-512, those for AVX2, and those for any processor.
enum { ANY, AVX2, AVX512 };

static int best(void) {
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
		__builtin_cpu_supports("avx512bw")) return AVX512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return AVX2;
#endif
	return ANY;
}

static int most = AVX512;

void kernels_limit(int level) { most = level; }

int kernels_level(void) { return best() < most ? best() : most; }

#ifdef __x86_64__
#define KERNEL(name, job, call) \
	(kernels_level() == AVX512 ? name##_avx512(job, call) : kernels_level() == AVX2 ? name##_avx2(job, call) : name##_any(job, call))
#else
#define KERNEL(name, job, call) name##_any(job, call)
#endif

static int is_array(const ffi_buffer *b, int rank) { return b->dtype == FFI_F32 && b->rank == rank; }
static int is_square64(const ffi_buffer *b) { return b->dtype == FFI_F64 && b->rank == 2 && b->dims[0] == b->dims[1]; }

// convolve takes x, the filter, and a bias or a gate or both as the flags say, and gives y.
enum { RELU = 1, BIAS = 2, GATE = 4 };

static void *convolve(const ffi_call *call, int flags) {
	if (asked_for_version(call)) return NULL;
	ffi_buffer **args = call->args.buffers, *y = call->results.buffers[0];
	if (!is_array(args[0], 4) || args[0]->dims[0] != 1) return fail(call, "a convolution needs a map [1, height, width, channels] in float32");
	conv c = {
		.h = args[0]->dims[1], .w = args[0]->dims[2], .in = args[0]->dims[3],
		.oh = y->dims[1], .ow = y->dims[2], .out = y->dims[3],
		.relu = flags & RELU,
		.x = args[0]->data, .filter = args[1]->data, .y = y->data,
	};
	int next = 2;
	if (flags & BIAS) c.bias = args[next++]->data;
	if (flags & GATE) c.gate = args[next++]->data;
	c.pad = (c.oh - c.h + 2) / 2;
	return KERNEL(conv, &c, call) ? NULL : fail(call, "no memory for a convolution");
}

static void *conv_plain(const ffi_call *call) { return convolve(call, 0); }
static void *conv_bias(const ffi_call *call) { return convolve(call, BIAS); }
static void *conv_relu_bias(const ffi_call *call) { return convolve(call, RELU | BIAS); }
static void *conv_gate(const ffi_call *call) { return convolve(call, GATE); }

// column_products takes x and gives xᵀ·x.
static void *column_products(const ffi_call *call) {
	if (asked_for_version(call)) return NULL;
	ffi_buffer *x = call->args.buffers[0];
	if (!is_array(x, 2)) return fail(call, "products of columns need a matrix in float32");
	gram g = {.n = x->dims[0], .c = x->dims[1], .x = x->data, .y = call->results.buffers[0]->data};
	return KERNEL(gram, &g, call) ? NULL : fail(call, "no memory for the products of columns");
}

// column_products_gradient takes x and s and gives x·(s + sᵀ).
static void *column_products_gradient(const ffi_call *call) {
	if (asked_for_version(call)) return NULL;
	ffi_buffer *x = call->args.buffers[0], *s = call->args.buffers[1];
	if (!is_array(x, 2) || !is_array(s, 2)) return fail(call, "the gradient of products of columns needs matrices in float32");
	gram g = {.n = x->dims[0], .c = x->dims[1], .x = x->data, .s = s->data, .y = call->results.buffers[0]->data};
	return KERNEL(gram_gradient, &g, call) ? NULL : fail(call, "no memory for the gradient of products of columns");
}

// symmetric_product takes a and b and gives a·b.
static void *symmetric_product(const ffi_call *call) {
	if (asked_for_version(call)) return NULL;
	ffi_buffer **args = call->args.buffers;
	if (!is_square64(args[0]) || !is_square64(args[1])) return fail(call, "symmetric products need square matrices in float64");
	symmetric s = {.c = args[0]->dims[0], .a = args[0]->data, .b = args[1]->data, .y = call->results.buffers[0]->data};
	return KERNEL(symmetric, &s, call) ? NULL : fail(call, "no memory for a product of matrices");
}

const char *kernels_register(const char *path, int threads) {
	work_threads = threads;
	void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	if (!library) return "it is not loaded";
	pjrt_api *(*get)(void) = (pjrt_api * (*)(void)) dlsym(library, "GetPjrtApi");
	extension *e = get ? get()->extensions : NULL;
	while (e && e->type != PJRT_FFI_EXTENSION) e = e->next;
	if (!e || e->size < sizeof(pjrt_ffi_extension)) return "it takes no custom calls";
	static const struct {
		const char *name;
		void *(*handler)(const ffi_call *);
	} kernels[] = {
		{"stylebook.conv", conv_plain},
		{"stylebook.conv+bias", conv_bias},
		{"stylebook.conv+relu+bias", conv_relu_bias},
		{"stylebook.conv+gate", conv_gate},
		{"stylebook.products", column_products},
		{"stylebook.products+gradient", column_products_gradient},
		{"stylebook.symmetric", symmetric_product},
	};
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
		pjrt_register_args args = {
			.size = sizeof args,
			.name = kernels[i].name, .name_size = strlen(kernels[i].name),
			.handler = (void *)kernels[i].handler,
			.platform = "Host", .platform_size = 4,
		};
		if (((pjrt_ffi_extension *)e)->register_handler(&args)) return "it refuses custom calls";
	}
	return NULL;
}

void kernels_release_memory(void) {
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
