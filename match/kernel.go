package match

/*
#cgo CFLAGS: -O3 -std=gnu11 -Wall
#cgo LDFLAGS: -lm
#include "kernel.h"

static int32_t fg_scan(const fg_kernel *k, const int8_t *head, const uint16_t *norms, const int8_t *tail, const float *vectors,
	int32_t n, const fg_probe *probe, const float *vector, float limit, fg_hit *hits)
{
	return k->scan(head, norms, tail, vectors, n, probe, vector, limit, hits);
}

static int32_t fg_plain(const fg_kernel *k, const float *vectors, int32_t n, const float *vector, float limit, fg_hit *hits)
{
	return k->plain(vectors, n, vector, limit, hits);
}

static void fg_encode(const fg_kernel *k, const float *vectors, int32_t n, const float *mean, const float *rotation,
	float head_step, float tail_step, int8_t *head, uint16_t *norms, int8_t *tail, float *errors)
{
	k->encode(vectors, n, mean, rotation, head_step, tail_step, head, norms, tail, errors);
}
*/
import "C"

import (
	"math"

	"facegate"
)

// Sizes the kernels are built for.
const (
	headDims    = C.HEAD
	tailDims    = C.TAIL
	codeDims    = headDims + tailDims
	lanes       = C.LANES
	segmentSize = C.SEGMENT
	anySquare   = C.ANY
)

type (
	hit       = C.fg_hit
	codeProbe = C.fg_probe
)

// A kernel is the inner loops for one instruction set.
type kernel struct {
	c    *C.fg_kernel
	name string
}

// kernels are all that this processor can run, the fastest first; portable C is
// the last.
func kernels() []kernel {
	var all []kernel
	for i := 0; ; i++ {
		c := C.fg_native(C.int(i))
		if c == nil {
			break
		}
		all = append(all, kernel{c, C.GoString(c.name)})
	}
	return append(all, kernel{&C.fg_portable, "portable"})
}

// scan finds the samples whose codes do not rule them out and whose squared
// float32 distance is at most limit. There are at most segmentSize, a multiple
// of lanes; hits has room for all of them.
func (k kernel) scan(c coded, vectors []facegate.Embedding, probe *codeProbe, vector *facegate.Embedding, limit float32, hits []hit) []hit {
	n := len(vectors)
	if n == 0 {
		return nil
	}
	c.check(n)
	_ = hits[n-1]
	found := C.fg_scan(k.c, (*C.int8_t)(&c.head[0]), (*C.uint16_t)(&c.norms[0]), (*C.int8_t)(&c.tail[0]),
		(*C.float)(&vectors[0][0]), C.int32_t(n), probe, (*C.float)(&vector[0]), C.float(limit), &hits[0])
	return hits[:found]
}

// plain is scan without codes, for any number of samples.
func (k kernel) plain(vectors []facegate.Embedding, vector *facegate.Embedding, limit float32, hits []hit) []hit {
	n := len(vectors)
	if n == 0 {
		return nil
	}
	_ = hits[n-1]
	found := C.fg_plain(k.c, (*C.float)(&vectors[0][0]), C.int32_t(n), (*C.float)(&vector[0]), C.float(limit), &hits[0])
	return hits[:found]
}

// encode writes the codes of vectors, a multiple of lanes of them, and for each
// what rounding took from the head and from the whole, as lengths.
func (k kernel) encode(vectors []facegate.Embedding, r *rotation, c coded, errors [][2]float32) {
	n := len(vectors)
	if n == 0 {
		return
	}
	c.check(n)
	_ = errors[n-1]
	C.fg_encode(k.c, (*C.float)(&vectors[0][0]), C.int32_t(n), (*C.float)(&r.mean32[0]), (*C.float)(&r.basis32[0][0]),
		C.float(r.headStep), C.float(r.tailStep), (*C.int8_t)(&c.head[0]), (*C.uint16_t)(&c.norms[0]), (*C.int8_t)(&c.tail[0]),
		(*C.float)(&errors[0][0]))
}

// A coded is the codes of samples, in blocks of lanes: the first headDims
// components, the squared length of these, and the tailDims after them.
type coded struct {
	head, tail []int8
	norms      []uint16
}

func newCoded(n int) coded {
	return coded{head: make([]int8, n*headDims), norms: make([]uint16, n), tail: make([]int8, n*tailDims)}
}

// from leaves out the first n samples, a multiple of lanes.
func (c coded) from(n int) coded {
	return coded{head: c.head[n*headDims:], norms: c.norms[n:], tail: c.tail[n*tailDims:]}
}

// check panics where there are fewer than n samples.
func (c coded) check(n int) {
	_, _, _ = c.head[n*headDims-1], c.norms[n-1], c.tail[n*tailDims-1]
}

const (
	// float32Slack widens a squared distance by more than summing 128 squares in
	// float32 can lose, in any order: each of the about 130 roundings takes at
	// most 2^-24 of the sum (Higham, Accuracy and Stability of Numerical
	// Algorithms, 4.2).
	float32Slack = 1 + 2e-5
	// float32Least is more than underflow can add.
	float32Least = 1e-30
)

// widened is the limit for a float32 kernel that loses no sample within bound.
func widened(bound float64) float32 {
	limit := bound*bound*float32Slack + float32Least
	if limit >= math.MaxFloat32 {
		return float32(math.Inf(1))
	}
	return math.Nextafter32(float32(limit), float32(math.Inf(1)))
}

type (
	cInt8  = C.int8_t
	cInt32 = C.int32_t
)
