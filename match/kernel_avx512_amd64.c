// AVX-512 with VNNI: Intel servers since 2019, AMD since 2022.
#include <immintrin.h>

#include "kernel.h"

#define NAME(x) avx512_##x
#define TARGET __attribute__((target("avx2,fma,bmi,avx512f,avx512bw,avx512vl,avx512vnni")))

// avx512_add adds the squared gaps of dims dimensions to the sums of 16 samples,
// saturated like those of AVX2. Two sums break the chain of dependent additions.
TARGET static inline __m512i avx512_add(__m512i sum, const int8_t *codes, const int8_t *probe, int dims)
{
	const __m512i most = _mm512_set1_epi8(127);
	__m512i other = _mm512_setzero_si512();
	for (int d = 0; d < dims; d += 8) {
		int32_t four, next;
		__builtin_memcpy(&four, probe + d, 4);
		__builtin_memcpy(&next, probe + d + 4, 4);
		__m512i a = _mm512_subs_epi8(_mm512_loadu_si512(codes + d * LANES), _mm512_set1_epi32(four));
		__m512i b = _mm512_subs_epi8(_mm512_loadu_si512(codes + (d + 4) * LANES), _mm512_set1_epi32(next));
		a = _mm512_min_epu8(_mm512_abs_epi8(a), most);
		b = _mm512_min_epu8(_mm512_abs_epi8(b), most);
		sum = _mm512_dpbusd_epi32(sum, a, a);
		other = _mm512_dpbusd_epi32(other, b, b);
	}
	return _mm512_add_epi32(sum, other);
}

// avx512_heads works on |x|^2 + |q|^2 - 2xq, which takes half the instructions of
// squared gaps. The instruction that multiplies wants one factor without a sign,
// so 128 is added to the samples, and 128 times the probe is taken away again.
TARGET static int32_t avx512_heads(const int8_t *head, const uint16_t *norms, int32_t blocks, const fg_probe *probe, uint16_t *found, int32_t *squares)
{
	const __m512i lift = _mm512_set1_epi8(-128);
	__m512i q[HEAD / 4];
	int32_t lifted = 0, n = 0;
	for (int d = 0; d < HEAD / 4; d++) {
		int32_t four;
		__builtin_memcpy(&four, probe->head + 4 * d, 4);
		q[d] = _mm512_set1_epi32(four);
		for (int i = 0; i < 4; i++)
			lifted += 128 * probe->head[4 * d + i];
	}
	const __m512i own = _mm512_set1_epi32(probe->norm + 2 * lifted), most = _mm512_set1_epi32(probe->most_head);
	for (int32_t b = 0; b < blocks; b++, head += HEAD_BLOCK, norms += LANES) {
		__m512i sum[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()}; // two, to break the chain of dependent additions
		for (int d = 0; d < HEAD / 4; d++)
			sum[d % 2] = _mm512_dpbusd_epi32(sum[d % 2], _mm512_xor_si512(_mm512_loadu_si512(head + 4 * d * LANES), lift), q[d]);
		__m512i norm = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)norms));
		__m512i twice = _mm512_slli_epi32(_mm512_add_epi32(sum[0], sum[1]), 1);
		__m512i square = _mm512_sub_epi32(_mm512_add_epi32(norm, own), twice);
		_mm512_storeu_si512(squares + n * LANES, square);
		found[n] = (uint16_t)b;
		n += _mm512_cmple_epi32_mask(square, most) != 0;
	}
	return n;
}

TARGET static inline uint32_t avx512_survivors(const int32_t *squares, const int8_t *tail, const fg_probe *probe)
{
	__m512i sum = _mm512_sll_epi32(_mm512_loadu_si512(squares), _mm_cvtsi32_si128(probe->shift));
	sum = avx512_add(sum, tail, probe->tail, TAIL);
	return _mm512_cmple_epi32_mask(sum, _mm512_set1_epi32(probe->most));
}

TARGET static inline float avx512_square(const float *a, const float *b)
{
	__m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
	for (int d = 0; d < DIMS; d += 64)
		for (int i = 0; i < 4; i++) {
			__m512 gap = _mm512_sub_ps(_mm512_loadu_ps(a + d + 16 * i), _mm512_loadu_ps(b + d + 16 * i));
			sum[i] = _mm512_fmadd_ps(gap, gap, sum[i]);
		}
	return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
}

#include "kernel_body.h"

static const fg_kernel avx512 = {"avx512", avx512_scan, avx512_plain, avx512_encode};

extern const fg_kernel fg_avx2;

const fg_kernel *fg_native(int i)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")
		&& __builtin_cpu_supports("fma") && i-- == 0)
		return &avx512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") && i == 0)
		return &fg_avx2;
	return 0;
}
