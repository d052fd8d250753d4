package enroll

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"facegate"

	"github.com/google/uuid"
)

// Create enrols a new person, as [facegate.People] says.
func (s *Service) Create(ctx context.Context, np facegate.NewPerson, photos []facegate.Photo) (facegate.Enrolment, error) {
	return s.create(ctx, np, photos, s.analyse)
}

func (s *Service) create(ctx context.Context, np facegate.NewPerson, photos []facegate.Photo, analyse analyse) (facegate.Enrolment, error) {
	return s.createAnd(ctx, np, photos, analyse, nothingElse)
}

// A furtherChange is made in the transaction of an enrolment.
type furtherChange func(tx *sql.Tx, p facegate.Person) error

func nothingElse(*sql.Tx, facegate.Person) error { return nil }

func (s *Service) createAnd(ctx context.Context, np facegate.NewPerson, photos []facegate.Photo, analyse analyse, also furtherChange) (facegate.Enrolment, error) {
	now := s.now()
	p := facegate.Person{
		ID: uuid.NewString(), Name: np.Name, ExternalID: np.ExternalID, Tags: np.Tags, Notes: np.Notes,
		Consent: np.Consent, ExpiresAt: np.ExpiresAt, CreatedAt: now, UpdatedAt: now,
	}
	if err := cleanPerson(&p); err != nil {
		return facegate.Enrolment{}, err
	}
	if err := s.checkConsent(p); err != nil {
		return facegate.Enrolment{}, err
	}
	if err := s.checkExpiry(p, now); err != nil {
		return facegate.Enrolment{}, err
	}
	// Told before the photos are looked at, which takes much longer.
	if err := checkFree(ctx, s.Store.reader, p); err != nil {
		return facegate.Enrolment{}, s.Store.cause(ctx, err)
	}
	var in intake
	if len(photos) > 0 {
		var err error
		if in, err = s.take(ctx, "", photos, analyse); err != nil {
			return facegate.Enrolment{}, err
		}
		if len(in.usable) == 0 {
			return facegate.Enrolment{}, noUsablePhoto(in.refused)
		}
	}
	return s.store(ctx, in, func(tx *sql.Tx) (facegate.Person, error) {
		// Another call may have taken the name meanwhile; under the write lock
		// the answer holds.
		if err := checkFree(ctx, tx, p); err != nil {
			return p, err
		}
		if err := insertPerson(ctx, tx, p); err != nil {
			return p, err
		}
		if err := appendAudit(ctx, tx, now, auditEntry{action: actionPersonCreate, personID: p.ID}); err != nil {
			return p, err
		}
		return p, also(tx, p)
	})
}

// AddSamples adds photos to a person, as [facegate.People] says.
func (s *Service) AddSamples(ctx context.Context, personID string, photos []facegate.Photo) (facegate.Enrolment, error) {
	return s.addSamples(ctx, personID, photos, s.analyse)
}

func (s *Service) addSamples(ctx context.Context, personID string, photos []facegate.Photo, analyse analyse) (facegate.Enrolment, error) {
	return s.addSamplesAnd(ctx, personID, photos, analyse, nothingElse)
}

func (s *Service) addSamplesAnd(ctx context.Context, personID string, photos []facegate.Photo, analyse analyse, also furtherChange) (facegate.Enrolment, error) {
	if len(photos) == 0 {
		return facegate.Enrolment{}, invalid("there is no photo to add", "send at least one photo")
	}
	p, err := s.Person(ctx, personID)
	if err != nil {
		return facegate.Enrolment{}, err
	}
	if err := s.checkConsent(p); err != nil {
		return facegate.Enrolment{}, err
	}
	in, err := s.take(ctx, personID, photos, analyse)
	if err != nil {
		return facegate.Enrolment{}, err
	}
	if len(in.usable) == 0 && len(in.refused) > 0 {
		return facegate.Enrolment{}, noUsablePhoto(in.refused)
	}
	return s.store(ctx, in, func(tx *sql.Tx) (facegate.Person, error) {
		p, err := personByID(ctx, tx, personID) // who may have been erased meanwhile
		if err != nil {
			return p, err
		}
		return p, also(tx, p)
	})
}

// store puts the usable photos of in with the person that makePerson finds or
// makes, in one transaction, and brings the gallery up to date.
func (s *Service) store(ctx context.Context, in intake, makePerson func(*sql.Tx) (facegate.Person, error)) (facegate.Enrolment, error) {
	e := facegate.Enrolment{
		Samples: []facegate.Sample{}, Duplicates: []facegate.Duplicate{},
		Refused: append([]facegate.Refusal{}, in.refused...), Skipped: append([]facegate.Refusal{}, in.skipped...),
	}
	if len(in.usable) > 0 {
		// Loading the gallery for the first time takes long; not while others
		// wait to write.
		if err := s.Sync(ctx); err != nil {
			return facegate.Enrolment{}, err
		}
	}
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		p, err := makePerson(tx)
		if err != nil {
			return err
		}
		if len(in.usable) > 0 {
			if err := s.addUsable(ctx, tx, p, in.usable, &e); err != nil {
				return err
			}
			if len(e.Samples) == 0 && len(e.Refused) > 0 {
				return noUsablePhoto(e.Refused)
			}
		}
		e.Person, err = personByID(ctx, tx, p.ID)
		return err
	})
	if err != nil {
		return facegate.Enrolment{}, fmt.Errorf("enrol: %w", err)
	}
	s.afterCommit(ctx)
	return e, nil
}

// addUsable stores those photos that bring something new, and notes in e which.
//
// The caller holds the database's only write lock, so after a Sync the gallery
// holds exactly what the database holds, and no two calls, in whatever process,
// can add the same photo or miss each other as duplicates.
func (s *Service) addUsable(ctx context.Context, tx *sql.Tx, p facegate.Person, photos []usablePhoto, e *facegate.Enrolment) error {
	if err := s.Sync(ctx); err != nil {
		return err
	}
	now, recipe := s.now(), s.Analyser.Recipe()
	var added []addedSample // by this call, which the gallery does not hold yet
	for _, photo := range photos {
		stored, err := samplePhoto(ctx, tx, p.ID, photo.hash)
		if err != nil {
			return err
		}
		if stored != nil && stored.recipe == recipe {
			e.Skipped = append(e.Skipped, *alreadyEnrolled(photo.name, stored.sampleID))
			continue
		}
		if twin := s.nearIdenticalTo(photo.face.Embedding, p.ID, added); twin != "" {
			e.Skipped = append(e.Skipped, *nearlyIdentical(photo.name, twin))
			continue
		}
		if stored != nil { // by a recipe whose embeddings do not compare any more
			if err := s.replaceSample(ctx, tx, now, p.ID, stored.sampleID); err != nil {
				return err
			}
		}
		sample, err := s.addSample(ctx, tx, now, p, photo, e)
		if err != nil {
			return err
		}
		added = append(added, addedSample{sample.ID, photo.face.Embedding})
		e.Samples = append(e.Samples, sample)
	}
	return nil
}

func (s *Service) addSample(ctx context.Context, tx *sql.Tx, now time.Time, p facegate.Person, photo usablePhoto, e *facegate.Enrolment) (facegate.Sample, error) {
	sample := facegate.Sample{
		ID: uuid.NewString(), PersonID: p.ID, Recipe: s.Analyser.Recipe(), Quality: photo.face.Quality,
		Box: photo.face.Box, Source: cleanSource(photo.name),
		PhotoKept: photo.kept.data != nil, CreatedAt: now,
	}
	if sample.Quality.Reasons == nil {
		sample.Quality.Reasons = []string{}
	}
	if err := insertSample(ctx, tx, s.Store.vault, newSample{sample, photo.hash, *photo.face.Embedding, photo.face.Crop, photo.kept}); err != nil {
		return sample, err
	}
	detail := map[string]any{"quality": sample.Quality.Overall}
	if sample.PhotoKept {
		detail["photo"] = "kept"
	}
	if c, ok := s.nearestOther(photo.face.Embedding, p.ID); ok {
		e.Duplicates = append(e.Duplicates, facegate.Duplicate{
			Photo: photo.name, Person: c.Person, Distance: c.Distance, Similarity: c.Similarity})
		detail["duplicate_of"], detail["distance"] = c.Person.ID, c.Distance
	}
	return sample, appendAudit(ctx, tx, now,
		auditEntry{action: actionSampleAdd, personID: p.ID, sampleID: sample.ID, detail: detail})
}

func (s *Service) replaceSample(ctx context.Context, tx *sql.Tx, now time.Time, personID, sampleID string) error {
	if err := deleteSample(ctx, tx, sampleID); err != nil {
		return err
	}
	return appendAudit(ctx, tx, now, auditEntry{action: actionSampleDelete, personID: personID, sampleID: sampleID,
		detail: map[string]any{"reason": "replaced by the same photo under the present recipe"}})
}

type addedSample struct {
	id        string
	embedding *facegate.Embedding
}

// nearIdenticalTo is the person's sample that e brings nothing new to; empty
// where there is none.
func (s *Service) nearIdenticalTo(e *facegate.Embedding, personID string, added []addedSample) (sampleID string) {
	limit := s.nearIdentical()
	for _, a := range added {
		if e.Distance(a.embedding) <= limit {
			return a.id
		}
	}
	if c, ok := s.Gallery.NearestOf(e, personID); ok && c.Distance <= limit {
		return c.SampleID
	}
	return ""
}

// nearestOther is the nearest person within DuplicateDistance who is not the one
// enrolled.
func (s *Service) nearestOther(e *facegate.Embedding, personID string) (facegate.Candidate, bool) {
	radius := s.duplicateDistance()
	if radius < 0 {
		return facegate.Candidate{}, false
	}
	for _, c := range s.Gallery.Nearest(e, 2, radius) {
		if c.Person.ID != personID {
			return c, true
		}
	}
	return facegate.Candidate{}, false
}

func noUsablePhoto(refused []facegate.Refusal) error {
	detail := "none of the photos can be enrolled"
	if len(refused) == 1 {
		detail = "the photo cannot be enrolled"
	}
	return &facegate.Error{Code: facegate.CodeNoUsablePhoto, Detail: detail, Refused: refused,
		Next: "send a sharp, well-lit photo that shows one face from the front"}
}
