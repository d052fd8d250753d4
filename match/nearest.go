package match

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"facegate"
)

// A sighted is a sample with its distance from the probe.
type sighted struct {
	distance float64
	person   uint32
	segment  *segment
	at       int
}

// nearest gathers the best sample of each of the k nearest people.
type nearest struct {
	snapshot *snapshot
	k        int
	// bound is what a sample must not be beyond to matter: the radius, or the
	// distance of the k-th person once there are as many. Infinite at first when
	// any distance will do.
	bound float64
	// few holds up to k people in order. Where k is large, all holds every person
	// within the radius instead, and is put in order at the end.
	few []sighted
	all map[uint32]sighted
}

// fewest is the largest k for which keeping a list in order is worth it.
const fewest = 128

func newNearest(s *snapshot, k int, radius float64) *nearest {
	n := &nearest{snapshot: s, k: k, bound: radius}
	if radius < 0 {
		n.bound = math.Inf(1)
	}
	if k > fewest {
		n.all = map[uint32]sighted{}
	} else {
		n.few = make([]sighted, 0, k)
	}
	return n
}

// offer takes a sample that is alive into account.
func (n *nearest) offer(s sighted) {
	if s.distance > n.bound {
		return
	}
	if n.all != nil {
		if b, ok := n.all[s.person]; !ok || n.compare(s, b) < 0 {
			n.all[s.person] = s
		}
		return
	}
	at := slices.IndexFunc(n.few, func(f sighted) bool { return f.person == s.person })
	switch {
	case at >= 0 && n.compare(s, n.few[at]) >= 0:
		return
	case at < 0 && len(n.few) < n.k:
		at = len(n.few)
		n.few = append(n.few, s)
	case at < 0:
		if at = n.k - 1; n.compare(s, n.few[at]) >= 0 {
			return
		}
	}
	n.few[at] = s
	for ; at > 0 && n.compare(n.few[at], n.few[at-1]) < 0; at-- {
		n.few[at], n.few[at-1] = n.few[at-1], n.few[at]
	}
	if len(n.few) == n.k {
		n.bound = min(n.bound, n.few[n.k-1].distance)
	}
}

// compare orders by distance, then by person id, then by sample id, so that the
// answer does not depend on the order in which samples are met.
func (n *nearest) compare(a, b sighted) int {
	if c := cmp.Compare(a.distance, b.distance); c != 0 {
		return c
	}
	if a.person != b.person {
		return cmp.Compare(n.personID(a), n.personID(b))
	}
	return cmp.Compare(n.sampleID(a), n.sampleID(b))
}

func (n *nearest) personID(s sighted) string {
	return n.snapshot.people.at(s.person).id.text(n.snapshot.others)
}

func (n *nearest) sampleID(s sighted) string {
	return s.segment.ids[s.at].text(n.snapshot.others)
}

// candidates are the people gathered, nearest first.
func (n *nearest) candidates() []facegate.Candidate {
	found := n.few
	if n.all != nil {
		found = make([]sighted, 0, len(n.all))
		for _, s := range n.all {
			found = append(found, s)
		}
		slices.SortFunc(found, n.compare)
		found = found[:min(n.k, len(found))]
	}
	// All ids share one string: thousands of people may be within the radius.
	var ids strings.Builder
	ids.Grow(2 * 36 * len(found))
	ends := make([]int, 0, 2*len(found))
	for _, s := range found {
		for _, id := range []ident{n.snapshot.people.at(s.person).id, s.segment.ids[s.at]} {
			id.writeTo(&ids, n.snapshot.others)
			ends = append(ends, ids.Len())
		}
	}
	text, from := ids.String(), 0
	candidates := make([]facegate.Candidate, len(found))
	for i, s := range found {
		candidates[i] = facegate.Candidate{
			Person:     facegate.PersonRef{ID: text[from:ends[2*i]], Name: n.snapshot.people.at(s.person).name},
			Distance:   s.distance,
			Similarity: Similarity(s.distance),
			SampleID:   text[ends[2*i]:ends[2*i+1]],
		}
		from = ends[2*i+1]
	}
	return candidates
}
