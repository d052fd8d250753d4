package match

import (
	"fmt"
	"testing"

	"facegate"
)

func entriesOf(vectors []facegate.Embedding) []facegate.GalleryEntry {
	entries := make([]facegate.GalleryEntry, len(vectors))
	for i := range vectors {
		entries[i] = facegate.GalleryEntry{SampleID: SampleID(i), Person: facegate.PersonRef{ID: SampleID(-1 - i)}, Embedding: vectors[i]}
	}
	return entries
}

// TestRotationFollowsGrowth: a gallery below a segment has no codes, one above
// has, and four times as many samples bring a new rotation to all of them.
func TestRotationFollowsGrowth(t *testing.T) {
	entries := entriesOf(randomVectors(4*segmentSize+100, 1))
	g := NewGallery()
	defer g.Close()
	var first *rotation
	for _, c := range []struct {
		samples, coded int
		fresh          bool
	}{
		{segmentSize - 1, 0, false},
		{segmentSize, 1, true},
		{3*segmentSize + 5, 3, false},
		{4*segmentSize + 100, 4, true},
	} {
		people, samples := g.Size()
		if people != samples {
			t.Fatalf("%d people, %d samples", people, samples)
		}
		g.Apply(facegate.GalleryChange{Add: entries[samples:c.samples]})
		coded, all := g.Settled().Coded()
		if want := (c.samples + segmentSize - 1) / segmentSize; coded != c.coded || all != want {
			t.Errorf("%d samples: %d of %d segments have codes, want %d of %d", c.samples, coded, all, c.coded, want)
		}
		if fresh := g.rotation != first; fresh != c.fresh {
			t.Errorf("%d samples: a new rotation: %v, want %v", c.samples, fresh, c.fresh)
		}
		first = g.rotation
		for _, s := range g.ledger.segments {
			if s.codes != nil && s.codes.rotation != g.rotation {
				t.Errorf("%d samples: old codes are kept", c.samples)
			}
		}
	}
}

// TestClose: nothing runs after it, and nothing begins.
func TestClose(t *testing.T) {
	entries := entriesOf(randomVectors(3*segmentSize, 1))
	g := NewGallery()
	g.Reset(entries)
	g.Close()
	if g.working {
		t.Error("work goes on")
	}
	before, _ := g.Coded()
	g.Apply(facegate.GalleryChange{Add: []facegate.GalleryEntry{{SampleID: "one more", Person: facegate.PersonRef{ID: "somebody"}, Embedding: entries[5].Embedding}}})
	if after, _ := g.Settled().Coded(); g.working || after != before {
		t.Error("work begins after Close")
	}
	found := g.Nearest(&entries[5].Embedding, 2, 0)
	if want := fmt.Sprint([]string{entries[5].Person.ID, "somebody"}); len(found) != 2 || fmt.Sprint([]string{found[0].Person.ID, found[1].Person.ID}) != want {
		t.Errorf("found %+v, want %s", found, want)
	}
	g.Close()
}
