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

// TestKernels has each kernel do all that kernels do.
func TestKernels(t *testing.T) {
	everyKernel(t, func(t *testing.T, k loops) {
		t.Run("lose nothing", func(t *testing.T) { loseNothing(t, k) })
		t.Run("agree", func(t *testing.T) { agreeWithPortable(t, k) })
		t.Run("count", func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 3))
			for range 1000 {
				counts(t, k, r)
			}
		})
		t.Run("no spread", func(t *testing.T) { noSpread(t, k) })
	})
}

// loseNothing: whatever is within the radius by the plain float64
// loop must be among the hits of every kernel, with codes and without; and
// nothing may be a hit that float32 knows to be beyond.
func loseNothing(t *testing.T, k loops) {
	sets := map[string][]facegate.Embedding{"random": randomVectors(segmentSize, 0), "again": randomVectors(segmentSize, 1)}
	real := Idols(t)
	for _, e := range real[:len(real)/lanes*lanes] {
		sets["real"] = append(sets["real"], e.Embedding)
	}
	probes := map[string][]facegate.Embedding{}
	for name, vectors := range sets {
		probes[name] = append(slices.Clone(vectors[:6]), vectors[18], facegate.Embedding{3: 100})
		vectors[17] = facegate.Embedding{0: 9, 5: -70} // far from all
		vectors[18] = vectors[19]
		probes[name] = append(probes[name], vectors[17], vectors[18])
	}
	for name, vectors := range sets {
		c := encodeBy(k, learnRotation(vectors[:1000]), vectors)
		if !slices.Contains(c.loose, 17) {
			t.Error("the far vector is not loose")
		}
		for i := range probes[name] {
			loseNothingNear(t, k, name, vectors, c, &probes[name][i])
		}
	}
}

func loseNothingNear(t *testing.T, k loops, name string, vectors []facegate.Embedding, c *codes, probe *facegate.Embedding) {
	t.Helper()
	hits := make([]hit, segmentSize)
	distances := make([]float64, len(vectors))
	for i := range vectors {
		distances[i] = probe.Distance(&vectors[i])
	}
	for _, radius := range []float64{0, 0.2, 0.4, 0.5, 0.6, 1, 200} {
		for _, n := range []int{lanes, 7 * lanes, len(vectors)} {
			codes := c.rotation.turn(probe).within(radius, c.headError, c.error)
			coded := places(k.scan(c.coded, vectors[:n], codes, probe, widened(radius), hits))
			plain := places(k.plain(vectors[:n], probe, widened(radius), hits))
			for i, d := range distances[:n] {
				loose := slices.Contains(c.loose, uint16(i))
				if d <= radius && !plain[i] || d <= radius && !coded[i] && !loose {
					t.Fatalf("%s: vector %d at %v is lost within %v (plain %v, coded %v)", name, i, d, radius, plain[i], coded[i])
				}
				if far := d > radius*1.001+1e-6; far && (plain[i] || coded[i]) {
					t.Fatalf("%s: vector %d at %v is a hit within %v", name, i, d, radius)
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

// agreeWithPortable: sums of codes are whole numbers, so which samples survive
// does not depend on the instruction set.
func agreeWithPortable(t *testing.T, k loops) {
	vectors := randomVectors(segmentSize, 5)
	r := learnRotation(vectors)
	all := kernels()
	portable := all[len(all)-1]
	c := encode(portable, r, vectors)
	own := encodeBy(k, r, vectors)
	if !near(own.error, c.error, 1e-4) || !near(own.headError, c.headError, 1e-4) {
		t.Errorf("rounding takes %v and %v, portable %v and %v", own.headError, own.error, c.headError, c.error)
	}
	for p := range vectors[:20] {
		for _, radius := range []float64{0.1, 0.3, 0.45, 0.6} {
			infinite := float32(math.Inf(1))
			mine, theirs := make([]hit, segmentSize), make([]hit, segmentSize)
			turned := r.turn(&vectors[p])
			mine = k.scan(c.coded, vectors, turned.within(radius, 0, 0), &vectors[p], infinite, mine)
			theirs = portable.scan(c.coded, vectors, turned.within(radius, 0, 0), &vectors[p], infinite, theirs)
			if len(mine) != len(theirs) {
				t.Fatalf("%d survive %v, portable has %d", len(mine), radius, len(theirs))
			}
			for i := range mine {
				if mine[i].at != theirs[i].at || !near(float64(mine[i].square), float64(theirs[i].square), 1e-5) {
					t.Fatalf("%v, portable %v", mine[i], theirs[i])
				}
			}
		}
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance*math.Max(1, math.Abs(b)) }

// extreme fills codes with a squared length of most at most, which it returns.
func extreme(r *rand.Rand, codes []int8, most int) (norm int) {
	for _, i := range r.Perm(len(codes)) {
		code := r.IntN(2*codeMost+1) - codeMost
		if r.IntN(3) == 0 {
			code = codeMost * (1 - 2*r.IntN(2))
		}
		if norm+code*code <= most {
			codes[i] = int8(code)
			norm += code * code
		}
	}
	return norm
}

// counts compares what a kernel makes of codes as extreme as they come with sums
// of whole numbers: heads are counted exactly, gaps of tails beyond 127 as 127, and
// one more than the bound is too much.
func counts(t *testing.T, k loops, r *rand.Rand) {
	t.Helper()
	const longest, anything = 65535, anySquare
	c := newCoded(lanes)
	var head [lanes][headDims]int8
	for lane := range lanes {
		c.norms[lane] = uint16(extreme(r, head[lane][:], longest))
		for d, code := range head[lane] {
			c.head[d/4*4*lanes+lane*4+d%4] = code
		}
	}
	extreme(r, c.tail, anySquare)
	var probe codeProbe
	var probeHead [headDims]int8
	probe.norm = cInt32(extreme(r, probeHead[:], []int{longest / 4, 16370, 20000, anything}[r.IntN(4)]))
	for d, code := range probeHead {
		probe.head[d] = cInt8(code)
	}
	for d := range probe.tail {
		probe.tail[d] = cInt8(r.IntN(2*codeMost+1) - codeMost)
	}
	probe.shift = cInt32(2 * r.IntN(3))
	nearestHead, nearest, at := anything, anything, 0
	for lane := range lanes {
		exact := 0
		for d, code := range head[lane] {
			gap := int(code) - int(probeHead[d])
			exact += gap * gap
		}
		capped := exact << probe.shift
		for d := range tailDims {
			gap := int(c.tail[d/4*4*lanes+lane*4+d%4]) - int(probe.tail[d])
			capped += min(gap*gap, codeMost*codeMost)
		}
		nearestHead = min(nearestHead, exact)
		if capped < nearest {
			nearest, at = capped, lane
		}
	}
	vectors := make([]facegate.Embedding, lanes)
	survivors := func(head, whole int) []hit {
		probe.most_head, probe.most = cInt32(head), cInt32(whole)
		return k.scan(c, vectors, &probe, &vectors[0], 1, make([]hit, lanes))
	}
	if got := survivors(nearestHead, anything); len(got) != lanes {
		t.Fatalf("%d survive a bound that a head just meets", len(got))
	}
	if got := survivors(nearestHead-1, anything); len(got) != 0 {
		t.Fatalf("%d survive where no head does", len(got))
	}
	if got := survivors(anything, nearest); len(got) == 0 || !places(got)[at] {
		t.Fatalf("the nearest does not survive: %v", got)
	}
	if got := survivors(anything, nearest-1); len(got) != 0 {
		t.Fatalf("%v survive where none does", got)
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

// noSpread: a gallery without any must not break anything.
func noSpread(t *testing.T, k loops) {
	same := make([]facegate.Embedding, segmentSize)
	for i := range same {
		same[i][3] = 0.5
	}
	r := learnRotation(same)
	c := encodeBy(k, r, same)
	hits := k.scan(c.coded, same, r.turn(&same[0]).within(0, c.headError, c.error), &same[0], widened(0), make([]hit, segmentSize))
	if len(hits) != segmentSize {
		t.Errorf("%d of %d equal vectors found", len(hits), segmentSize)
	}
}
