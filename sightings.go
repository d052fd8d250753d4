package facegate

import (
	"context"
	"time"
)

// Codes of errors about what cameras saw.
const (
	CodeSightingNotFound Code = "sighting_not_found"
	CodeUnknownNotFound  Code = "unknown_not_found" // no stranger has the id
)

// A SightingRecord is a sighting as it is kept: whole, and under the names that
// people and cameras have now.
type SightingRecord struct {
	Sighting
	Labelled bool  `json:"labelled"` // somebody said who it is, by naming the unknown; distance, similarity and threshold are of the decision before
	Photo    bool  `json:"photo"`    // whether the picture of the best shot is still kept
	Face     bool  `json:"face"`     // whether its face crop is
	Change   int64 `json:"-"`        // place in the order of all changes to sightings, from 1
}

// A SightingFilter selects sightings. The zero value is all of them, in pages of 50.
type SightingFilter struct {
	Camera    string     // id, or name
	Person    string     // id, or name
	UnknownID string     // of a stranger
	Decisions []Decision // one of these; none: all
	Open      bool       // only those that have not ended
	Since     *time.Time // seen at or after
	Until     *time.Time // first seen before
	Limit     int        // page size, 1..500; 0: 50
	After     string     // SightingPage.Next of the page before; empty: the first page
}

// A SightingPage is one page of sightings, newest first.
type SightingPage struct {
	Sightings []SightingRecord `json:"sightings"`
	Total     int              `json:"total"`          // sightings the filter selects, over all pages
	Next      string           `json:"next,omitempty"` // empty on the last page
	Change    int64            `json:"change"`         // the newest change the page can show: to follow from there
}

// Sightings is what cameras saw, kept until it is too old.
//
// Errors: [CodeSightingNotFound], [CodeInvalid] for a filter out of range.
type Sightings interface {
	List(ctx context.Context, f SightingFilter) (SightingPage, error)
	Sighting(ctx context.Context, id string) (SightingRecord, error)
	// Photo is the picture of the best shot, Crop the face in it, both JPEG. They
	// may be gone before their sighting is.
	Photo(ctx context.Context, id string) ([]byte, error)
	Crop(ctx context.Context, id string) ([]byte, error)
	// Delete erases a sighting with its pictures and what it taught of a stranger.
	Delete(ctx context.Context, id string) error
	// LatestChange is the newest change to any sighting, 0 before the first.
	LatestChange(ctx context.Context) (int64, error)
	// ChangedSince is the sightings changed after a change, in the order of their
	// last change, at most limit of them: each once, as it is now.
	ChangedSince(ctx context.Context, change int64, limit int) ([]SightingRecord, error)
	// Changed is closed with the next change to a sighting.
	Changed() <-chan struct{}
}

// A Stranger is somebody who was seen and is not enrolled: an entry of the
// [UnknownBook].
type Stranger struct {
	ID        string      `json:"id"` // UUID; the unknown_id of their sightings
	FirstSeen time.Time   `json:"first_seen"`
	LastSeen  time.Time   `json:"last_seen"`
	Sightings int         `json:"sightings"`
	Cameras   []CameraRef `json:"cameras"` // that saw them
	Shots     int         `json:"shots"`   // kept, to know them by and to enrol them from
	Quality   float64     `json:"quality"` // of the best shot, 0..1
}

// A StrangerPage is one page of strangers, those seen last first.
type StrangerPage struct {
	Unknowns []Stranger `json:"unknowns"`
	Total    int        `json:"total"`
	Next     string     `json:"next,omitempty"` // empty on the last page
}

// A Naming says who a stranger is: a person who is enrolled, or a new one.
type Naming struct {
	PersonID string // empty: New is enrolled
	New      NewPerson
}

// Unknowns is the service that looks after strangers.
//
// Errors: [CodeUnknownNotFound], [CodeInvalid], and for Name those of [People].
type Unknowns interface {
	List(ctx context.Context, limit int, after string) (StrangerPage, error)
	Stranger(ctx context.Context, id string) (Stranger, error)
	// Crop is the best face crop of a stranger, a JPEG.
	Crop(ctx context.Context, id string) ([]byte, error)
	// Name enrols a stranger's best shots, as photos are enrolled, and makes all
	// their sightings the person's, in one transaction. The stranger is then gone.
	Name(ctx context.Context, id string, n Naming) (Enrolment, error)
	// Merge makes others one with the stranger.
	Merge(ctx context.Context, id string, others []string) (Stranger, error)
	// Split makes some of a stranger's sightings another stranger's, who is new.
	Split(ctx context.Context, id string, sightings []string) (Stranger, error)
	// Delete erases a stranger, with all their sightings.
	Delete(ctx context.Context, id string) error
}
