package facegate

import (
	"context"
	"time"
)

// Consent records on what basis a person's biometric data is kept.
type Consent struct {
	Basis string     `json:"basis"`        // in the operator's words, such as "signed form 2026-04"; empty: not recorded
	At    *time.Time `json:"at,omitempty"` // when it was given
}

// A PersonRef names a person.
type PersonRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// A Person is an enrolled identity. Names are unique.
type Person struct {
	ID          string     `json:"id"` // UUID
	Name        string     `json:"name"`
	ExternalID  string     `json:"external_id,omitempty"` // the operator's own id; unique where given
	Tags        []string   `json:"tags"`
	Notes       string     `json:"notes,omitempty"`
	Consent     Consent    `json:"consent"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"` // when the person is to be erased
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	SampleCount int        `json:"sample_count"`
}

// Ref is the short form of p.
func (p Person) Ref() PersonRef { return PersonRef{p.ID, p.Name} }

// A Sample is one enrolled face photo of a person. Its embedding, its crop and,
// where it is kept, the photo stay in the store.
type Sample struct {
	ID        string    `json:"id"` // UUID
	PersonID  string    `json:"person_id"`
	Recipe    string    `json:"recipe"` // how the embedding was made
	Quality   Quality   `json:"quality"`
	Box       Box       `json:"box"`    // where the face was in the photo
	Source    string    `json:"source"` // the photo's file name, "webcam", or "facebox:" and the id under which a client of that dialect taught it
	PhotoKept bool      `json:"photo_kept"`
	CreatedAt time.Time `json:"created_at"`
}

// A SampleRef names a sample and whose it is.
type SampleRef struct {
	ID     string
	Person PersonRef
}

// A SampleFilter selects samples. The zero value is those of everybody, in pages
// of 50.
type SampleFilter struct {
	PersonID string // whose they are; empty: everybody's
	Offset   int    // how many to leave out at the beginning
	Limit    int    // page size, 1..1000; 0: 50
}

// A SamplePage is one page of samples.
type SamplePage struct {
	Samples []SampleRef
	Total   int // that the filter selects, over all pages
}

// NewPerson is what is known of a person before enrolment. Only the name is
// required: 1..100 characters after trimming, no control characters.
type NewPerson struct {
	Name       string     `json:"name"`
	ExternalID string     `json:"external_id"`
	Tags       []string   `json:"tags"`
	Notes      string     `json:"notes"`
	Consent    Consent    `json:"consent"`
	ExpiresAt  *time.Time `json:"expires_at"`
}

// A PersonUpdate changes the fields that are not nil.
type PersonUpdate struct {
	Name       *string    `json:"name"`
	ExternalID *string    `json:"external_id"`
	Tags       *[]string  `json:"tags"`
	Notes      *string    `json:"notes"`
	Consent    *Consent   `json:"consent"`
	ExpiresAt  *time.Time `json:"expires_at"` // the zero time removes the expiry
}

// A PeopleFilter selects people. The zero value is everybody, in pages of 50.
type PeopleFilter struct {
	Query string // part of the name or external id, case-insensitive
	Name  string // the whole name, case-insensitive
	Tag   string // exact
	Limit int    // page size, 1..500; 0: 50
	After string // PeoplePage.Next of the page before; empty: the first page
}

// A PeoplePage is one page of people, ordered by name.
type PeoplePage struct {
	People []Person `json:"people"`
	Total  int      `json:"total"`          // people the filter selects, over all pages
	Next   string   `json:"next,omitempty"` // empty on the last page
}

// A Refusal says why a photo of an enrolment was not used.
type Refusal struct {
	Photo    string `json:"photo"` // the photo's name
	Code     Code   `json:"code"`
	Detail   string `json:"detail"`              // for people
	SampleID string `json:"sample_id,omitempty"` // with CodeNearIdentical: the sample that is there already
}

// A Duplicate reports that a new sample lies within the verify threshold of
// somebody else: one human may be enrolled under two names.
type Duplicate struct {
	Photo      string    `json:"photo"`
	Person     PersonRef `json:"person"` // the other person
	Distance   float64   `json:"distance"`
	Similarity float64   `json:"similarity"`
}

// An Enrolment is the outcome of adding photos to a person.
type Enrolment struct {
	Person
	Samples    []Sample    `json:"samples"`    // added
	Refused    []Refusal   `json:"refused"`    // unusable photos
	Skipped    []Refusal   `json:"skipped"`    // photos nearly identical to a sample already there
	Duplicates []Duplicate `json:"duplicates"` // who else it may be
}

// People is the service that enrols. Every change is one transaction, audited,
// and visible in the gallery when the call returns.
//
// Errors: [CodeInvalid], [CodePersonNotFound], [CodeSampleNotFound],
// [CodeNameTaken], [CodeExternalIDTaken], [CodeNoUsablePhoto] (with the refusals
// in [Error.Refused]) and those of [Analyser].
type People interface {
	// Create enrols a new person. With photos, at least one must be usable, else
	// nothing is stored; without, the person has no samples yet.
	Create(ctx context.Context, p NewPerson, photos []Photo) (Enrolment, error)
	// AddSamples adds photos to a person. Photos are judged one by one; the call
	// fails with CodeNoUsablePhoto when none was added and one was refused.
	AddSamples(ctx context.Context, personID string, photos []Photo) (Enrolment, error)
	Person(ctx context.Context, id string) (Person, error)
	PersonByName(ctx context.Context, name string) (Person, error)
	List(ctx context.Context, f PeopleFilter) (PeoplePage, error)
	Update(ctx context.Context, id string, u PersonUpdate) (Person, error)
	// Delete erases a person with all samples.
	Delete(ctx context.Context, id string) error
	// DeleteAll erases everybody with all samples, and tells how many people.
	DeleteAll(ctx context.Context) (people int, err error)
	// Merge makes others one with the person: their samples and what cameras saw of
	// them become the person's, and they themselves are gone, with all else that was
	// known of them. A photo that two of them have stays once.
	Merge(ctx context.Context, id string, others []string) (Person, error)
	Samples(ctx context.Context, personID string) ([]Sample, error)
	Sample(ctx context.Context, sampleID string) (Sample, error)
	// SamplesBySource is every sample with exactly that source, whoever's, in the
	// order they were enrolled.
	SamplesBySource(ctx context.Context, source string) ([]Sample, error)
	DeleteSample(ctx context.Context, personID, sampleID string) error
	// ListSamples is samples of all people, or of one, in the order they were enrolled.
	ListSamples(ctx context.Context, f SampleFilter) (SamplePage, error)
	// DeleteSamples erases samples, whoever's they are, and tells which there were.
	// Unknown ids are ignored.
	DeleteSamples(ctx context.Context, ids []string) ([]SampleRef, error)
	// ClearSamples erases all samples of a person, or of everybody where personID is
	// empty, and tells how many. The people stay.
	ClearSamples(ctx context.Context, personID string) (samples int, err error)
	// Thumbnail is the upright face crop of a sample, a JPEG.
	Thumbnail(ctx context.Context, sampleID string) ([]byte, error)
	// Photo is the photo a sample was made of, without its metadata, and its media
	// type; where it is not kept, the thumbnail, which is an image/jpeg.
	Photo(ctx context.Context, sampleID string) (data []byte, mediaType string, err error)
	// Portrait is the thumbnail of the person's sample of the best quality.
	Portrait(ctx context.Context, personID string) ([]byte, error)
}
