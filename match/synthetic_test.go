package match_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/uuid"
	"gonum.org/v1/gonum/mat"

	"facegate"
)

// withinShare is the share of the variance of real embeddings that lies within
// people (LFW: genuine pairs are 0.43 apart in the mean, impostor pairs 0.82).
const withinShare = 0.27

// faces draws embeddings as real ones are spread: testdata/lfw-dev-moments.bin
// holds the mean (128 float32, little-endian) and the covariance (its lower
// triangle, row by row) of the embeddings of 3,773 photos of LFW; see
// BenchmarkSimilaritySlope.
type faces struct {
	mean  [facegate.EmbeddingSize]float64
	axes  [][facegate.EmbeddingSize]float64 // each as long as the standard deviation along it
	chaos *rand.Rand
}

func newFaces(t testing.TB, seed uint64) *faces {
	t.Helper()
	const size = facegate.EmbeddingSize
	data, err := os.ReadFile("testdata/lfw-dev-moments.bin")
	if err != nil {
		t.Fatal(err)
	}
	if len(data) != 4*(size+size*(size+1)/2) {
		t.Fatalf("%d bytes of moments", len(data))
	}
	next := func() float64 {
		v := math.Float32frombits(binary.LittleEndian.Uint32(data))
		data = data[4:]
		return float64(v)
	}
	f := &faces{chaos: rand.New(rand.NewPCG(seed, 1))}
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
		t.Fatal("no eigenvectors")
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
func (f *faces) draw(centre *[facegate.EmbeddingSize]float64, share float64) (p [facegate.EmbeddingSize]float64) {
	p = *centre
	for i := range f.axes {
		z := f.chaos.NormFloat64() * math.Sqrt(share)
		for d, v := range &f.axes[i] {
			p[d] += z * v
		}
	}
	return p
}

func (f *faces) person() [facegate.EmbeddingSize]float64 { return f.draw(&f.mean, 1-withinShare) }

func (f *faces) photo(person [facegate.EmbeddingSize]float64) (e facegate.Embedding) {
	for d, v := range f.draw(&person, withinShare) {
		e[d] = float32(v)
	}
	return e
}

// gallery is n samples, each people's worth of samples of one person, and a
// probe of every thousandth person at most, each followed by one of a stranger.
func (f *faces) gallery(n, each int) (entries []facegate.GalleryEntry, probes []*facegate.Embedding) {
	entries = make([]facegate.GalleryEntry, 0, n)
	every := max(1, n/each/100)
	var who facegate.PersonRef
	var centre [facegate.EmbeddingSize]float64
	for i := range n {
		if i%each == 0 {
			centre = f.person()
			who = facegate.PersonRef{ID: f.uuid(), Name: fmt.Sprint("Somebody Name ", i)}
			if i/each%every == 0 {
				genuine, impostor := f.photo(centre), f.photo(f.person())
				probes = append(probes, &genuine, &impostor)
			}
		}
		entries = append(entries, facegate.GalleryEntry{SampleID: f.uuid(), Person: who, Embedding: f.photo(centre)})
	}
	return entries, probes
}

func (f *faces) uuid() string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:], f.chaos.Uint64())
	binary.BigEndian.PutUint64(u[8:], f.chaos.Uint64())
	return u.String()
}
