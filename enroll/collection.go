package enroll

import (
	"context"
	"database/sql"
	"fmt"

	"facegate"
)

const maxSamplePage = 1000

// ListSamples is one page of samples, in the order they were enrolled.
func (s *Service) ListSamples(ctx context.Context, f facegate.SampleFilter) (facegate.SamplePage, error) {
	limit := f.Limit
	if limit == 0 {
		limit = defaultPage
	}
	if limit < 1 || limit > maxSamplePage || f.Offset < 0 {
		return facegate.SamplePage{}, invalid("the page is out of range", fmt.Sprintf("ask for 1 to %d samples a page", maxSamplePage))
	}
	where, args := "TRUE", []any{}
	if f.PersonID != "" {
		where, args = "s.person_id = ?", []any{f.PersonID}
	}
	page := facegate.SamplePage{Samples: []facegate.SampleRef{}}
	err := s.Store.read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM samples s WHERE `+where, args...).Scan(&page.Total); err != nil {
			return fmt.Errorf("count the samples: %w", err)
		}
		rows, err := tx.QueryContext(ctx, `
			SELECT s.id, p.id, p.name FROM samples s JOIN people p ON p.id = s.person_id
			WHERE `+where+` ORDER BY s.seq LIMIT ? OFFSET ?`, append(args, limit, f.Offset)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var ref facegate.SampleRef
			if err := rows.Scan(&ref.ID, &ref.Person.ID, &ref.Person.Name); err != nil {
				return err
			}
			page.Samples = append(page.Samples, ref)
		}
		return rows.Err()
	})
	if err != nil {
		return facegate.SamplePage{}, fmt.Errorf("list samples: %w", err)
	}
	return page, nil
}

// DeleteSamples erases samples, whoever's they are, and tells which there were.
func (s *Service) DeleteSamples(ctx context.Context, ids []string) (deleted []facegate.SampleRef, err error) {
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			sample, err := sampleByID(ctx, tx, id)
			if facegate.CodeOf(err) == facegate.CodeSampleNotFound {
				continue
			}
			if err != nil {
				return err
			}
			p, err := personByID(ctx, tx, sample.PersonID)
			if err != nil {
				return err
			}
			if err := s.dropSample(ctx, tx, sample); err != nil {
				return err
			}
			deleted = append(deleted, facegate.SampleRef{ID: id, Person: p.Ref()})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("delete samples: %w", err)
	}
	s.afterDeletion(ctx, len(deleted))
	return deleted, nil
}

// dropSample deletes a sample, audited.
func (s *Service) dropSample(ctx context.Context, tx *sql.Tx, sample facegate.Sample) error {
	if err := deleteSample(ctx, tx, sample.ID); err != nil {
		return err
	}
	return appendAudit(ctx, tx, s.now(), auditEntry{action: actionSampleDelete, personID: sample.PersonID, sampleID: sample.ID})
}

// afterDeletion brings the gallery up to date and wipes what was erased, if
// anything was.
func (s *Service) afterDeletion(ctx context.Context, rows int) {
	if rows > 0 {
		s.afterCommit(ctx)
		s.afterErasure(ctx)
	}
}

// ClearSamples erases all samples of a person, or of everybody where personID is
// empty. The people stay.
func (s *Service) ClearSamples(ctx context.Context, personID string) (samples int, err error) {
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		people := []string{personID}
		if personID == "" {
			if people, err = stringsOf(ctx, tx, `SELECT DISTINCT person_id FROM samples ORDER BY person_id`); err != nil {
				return err
			}
		} else if _, err := personByID(ctx, tx, personID); err != nil {
			return err
		}
		for _, id := range people {
			result, err := tx.ExecContext(ctx, `DELETE FROM samples WHERE person_id = ?`, id)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			samples += int(n)
			if err := appendAudit(ctx, tx, s.now(), auditEntry{action: actionPersonClear, personID: id, detail: map[string]any{"samples": n}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("erase samples: %w", err)
	}
	s.afterDeletion(ctx, samples)
	return samples, nil
}

// DeleteAll erases everybody with all samples and sightings.
func (s *Service) DeleteAll(ctx context.Context) (people int, err error) {
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		ids, err := stringsOf(ctx, tx, `SELECT id FROM people ORDER BY name_folded, name`)
		if err != nil {
			return err
		}
		for _, id := range ids {
			p, err := personByID(ctx, tx, id)
			if err != nil {
				return err
			}
			if err := s.erasePerson(ctx, tx, p); err != nil {
				return err
			}
		}
		people = len(ids)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("delete everybody: %w", err)
	}
	s.afterDeletion(ctx, people)
	return people, nil
}
