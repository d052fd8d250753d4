// AVX2 with FMA: every x86 server since 2013.
#include <immintrin.h>

#include "kernel.h"

#define NAME(x) avx2_##x
#define TARGET __attribute__((target("avx2,fma,bmi")))

// avx2_add adds the squared gaps of dims dimensions to the sums of 16 samples.
// Gaps saturate at 127, which keeps a lower bound a lower bound, and the product
// of two of them within the instruction.
TARGET static inline void avx2_add(__m256i sum[2], const int8_t *codes, const int8_t *probe, int dims)
{
	const __m256i most = _mm256_set1_epi8(127), ones = _mm256_set1_epi16(1);
	for (int d = 0; d < dims; d += 4) {
		int32_t four;
		__builtin_memcpy(&four, probe + d, 4);
		__m256i q = _mm256_set1_epi32(four);
		for (int i = 0; i < 2; i++) {
			__m256i x = _mm256_loadu_si256((const __m256i *)(codes + d * LANES + i * 32));
			__m256i gap = _mm256_min_epu8(_mm256_abs_epi8(_mm256_subs_epi8(x, q)), most);
			sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(_mm256_maddubs_epi16(gap, gap), ones));
		}
	}
}

TARGET static inline uint32_t avx2_within(const __m256i sum[2], int32_t most)
{
	__m256i m = _mm256_set1_epi32(most);
	uint32_t low = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(sum[0], m)));
	uint32_t high = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(sum[1], m)));
	return ~(low | high << 8) & 0xffff;
}

// NARROW is the largest norm of a probe whose products with heads up to LONGEST
// fit 16 bits, and so do all partial sums of them (Cauchy and Schwarz): 127.9
// times 256 is below 32768.
#define NARROW 16370

// avx2_heads_as works on |x|^2 + |q|^2 - 2xq, which takes half the instructions
// of squared gaps. The instruction that multiplies wants one factor without a
// sign, so that of the probe is moved to the sample.
TARGET static inline __attribute__((always_inline)) int32_t avx2_heads_as(int narrow, const int8_t *head, const uint16_t *norms,
	int32_t blocks, const fg_probe *probe, uint16_t *found, int32_t *squares)
{
	const __m256i ones = _mm256_set1_epi16(1), two = _mm256_set1_epi16(2);
	const __m256i own = _mm256_set1_epi32(probe->norm), most = _mm256_set1_epi32(probe->most_head);
	__m256i q[HEAD / 4], size[HEAD / 4];
	int32_t n = 0;
	for (int d = 0; d < HEAD / 4; d++) {
		int32_t four;
		__builtin_memcpy(&four, probe->head + 4 * d, 4);
		q[d] = _mm256_set1_epi32(four);
		size[d] = _mm256_abs_epi8(q[d]);
	}
	for (int32_t b = 0; b < blocks; b++, head += HEAD_BLOCK, norms += LANES) {
		__m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()}, out[2];
		for (int d = 0; d < HEAD / 4; d++)
			for (int i = 0; i < 2; i++) {
				__m256i x = _mm256_loadu_si256((const __m256i *)(head + 4 * d * LANES + i * 32));
				__m256i pairs = _mm256_maddubs_epi16(size[d], _mm256_sign_epi8(x, q[d]));
				sum[i] = narrow ? _mm256_add_epi16(sum[i], pairs) : _mm256_add_epi32(sum[i], _mm256_madd_epi16(pairs, ones));
			}
		for (int i = 0; i < 2; i++) {
			__m256i norm = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(norms + 8 * i)));
			sum[i] = narrow ? _mm256_madd_epi16(sum[i], two) : _mm256_add_epi32(sum[i], sum[i]);
			__m256i square = _mm256_sub_epi32(_mm256_add_epi32(norm, own), sum[i]);
			_mm256_storeu_si256((__m256i *)(squares + n * LANES + 8 * i), square);
			out[i] = _mm256_cmpgt_epi32(square, most);
		}
		found[n] = (uint16_t)b;
		n += _mm256_movemask_epi8(_mm256_and_si256(out[0], out[1])) != -1;
	}
	return n;
}

TARGET static int32_t avx2_heads(const int8_t *head, const uint16_t *norms, int32_t blocks, const fg_probe *probe, uint16_t *found, int32_t *squares)
{
	if (probe->norm <= NARROW)
		return avx2_heads_as(1, head, norms, blocks, probe, found, squares);
	return avx2_heads_as(0, head, norms, blocks, probe, found, squares);
}

TARGET static inline uint32_t avx2_survivors(const int32_t *squares, const int8_t *tail, const fg_probe *probe)
{
	__m128i shift = _mm_cvtsi32_si128(probe->shift);
	__m256i sum[2];
	for (int i = 0; i < 2; i++)
		sum[i] = _mm256_sll_epi32(_mm256_loadu_si256((const __m256i *)(squares + 8 * i)), shift);
	avx2_add(sum, tail, probe->tail, TAIL);
	return avx2_within(sum, probe->most);
}

TARGET static inline float avx2_square(const float *a, const float *b)
{
	__m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
	for (int d = 0; d < DIMS; d += 32)
		for (int i = 0; i < 4; i++) {
			__m256 gap = _mm256_sub_ps(_mm256_loadu_ps(a + d + 8 * i), _mm256_loadu_ps(b + d + 8 * i));
			sum[i] = _mm256_fmadd_ps(gap, gap, sum[i]);
		}
	__m256 all = _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3]));
	__m128 half = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
	half = _mm_add_ps(half, _mm_movehl_ps(half, half));
	return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

#include "kernel_body.h"

const fg_kernel fg_avx2 = {"avx2", avx2_scan, avx2_plain, avx2_encode};
