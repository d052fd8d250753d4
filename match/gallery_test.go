package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"facegate"
	"facegate/match"
)

func TestGalleryOnRealFaces(t *testing.T) {
	entries := idols(t)
	g, o := match.NewGallery(), newOracle()
	defer g.Close()
	g.Reset(entries)
	o.Reset(entries)
	for i := 0; i < len(entries); i += 61 {
		agree(t, g, o, &entries[i].Embedding)
		for _, person := range []string{entries[i].Person.ID, entries[(i+500)%len(entries)].Person.ID, "nobody"} {
			got, ok := g.NearestOf(&entries[i].Embedding, person)
			want, wantOK := o.NearestOf(&entries[i].Embedding, person)
			if got != want || ok != wantOK {
				t.Fatalf("nearest of %s: %+v, %v, want %+v, %v", person, got, ok, want, wantOK)
			}
		}
	}
}

// TestGalleryChanges makes random changes, many of them odd ones: removing what
// is not there, adding what is, moving a sample to somebody else, renaming in
// the change that adds.
func TestGalleryChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	g, o := match.NewGallery(), newOracle()
	defer g.Close()
	ids := []string{"", "plain", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "ABCDEF00-0000-4000-8000-000000000000"}
	for i := range 60 {
		ids = append(ids, sampleID(i))
	}
	any := func() string { return ids[r.IntN(len(ids))] }
	for step := range 400 {
		var c facegate.GalleryChange
		for range r.IntN(4) {
			c.Remove = append(c.Remove, any())
		}
		for range r.IntN(5) {
			person := any()
			c.Add = append(c.Add, facegate.GalleryEntry{
				SampleID: any(), Person: facegate.PersonRef{ID: person, Name: fmt.Sprint("name ", step)},
				Embedding: at(float64(r.IntN(8)) / 8), // few places, so there are ties
			})
		}
		for range r.IntN(2) {
			c.Rename = append(c.Rename, facegate.PersonRef{ID: any(), Name: fmt.Sprint("renamed ", step)})
		}
		// A person's entries in one change agree on the name; the oracle's last wins.
		g.Apply(c)
		o.Apply(c)
		if step == 200 {
			var entries []facegate.GalleryEntry
			for i := range 10 {
				entries = append(entries, entry(sampleID(i), sampleID(i/2), float64(i)/16))
			}
			g.Reset(entries)
			o.Reset(entries)
		}
		probe := at(r.Float64())
		agree(t, g, o, &probe)
		person := any()
		got, ok := g.NearestOf(&probe, person)
		want, wantOK := o.NearestOf(&probe, person)
		if got != want || ok != wantOK {
			t.Fatalf("nearest of %q: %+v, %v, want %+v, %v", person, got, ok, want, wantOK)
		}
	}
}

func TestGalleryEmpty(t *testing.T) {
	g := match.NewGallery()
	defer g.Close()
	probe := at(0)
	if got := g.Nearest(&probe, 5, -1); len(got) != 0 {
		t.Errorf("found %+v", got)
	}
	if got, ok := g.NearestOf(&probe, "ann"); ok {
		t.Errorf("found %+v", got)
	}
	if people, samples := g.Size(); people != 0 || samples != 0 {
		t.Errorf("%d people, %d samples", people, samples)
	}
	g.Apply(facegate.GalleryChange{Remove: []string{"s"}, Rename: []facegate.PersonRef{{ID: "ann", Name: "Ann"}}})
	g.Reset(nil)
	if people, samples := g.Size(); people != 0 || samples != 0 {
		t.Errorf("%d people, %d samples", people, samples)
	}
}

// TestGalleryChangesAreWhole moves all samples of a pair of people at once, back
// and forth, renames them with it, and searches all the while: no search may see
// one moved and the other not, or a name that does not go with the place.
func TestGalleryChangesAreWhole(t *testing.T) {
	g := match.NewGallery()
	defer g.Close()
	const people = 40
	state := func(turn int) facegate.GalleryChange {
		var c facegate.GalleryChange
		for i := range people {
			// All sit at one distance from the probe, which tells the turn. Samples
			// take new ids every other turn, so they are replaced as well as added.
			id := fmt.Sprintf("sample %d of %d", turn%4, i)
			c.Remove = append(c.Remove, fmt.Sprintf("sample %d of %d", (turn+3)%4, i))
			c.Add = append(c.Add, facegate.GalleryEntry{
				SampleID: id, Person: facegate.PersonRef{ID: sampleID(i), Name: "?"}, Embedding: at(float64(turn%64) / 64),
			})
			c.Rename = append(c.Rename, facegate.PersonRef{ID: sampleID(i), Name: fmt.Sprint("turn ", turn%64)})
		}
		return c
	}
	g.Apply(state(0))
	var done atomic.Bool
	var wg sync.WaitGroup
	probe := at(0)
	for range 3 {
		wg.Go(func() {
			for !done.Load() {
				for _, found := range g.NearestBatch([]*facegate.Embedding{&probe, &probe}, people+1, -1) {
					if len(found) != people {
						t.Errorf("%d people, want %d", len(found), people)
						return
					}
					name := fmt.Sprint("turn ", found[0].Distance*64)
					if i := slices.IndexFunc(found, func(c facegate.Candidate) bool {
						return c.Distance != found[0].Distance || c.Person.Name != name
					}); i >= 0 {
						t.Errorf("half a change: %+v beside %+v", found[i], found[0])
						return
					}
				}
				if n, samples := g.Size(); n != people || samples != people {
					t.Errorf("%d people, %d samples, want %d", n, samples, people)
					return
				}
				if c, ok := g.NearestOf(&probe, sampleID(7)); !ok || c.Person.Name != fmt.Sprint("turn ", c.Distance*64) {
					t.Errorf("half a change: %+v, %v", c, ok)
					return
				}
			}
		})
	}
	for turn := range 1500 {
		g.Apply(state(turn + 1))
	}
	done.Store(true)
	wg.Wait()
}
