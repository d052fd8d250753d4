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

// everybody is everybody's best sample, nearest first.
func (o *oracle) everybody(e *facegate.Embedding) []facegate.Candidate {
	best := map[string]facegate.Candidate{}
	for id, entry := range o.samples {
		d := e.Distance(&entry.Embedding)
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
	return found
}

func (o *oracle) NearestOf(e *facegate.Embedding, person string) (facegate.Candidate, bool) {
	for _, c := range o.everybody(e) {
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
func agree(t *testing.T, g *match.Gallery, o *oracle, probe *facegate.Embedding) {
	t.Helper()
	everybody := o.everybody(probe)
	for _, radius := range []float64{-1, 0, 0.3, 0.45, 0.6, 3} {
		within := len(everybody)
		for radius >= 0 && within > 0 && everybody[within-1].Distance > radius {
			within--
		}
		for _, k := range []int{0, 1, 2, 5, 100, 1 << 30} {
			got, want := g.Nearest(probe, k, radius), everybody[:min(k, within)]
			if !slices.Equal(got, want) {
				t.Fatalf("k %d, radius %v: %d people, want %d\ngot  %+v\nwant %+v", k, radius, len(got), len(want), got, want)
			}
		}
	}
	// The exact distances of others are radii as awkward as can be.
	for i := 0; i < len(everybody); i += 1 + len(everybody)/7 {
		got := g.Nearest(probe, 1<<30, everybody[i].Distance)
		within := i + 1
		for within < len(everybody) && everybody[within].Distance == everybody[i].Distance {
			within++
		}
		if !slices.Equal(got, everybody[:within]) {
			t.Fatalf("radius of the %d. person: %d people, want %d", i, len(got), within)
		}
	}
	people, samples := g.Size()
	if people != len(everybody) || samples != len(o.samples) {
		t.Fatalf("%d people, %d samples, want %d, %d", people, samples, len(everybody), len(o.samples))
	}
	if len(everybody) > 0 {
		person := everybody[len(everybody)/2].Person.ID
		got, ok := g.NearestOf(probe, person)
		if want, _ := o.NearestOf(probe, person); !ok || got != want {
			t.Fatalf("nearest of %q: %+v, %v, want %+v", person, got, ok, want)
		}
	}
}
