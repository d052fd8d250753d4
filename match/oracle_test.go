package match_test

import (
	"cmp"
	"slices"
	"testing"

	"facegate"
	"facegate/match"
)

// oracle is the gallery as the interface describes it, as plainly as can be:
// what every faster one must agree with to the last bit.
type oracle struct {
	samples map[string]facegate.GalleryEntry
	names   map[string]string
}

func newOracle() *oracle {
	return &oracle{map[string]facegate.GalleryEntry{}, map[string]string{}}
}

func (o *oracle) Apply(c facegate.GalleryChange) {
	for _, id := range c.Remove {
		delete(o.samples, id)
	}
	for _, e := range c.Add {
		o.samples[e.SampleID] = e
		o.names[e.Person.ID] = e.Person.Name
	}
	for _, p := range c.Rename {
		o.names[p.ID] = p.Name
	}
}

func (o *oracle) Reset(entries []facegate.GalleryEntry) {
	*o = *newOracle()
	o.Apply(facegate.GalleryChange{Add: entries})
}

func (o *oracle) Size() (people, samples int) {
	seen := map[string]bool{}
	for _, e := range o.samples {
		seen[e.Person.ID] = true
	}
	return len(seen), len(o.samples)
}

func (o *oracle) Nearest(e *facegate.Embedding, k int, radius float64) []facegate.Candidate {
	best := map[string]facegate.Candidate{}
	for id, entry := range o.samples {
		d := e.Distance(&entry.Embedding)
		if radius >= 0 && d > radius {
			continue
		}
		c := facegate.Candidate{
			Person:   facegate.PersonRef{ID: entry.Person.ID, Name: o.names[entry.Person.ID]},
			Distance: d, Similarity: match.Similarity(d), SampleID: id,
		}
		if b, ok := best[entry.Person.ID]; !ok || inOrder(c, b) < 0 {
			best[entry.Person.ID] = c
		}
	}
	var found []facegate.Candidate
	for _, c := range best {
		found = append(found, c)
	}
	slices.SortFunc(found, inOrder)
	return found[:min(max(k, 0), len(found))]
}

func (o *oracle) NearestOf(e *facegate.Embedding, person string) (facegate.Candidate, bool) {
	for _, c := range o.Nearest(e, len(o.samples), -1) {
		if c.Person.ID == person {
			return c, true
		}
	}
	return facegate.Candidate{}, false
}

func inOrder(a, b facegate.Candidate) int {
	return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Person.ID, b.Person.ID), cmp.Compare(a.SampleID, b.SampleID))
}

// agree compares a gallery with the oracle on one probe, in every way to ask.
func agree(t *testing.T, g facegate.Gallery, o *oracle, probe *facegate.Embedding) {
	t.Helper()
	for _, radius := range []float64{-1, 0, 0.3, 0.45, 0.6, 3} {
		for _, k := range []int{0, 1, 2, 5, 100} {
			got, want := g.Nearest(probe, k, radius), o.Nearest(probe, k, radius)
			if !slices.Equal(got, want) {
				t.Fatalf("k %d, radius %v:\ngot  %+v\nwant %+v", k, radius, got, want)
			}
		}
	}
	people, samples := g.Size()
	if wantPeople, wantSamples := o.Size(); people != wantPeople || samples != wantSamples {
		t.Fatalf("%d people, %d samples, want %d, %d", people, samples, wantPeople, wantSamples)
	}
}
