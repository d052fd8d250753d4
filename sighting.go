package facegate

import (
	"context"
	"time"
)

// Spoof is the decision on a track that matches somebody but does not look like
// a living face, on a camera that asks for it.
const Spoof Decision = "spoof"

// A Shot is one embedded look at a face that is followed.
type Shot struct {
	At        time.Time
	Embedding Embedding
	Quality   Quality
	Box       Box    // px of the stream's picture
	Crop      []byte // upright face crop as JPEG, 225x225 px
}

// A Sighting is what a track becomes when it is reported.
//
// It is reported when its track is decided, again whenever the decision changes,
// and a last time when the track ends, each time whole, with the same ID and the
// next Revision: whoever receives sightings replaces what they have. Somebody
// who comes back within the camera's cool-down continues their sighting: it is
// reported again with a new TrackID and Ended false.
type Sighting struct {
	ID         string     `json:"id"`       // UUID
	Revision   int        `json:"revision"` // 1 on the first report
	Ended      bool       `json:"ended"`    // nobody is looked at any more
	Camera     CameraRef  `json:"camera"`
	TrackID    int64      `json:"track_id"`             // of the camera, since the program started
	Decision   Decision   `json:"decision"`             // match, unknown, ambiguous or spoof
	Person     *PersonRef `json:"person,omitempty"`     // of a match; of a spoof, who it shows
	UnknownID  string     `json:"unknown_id,omitempty"` // of an unknown, lasting over tracks, cameras and restarts
	Distance   float64    `json:"distance"`             // to the nearest person, the weighted median of the evidence; 0 with an empty gallery
	Similarity float64    `json:"similarity"`           // of the same
	Threshold  float64    `json:"threshold"`            // that the distance was held against
	Policy     Policy     `json:"policy,omitempty"`     // that the threshold comes from
	// FalseMatchRate is the estimated share of pairs of different people that are
	// at most this far apart; nil where it is not known.
	FalseMatchRate *float64 `json:"false_match_rate,omitempty"`

	Candidate *PersonRef `json:"candidate,omitempty"` // of unknown and ambiguous: who is nearest
	FirstSeen time.Time  `json:"first_seen"`
	LastSeen  time.Time  `json:"last_seen"`
	Evidence  int        `json:"evidence"`           // embeddings the decision rests on
	Quality   float64    `json:"quality"`            // of the best shot, 0..1
	Liveness  *float64   `json:"liveness,omitempty"` // 0..1, mean over the shots; nil: not judged
	Box       Box        `json:"box"`                // of the best shot, px of the stream's picture
	Width     int        `json:"width"`              // of the stream's picture, px
	Height    int        `json:"height"`

	BestShot []byte `json:"-"` // the picture of the best shot as JPEG, its longer side at most 960 px
	Crop     []byte `json:"-"` // upright face crop of the best shot as JPEG, 225x225 px
	Shots    []Shot `json:"-"` // the best, up to 8, best first
}

// A SightingSink takes sightings. Report is called for one camera in order, and
// for several at the same time; it returns soon. What it refuses is logged and
// counted, not reported again.
type SightingSink interface {
	Report(ctx context.Context, s Sighting) error
}

// An UnknownBook gives strangers an id that lasts, by the distance between their
// embeddings. It is safe for concurrent use.
type UnknownBook interface {
	// Assign is the id of the stranger whom the shots of a sighting show: somebody
	// in the book, or a new entry. Assigning a sighting again replaces its shots;
	// the id of the same sighting stays.
	Assign(ctx context.Context, sightingID string, shots []Shot) (unknownID string, err error)
	// Withdraw takes a sighting's shots out of the book: its track turned out to
	// be somebody known. A sighting that is not in the book is no error.
	Withdraw(ctx context.Context, sightingID string) error
}
