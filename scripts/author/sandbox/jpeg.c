/* libjpeg-turbo for the sandbox: reads a JPEG from memory, whatever of it is there. An error ends by a trap; message() says it then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "jpeglib.h"
#include "jerror.h"

#define EXPORT(name) __attribute__((export_name(#name)))

struct info { /* what decode tells; see jpegturbo.go */
	uint32_t width, height, channels, whole_rows, coarse, warnings;
};

static char last_message[JMSG_LENGTH_MAX];
static struct info *told;
static int ended;
static const JOCTET end_of_image[] = {0xff, JPEG_EOI};

EXPORT(message) const char *message(void) { return last_message; }

static void fail(j_common_ptr common) {
	common->err->format_message(common, last_message);
	__builtin_trap();
}

static void no_output(j_common_ptr common) { (void)common; }

/* warn notes where the data ends too early: in the first scan rows are missing, in one of the first values all, in one that refines
   them details. */
static void warn(j_common_ptr common, int level) {
	j_decompress_ptr d = (j_decompress_ptr)common;
	if (level >= 0) return;
	told->warnings++;
	if (common->err->msg_code != JWRN_HIT_MARKER || (d->unread_marker != JPEG_EOI && d->restart_interval > 0)) return;
	uint32_t rows = d->input_iMCU_row * d->max_v_samp_factor * DCTSIZE;
	if (d->input_scan_number > 1) {
		if (d->Ah > 0) return;
		rows = 0;
	}
	if (rows < told->whole_rows) told->whole_rows = rows;
}

static void nothing(j_decompress_ptr d) { (void)d; }

/* refined says what of a progressive JPEG is there that has no end. */
static void refined(j_decompress_ptr d) {
	if (!ended || !d->progressive_mode) return;
	for (int c = 0; c < d->num_components; c++) {
		for (int k = 0; k < DCTSIZE2; k++) {
			if (d->coef_bits[c][k] < 0) told->whole_rows = 0;
			if (d->coef_bits[c][k] > 0 || told->warnings > 0) told->coarse = 1;
		}
	}
}

static boolean past_end(j_decompress_ptr d) {
	ended = 1;
	d->src->next_input_byte = end_of_image;
	d->src->bytes_in_buffer = sizeof end_of_image;
	return TRUE;
}

static void skip(j_decompress_ptr d, long n) {
	if (n > (long)d->src->bytes_in_buffer) n = (long)d->src->bytes_in_buffer;
	d->src->next_input_byte += n;
	d->src->bytes_in_buffer -= n;
}

/* decode writes rows of 1 (gray), 4 (red, green, blue, 255) or 4 (inks as they are in the file) bytes for each pixel, each side
   divided by shrink. */
EXPORT(decode) int decode(const uint8_t *in, size_t size, int shrink, struct info *info, uint8_t *out) {
	struct jpeg_decompress_struct d;
	struct jpeg_error_mgr errors;
	struct jpeg_source_mgr source = {in, size, nothing, past_end, skip, jpeg_resync_to_restart, nothing};
	told = info;
	ended = 0;
	memset(info, 0, sizeof *info);
	d.err = jpeg_std_error(&errors);
	errors.error_exit = fail;
	errors.emit_message = warn;
	errors.output_message = no_output;
	jpeg_create_decompress(&d);
	d.src = &source;
	info->whole_rows = JPEG_MAX_DIMENSION;
	jpeg_read_header(&d, TRUE);
	d.scale_num = 1;
	d.scale_denom = shrink;
	switch (d.jpeg_color_space) {
	case JCS_GRAYSCALE: d.out_color_space = JCS_GRAYSCALE; break;
	case JCS_CMYK: case JCS_YCCK: d.out_color_space = JCS_CMYK; break;
	default: d.out_color_space = JCS_EXT_RGBA;
	}
	jpeg_calc_output_dimensions(&d);
	info->width = d.output_width;
	info->height = d.output_height;
	info->channels = d.output_components == 1 ? 1 : d.out_color_space == JCS_CMYK ? 4 : 3;
	if (!out) return 1;
	jpeg_start_decompress(&d);
	refined(&d);
	while (d.output_scanline < d.output_height) {
		JSAMPROW row = out + (size_t)d.output_scanline * d.output_width * d.output_components;
		jpeg_read_scanlines(&d, &row, 1);
	}
	info->whole_rows /= shrink;
	if (info->whole_rows > info->height) info->whole_rows = info->height;
	return 1; /* what follows the last row doesn't matter, and the sandbox goes */
}
