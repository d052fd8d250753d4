package match

import (
	"slices"

	"facegate"
)

const (
	// relearnAt: the rotation is learnt anew when the gallery is so many times
	// as large as it was. All codes ever made are then 4/3 of those needed.
	relearnAt = 4
	// learnFrom samples are enough for 128 x 128 covariances.
	learnFrom = 16384
)

// wake starts work in the background if there is some. The caller holds writing.
func (g *Gallery) wake() {
	if g.working || g.closed {
		return
	}
	if _, ok := g.task(); !ok && !g.stale() {
		return
	}
	g.working = true
	g.work.Go(g.settle)
}

// stale tells whether the rotation should be learnt (anew). A gallery of less
// than a segment needs none.
func (g *Gallery) stale() bool {
	samples := g.current.Load().samples
	return samples >= segmentSize && (g.rotation == nil || samples >= relearnAt*g.rotation.learnt)
}

// task is a full segment without codes by the newest rotation.
func (g *Gallery) task() (no int, ok bool) {
	for no, s := range g.current.Load().segments {
		if s != nil && s.size() == segmentSize && g.rotation != nil && (s.codes == nil || s.codes.rotation != g.rotation) {
			return no, true
		}
	}
	return 0, false
}

// settle works until nothing is left to do. Only taking and handing in work
// keeps changes waiting; searches never wait.
func (g *Gallery) settle() {
	g.writing.Lock()
	defer g.writing.Unlock()
	for !g.closed {
		if g.stale() {
			seen := g.current.Load()
			g.writing.Unlock()
			r := learnRotation(spread(seen, learnFrom))
			r.learnt = seen.samples
			g.writing.Lock()
			g.rotation = r
			continue
		}
		no, ok := g.task()
		if !ok {
			break
		}
		s, r := g.current.Load().segments[no], g.rotation
		g.writing.Unlock()
		c := encode(g.kernel, r, s.vectors)
		g.writing.Lock()
		g.handIn(no, s, c)
	}
	g.working = false
}

// handIn publishes the codes of a segment, unless it was given up meanwhile.
func (g *Gallery) handIn(no int, of *segment, c *codes) {
	last := g.current.Load()
	if no >= len(last.segments) || last.segments[no] == nil || &last.segments[no].vectors[0] != &of.vectors[0] {
		return
	}
	next := *last
	next.segments = slices.Clone(last.segments)
	coded := *next.segments[no]
	coded.codes = c
	next.segments[no] = &coded
	g.current.Store(&next)
	g.ledger.segments = next.segments // or it would keep the old codes
}

// spread is at most n living samples, evenly over the gallery.
func spread(s *snapshot, n int) []facegate.Embedding {
	every := max(1, (s.samples+n-1)/n)
	picked := make([]facegate.Embedding, 0, min(n, s.samples))
	seen := 0
	for _, segment := range s.segments {
		if segment == nil {
			continue
		}
		segment.alive(func(i int) {
			if seen%every == 0 {
				picked = append(picked, segment.vectors[i])
			}
			seen++
		})
	}
	return picked
}
