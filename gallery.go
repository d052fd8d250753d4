package facegate

import "context"

// A GalleryEntry is a sample as the gallery needs it.
type GalleryEntry struct {
	SampleID  string
	Person    PersonRef
	Embedding Embedding
}

// A Gallery holds all samples in memory and finds the nearest people, exactly.
// It is safe for concurrent use. A change is whole: no search sees half of it.
type Gallery interface {
	// Apply makes one change: samples removed, then samples added, then people
	// renamed. Unknown ids to remove or rename are ignored; adding a sample
	// that is there replaces it.
	Apply(c GalleryChange)
	// Reset replaces everything.
	Reset(entries []GalleryEntry)
	// Nearest is the k nearest people within radius (a distance; a negative
	// radius means any), by each person's best sample, nearest first; ties are
	// ordered by person id.
	Nearest(e *Embedding, k int, radius float64) []Candidate
	// NearestOf is the person's own best sample; false if they have none.
	NearestOf(e *Embedding, personID string) (Candidate, bool)
	// Size is the number of people with samples, and of samples.
	Size() (people, samples int)
}

// A GalleryChange is applied as one.
type GalleryChange struct {
	Remove []string // sample ids
	Add    []GalleryEntry
	Rename []PersonRef
}

// A GallerySource brings the gallery up to date with the database. It is called
// before every search: another process may have enrolled somebody. It is cheap
// when nothing changed.
type GallerySource interface {
	Sync(ctx context.Context) error
}
