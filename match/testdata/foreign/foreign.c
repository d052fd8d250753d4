// A kernel for another processor, as a program: it reads requests from standard
// input and writes answers to standard output, all as the host lays them out.
// kernel_foreign_test.go compiles it (for ARM, to run under qemu; for AVX-512,
// with SIMDe in place of the instructions) and asks it.
//
// -DKERNEL_FILE names the kernel's source, -DKERNEL the symbol in it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef SIMULATE
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

// What SIMDe does not have yet.
static inline simde__m512i widen(simde__m256i x)
{
	simde__m512i_private wide;
	uint16_t lane[16];
	memcpy(lane, &x, sizeof lane);
	for (int i = 0; i < 16; i++)
		wide.i32[i] = lane[i];
	return simde__m512i_from_private(wide);
}

static inline float sum_of(simde__m512 x)
{
	float lane[16], sum = 0;
	memcpy(lane, &x, sizeof lane);
	for (int i = 0; i < 16; i++)
		sum += lane[i];
	return sum;
}

#define _mm512_cvtepu16_epi32(x) widen(x)
#define _mm512_reduce_add_ps(x) sum_of(x)

#define target(features) // or the compiler would use what this processor has not
#endif
#include KERNEL_FILE

const fg_kernel fg_avx2, fg_portable; // named by the kernels, not used here

static void in(void *to, size_t size)
{
	if (size && fread(to, size, 1, stdin) != 1)
		exit(feof(stdin) ? 0 : 1);
}

static void out(const void *from, size_t size)
{
	if (size && fwrite(from, size, 1, stdout) != 1)
		exit(1);
}

int main(void)
{
	static float vectors[SEGMENT * DIMS], errors[SEGMENT * 2], mean[DIMS], rotation[DIMS * (HEAD + TAIL)], steps[2], vector[DIMS], limit;
	static int8_t head[SEGMENT * HEAD], tail[SEGMENT * TAIL];
	static uint16_t norms[SEGMENT];
	static fg_hit hits[SEGMENT];
	fg_probe probe;
	for (;;) {
		int32_t what, n, found = 0;
		in(&what, sizeof what);
		in(&n, sizeof n);
		switch (what) {
		case 'v':
			in(vectors, (size_t)n * DIMS * sizeof *vectors);
			break;
		case 'c':
			in(head, (size_t)n * HEAD);
			in(norms, (size_t)n * sizeof *norms);
			in(tail, (size_t)n * TAIL);
			break;
		case 'e':
			in(mean, sizeof mean);
			in(rotation, sizeof rotation);
			in(steps, sizeof steps);
			KERNEL.encode(vectors, n, mean, rotation, steps[0], steps[1], head, norms, tail, errors);
			out(head, (size_t)n * HEAD);
			out(norms, (size_t)n * sizeof *norms);
			out(tail, (size_t)n * TAIL);
			out(errors, (size_t)n * 2 * sizeof *errors);
			break;
		default: // a scan, or a plain one
			if (what == 's')
				in(&probe, sizeof probe);
			in(vector, sizeof vector);
			in(&limit, sizeof limit);
			found = what == 's' ? KERNEL.scan(head, norms, tail, vectors, n, &probe, vector, limit, hits)
			                    : KERNEL.plain(vectors, n, vector, limit, hits);
			out(&found, sizeof found);
			out(hits, (size_t)found * sizeof *hits);
		}
		fflush(stdout);
	}
}
