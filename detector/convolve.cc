#include "convolve.h"
#include "clones.h"

#include <algorithm>

// Vectors wider than the processor's are passed between functions that are one in the end.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace {

using convolve::LANES;

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

#define INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

INLINE vec load(const float *at) { return *(const vec *)at; }

INLINE void store(float *at, vec v, bool relu) {
	if (relu) v = v > 0 ? v : vec{};
	*(vec *)at = v;
}

// NF filters at NV vectors of places. 4 and 3 fill AVX2's 16 registers: 12 sums, 3
// vectors of the picture, and a weight.
constexpr long FILTERS = 4, VECTORS = 3;

template <int NF, int NV>
INLINE void block(float *out, long out_plane, const float *in, const long *at, long taps, const float *filters,
                  const float *bias, bool relu) {
	vec sums[NF][NV];
	UNROLL for (int f = 0; f < NF; f++)
		UNROLL for (int v = 0; v < NV; v++) sums[f][v] = vec{} + (bias ? bias[f] : 0);
	for (long l = 0; l < taps; l++) {
		const float *from = in + at[l];
		vec x[NV];
		UNROLL for (int v = 0; v < NV; v++) x[v] = load(from + v * LANES);
		UNROLL for (int f = 0; f < NF; f++) {
			const float w = filters[f * taps + l];
			UNROLL for (int v = 0; v < NV; v++) sums[f][v] += w * x[v];
		}
	}
	UNROLL for (int f = 0; f < NF; f++)
		UNROLL for (int v = 0; v < NV; v++) store(out + f * out_plane + v * LANES, sums[f][v], relu);
}

// All filters at NV vectors, which stay in the nearest cache meanwhile.
template <int NV>
INLINE void places(float *out, long out_plane, const float *in, const long *at, long taps, const float *filters,
                   const float *bias, long k, bool relu) {
	long f = 0;
	for (; f + FILTERS <= k; f += FILTERS)
		block<FILTERS, NV>(out + f * out_plane, out_plane, in, at, taps, filters + f * taps, bias ? bias + f : bias, relu);
	for (; f < k; f++) block<1, NV>(out + f * out_plane, out_plane, in, at, taps, filters + f * taps, bias ? bias + f : bias, relu);
}

// ROWS rows, which share what they look at.
template <int ROWS>
INLINE void rows(float *out, const float *in, long pitch, const vec *w, float bias, long n, bool relu) {
	// From right to left: what the last vector writes beyond its row is written over.
	for (long x = (n - 1) / LANES * LANES; x >= 0; x -= LANES) {
		vec sums[ROWS];
		UNROLL for (int r = 0; r < ROWS; r++) sums[r] = vec{} + bias;
		UNROLL for (int i = 0; i < ROWS + 2; i++) {
			const float *middle = in + (i - 1) * pitch + x;
			const vec left = load(middle - 1), here = load(middle), right = load(middle + 1);
			UNROLL for (int r = 0; r < ROWS; r++) {
				if (i < r || i >= r + 3) continue;
				const vec *at = w + 3 * (i - r);
				sums[r] += at[0] * left;
				sums[r] += at[1] * here;
				sums[r] += at[2] * right;
			}
		}
		UNROLL for (int r = 0; r < ROWS; r++) store(out + r * pitch + x, sums[r], relu);
	}
}

}  // namespace

namespace convolve {

__attribute__((CLONES)) void dense(float *out, long out_plane, const float *in, const long *at, long taps, const float *filters,
                                   const float *bias, long k, long n, bool relu) {
	long left = (n + LANES - 1) / LANES; // vectors
	for (long step; left > 0; left -= step, in += step * LANES, out += step * LANES) {
		step = left == VECTORS + 1 ? 2 : std::min(left, VECTORS); // 4 are 2 and 2, not 3 and 1
		switch (step) {
		case 1: places<1>(out, out_plane, in, at, taps, filters, bias, k, relu); break;
		case 2: places<2>(out, out_plane, in, at, taps, filters, bias, k, relu); break;
		default: places<VECTORS>(out, out_plane, in, at, taps, filters, bias, k, relu);
		}
	}
}

__attribute__((CLONES)) void depthwise(float *out, long out_plane, const float *in, long plane, long pitch, const float *filters,
                                       const float *bias, long k, long n, long w, bool relu) {
	for (long f = 0; f < k; f++, filters += 9) {
		vec weights[9];
		UNROLL for (int i = 0; i < 9; i++) weights[i] = vec{} + filters[i];
		long y = 0;
		for (; y + 2 <= n; y += 2) rows<2>(out + f * out_plane + y * pitch, in + f * plane + y * pitch, pitch, weights, bias[f], w, relu);
		if (y < n) rows<1>(out + f * out_plane + y * pitch, in + f * plane + y * pitch, pitch, weights, bias[f], w, relu);
	}
}

}  // namespace convolve
