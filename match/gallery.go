package match

import (
	"cmp"
	"slices"
	"sync"

	"facegate"
)

// Gallery is the exact [facegate.Gallery] in memory.
type Gallery struct {
	mu      sync.RWMutex
	entries []facegate.GalleryEntry
	samples map[string]int // sample id to its place in entries
	people  map[string]int // person id to the number of samples
}

var _ facegate.Gallery = (*Gallery)(nil)

// NewGallery is an empty gallery.
func NewGallery() *Gallery {
	return &Gallery{samples: map[string]int{}, people: map[string]int{}}
}

// Close stops work in the background. The gallery can still be searched.
func (g *Gallery) Close() {}

// Apply makes one change, as [facegate.Gallery] says.
func (g *Gallery) Apply(c facegate.GalleryChange) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range c.Remove {
		g.remove(id)
	}
	for _, e := range c.Add {
		g.add(e)
	}
	names := make(map[string]string, len(c.Rename)+len(c.Add))
	for _, e := range c.Add {
		names[e.Person.ID] = e.Person.Name
	}
	for _, p := range c.Rename {
		names[p.ID] = p.Name
	}
	if len(names) == 0 {
		return
	}
	for i := range g.entries {
		if name, ok := names[g.entries[i].Person.ID]; ok {
			g.entries[i].Person.Name = name
		}
	}
}

// Reset replaces everything.
func (g *Gallery) Reset(entries []facegate.GalleryEntry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entries = nil
	clear(g.samples)
	clear(g.people)
	for _, e := range entries {
		g.add(e)
	}
}

func (g *Gallery) add(e facegate.GalleryEntry) {
	g.remove(e.SampleID)
	g.samples[e.SampleID] = len(g.entries)
	g.entries = append(g.entries, e)
	g.people[e.Person.ID]++
}

func (g *Gallery) remove(id string) {
	i, ok := g.samples[id]
	if !ok {
		return
	}
	person := g.entries[i].Person.ID
	if g.people[person]--; g.people[person] == 0 {
		delete(g.people, person)
	}
	last := len(g.entries) - 1
	g.entries[i] = g.entries[last]
	g.samples[g.entries[i].SampleID] = i
	g.entries = g.entries[:last]
	delete(g.samples, id)
}

// Size is the number of people with samples, and of samples.
func (g *Gallery) Size() (people, samples int) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.people), len(g.entries)
}

// Nearest is the k nearest people within radius, as [facegate.Gallery] says.
func (g *Gallery) Nearest(e *facegate.Embedding, k int, radius float64) []facegate.Candidate {
	return g.NearestBatch([]*facegate.Embedding{e}, k, radius)[0]
}

// NearestBatch is Nearest for several probes, all in the same state of the
// gallery.
func (g *Gallery) NearestBatch(probes []*facegate.Embedding, k int, radius float64) [][]facegate.Candidate {
	g.mu.RLock()
	defer g.mu.RUnlock()
	found := make([][]facegate.Candidate, len(probes))
	for i, p := range probes {
		found[i] = nearest(g.entries, p, k, radius)
	}
	return found
}

// NearestOf is the person's own best sample; false if they have none.
func (g *Gallery) NearestOf(e *facegate.Embedding, personID string) (facegate.Candidate, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	var own []facegate.GalleryEntry
	for _, entry := range g.entries {
		if entry.Person.ID == personID {
			own = append(own, entry)
		}
	}
	if found := nearest(own, e, 1, -1); len(found) == 1 {
		return found[0], true
	}
	return facegate.Candidate{}, false
}

func nearest(entries []facegate.GalleryEntry, e *facegate.Embedding, k int, radius float64) []facegate.Candidate {
	best := map[string]facegate.Candidate{}
	for i := range entries {
		entry := &entries[i]
		d := e.Distance(&entry.Embedding)
		if radius >= 0 && d > radius {
			continue
		}
		c := facegate.Candidate{Person: entry.Person, Distance: d, Similarity: Similarity(d), SampleID: entry.SampleID}
		if b, ok := best[c.Person.ID]; !ok || closer(c, b) < 0 {
			best[c.Person.ID] = c
		}
	}
	found := make([]facegate.Candidate, 0, len(best))
	for _, c := range best {
		found = append(found, c)
	}
	slices.SortFunc(found, closer)
	return found[:min(max(k, 0), len(found))]
}

// closer orders candidates: by distance, then by person, then by sample.
func closer(a, b facegate.Candidate) int {
	return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Person.ID, b.Person.ID), cmp.Compare(a.SampleID, b.SampleID))
}
