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
	room := g.rooms.Get().(*[segmentSize]hit)
	defer g.rooms.Put(room)
	searches := make([]*search, len(probes))
	for i, p := range probes {
		searches[i] = &search{kernel: g.kernel, snapshot: s, probe: p, nearest: newNearest(s, k, radius), hits: room[:]}
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
	seen     int // samples
}

// leastPiece is how many samples are compared before the bound is looked at
// again, at the least. The bound shrinks as the samples seen double, so later
// pieces may be as large as all before them.
const leastPiece = 256

func (q *search) segment(s *segment) {
	if s.codes != nil {
		for _, i := range s.codes.loose {
			q.compare(s, int(i))
		}
	}
	for from := 0; from < s.size(); {
		to := min(from+max(leastPiece, q.seen&^(lanes-1)), s.size())
		q.piece(s, from, to)
		q.seen += to - from
		from = to
	}
}

func (q *search) piece(s *segment, from, to int) {
	limit := widened(q.nearest.bound)
	var hits []hit
	if c := s.codes; c == nil || math.IsInf(q.nearest.bound, 1) {
		hits = q.kernel.plain(s.vectors[from:to], q.probe, limit, q.hits)
	} else {
		codes := q.turn(c.rotation).within(q.nearest.bound, c.headError, c.error)
		hits = q.kernel.scan(c.from(from), s.vectors[from:to], codes, q.probe, limit, q.hits)
	}
	for _, h := range hits {
		if float32(h.square) <= widened(q.nearest.bound) { // it may have shrunk since
			q.compare(s, from+int(h.at))
		}
	}
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

// compare is the exact one, in float64, on the embeddings as they came.
func (q *search) compare(s *segment, i int) {
	if !s.isDead(i) {
		q.nearest.offer(sighted{q.probe.Distance(&s.vectors[i]), s.people[i], s, i})
	}
}
