/* libheif with libde265 and dav1d for the sandbox: reads the main picture of a HEIC or AVIF. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "heif.h"

#define EXPORT(name) __attribute__((export_name(#name)))

struct info { /* what size and decode tell; see heif.go */
	uint32_t width, height;  /* as it is to be seen */
	uint32_t kind;           /* of pixels: below */
	uint32_t bits;           /* of kind deep */
	uint32_t sampling;       /* of chroma: 1 4:2:0, 2 4:2:2, 3 4:4:4 */
	uint32_t coded;          /* whether primaries and transfer are said (ITU-T H.273) */
	uint32_t primaries, transfer, matrix, full_range;
	const uint8_t *planes[4]; /* the last is alpha */
	uint32_t strides[4];
	const uint8_t *icc;
	uint32_t icc_size;
	uint32_t premultiplied;
};
enum { planes, gray, deep }; /* Y, Cb, Cr; Y; red, green, blue, alpha of 16 bits each */

/* What C++ would throw ends the sandbox. */
void *__cxa_allocate_exception(size_t size) { (void)size; __builtin_trap(); }
void __cxa_throw(void *what, void *type, void (*end)(void *)) { (void)what, (void)type, (void)end; __builtin_trap(); }

static struct info info;
static const char *reason = "";

EXPORT(message) const char *message(void) { return reason; }

static int failed(struct heif_error e) {
	if (e.code != heif_error_Ok) reason = strdup(e.message);
	return e.code != heif_error_Ok;
}

static struct heif_image_handle *open(const uint8_t *in, size_t size) {
	struct heif_image_handle *main;
	struct heif_context *context = heif_context_alloc();
	heif_context_set_max_decoding_threads(context, 0);
	if (failed(heif_context_read_from_memory_without_copy(context, in, size, NULL))) return NULL;
	if (failed(heif_context_get_primary_image_handle(context, &main))) return NULL;
	info.width = heif_image_handle_get_width(main);
	info.height = heif_image_handle_get_height(main);
	info.bits = heif_image_handle_get_luma_bits_per_pixel(main);
	return main;
}

EXPORT(size) const struct info *size(const uint8_t *in, size_t size) { return open(in, size) ? &info : NULL; }

static void plane(const struct heif_image *image, int i, enum heif_channel channel) {
	int stride = 0;
	info.planes[i] = heif_image_get_plane_readonly(image, channel, &stride);
	info.strides[i] = stride;
}

/* tell says how the pixels lie. Red, green and blue in planes of their own are Y, Cb and Cr of the matrix 0. */
static void tell(const struct heif_image *image) {
	info.width = heif_image_get_primary_width(image);
	info.height = heif_image_get_primary_height(image);
	if (info.kind == deep) {
		plane(image, 0, heif_channel_interleaved);
		return;
	}
	plane(image, 3, heif_channel_Alpha);
	switch (heif_image_get_colorspace(image)) {
	case heif_colorspace_monochrome:
		info.kind = gray;
		plane(image, 0, heif_channel_Y);
		return;
	case heif_colorspace_YCbCr:
		info.sampling = heif_image_get_chroma_format(image);
		plane(image, 0, heif_channel_Y);
		plane(image, 1, heif_channel_Cb);
		plane(image, 2, heif_channel_Cr);
		return;
	default:
		info.sampling = heif_chroma_444;
		plane(image, 0, heif_channel_G);
		plane(image, 1, heif_channel_B);
		plane(image, 2, heif_channel_R);
		info.matrix = 0;
		info.full_range = 1;
	}
}

/* codes asks the file, then the picture's own data. */
static void codes(const struct heif_image_handle *main, const struct heif_image *image) {
	struct heif_color_profile_nclx *nclx;
	if (heif_image_handle_get_nclx_color_profile(main, &nclx).code != heif_error_Ok &&
		heif_image_get_nclx_color_profile(image, &nclx).code != heif_error_Ok) return;
	info.coded = 1;
	info.primaries = nclx->color_primaries;
	info.transfer = nclx->transfer_characteristics;
	info.matrix = nclx->matrix_coefficients;
	info.full_range = nclx->full_range_flag;
}

static void profile(const struct heif_image_handle *main) {
	info.icc_size = heif_image_handle_get_raw_color_profile_size(main);
	if (info.icc_size == 0) return;
	uint8_t *icc = malloc(info.icc_size);
	if (icc && heif_image_handle_get_raw_color_profile(main, icc).code == heif_error_Ok) info.icc = icc;
}

/* decode gives planes, but of more than 8 bits red, green, blue and alpha. */
EXPORT(decode) const struct info *decode(const uint8_t *in, size_t size) {
	struct heif_image *image;
	enum heif_colorspace space = heif_colorspace_undefined;
	enum heif_chroma chroma = heif_chroma_undefined;
	struct heif_image_handle *main = open(in, size);
	if (!main) return NULL;
	if (info.bits > 8) info.kind = deep, space = heif_colorspace_RGB, chroma = heif_chroma_interleaved_RRGGBBAA_LE;
	if (failed(heif_decode_image(main, &image, space, chroma, NULL))) return NULL;
	info.premultiplied = heif_image_handle_is_premultiplied_alpha(main);
	info.matrix = 2; /* not said */
	info.full_range = 1;
	codes(main, image);
	tell(image);
	profile(main);
	return &info;
}
