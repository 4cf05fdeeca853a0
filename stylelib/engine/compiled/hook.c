//go:build (linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla

// The part of PJRT's C interface that compiles, writes and reads programs. Fields and their order are PJRT's, of any version from
// 0.40 on: fields are only ever added at the end.
#include "hook.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "_cgo_export.h"

// Places in PJRT's table of functions.
enum { ERROR_DESTROY = 0, COMPILE = 20, DESTROY = 40, SERIALIZE = 49, GET_EXECUTABLE = 51, LOAD = 56 };

typedef struct {
	size_t size;
	void *extensions;
	struct {
		size_t size;
		void *extensions;
		int major, minor;
	} version;
	void *functions[LOAD + 1];
} api;

typedef struct {
	size_t size;
	void *extensions;
	char *code;
	size_t code_size;
	const char *format;
	size_t format_size;
} program;

typedef struct {
	size_t size;
	void *extensions, *client;
	const program *program;
	const char *options;
	size_t options_size;
	void *loaded;
} compile_args;

typedef struct {
	size_t size;
	void *extensions, *client;
	const char *bytes;
	size_t bytes_size;
	void *loaded;
	const char *options;
	size_t options_size;
} load_args;

typedef struct {
	size_t size;
	void *extensions, *in, *out;
} get_args;

typedef struct {
	size_t size;
	void *extensions, *in;
} destroy_args;

typedef struct {
	size_t size;
	void *extensions, *executable;
	const char *bytes;
	size_t bytes_size;
	void *backing;
	void (*deleter)(void *);
} serialize_args;

typedef void *(*function)(void *);

// The plugins that ask: one for each hook below.
enum { PLUGINS = 2 };
static struct {
	api *api;
	function compile;
} plugins[PLUGINS];

static int failed(int k, void *error) {
	if (!error) return 0;
	destroy_args args = {.size = sizeof args, .in = error};
	((function)plugins[k].api->functions[ERROR_DESTROY])(&args);
	return 1;
}

// load makes a program of what was kept.
static int load(int k, compile_args *args, char *bytes, size_t size) {
	load_args l = {.size = sizeof l, .client = args->client, .bytes = bytes, .bytes_size = size};
	if (failed(k, ((function)plugins[k].api->functions[LOAD])(&l))) return 0;
	args->loaded = l.loaded;
	return 1;
}

// store tells of a program that was compiled.
static void store(int k, compile_args *args, char *key) {
	void **f = plugins[k].api->functions;
	get_args get = {.size = sizeof get, .in = args->loaded};
	if (failed(k, ((function)f[GET_EXECUTABLE])(&get))) return;
	serialize_args s = {.size = sizeof s, .executable = get.out};
	if (!failed(k, ((function)f[SERIALIZE])(&s))) {
		compiledStore(key, (char *)s.bytes, s.bytes_size);
		if (s.deleter) s.deleter(s.backing);
	}
	destroy_args destroy = {.size = sizeof destroy, .in = get.out};
	failed(k, ((function)f[DESTROY])(&destroy));
}

static void *compile(int k, compile_args *args) {
	const program *p = args->program;
	char *bytes = NULL;
	size_t size = 0;
	char *key = compiledFind(k, p->code, p->code_size, (char *)args->options, args->options_size, &bytes, &size);
	int loaded = bytes && load(k, args, bytes, size);
	free(bytes);
	void *error = loaded ? NULL : plugins[k].compile(args);
	if (!loaded && !error) store(k, args, key);
	free(key);
	return error;
}

static void *hook0(void *args) { return compile(0, args); }
static void *hook1(void *args) { return compile(1, args); }
static const function hooks[PLUGINS] = {hook0, hook1};

const char *compiled_hook(const char *path) {
	void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	if (!library) return "it is not loaded";
	api *(*get)(void) = (api * (*)(void)) dlsym(library, "GetPjrtApi");
	api *a = get ? get() : NULL;
	if (!a || a->size < sizeof *a || a->version.major != 0) return "it has another interface";
	int k = 0;
	while (k < PLUGINS && plugins[k].api && plugins[k].api != a) k++;
	if (k == PLUGINS) return "there are too many plugins";
	if (plugins[k].api) return NULL;
	// The table may lie where the linker lets nobody write.
	void **slot = &a->functions[COMPILE];
	size_t page = sysconf(_SC_PAGESIZE);
	if (mprotect((void *)((size_t)slot & ~(page - 1)), page, PROT_READ | PROT_WRITE)) return "its table can't be written";
	plugins[k].compile = (function)*slot;
	plugins[k].api = a;
	*slot = (void *)hooks[k];
	return NULL;
}
