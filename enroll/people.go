package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"

	"facegate"
)

// Person is the person with the id.
func (s *Service) Person(ctx context.Context, id string) (facegate.Person, error) {
	p, err := personByID(ctx, s.Store.reader, id)
	return p, s.Store.cause(ctx, err)
}

// PersonByName is the person with exactly the name, but for white space and the
// form of Unicode.
func (s *Service) PersonByName(ctx context.Context, name string) (facegate.Person, error) {
	name, err := cleanName(name)
	if err != nil {
		return facegate.Person{}, err
	}
	p, err := personByName(ctx, s.Store.reader, name)
	return p, s.Store.cause(ctx, err)
}

// Update changes what is known of a person. The zero time as expiry removes it.
func (s *Service) Update(ctx context.Context, id string, u facegate.PersonUpdate) (facegate.Person, error) {
	var p facegate.Person
	now := s.now()
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		old, err := personByID(ctx, tx, id)
		if err != nil {
			return err
		}
		p = old
		fields := applyUpdate(&p, u)
		if err := cleanPerson(&p); err != nil {
			return err
		}
		if u.Consent != nil {
			if err := s.checkConsent(p); err != nil {
				return err
			}
		}
		if u.ExpiresAt != nil {
			if err := s.checkExpiry(p, now); err != nil {
				return err
			}
		}
		if reflect.DeepEqual(p, old) {
			return nil
		}
		if err := checkFree(ctx, tx, p); err != nil {
			return err
		}
		p.UpdatedAt = now
		if err := updatePerson(ctx, tx, p); err != nil {
			return err
		}
		return appendAudit(ctx, tx, now, auditEntry{action: actionPersonUpdate, personID: id, detail: map[string]any{"fields": fields}})
	})
	if err != nil {
		return facegate.Person{}, fmt.Errorf("update person: %w", err)
	}
	s.afterCommit(ctx)
	return p, nil
}

// applyUpdate makes u's changes to p and names the fields it sets.
func applyUpdate(p *facegate.Person, u facegate.PersonUpdate) (fields []string) {
	if u.Name != nil {
		p.Name, fields = *u.Name, append(fields, "name")
	}
	if u.ExternalID != nil {
		p.ExternalID, fields = *u.ExternalID, append(fields, "external_id")
	}
	if u.Tags != nil {
		p.Tags, fields = *u.Tags, append(fields, "tags")
	}
	if u.Notes != nil {
		p.Notes, fields = *u.Notes, append(fields, "notes")
	}
	if u.Consent != nil {
		p.Consent, fields = *u.Consent, append(fields, "consent")
	}
	if u.ExpiresAt != nil {
		p.ExpiresAt, fields = u.ExpiresAt, append(fields, "expires_at")
	}
	return fields
}

// Delete erases a person with all samples and sightings.
func (s *Service) Delete(ctx context.Context, id string) error {
	return s.erase(ctx, id, func(facegate.Person) bool { return true })
}

// Samples is a person's samples, in the order they were enrolled.
func (s *Service) Samples(ctx context.Context, personID string) (samples []facegate.Sample, err error) {
	err = s.Store.read(ctx, func(tx *sql.Tx) error {
		if _, err := personByID(ctx, tx, personID); err != nil {
			return err
		}
		samples, err = samplesOf(ctx, tx, personID)
		return err
	})
	return samples, err
}

// Sample is the sample with the id, whoever's it is.
func (s *Service) Sample(ctx context.Context, sampleID string) (facegate.Sample, error) {
	sample, err := sampleByID(ctx, s.Store.reader, sampleID)
	return sample, s.Store.cause(ctx, err)
}

// SamplesBySource is every sample with exactly that source, in the order they
// were enrolled.
func (s *Service) SamplesBySource(ctx context.Context, source string) (samples []facegate.Sample, err error) {
	err = s.Store.read(ctx, func(tx *sql.Tx) error {
		samples, err = selectSamples(ctx, tx, `s.source = ?`, source)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for samples by their source: %w", err)
	}
	return samples, nil
}

// DeleteSample erases one of a person's samples.
func (s *Service) DeleteSample(ctx context.Context, personID, sampleID string) error {
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		if _, err := personByID(ctx, tx, personID); err != nil {
			return err
		}
		sample, err := sampleByID(ctx, tx, sampleID)
		if err != nil {
			return err
		}
		if sample.PersonID != personID {
			return sampleNotFound(sampleID)
		}
		return s.dropSample(ctx, tx, sample)
	})
	if err != nil {
		return fmt.Errorf("delete sample: %w", err)
	}
	s.afterDeletion(ctx, 1)
	return nil
}

// Thumbnail is the upright face crop of a sample, a JPEG.
func (s *Service) Thumbnail(ctx context.Context, sampleID string) ([]byte, error) {
	var jpeg []byte
	err := s.Store.reader.QueryRowContext(ctx, `SELECT jpeg FROM sample_thumbnails WHERE sample_id = ?`, sampleID).Scan(&jpeg)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, sampleNotFound(sampleID)
	}
	if err != nil {
		return nil, fmt.Errorf("read the thumbnail of sample %s: %w", sampleID, s.Store.cause(ctx, err))
	}
	return s.Store.vault.open(thumbnailsTable, sampleID, jpeg)
}

// Portrait is the thumbnail of the person's sample of the best quality, the
// first enrolled among equals. It fails with [facegate.CodeSampleNotFound] for
// a person without samples.
func (s *Service) Portrait(ctx context.Context, personID string) (jpeg []byte, err error) {
	err = s.Store.read(ctx, func(tx *sql.Tx) error {
		p, err := personByID(ctx, tx, personID)
		if err != nil {
			return err
		}
		var id string
		err = tx.QueryRowContext(ctx, `
			SELECT s.id, t.jpeg FROM samples s JOIN sample_thumbnails t ON t.sample_id = s.id
			WHERE s.person_id = ? ORDER BY s.overall DESC, s.seq LIMIT 1`, personID).Scan(&id, &jpeg)
		if errors.Is(err, sql.ErrNoRows) {
			return facegate.NewError(facegate.CodeSampleNotFound, fmt.Sprintf("%q has no samples yet", p.Name), "add a photo")
		}
		if err != nil {
			return fmt.Errorf("read the portrait of person %s: %w", personID, err)
		}
		jpeg, err = s.Store.vault.open(thumbnailsTable, id, jpeg)
		return err
	})
	return jpeg, err
}
