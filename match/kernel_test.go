package match

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"facegate"
)

// randomVectors lie around a few centres, so that some are near each other.
func randomVectors(n int, seed uint64) []facegate.Embedding {
	r := rand.New(rand.NewPCG(seed, 2))
	var centres [8]facegate.Embedding
	for i := range centres {
		for d := range centres[i] {
			centres[i][d] = float32(r.NormFloat64() * 0.05)
		}
	}
	vectors := make([]facegate.Embedding, n)
	for i := range vectors {
		vectors[i] = centres[i%len(centres)]
		for d := range vectors[i] {
			vectors[i][d] += float32(r.NormFloat64() * 0.03)
		}
	}
	return vectors
}

// TestKernelsLoseNothing: whatever is within the radius by the plain float64
// loop must be among the hits of every kernel, with codes and without; and
// nothing may be a hit that float32 knows to be beyond.
func TestKernelsLoseNothing(t *testing.T) {
	sets := map[string][]facegate.Embedding{"random": randomVectors(segmentSize, 0), "again": randomVectors(segmentSize, 1)}
	real := Idols(t)
	for _, e := range real[:len(real)/lanes*lanes] {
		sets["real"] = append(sets["real"], e.Embedding)
	}
	for name, vectors := range sets {
		probes := slices.Clone(vectors[:6])
		vectors[17] = facegate.Embedding{0: 9, 5: -70} // far from all
		vectors[18] = vectors[19]
		r := learnRotation(vectors[:1000])
		probes = append(probes, vectors[17], vectors[18], facegate.Embedding{3: 100})
		for _, k := range kernels() {
			c := encode(k, r, vectors)
			if !slices.Contains(c.loose, 17) {
				t.Errorf("%s: the far vector is not loose", k.name)
			}
			hits := make([]hit, segmentSize)
			for p := range probes {
				probe := &probes[p]
				distances := make([]float64, len(vectors))
				for i := range vectors {
					distances[i] = probe.Distance(&vectors[i])
				}
				for _, radius := range []float64{0, 0.2, 0.4, 0.5, 0.6, 1, 200} {
					for _, n := range []int{lanes, 7 * lanes, len(vectors)} {
						codes := r.turn(probe).within(radius, c.headError, c.error)
						coded := places(k.scan(c.head, c.tail, vectors[:n], codes, probe, widened(radius), hits))
						plain := places(k.plain(vectors[:n], probe, widened(radius), hits))
						for i, d := range distances[:n] {
							loose := slices.Contains(c.loose, uint16(i))
							if d <= radius && !plain[i] || d <= radius && !coded[i] && !loose {
								t.Fatalf("%s, %s: vector %d at %v is lost within %v (plain %v, coded %v)", k.name, name, i, d, radius, plain[i], coded[i])
							}
							if far := d > radius*1.001+1e-6; far && (plain[i] || coded[i]) {
								t.Fatalf("%s, %s: vector %d at %v is a hit within %v", k.name, name, i, d, radius)
							}
						}
					}
				}
			}
		}
	}
}

func places(hits []hit) []bool {
	at := make([]bool, segmentSize)
	for _, h := range hits {
		at[int(h.at)] = true
	}
	return at
}

// TestKernelsAgree: sums of codes are whole numbers, so which samples survive
// does not depend on the instruction set.
func TestKernelsAgree(t *testing.T) {
	vectors := randomVectors(segmentSize, 5)
	r := learnRotation(vectors)
	all := kernels()
	portable := all[len(all)-1]
	c := encode(portable, r, vectors)
	for _, k := range all {
		own := encode(k, r, vectors)
		if !near(own.error, c.error, 1e-4) || !near(own.headError, c.headError, 1e-4) {
			t.Errorf("%s: rounding takes %v and %v, portable %v and %v", k.name, own.headError, own.error, c.headError, c.error)
		}
		for p := range vectors[:20] {
			for _, radius := range []float64{0.1, 0.3, 0.45, 0.6} {
				infinite := float32(math.Inf(1))
				mine, theirs := make([]hit, segmentSize), make([]hit, segmentSize)
				turned := r.turn(&vectors[p])
				mine = k.scan(c.head, c.tail, vectors, turned.within(radius, 0, 0), &vectors[p], infinite, mine)
				theirs = portable.scan(c.head, c.tail, vectors, turned.within(radius, 0, 0), &vectors[p], infinite, theirs)
				if len(mine) != len(theirs) {
					t.Fatalf("%s: %d survive %v, portable has %d", k.name, len(mine), radius, len(theirs))
				}
				for i := range mine {
					if mine[i].at != theirs[i].at || !near(float64(mine[i].square), float64(theirs[i].square), 1e-5) {
						t.Fatalf("%s: %v, portable %v", k.name, mine[i], theirs[i])
					}
				}
			}
		}
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*math.Max(1, math.Abs(b)) }

// TestSaturation: gaps of codes beyond 127 count as 127 on every kernel.
func TestSaturation(t *testing.T) {
	vectors := make([]facegate.Embedding, lanes)
	head, tail := make([]int8, lanes*headDims), make([]int8, lanes*tailDims)
	for i := range head {
		head[i] = -127
	}
	for i := range tail {
		tail[i] = 127
	}
	probe := &codeProbe{}
	for i := range probe.head {
		probe.head[i] = 127
	}
	for i := range probe.tail {
		probe.tail[i] = -127
	}
	probe.shift = 4
	for _, k := range kernels() {
		for _, c := range []struct{ short, shortHead, want int }{{0, 0, lanes}, {1, 0, 0}, {0, 1, 0}} {
			probe.most_head = cInt32(headDims*127*127 - c.shortHead)
			probe.most = cInt32(headDims*127*127<<4 + tailDims*127*127 - c.short)
			got := k.scan(head, tail, vectors, probe, &vectors[0], 1, make([]hit, lanes))
			if len(got) != c.want {
				t.Errorf("%s, %+v: %d survive", k.name, c, len(got))
			}
		}
	}
}

// TestRotation: turning is a rotation cut short, so lengths shrink, and with few
// dimensions in use hardly at all.
func TestRotation(t *testing.T) {
	vectors := randomVectors(600, 9)
	for i := range vectors {
		clear(vectors[i][60:])
	}
	r := learnRotation(vectors)
	for i := range codeDims {
		for j := range codeDims {
			var dot, want float64
			for d := range facegate.EmbeddingSize {
				dot += r.basis[d][i] * r.basis[d][j]
			}
			if i == j {
				want = 1
			}
			if math.Abs(dot-want) > 1e-12 {
				t.Fatalf("axes %d and %d: %v", i, j, dot)
			}
		}
	}
	if step := r.headStep / math.Exp2(float64(r.shift)); step != r.tailStep {
		t.Errorf("tail step %v, head step %v, shift %d", r.tailStep, r.headStep, r.shift)
	}
}

// TestRotationOfLittle: a gallery without spread must not break anything.
func TestRotationOfLittle(t *testing.T) {
	same := make([]facegate.Embedding, segmentSize)
	for i := range same {
		same[i][3] = 0.5
	}
	r := learnRotation(same)
	for _, k := range kernels() {
		c := encode(k, r, same)
		hits := k.scan(c.head, c.tail, same, r.turn(&same[0]).within(0, c.headError, c.error), &same[0], widened(0), make([]hit, segmentSize))
		if len(hits) != segmentSize {
			t.Errorf("%s: %d of %d equal vectors found", k.name, len(hits), segmentSize)
		}
	}
}
