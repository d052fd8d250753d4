// NEON: every 64-bit ARM.
#include <arm_neon.h>

#include "kernel.h"

#define NAME(x) neon_##x
#define TARGET

// neon_add adds the squared gaps of dims dimensions to the sums of 16 samples,
// saturated at 127 like those of the other kernels. One sum register holds four.
static inline void neon_add(uint32x4_t sum[4], const int8_t *codes, const int8_t *probe, int dims)
{
	const uint8x16_t most = vdupq_n_u8(127);
	for (int d = 0; d < dims; d += 4) {
		int32_t four;
		__builtin_memcpy(&four, probe + d, 4);
		int8x16_t q = vreinterpretq_s8_s32(vdupq_n_s32(four));
		for (int i = 0; i < 4; i++) {
			int8x16_t x = vld1q_s8(codes + d * LANES + i * 16);
			uint8x16_t gap = vminq_u8(vreinterpretq_u8_s8(vabdq_s8(x, q)), most); // the gap's bits are unsigned
			uint16x8_t low = vmull_u8(vget_low_u8(gap), vget_low_u8(gap));
			uint16x8_t high = vmull_u8(vget_high_u8(gap), vget_high_u8(gap));
			sum[i] = vaddq_u32(sum[i], vpaddq_u32(vpaddlq_u16(low), vpaddlq_u16(high)));
		}
	}
}

static inline uint32_t neon_within(const uint32x4_t sum[4], int32_t most)
{
	static const uint32_t lane[4] = {1, 2, 4, 8};
	uint32x4_t bit = vld1q_u32(lane), m = vdupq_n_u32((uint32_t)most);
	uint32_t lanes = 0;
	for (int i = 0; i < 4; i++)
		lanes |= vaddvq_u32(vandq_u32(vcleq_u32(sum[i], m), bit)) << (4 * i);
	return lanes;
}

// neon_heads works on |x|^2 + |q|^2 - 2xq, which takes half the instructions of
// squared gaps. Codes reach from -127 to 127, so two products fit 16 bits.
static int32_t neon_heads(const int8_t *head, const uint16_t *norms, int32_t blocks, const fg_probe *probe, uint16_t *found, int32_t *squares)
{
	const int32x4_t own = vdupq_n_s32(probe->norm), most = vdupq_n_s32(probe->most_head);
	int8x8_t q[HEAD / 4];
	int32_t n = 0;
	for (int d = 0; d < HEAD / 4; d++) {
		int32_t four;
		__builtin_memcpy(&four, probe->head + 4 * d, 4);
		q[d] = vreinterpret_s8_s32(vdup_n_s32(four));
	}
	for (int32_t b = 0; b < blocks; b++, head += HEAD_BLOCK, norms += LANES) {
		uint32x4_t within = vdupq_n_u32(0);
		for (int i = 0; i < 4; i++) {
			int32x4_t sum = vdupq_n_s32(0), norm = vreinterpretq_s32_u32(vmovl_u16(vld1_u16(norms + 4 * i)));
			for (int d = 0; d < HEAD / 4; d++) {
				int8x16_t x = vld1q_s8(head + 4 * d * LANES + i * 16);
				int16x8_t low = vmull_s8(vget_low_s8(x), q[d]), high = vmull_s8(vget_high_s8(x), q[d]);
				sum = vpadalq_s16(sum, vpaddq_s16(low, high));
			}
			int32x4_t square = vsubq_s32(vaddq_s32(norm, own), vaddq_s32(sum, sum));
			vst1q_s32(squares + n * LANES + 4 * i, square);
			within = vorrq_u32(within, vcleq_s32(square, most));
		}
		found[n] = (uint16_t)b;
		n += vmaxvq_u32(within) != 0;
	}
	return n;
}

static inline uint32_t neon_survivors(const int32_t *squares, const int8_t *tail, const fg_probe *probe)
{
	uint32x4_t sum[4];
	for (int i = 0; i < 4; i++)
		sum[i] = vshlq_u32(vreinterpretq_u32_s32(vld1q_s32(squares + 4 * i)), vdupq_n_s32(probe->shift));
	neon_add(sum, tail, probe->tail, TAIL);
	return neon_within(sum, probe->most);
}

static inline float neon_square(const float *a, const float *b)
{
	float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
	for (int d = 0; d < DIMS; d += 16)
		for (int i = 0; i < 4; i++) {
			float32x4_t gap = vsubq_f32(vld1q_f32(a + d + 4 * i), vld1q_f32(b + d + 4 * i));
			sum[i] = vfmaq_f32(sum[i], gap, gap);
		}
	return vaddvq_f32(vaddq_f32(vaddq_f32(sum[0], sum[1]), vaddq_f32(sum[2], sum[3])));
}

#include "kernel_body.h"

static const fg_kernel neon = {"neon", neon_scan, neon_plain, neon_encode};

const fg_kernel *fg_native(int i)
{
	return i == 0 ? &neon : 0;
}
