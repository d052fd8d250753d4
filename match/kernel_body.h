// What every kernel shares. A kernel defines, before it includes this file:
// NAME(x), the name of a function of its own; TARGET, the function attribute; and
// the functions heads (which blocks hold a sample within the probe's most_head, in
// order, how many, and the squared distances of the heads of each), survivors (the
// lanes of such a block that are within the other bound), and square (a squared
// distance).
#include <math.h>
#include <string.h>

#include "kernel.h"

// PREFETCH_AHEAD survivors: enough to hide memory, few enough to stay in cache.
#define PREFETCH_AHEAD 6

TARGET static int32_t NAME(scan)(const int8_t *head, const uint16_t *norms, const int8_t *tail, const float *vectors, int32_t n,
	const fg_probe *probe, const float *vector, float limit, fg_hit *hits)
{
	uint16_t block[SEGMENT / LANES];
	uint32_t at[SEGMENT];
	int32_t squares[SEGMENT];
	int32_t blocks = NAME(heads)(head, norms, n / LANES, probe, block, squares), survivors = 0, found = 0;

	for (int32_t i = 0; i < blocks; i++) {
		if (i + 2 < blocks)
			for (int line = 0; line < TAIL_BLOCK; line += 64)
				__builtin_prefetch(tail + (size_t)block[i + 2] * TAIL_BLOCK + line);
		uint32_t lanes = NAME(survivors)(squares + i * LANES, tail + (size_t)block[i] * TAIL_BLOCK, probe);
		for (; lanes; lanes &= lanes - 1)
			at[survivors++] = (uint32_t)block[i] * LANES + (uint32_t)__builtin_ctz(lanes);
	}
	for (int32_t i = 0; i < survivors; i++) {
		if (i + PREFETCH_AHEAD < survivors)
			for (int line = 0; line < DIMS; line += 16)
				__builtin_prefetch(vectors + (size_t)at[i + PREFETCH_AHEAD] * DIMS + line);
		float square = NAME(square)(vectors + (size_t)at[i] * DIMS, vector);
		hits[found].at = at[i];
		hits[found].square = square;
		found += square <= limit;
	}
	return found;
}

TARGET static int32_t NAME(plain)(const float *vectors, int32_t n, const float *vector, float limit, fg_hit *hits)
{
	int32_t found = 0;
	for (int32_t i = 0; i < n; i++) {
		float square = NAME(square)(vectors + (size_t)i * DIMS, vector);
		hits[found].at = (uint32_t)i;
		hits[found].square = square;
		found += square <= limit;
	}
	return found;
}

TARGET static inline int8_t NAME(code)(float y, float step, float *lost)
{
	float c = rintf(y / step);
	c = c < -127 ? -127 : c > 127 ? 127 : c;
	float e = y - c * step;
	*lost += e * e;
	return (int8_t)c;
}

TARGET static void NAME(encode)(const float *vectors, int32_t n, const float *mean, const float *rotation,
	float head_step, float tail_step, int8_t *head, uint16_t *norms, int8_t *tail, float *errors)
{
	for (int32_t i = 0; i < n; i++) {
		float y[HEAD + TAIL] = {0}, length = 0;
		for (int d = 0; d < DIMS; d++) {
			float x = vectors[(size_t)i * DIMS + d] - mean[d];
			length += x * x;
			for (int j = 0; j < HEAD + TAIL; j++) // rotation is stored dimension by dimension, for this loop
				y[j] += x * rotation[d * (HEAD + TAIL) + j];
		}
		size_t block = (size_t)(i / LANES), lane = (size_t)(i % LANES);
		float lost = 0;
		int32_t norm = 0;
		for (int j = 0; j < HEAD; j++) {
			int8_t code = NAME(code)(y[j], head_step, &lost);
			head[block * HEAD_BLOCK + (size_t)(j / 4) * LANES * 4 + lane * 4 + (size_t)(j % 4)] = code;
			norm += code * code;
		}
		int far = length > FAR * FAR || norm > LONGEST;
		norms[i] = (uint16_t)(norm > LONGEST ? LONGEST : norm);
		errors[2 * i] = far ? INFINITY : sqrtf(lost);
		for (int j = 0; j < TAIL; j++)
			tail[block * TAIL_BLOCK + (size_t)(j / 4) * LANES * 4 + lane * 4 + (size_t)(j % 4)] = NAME(code)(y[HEAD + j], tail_step, &lost);
		errors[2 * i + 1] = far ? INFINITY : sqrtf(lost);
	}
}
