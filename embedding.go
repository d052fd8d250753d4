package facegate

import (
	"encoding/binary"
	"fmt"
	"math"
)

// EmbeddingSize is the number of dimensions of an [Embedding].
const EmbeddingSize = 128

// EmbeddingBytes is the length of an [Embedding] in its stored form.
const EmbeddingBytes = EmbeddingSize * 4

// An Embedding is a face as a point in space: 128 float32 from dlib's ResNet
// ("dlib_face_recognition_resnet_model_v1"). Photos of one person lie close
// together. Embeddings compare only when they were made by the same recipe
// (see [Analyser.Recipe]).
type Embedding [EmbeddingSize]float32

// Distance is the Euclidean distance to o, summed in float64. It is 0 or more;
// dlib's network was trained so that 0.6 parts same from different people.
func (e *Embedding) Distance(o *Embedding) float64 {
	var sum float64
	for i := range e {
		d := float64(e[i]) - float64(o[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

// Norm is the Euclidean length of e. dlib's embeddings have a mean norm of
// about 1.43.
func (e *Embedding) Norm() float64 {
	var sum float64
	for _, v := range e {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

// Bytes is e in its stored form: 512 bytes, little-endian float32.
func (e *Embedding) Bytes() []byte {
	b := make([]byte, 0, EmbeddingBytes)
	for _, v := range e {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// EmbeddingFromBytes reads the stored form. It fails unless b holds exactly 512
// bytes that are a usable embedding (see [EmbeddingFromSlice]).
func EmbeddingFromBytes(b []byte) (Embedding, error) {
	var e Embedding
	if len(b) != EmbeddingBytes {
		return e, fmt.Errorf("embedding of %d bytes, want %d", len(b), EmbeddingBytes)
	}
	for i := range e {
		e[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return e, e.validate()
}

// EmbeddingFromSlice copies v. It fails with [CodeInvalidEmbedding] unless v
// has exactly 128 finite numbers that are not all zero and lie within ±100.
func EmbeddingFromSlice(v []float32) (Embedding, error) {
	var e Embedding
	if len(v) != EmbeddingSize {
		return e, NewError(CodeInvalidEmbedding,
			fmt.Sprintf("the embedding has %d numbers, not %d", len(v), EmbeddingSize),
			"send the 128 numbers as the detect call returns them")
	}
	copy(e[:], v)
	return e, e.validate()
}

func (e *Embedding) validate() error {
	zero := true
	for _, v := range e {
		if !(v >= -100 && v <= 100) { // false for NaN too
			return NewError(CodeInvalidEmbedding, "the embedding holds a number that is not finite or far out of range",
				"send the 128 numbers as the detect call returns them")
		}
		zero = zero && v == 0
	}
	if zero {
		return NewError(CodeInvalidEmbedding, "the embedding is all zeros",
			"send the 128 numbers as the detect call returns them")
	}
	return nil
}
