// The inner loops of the gallery, once per instruction set.
//
// Codes are kept for samples in blocks of 16, so that one vector register holds
// one sample a lane: for each four dimensions, 16 samples x 4 bytes. The head
// codes (the first HEAD dimensions) and the tail codes (the TAIL after them) are
// arrays of their own, because most blocks are given up after the head.
#ifndef FACEGATE_MATCH_KERNEL_H
#define FACEGATE_MATCH_KERNEL_H

#include <stdint.h>

#define DIMS 128
#define HEAD 32
#define TAIL 40
#define LANES 16
#define SEGMENT 4096
#define HEAD_BLOCK (HEAD * LANES)
#define TAIL_BLOCK (TAIL * LANES)

// A hit is a sample that is near enough, as far as float32 can tell.
typedef struct {
	uint32_t at;   // index of the sample, from where the scan began
	float square;  // squared distance
} fg_hit;

#define ANY (1 << 30) // more than any squared distance of codes

typedef struct {
	int8_t head[HEAD], tail[TAIL]; // codes
	int32_t norm;      // squared length of the head
	int32_t most_head; // bounds, ANY at most: a sample survives if its head's squared distance is not more,
	int32_t most;      // and (head << shift) + tail is not more than this
	int32_t shift;
} fg_probe;

// scan finds the samples of up to SEGMENT whose codes do not rule them out and
// whose squared float32 distance is at most limit. n is a multiple of LANES.
typedef int32_t (*fg_scan_fn)(const int8_t *head, const uint16_t *norms, const int8_t *tail, const float *vectors, int32_t n,
	const fg_probe *probe, const float *vector, float limit, fg_hit *hits);

// plain does without codes; n is any number.
typedef int32_t (*fg_plain_fn)(const float *vectors, int32_t n, const float *vector, float limit, fg_hit *hits);

// encode rotates n vectors, a multiple of LANES, and writes their codes, the squared
// lengths of the heads, and the length of what rounding took from the head and
// from the whole: two floats a sample, which are infinite where the vector is
// farther than FAR from the mean or the head longer than LONGEST allows, whose
// codes mean nothing then.
typedef void (*fg_encode_fn)(const float *vectors, int32_t n, const float *mean, const float *rotation,
	float head_step, float tail_step, int8_t *head, uint16_t *norms, int8_t *tail, float *errors);

#define FAR 4.0f
#define LONGEST 65535 // squared length of a head

typedef struct {
	const char *name;
	fg_scan_fn scan;
	fg_plain_fn plain;
	fg_encode_fn encode;
} fg_kernel;

extern const fg_kernel fg_portable;

// fg_native is the i-th kernel of this architecture that the processor can run,
// the fastest first; null past the last.
const fg_kernel *fg_native(int i);

#endif
