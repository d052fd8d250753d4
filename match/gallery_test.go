package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"facegate"
	"facegate/internal/syntheticfaces"
	"facegate/match"
)

func TestGalleryOnRealFaces(t *testing.T) {
	entries := match.Idols(t)
	g, o := match.NewGallery(), newOracle()
	defer g.Close()
	g.Reset(entries)
	o.Reset(entries)
	for i := 0; i < len(entries); i += 161 {
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
		ids = append(ids, match.SampleID(i))
	}
	some := func() string { return ids[r.IntN(len(ids))] }
	for step := range 250 {
		var c facegate.GalleryChange
		for range r.IntN(4) {
			c.Remove = append(c.Remove, some())
		}
		for range r.IntN(5) {
			person := some()
			c.Add = append(c.Add, facegate.GalleryEntry{
				SampleID: some(), Person: facegate.PersonRef{ID: person, Name: fmt.Sprint("name ", step)},
				Embedding: at(float64(r.IntN(8)) / 8), // few places, so there are ties
			})
		}
		for range r.IntN(2) {
			c.Rename = append(c.Rename, facegate.PersonRef{ID: some(), Name: fmt.Sprint("renamed ", step)})
		}
		// A person's entries in one change agree on the name; the oracle's last wins.
		g.Apply(c)
		o.Apply(c)
		if step == 120 {
			var entries []facegate.GalleryEntry
			for i := range 10 {
				entries = append(entries, entry(match.SampleID(i), match.SampleID(i/2), float64(i)/16))
			}
			g.Reset(entries)
			o.Reset(entries)
		}
		probe := at(r.Float64())
		agree(t, g, o, &probe)
		person := some()
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

// TestGalleryLarge has segments with codes, on every kernel, and real faces in
// them: among synthetic ones, each several times with a little noise.
func TestGalleryLarge(t *testing.T) {
	f := syntheticfaces.New(4)
	entries, probes := f.Gallery(9000, 3)
	for copy := range 3 {
		for i, e := range match.Idols(t) {
			e.SampleID = match.SampleID(10_000*(copy+1) + i)
			for d := range e.Embedding {
				e.Embedding[d] += float32(f.Chaos.NormFloat64() * 0.01 * float64(copy))
			}
			entries = append(entries, e)
			if copy == 1 && i%200 == 0 {
				probes = append(probes, &e.Embedding)
			}
		}
	}
	f.Chaos.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	entries = append(entries, facegate.GalleryEntry{SampleID: "far", Person: facegate.PersonRef{ID: "far"}, Embedding: facegate.Embedding{3: 90}})
	probes = append(probes[len(probes)-6:], &facegate.Embedding{3: 91}, &facegate.Embedding{7: -100})
	o := newOracle()
	o.Reset(entries)
	for i, name := range match.Kernels() {
		g := match.NewGalleryOn(i)
		g.Reset(entries)
		g.Settled()
		if coded, all := g.Coded(); coded < 2 || all < 3 {
			t.Fatalf("%s: %d of %d segments have codes", name, coded, all)
		}
		for _, p := range probes {
			agree(t, g, o, p)
		}
		batch := g.NearestBatch(probes, 5, -1)
		for j, p := range probes {
			if want := o.everybody(p)[:5]; !slices.Equal(batch[j], want) {
				t.Errorf("%s: in a batch %+v, want %+v", name, batch[j], want)
			}
		}
		g.Close()
	}
}

// TestGalleryGrowsAndShrinks changes a gallery by hundreds of samples at a time,
// from nothing to some segments and back, and searches whether the work in the
// background is done or not.
func TestGalleryGrowsAndShrinks(t *testing.T) {
	f := syntheticfaces.New(5)
	g, o := match.NewGallery(), newOracle()
	defer g.Close()
	var there []string
	for step := range 60 {
		var c facegate.GalleryChange
		remove, add := 400, 900
		if step > 30 {
			remove, add = 900, 400
		}
		f.Chaos.Shuffle(len(there), func(i, j int) { there[i], there[j] = there[j], there[i] })
		remove = min(remove, len(there))
		c.Remove, there = slices.Clone(there[:remove]), there[remove:]
		entries, probes := f.Gallery(add, 3)
		c.Add = entries
		for _, e := range entries {
			there = append(there, e.SampleID)
		}
		// Some move to another person, with another embedding.
		for i := range min(20, len(there)/2) {
			e := entries[i]
			e.SampleID = there[i]
			c.Add = append(c.Add, e)
		}
		g.Apply(c)
		o.Apply(c)
		if step%3 == 0 {
			g.Settled()
		}
		if step%8 == 0 {
			agree(t, g, o, probes[0])
			agree(t, g, o, probes[1])
		}
	}
	g.Apply(facegate.GalleryChange{Remove: there})
	if people, samples := g.Size(); people != 0 || samples != 0 {
		t.Errorf("%d people, %d samples after all were removed", people, samples)
	}
	if _, all := g.Coded(); all != 0 {
		t.Errorf("%d segments are left of nothing", all)
	}
}

// TestGalleryChangesAreWhole moves all samples of a pair of people at once, back
// and forth, renames them with it, and searches all the while: no search may see
// one moved and the other not, or a name that does not go with the place.
func TestGalleryChangesAreWhole(t *testing.T) {
	for _, others := range []int{0, 2 * 4096} {
		t.Run(fmt.Sprintf("among %d", others), func(t *testing.T) { changesAreWhole(t, others) })
	}
}

func changesAreWhole(t *testing.T, others int) {
	g := match.NewGallery()
	defer g.Close()
	const people = 40
	entries, _ := syntheticfaces.New(6).Gallery(others, 3)
	for i := range entries {
		entries[i].Embedding[1] += 20 // out of the way
	}
	g.Reset(entries)
	otherPeople, _ := g.Size()
	state := func(turn int) facegate.GalleryChange {
		var c facegate.GalleryChange
		for i := range people {
			// All sit at one distance from the probe, which tells the turn. Samples
			// take new ids every other turn, so they are replaced as well as added.
			id := fmt.Sprintf("sample %d of %d", turn%4, i)
			c.Remove = append(c.Remove, fmt.Sprintf("sample %d of %d", (turn+3)%4, i))
			c.Add = append(c.Add, facegate.GalleryEntry{
				SampleID: id, Person: facegate.PersonRef{ID: match.SampleID(i), Name: "?"}, Embedding: at(float64(turn%64) / 64),
			})
			c.Rename = append(c.Rename, facegate.PersonRef{ID: match.SampleID(i), Name: fmt.Sprint("turn ", turn%64)})
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
				for _, found := range g.NearestBatch([]*facegate.Embedding{&probe, &probe}, people+1, 5) {
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
				if n, samples := g.Size(); n-otherPeople != people || samples-others != people {
					t.Errorf("%d people, %d samples more than the others, want %d", n-otherPeople, samples-others, people)
					return
				}
				if c, ok := g.NearestOf(&probe, match.SampleID(7)); !ok || c.Person.Name != fmt.Sprint("turn ", c.Distance*64) {
					t.Errorf("half a change: %+v, %v", c, ok)
					return
				}
			}
		})
	}
	turns := 600
	if others > 0 {
		turns = 150
	}
	for turn := range turns {
		g.Apply(state(turn + 1))
	}
	done.Store(true)
	wg.Wait()
}
