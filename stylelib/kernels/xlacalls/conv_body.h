// 3×3 convolution by Winograd's method F(4×4, 3×3), for one kind of processor: see vec.h. The map is cut into tiles of 6×6 values
// that overlap by two, of which each gives 4×4 results.
//
//	y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
//
// d is a tile, g the filter, ⊙ a product for each of the 36 transformed places, summed over the input channels: 36 matrix
// products [tiles, in]·[in, out] instead of one with nine times as many inputs for each result.
//
// Lavin, Gray 2015, section 4.1, by Toom's and Cook's construction for the points 0, ±p, ±q and infinity. With the usual p = 1
// and q = 2 the numbers grow larger and the error of float32 is twice as large; 5/8 and 3/2 are exact in binary.
#include "conv.h"

enum {
	PLACES = 36,
	IN_CHUNK = 128,    // channels of a transformed part of the filter, 36 × 128 × STEP floats
	SKEW = 16,         // floats between two places, lest all of them share the same lines of the cache
	ALONE = 256 * 256, // in · out, up to which each worker transforms tiles for itself
	WHOLE = 5 << 16,   // floats, up to which it keeps the whole transformed filter
	SMALL = (40 + ROWS - 1) / ROWS * ROWS, // tiles of a band beside a whole filter, which then fit the cache's second level
};

#define P 0.625f
#define Q 1.5f
#define P2 (P * P)
#define Q2 (Q * Q)

// A transform has dozens of streams of memory, more than the processor follows by itself, so it asks for what comes next.

// positive returns v where gate is positive, else 0.
INLINE vec positive(vec v, vec gate) { return (vec)((mask)v & (gate > 0)); }

// relu returns max(v, 0), and what is no number as it is.
INLINE vec relu(vec v) { return (vec)((mask)v & ~(v < 0)); }

// transform_data is Bᵀ d: in a point's row the coefficients of Π (x - r) over the other points r, in the last over all.
INLINE void transform_data(const vec d[6], vec r[6]) {
	vec even_p = d[4] - d[2] * Q2, odd_p = d[3] - d[1] * Q2;
	vec even_q = d[4] - d[2] * P2, odd_q = d[3] - d[1] * P2;
	r[0] = d[0] * (P2 * Q2) - d[2] * (P2 + Q2) + d[4];
	r[1] = even_p + odd_p * P;
	r[2] = even_p - odd_p * P;
	r[3] = even_q + odd_q * Q;
	r[4] = even_q - odd_q * Q;
	r[5] = d[1] * (P2 * Q2) - d[3] * (P2 + Q2) + d[5];
}

// transform_filter is G g: in a point's row its powers, divided by its distances from the others.
INLINE void transform_filter(const vec g[3], vec r[6]) {
	const float at_p = 1 / (2 * P2 * (P2 - Q2)), at_q = 1 / (2 * Q2 * (Q2 - P2));
	vec even_p = g[0] * at_p + g[2] * (P2 * at_p), odd_p = g[1] * (P * at_p);
	vec even_q = g[0] * at_q + g[2] * (Q2 * at_q), odd_q = g[1] * (Q * at_q);
	r[0] = g[0] * (1 / (P2 * Q2));
	r[1] = even_p + odd_p;
	r[2] = even_p - odd_p;
	r[3] = even_q + odd_q;
	r[4] = even_q - odd_q;
	r[5] = g[2];
}

// transform_result is Aᵀ m: in a point's column its powers.
INLINE void transform_result(const vec m[6], vec r[4]) {
	vec even_p = m[1] + m[2], odd_p = m[1] - m[2];
	vec even_q = m[3] + m[4], odd_q = m[3] - m[4];
	r[0] = m[0] + even_p + even_q;
	r[1] = odd_p * P + odd_q * Q;
	r[2] = even_p * P2 + even_q * Q2;
	r[3] = odd_p * (P2 * P) + odd_q * (Q2 * Q) + m[5];
}

// Transformed tiles have shape [36, in/64, tiles, 64], places SKEW apart; the products of a panel [36, tiles, 64]; the filter
// [64/WIDTH, 36, channels, WIDTH].
static size_t data_place(const conv *c, int tiles) { return (size_t)tiles * c->in + SKEW; }
static size_t sums_place(int tiles) { return (size_t)tiles * STEP + SKEW; }
static size_t filter_place(int channels) { return (size_t)channels * WIDTH + SKEW; }

// filter_part transforms channels from in on of the filter for the panel that begins at channel out.
static void filter_part(const conv *c, int in, int channels, int out, float *u) {
	size_t tap = (size_t)c->in * c->out;
	for (int k = 0; k < channels; k++) {
		for (int o = 0; o < STEP; o += LANES) {
			const float *g = c->filter + (size_t)(in + k) * c->out + out + o;
			float *to = u + o / WIDTH * PLACES * filter_place(channels) + k * WIDTH + o % WIDTH;
			vec half[6][3], r[6];
			for (int b = 0; b < 3; b++) {
				transform_filter((vec[]){load(g + b * tap), load(g + (3 + b) * tap), load(g + (6 + b) * tap)}, r);
				for (int i = 0; i < 6; i++) half[i][b] = r[i];
			}
			for (int i = 0; i < 6; i++) {
				transform_filter(half[i], r);
				for (int j = 0; j < 6; j++, to += filter_place(channels)) {
					soon_written(to + WIDTH);
					store(to, r[j]);
				}
			}
		}
	}
}

// data_tile transforms a tile, which becomes number at of tiles.
static void data_tile(const conv *c, int tile, int at, int tiles, float *data) {
	int top = tile / c->columns * 4 - c->pad, left = tile % c->columns * 4 - c->pad;
	int inside = top >= 0 && left >= 0 && top + 6 <= c->h && left + 6 <= c->w;
	size_t row = (size_t)c->w * c->in, place = data_place(c, tiles);
	const float *corner = c->x + ((ptrdiff_t)top * c->w + left) * c->in;
	for (int k = 0; k < c->in; k += LANES) {
		vec half[6][6], d[6], r[6];
		for (int i = 0; i < 24; i++) soon(corner + i % 6 * row + (6 + i / 6) * c->in + k); // four columns further
		for (int b = 0; b < 6; b++) {
			for (int a = 0; a < 6; a++) {
				int there = inside || (top + a >= 0 && top + a < c->h && left + b >= 0 && left + b < c->w);
				d[a] = there ? load(corner + a * row + b * c->in + k) : (vec){};
				if (c->relu) d[a] = relu(d[a]);
			}
			transform_data(d, r);
			for (int a = 0; a < 6; a++) half[a][b] = r[a];
		}
		float *to = data + ((size_t)(k / STEP) * tiles + at) * STEP + k % STEP;
		for (int a = 0; a < 6; a++) {
			transform_data(half[a], r);
			for (int b = 0; b < 6; b++, to += place) {
				soon_written(to + STEP);
				store(to, r[b]);
			}
		}
	}
}

// result_tile transforms number at of the products of a panel back.
static void result_tile(const conv *c, int tile, int at, int tiles, int out, const float *sums) {
	int top = tile / c->columns * 4, left = tile % c->columns * 4;
	size_t place = sums_place(tiles);
	for (int o = 0; o < STEP; o += LANES) {
		vec half[4][6], m[6], r[4];
		for (int b = 0; b < 6; b++) {
			for (int a = 0; a < 6; a++) {
				const float *from = sums + (a * 6 + b) * place + at * STEP + o;
				soon(from + STEP);
				m[a] = load(from);
			}
			transform_result(m, r);
			for (int a = 0; a < 4; a++) half[a][b] = r[a];
		}
		for (int a = 0; a < 4 && top + a < c->oh; a++) {
			transform_result(half[a], r);
			for (int b = 0; b < 4 && left + b < c->ow; b++) {
				size_t i = ((size_t)(top + a) * c->ow + left + b) * c->out + out + o;
				if (c->bias) r[b] += load(c->bias + out + o);
				if (c->gate) r[b] = positive(r[b], load(c->gate + i));
				soon_written(c->y + i + 4 * c->out);
				store(c->y + i, r[b]);
			}
		}
	}
}

static int part_channels(const conv *c) { return c->whole ? c->in : at_most(c->in, IN_CHUNK); }

static size_t panel_filter(const conv *c) { return STEP / WIDTH * PLACES * filter_place(part_channels(c)); }

// panel computes STEP channels of the result, for n of the tiles in data, from number at on; the first in data is tile first
// of the map. u has room for the filter, sums for products.
static void panel(const conv *c, int out, int first, int tiles, int at, int n, const float *data, float *u, int ready, float *sums) {
	int part = part_channels(c);
	for (int in = 0; in < c->in; in += part) {
		int channels = at_most(part, c->in - in);
		if (!ready) filter_part(c, in, channels, out, u);
		for (int p = 0; p < PLACES; p++) {
			for (int o = 0; o < STEP; o += WIDTH) {
				const float *from = data + p * data_place(c, tiles) + ((size_t)in / STEP * tiles + at) * STEP;
				const float *with = u + (o / WIDTH * PLACES + p) * filter_place(channels);
				multiply(n, from, (size_t)tiles * STEP, with, channels, sums + p * sums_place(n) + o, in > 0);
			}
		}
	}
	for (int i = 0; i < n; i++) result_tile(c, first + at + i, i, n, out, sums);
}

// band_of returns how many tiles band b has.
static int band_of(const conv *c, int b) { return at_most(c->band, c->rows * c->columns - b * c->band); }
static int bands(const conv *c) { return (c->rows * c->columns + c->band - 1) / c->band; }

// alone_item computes a band from start to end.
static void alone_item(const void *job, int phase, int b, worker *w) {
	const conv *c = job;
	int n = band_of(c, b), first = b * c->band;
	float *data = w->memory, *sums = data + PLACES * data_place(c, c->band), *u = sums + PLACES * sums_place(c->band);
	for (int i = 0; i < n; i++) data_tile(c, first + i, i, n, data);
	for (int o = 0; o < c->out; o += STEP, u += c->whole ? panel_filter(c) : 0) {
		panel(c, o, first, n, 0, n, data, u, c->whole && w->items > 0, sums);
	}
	(void)phase;
}

static int alone_items(const void *job, int phase) { return (void)phase, bands(job); }

// Together, threads transform the tiles of a band in one phase, some at a time, and compute panels of it in the next.
enum { SOME = 4 };

static int part_of_band(const conv *c, int n) { return (n + c->blocks - 1) / c->blocks; }

static void together_item(const void *job, int phase, int i, worker *w) {
	const conv *c = job;
	int b = phase / 2, n = band_of(c, b), first = b * c->band;
	if (phase % 2 == 0) {
		for (int t = i * SOME; t < n && t < (i + 1) * SOME; t++) data_tile(c, first + t, t, n, c->data);
		return;
	}
	int size = part_of_band(c, n), at = i % c->blocks * size;
	float *sums = w->memory, *u = sums + PLACES * sums_place(c->band);
	if (at < n) panel(c, i / c->blocks * STEP, first, n, at, at_most(size, n - at), c->data, u, 0, sums);
}

static int together_items(const void *job, int phase) {
	const conv *c = job;
	return phase % 2 == 0 ? (band_of(c, phase / 2) + SOME - 1) / SOME : c->out / STEP * c->blocks;
}

int NAME(conv)(conv *c, const ffi_call *call) {
	c->rows = (c->oh + 3) / 4, c->columns = (c->ow + 3) / 4;
	int tiles = c->rows * c->columns, workers = threads(call), panels = c->out / STEP;
	if (c->in * c->out <= ALONE && tiles >= workers * BAND / 2) {
		c->whole = PLACES * (c->in + 1) * c->out <= WHOLE;
		int most = c->whole ? SMALL : 2 * BAND; // each band transforms the filter anew, if it isn't kept
		int each = (tiles + workers * most - 1) / (workers * most);
		c->band = (tiles + workers * each - 1) / (workers * each);
		size_t memory = PLACES * (data_place(c, c->band) + sums_place(c->band)) + (c->whole ? panels : 1) * panel_filter(c);
		return work_do(&(work){alone_item, c, 1, alone_items, memory}, call);
	}
	int each = (tiles + 2 * BAND - 1) / (2 * BAND);
	c->band = (tiles + each - 1) / each;
	c->blocks = panels >= 2 * workers ? 1 : at_most((2 * workers + panels - 1) / panels, (c->band + ROWS - 1) / ROWS);
	c->data = memory_take(PLACES * data_place(c, c->band));
	if (!c->data) return 0;
	size_t memory = PLACES * sums_place(c->band) + panel_filter(c);
	int done = work_do(&(work){together_item, c, 2 * bands(c), together_items, memory}, call);
	memory_give(c->data);
	return done;
}
