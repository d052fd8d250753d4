// Package syntheticfaces draws embeddings that are spread like those of real
// faces, for tests and measurements that need more of them than there are photos.
package syntheticfaces

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/google/uuid"
	"gonum.org/v1/gonum/mat"

	"facegate"
)

// withinShare is the share of the variance of real embeddings that lies within
// people (LFW: genuine pairs are 0.43 apart in the mean, impostor pairs 0.82).
const withinShare = 0.27

//go:embed lfw-dev-moments.bin
var lfw []byte

// Faces draws embeddings as real ones are spread: lfw-dev-moments.bin holds the
// mean (128 float32, little-endian) and the covariance (its lower triangle, row
// by row) of the embeddings of 3,773 photos of LFW; see BenchmarkSimilaritySlope
// of package match. It is not safe for concurrent use.
type Faces struct {
	Chaos *rand.Rand

	mean [facegate.EmbeddingSize]float64
	axes [][facegate.EmbeddingSize]float64 // each as long as the standard deviation along it
}

// A Person is where the photos of somebody lie around.
type Person [facegate.EmbeddingSize]float64

// New draws other faces for each seed, and the same for the same.
func New(seed uint64) *Faces {
	const size = facegate.EmbeddingSize
	data := lfw
	if len(data) != 4*(size+size*(size+1)/2) {
		panic(fmt.Sprintf("syntheticfaces: %d bytes of moments", len(data)))
	}
	next := func() float64 {
		v := math.Float32frombits(binary.LittleEndian.Uint32(data))
		data = data[4:]
		return float64(v)
	}
	f := &Faces{Chaos: rand.New(rand.NewPCG(seed, 1))}
	for d := range f.mean {
		f.mean[d] = next()
	}
	covariance := mat.NewSymDense(size, nil)
	for i := range size {
		for j := range i + 1 {
			covariance.SetSym(i, j, next())
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		panic("syntheticfaces: no eigenvectors")
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	for j, variance := range eigen.Values(nil) {
		if variance < 1e-7 { // dlib's embeddings use 73 dimensions
			continue
		}
		var axis [size]float64
		for d := range axis {
			axis[d] = vectors.At(d, j) * math.Sqrt(variance)
		}
		f.axes = append(f.axes, axis)
	}
	return f
}

// draw is a point around centre that holds share of the variance.
func (f *Faces) draw(centre Person, share float64) Person {
	p := centre
	for i := range f.axes {
		z := f.Chaos.NormFloat64() * math.Sqrt(share)
		for d, v := range &f.axes[i] {
			p[d] += z * v
		}
	}
	return p
}

// Person draws somebody.
func (f *Faces) Person() Person { return f.draw(f.mean, 1-withinShare) }

// Photo draws the embedding of a photo of somebody.
func (f *Faces) Photo(of Person) (e facegate.Embedding) {
	for d, v := range f.draw(of, withinShare) {
		e[d] = float32(v)
	}
	return e
}

// Gallery is n samples, each in a row of one person, and about a hundred people's
// probes, evenly, each followed by one of a stranger.
func (f *Faces) Gallery(n, each int) (entries []facegate.GalleryEntry, probes []*facegate.Embedding) {
	entries = make([]facegate.GalleryEntry, 0, n)
	every := max(1, n/each/100)
	var who facegate.PersonRef
	var centre Person
	for i := range n {
		if i%each == 0 {
			centre = f.Person()
			who = facegate.PersonRef{ID: f.ID(), Name: fmt.Sprint("Somebody Name ", i)}
			if i/each%every == 0 {
				genuine, impostor := f.Photo(centre), f.Photo(f.Person())
				probes = append(probes, &genuine, &impostor)
			}
		}
		entries = append(entries, facegate.GalleryEntry{SampleID: f.ID(), Person: who, Embedding: f.Photo(centre)})
	}
	return entries, probes
}

// ID draws a UUID.
func (f *Faces) ID() string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:], f.Chaos.Uint64())
	binary.BigEndian.PutUint64(u[8:], f.Chaos.Uint64())
	return u.String()
}
