package match

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"facegate"
)

// A rotation turns embeddings so that few dimensions tell most, and says how
// they are rounded to codes. dlib's embeddings use about 73 of their 128
// dimensions (measured on LFW): the first 72 principal components hold over 99%
// of the variance, so codes of these tell nearly the whole distance.
//
// The search stays exact whatever rotation it uses. With p the first components,
// x a sample, x' its code, q a probe and q' its code, all bounds are by the
// triangle inequality:
//
//	|q-x| >= |p(q)-p(x)| >= |q'-x'| - |p(q)-q'| - |p(x)-x'|
//
// so a sample is ruled out when |q'-x'| is more than the radius and both
// roundings together. The roundings are measured, not estimated.
type rotation struct {
	mean     [facegate.EmbeddingSize]float64
	basis    [facegate.EmbeddingSize][codeDims]float64 // columns are orthonormal
	headStep float64                                   // width of a code's step in the first headDims
	tailStep float64                                   // and after them: headStep / 2^shift
	shift    int

	mean32  [facegate.EmbeddingSize]float32
	basis32 [facegate.EmbeddingSize][codeDims]float32
	learnt  int // size of the gallery it was learnt from
}

const (
	// codeMost is the largest code; the smallest is its negative.
	codeMost = 127
	// rangeInSD is how much of a component fits the codes, in standard
	// deviations. What does not fit is clamped, which is one more rounding.
	rangeInSD = 4.5
	// encodeSlack is more than float32 can lose when it turns an embedding up to
	// FAR from the mean: 72 sums of 128 products, each within 128*2^-24*4.
	encodeSlack = 3e-4
	// probeSlack is the same for a probe, turned in float64.
	probeSlack = 1e-9
)

// learnRotation finds the principal components of vectors (Pearson 1901). There
// must be one at least.
func learnRotation(vectors []facegate.Embedding) *rotation {
	const size = facegate.EmbeddingSize
	r := &rotation{}
	n := float64(len(vectors))
	for i := range vectors {
		for d, v := range vectors[i] {
			r.mean[d] += float64(v) / n
		}
	}
	for d, v := range r.mean {
		r.mean32[d] = float32(v)
		r.mean[d] = float64(r.mean32[d])
	}
	rows := mat.NewDense(len(vectors), size, nil)
	for i := range vectors {
		for d, v := range vectors[i] {
			rows.Set(i, d, float64(v)-r.mean[d])
		}
	}
	covariance := mat.NewSymDense(size, nil)
	covariance.SymOuterK(1/n, rows.T())
	var eigen mat.EigenSym
	var axes mat.Dense
	variance := make([]float64, size)
	if eigen.Factorize(covariance, true) {
		eigen.VectorsTo(&axes)
		eigen.Values(variance) // ascending
	} else { // any rotation is right, this one is none
		axes = *mat.DenseCopyOf(mat.NewDiagDense(size, ones()))
	}
	var head, tail float64 // largest standard deviations
	for j := range codeDims {
		from := size - 1 - j
		for d := range size {
			r.basis[d][j] = axes.At(d, from)
			r.basis32[d][j] = float32(r.basis[d][j])
		}
		sd := math.Sqrt(math.Max(variance[from], 0))
		if j < headDims {
			head = math.Max(head, sd)
		} else {
			tail = math.Max(tail, sd)
		}
	}
	r.setSteps(head, tail)
	return r
}

// setSteps gives the tail, whose components spread less, finer steps where they
// fit, in powers of two, so that sums of both stay whole numbers.
func (r *rotation) setSteps(head, tail float64) {
	const leastStep = 1e-4 // below it, rounding float32 would matter
	// The kernels compute with float32 steps: these are what they see.
	r.headStep = float64(float32(math.Max(rangeInSD*head/codeMost, leastStep)))
	for r.shift = 2; r.shift > 0; r.shift-- {
		if step := r.headStep / math.Exp2(float64(r.shift)); step*codeMost >= rangeInSD*tail && step >= leastStep {
			break
		}
	}
	r.tailStep = r.headStep / math.Exp2(float64(r.shift))
}

func ones() []float64 {
	v := make([]float64, facegate.EmbeddingSize)
	for i := range v {
		v[i] = 1
	}
	return v
}

// A turnedProbe is a probe as codes, with what rounding took.
type turnedProbe struct {
	codes     codeProbe
	headError float64
	error     float64
	rotation  *rotation
}

// turn codes a probe. A component outside the codes' range is moved to its edge
// first, which costs nothing: no code lies beyond, so none comes nearer by it.
func (r *rotation) turn(e *facegate.Embedding) *turnedProbe {
	t := &turnedProbe{rotation: r}
	t.codes.shift = cInt32(2 * r.shift)
	var turned [codeDims]float64
	for d, v := range e {
		centred := float64(v) - r.mean[d]
		for j, b := range &r.basis[d] {
			turned[j] += centred * b
		}
	}
	var lost float64
	for j, y := range turned {
		step := r.tailStep
		if j < headDims {
			step = r.headStep
		}
		y = math.Max(-codeMost*step, math.Min(codeMost*step, y))
		code := math.RoundToEven(y / step)
		lost += (y - code*step) * (y - code*step)
		if j < headDims {
			t.codes.head[j] = cInt8(code)
			t.codes.norm += cInt32(code * code)
			t.headError = math.Sqrt(lost)
		} else {
			t.codes.tail[j-headDims] = cInt8(code)
		}
	}
	t.error = math.Sqrt(lost)
	return t
}

// within sets how far codes may be for a sample within bound, where rounding
// took no more than headError and error from the sample.
func (t *turnedProbe) within(bound, headError, error float64) *codeProbe {
	t.codes.most_head = squareInSteps(bound+headError+t.headError+probeSlack, t.rotation.headStep)
	t.codes.most = squareInSteps(bound+error+t.error+probeSlack, t.rotation.tailStep)
	return &t.codes
}

func squareInSteps(length, step float64) cInt32 {
	steps := length / step
	return cInt32(math.Min(math.Ceil(steps*steps), anySquare))
}
