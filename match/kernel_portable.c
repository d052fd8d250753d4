// Plain C, for any processor.
#include "kernel.h"

#define NAME(x) portable_##x
#define TARGET

static inline void portable_add(int32_t *sum, const int8_t *codes, const int8_t *probe, int dims)
{
	for (int d = 0; d < dims; d += 4)
		for (int lane = 0; lane < LANES; lane++)
			for (int i = 0; i < 4; i++) {
				int32_t gap = codes[d * LANES + lane * 4 + i] - probe[d + i];
				gap = gap < -127 ? -127 : gap > 127 ? 127 : gap; // as the vector kernels saturate
				sum[lane] += gap * gap;
			}
}

static int32_t portable_heads(const int8_t *head, const uint16_t *norms, int32_t blocks, const fg_probe *probe, uint16_t *found, int32_t *squares)
{
	int32_t n = 0;
	for (int32_t b = 0; b < blocks; b++, head += HEAD_BLOCK, norms += LANES) {
		int32_t sum[LANES] = {0}, any = 0;
		for (int d = 0; d < HEAD; d += 4)
			for (int lane = 0; lane < LANES; lane++)
				for (int i = 0; i < 4; i++)
					sum[lane] += head[d * LANES + lane * 4 + i] * probe->head[d + i];
		for (int lane = 0; lane < LANES; lane++) {
			squares[n * LANES + lane] = norms[lane] + probe->norm - 2 * sum[lane]; // |x|^2 + |q|^2 - 2xq
			any |= squares[n * LANES + lane] <= probe->most_head;
		}
		found[n] = (uint16_t)b;
		n += any;
	}
	return n;
}

static uint32_t portable_survivors(const int32_t *squares, const int8_t *tail, const fg_probe *probe)
{
	int32_t sum[LANES];
	uint32_t lanes = 0;
	for (int lane = 0; lane < LANES; lane++)
		sum[lane] = squares[lane] << probe->shift;
	portable_add(sum, tail, probe->tail, TAIL);
	for (int lane = 0; lane < LANES; lane++)
		lanes |= (uint32_t)(sum[lane] <= probe->most) << lane;
	return lanes;
}

static float portable_square(const float *a, const float *b)
{
	float sum[8] = {0};
	for (int d = 0; d < DIMS; d += 8)
		for (int i = 0; i < 8; i++) {
			float gap = a[d + i] - b[d + i];
			sum[i] += gap * gap;
		}
	return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

#include "kernel_body.h"

const fg_kernel fg_portable = {"portable", portable_scan, portable_plain, portable_encode};

#if !defined(__x86_64__) && !defined(__aarch64__)
const fg_kernel *fg_native(int i)
{
	(void)i;
	return 0;
}
#endif
