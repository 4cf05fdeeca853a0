// The parts of two C interfaces of XLA that are used here: how a plugin takes custom calls (PJRT's FFI extension) and how it
// then makes them (XLA's FFI, version 0.3). Names and order of the fields are theirs.
#ifndef STYLEBOOK_FFI_H
#define STYLEBOOK_FFI_H

#include <stddef.h>
#include <stdint.h>

typedef struct extension {
	size_t size;
	int type;
	struct extension *next;
} extension;

typedef struct {
	size_t size;
	extension *extensions;
	int major, minor;
} api_version;

typedef struct {
	size_t size;
	extension *extensions;
	api_version version;
} pjrt_api;

enum { PJRT_FFI_EXTENSION = 5 };

typedef struct {
	size_t size;
	const char *name;
	size_t name_size;
	void *handler;
	const char *platform;
	size_t platform_size;
	int traits;
} pjrt_register_args;

typedef struct {
	extension base;
	void *type_register, *user_data_add;
	void *(*register_handler)(pjrt_register_args *);
} pjrt_ffi_extension;

enum { FFI_F32 = 11, FFI_F64 = 12, FFI_METADATA_EXTENSION = 1, FFI_INVALID_ARGUMENT = 3 };

typedef struct {
	size_t size;
	extension *extensions;
	int dtype;
	void *data;
	int64_t rank, *dims;
} ffi_buffer;

typedef struct {
	size_t size;
	extension *extensions;
	int64_t count;
	int *types;
	ffi_buffer **buffers;
} ffi_buffers;

typedef struct {
	size_t size;
	extension *extensions;
	const char *message;
	int code;
} ffi_error_args;

typedef struct {
	size_t size;
	extension *extensions;
	void *context;
	void (*task)(void *);
	void *data;
} ffi_schedule_args;

typedef struct {
	size_t size;
	extension *extensions;
	void *context;
	int64_t *threads;
} ffi_threads_args;

typedef struct {
	size_t size;
	extension *extensions;
	api_version version;
	void *internal;
	void *(*error_create)(ffi_error_args *);
	void *error_message, *error_destroy;
	void *handler_register, *stream, *type_register, *context_get, *state_set, *state_get, *allocate, *free;
	void *(*schedule)(ffi_schedule_args *);
	void *(*threads)(ffi_threads_args *);
} ffi_api;

typedef struct {
	size_t size;
	extension *extensions;
	const ffi_api *api;
	void *context;
	int stage;
	ffi_buffers args, results;
} ffi_call;

typedef struct {
	extension base;
	struct {
		size_t size;
		api_version version;
	} *metadata;
} ffi_metadata_extension;

#endif
