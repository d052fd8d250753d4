package match

import (
	"math"

	"facegate"
)

// Nearest is the k nearest people within radius, as [facegate.Gallery] says.
func (g *Gallery) Nearest(e *facegate.Embedding, k int, radius float64) []facegate.Candidate {
	return g.NearestBatch([]*facegate.Embedding{e}, k, radius)[0]
}

// NearestBatch is Nearest for several probes, all in the same state of the
// gallery. It costs less than one by one in a large gallery, for each part of it
// is brought from memory once.
func (g *Gallery) NearestBatch(probes []*facegate.Embedding, k int, radius float64) [][]facegate.Candidate {
	s := g.current.Load()
	found := make([][]facegate.Candidate, len(probes))
	if k <= 0 || s.samples == 0 {
		return found
	}
	k = min(k, s.people.count)
	hits := make([]hit, chunk)
	if s.samples >= segmentSize { // there may be codes, which are searched a whole segment at a time
		hits = make([]hit, segmentSize)
	}
	searches := make([]*search, len(probes))
	for i, p := range probes {
		searches[i] = &search{kernel: g.kernel, snapshot: s, probe: p, nearest: newNearest(s, k, radius), hits: hits}
	}
	for _, segment := range s.segments {
		if segment == nil {
			continue
		}
		for _, q := range searches {
			q.segment(segment)
		}
	}
	for i, q := range searches {
		found[i] = q.nearest.candidates()
	}
	return found
}

// NearestOf is the person's own best sample; false if they have none.
func (g *Gallery) NearestOf(e *facegate.Embedding, personID string) (facegate.Candidate, bool) {
	g.mu.RLock()
	s := g.current.Load()
	id, ok := g.ledger.idents.find(personID)
	var place uint32
	if ok {
		place, ok = g.ledger.persons.find(id)
	}
	g.mu.RUnlock()
	if !ok {
		return facegate.Candidate{}, false
	}
	best := newNearest(s, 1, -1)
	for _, segment := range s.segments {
		if segment == nil {
			continue
		}
		for i, p := range segment.people {
			if p == place && !segment.isDead(i) {
				best.offer(sighted{e.Distance(&segment.vectors[i]), place, segment, i})
			}
		}
	}
	found := best.candidates()
	if len(found) == 0 {
		return facegate.Candidate{}, false
	}
	return found[0], true
}

// A search is one probe on its way through a snapshot.
type search struct {
	kernel   kernel
	snapshot *snapshot
	probe    *facegate.Embedding
	nearest  *nearest
	turned   []*turnedProbe // by every rotation met so far: one, or two while the newest spreads
	hits     []hit
}

// chunk is how many samples are compared before the bound is looked at again,
// where there are no codes or no bound yet.
const chunk = 256

func (q *search) segment(s *segment) {
	from := 0
	for from < s.size() && (s.codes == nil || math.IsInf(q.nearest.bound, 1)) {
		to := min(from+chunk, s.size())
		q.offer(s, from, q.kernel.plain(s.vectors[from:to], q.probe, widened(q.nearest.bound), q.hits))
		from = to
	}
	if from == s.size() {
		return
	}
	c := s.codes
	for _, i := range c.loose {
		if int(i) >= from {
			q.compare(s, int(i))
		}
	}
	codes := q.turn(c.rotation).within(q.nearest.bound, c.headError, c.error)
	q.offer(s, from, q.kernel.scan(c.head[from*headDims:], c.tail[from*tailDims:], s.vectors[from:], codes, q.probe, widened(q.nearest.bound), q.hits))
}

func (q *search) turn(r *rotation) *turnedProbe {
	for _, t := range q.turned {
		if t.rotation == r {
			return t
		}
	}
	t := r.turn(q.probe)
	q.turned = append(q.turned, t)
	return t
}

func (q *search) offer(s *segment, from int, hits []hit) {
	for _, h := range hits {
		if float32(h.square) <= widened(q.nearest.bound) { // the bound may have shrunk since
			q.compare(s, from+int(h.at))
		}
	}
}

// compare is the exact one, in float64, on the embeddings as they came.
func (q *search) compare(s *segment, i int) {
	if !s.isDead(i) {
		q.nearest.offer(sighted{q.probe.Distance(&s.vectors[i]), s.people[i], s, i})
	}
}
