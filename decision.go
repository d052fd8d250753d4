package facegate

import (
	"context"
	"time"
)

// A Decision is the answer to "who is this" or "is it the same person".
type Decision string

// Decisions. Identification answers match, unknown or ambiguous; verification
// answers match or no_match.
const (
	Match     Decision = "match"     // one person within the threshold
	Unknown   Decision = "unknown"   // nobody within the threshold
	Ambiguous Decision = "ambiguous" // two people within the threshold, closer to each other than the margin
	NoMatch   Decision = "no_match"  // verification: beyond the threshold
)

// Default thresholds, in distance. Identify is stricter than verify, because
// every enrolled person is one more chance of a false match.
const (
	DefaultVerifyThreshold   = 0.6
	DefaultIdentifyThreshold = 0.5
	DefaultMargin            = 0.05
)

// A Candidate is a person near a probe, by their best sample.
type Candidate struct {
	Person     PersonRef `json:"person"`
	Distance   float64   `json:"distance"`
	Similarity float64   `json:"similarity"` // 0..1, monotone in distance, 0.5 at distance 0.6
	SampleID   string    `json:"sample_id"`
	// FalseMatchRate is the estimated share of pairs of different people that are
	// as close; nil where there is no calibration.
	FalseMatchRate *float64 `json:"false_match_rate,omitempty"`
}

// An Identification is the decision on one probe against the whole gallery.
// Candidates are ordered by distance; the first is the match, the second the
// runner-up, whatever their distance.
type Identification struct {
	Decision   Decision    `json:"decision"`
	Threshold  float64     `json:"threshold"`
	Margin     float64     `json:"margin"`
	Candidates []Candidate `json:"candidates"`

	Policy Policy `json:"policy,omitempty"` // that the threshold comes from
	// FalsePositiveRate is the estimated share of strangers for whom a gallery of
	// this size would hold somebody as close as the nearest candidate; nil without
	// a candidate or a calibration.
	FalsePositiveRate *float64     `json:"false_positive_rate,omitempty"`
	Explanation       *Explanation `json:"explanation,omitempty"` // when asked for
}

// An Explanation says why a decision is what it is.
type Explanation struct {
	Why      string     `json:"why"` // in words
	RunnerUp *PersonRef `json:"runner_up,omitempty"`
	Lead     *float64   `json:"lead,omitempty"` // how much farther away the runner-up is than the nearest

	Candidates []CandidateExplanation `json:"candidates"` // in the order of the candidates
}

// A CandidateExplanation says how a candidate came to their place.
type CandidateExplanation struct {
	Person   PersonRef       `json:"person"`
	Distance float64         `json:"distance"`
	Within   bool            `json:"within"` // the threshold
	Behind   float64         `json:"behind"` // how much farther away than the nearest
	Sample   ExplainedSample `json:"sample"` // the one of theirs that is closest
	Why      string          `json:"why"`    // in words
}

// An ExplainedSample is what is known of an enrolled photo that matched.
type ExplainedSample struct {
	ID        string    `json:"id"`
	Source    string    `json:"source"`     // the photo's file name, or "webcam"
	Quality   float64   `json:"quality"`    // overall, 0..1
	Reasons   []string  `json:"reasons"`    // what is wrong with it, in words; empty when nothing is
	CreatedAt time.Time `json:"created_at"` // when it was enrolled
}

// An IdentifiedFace is a face of a photo with its identification.
type IdentifiedFace struct {
	Face
	Identification
}

// IdentifyResult is the answer to an identification of a photo. No face is no
// error: Faces is empty.
type IdentifyResult struct {
	Width  int              `json:"width"`
	Height int              `json:"height"`
	Faces  []IdentifiedFace `json:"faces"`
	Stages Stages           `json:"-"` // of the analysis
}

// IdentifyOptions adjust one identification.
type IdentifyOptions struct {
	Threshold  *float64 // instead of the configured one, 0..2
	Candidates int      // how many to list, 1..100; 0: 5
	SmallFaces bool     // see AnalyseOptions
	MinScore   float64  // see AnalyseOptions
	MaxFaces   int      // see AnalyseOptions
	Explain    bool     // say why, see Explanation
	Embeddings bool     // leave the faces' embeddings in the answer
}

// A Verification is the decision on two faces.
type Verification struct {
	Decision   Decision   `json:"decision"`
	Distance   float64    `json:"distance"`
	Similarity float64    `json:"similarity"`
	Threshold  float64    `json:"threshold"`
	Person     *PersonRef `json:"person,omitempty"`    // when verified against an enrolled person
	SampleID   string     `json:"sample_id,omitempty"` // the person's sample that was closest
	FaceA      *Face      `json:"face_a,omitempty"`
	FaceB      *Face      `json:"face_b,omitempty"`

	Policy Policy `json:"policy,omitempty"` // that the threshold comes from
	// FalseMatchRate is the estimated share of pairs of different people that are
	// as close; nil where there is no calibration.
	FalseMatchRate *float64 `json:"false_match_rate,omitempty"`
}

// VerifyOptions adjust one verification.
type VerifyOptions struct {
	Threshold *float64 // instead of the configured one, 0..2
	Largest   bool     // where a photo shows several faces take the largest, instead of refusing with CodeSeveralFaces
}

// A Reference is the face that others are compared with. One of its fields is set.
type Reference struct {
	SampleID  string     // an enrolled sample, by itself: its person's others do not count
	Photo     *Photo     // which must show one face
	Embedding *Embedding // made by the recipe in use
}

// CompareOptions adjust one comparison of photos.
type CompareOptions struct {
	MaxFaces   int  // see AnalyseOptions; of both photos
	Embeddings bool // leave the faces' embeddings in the answer
}

// A Comparison is every face of a photo verified against one reference.
type Comparison struct {
	Reference     *Analysis // the reference's photo with its one face; nil where it is none
	Person        PersonRef // whose sample the reference is; zero where it is none
	Photo         Analysis
	Verifications []*Verification // of each face of Photo; nil where a face cannot be measured
}

// Recognition is the one service behind every API, the command line and the
// cameras: photo in, decision out.
//
// Errors: those of [Analyser], [CodeNoFace] and [CodeSeveralFaces] (with the
// photo's name in the detail) when verifying, [CodePersonNotFound],
// [CodeNoSamples], [CodeSampleNotFound], [CodeInvalidEmbedding], and [CodeInvalid]
// for options out of range.
type Recognition interface {
	Detect(ctx context.Context, photo []byte, o AnalyseOptions) (Analysis, error)
	Identify(ctx context.Context, photo []byte, o IdentifyOptions) (IdentifyResult, error)
	IdentifyEmbedding(ctx context.Context, e Embedding, o IdentifyOptions) (Identification, error)
	Verify(ctx context.Context, a, b Photo, o VerifyOptions) (Verification, error)
	VerifyPerson(ctx context.Context, photo Photo, personID string, o VerifyOptions) (Verification, error)
	// CompareFaces verifies every face of a photo against one reference. Neither
	// photo may be without a face.
	CompareFaces(ctx context.Context, r Reference, photo Photo, o CompareOptions) (Comparison, error)
	// CompareEmbeddings verifies embeddings against one reference, in their order.
	CompareEmbeddings(ctx context.Context, r Reference, probes []Embedding) ([]Verification, error)
}

// SampleRecognition identifies an enrolled sample among all the others: whom
// would its photo be taken for, were it not enrolled itself.
//
// Errors: [CodeSampleNotFound], [CodeInvalid] for options out of range.
type SampleRecognition interface {
	IdentifySample(ctx context.Context, sampleID string, o IdentifyOptions) (Identification, error)
}
