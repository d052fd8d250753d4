package enroll

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"facegate"
)

// Merge makes others one with the person: samples and sightings become the
// person's, and whoever had them is gone, with their name, notes, consent and
// expiry. It fails where consent is required and the person's is not recorded:
// the others' does not speak for the person.
func (s *Service) Merge(ctx context.Context, id string, others []string) (p facegate.Person, err error) {
	others = slices.Compact(slices.Sorted(slices.Values(others)))
	if len(others) == 0 || slices.Contains(others, id) {
		return facegate.Person{}, invalid("there is nobody else to merge with", "give the ids of other people")
	}
	now := s.now()
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		if p, err = personByID(ctx, tx, id); err != nil {
			return err
		}
		if err := s.checkConsent(p); err != nil {
			return err
		}
		for _, other := range others {
			o, err := personByID(ctx, tx, other)
			if err != nil {
				return err
			}
			moved, err := takeOver(ctx, tx, p, other)
			if err != nil {
				return fmt.Errorf("take over what is %s's: %w", other, err)
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM people WHERE id = ?`, other); err != nil {
				return err
			}
			if err := appendAudit(ctx, tx, now, auditEntry{action: actionPersonMerge, personID: id,
				detail: map[string]any{"other": other, "samples": o.SampleCount, "moved": moved}}); err != nil {
				return err
			}
		}
		p.UpdatedAt = now
		if err := updatePerson(ctx, tx, p); err != nil {
			return err
		}
		p, err = personByID(ctx, tx, id)
		return err
	})
	if err != nil {
		return facegate.Person{}, fmt.Errorf("merge people: %w", err)
	}
	s.afterCommit(ctx)
	s.afterErasure(ctx)
	return p, nil
}

// takeOver gives a person what is another's, and tells how many samples that is:
// a photo that both have is not moved.
func takeOver(ctx context.Context, tx *sql.Tx, p facegate.Person, other string) (samples int64, err error) {
	result, err := tx.ExecContext(ctx, `
		UPDATE samples SET person_id = ?1 WHERE person_id = ?2 AND photo_sha256 NOT IN (SELECT photo_sha256 FROM samples WHERE person_id = ?1)`, p.ID, other)
	if err != nil {
		return 0, err
	}
	for _, statement := range []string{
		`UPDATE sightings SET person_id = ?1 WHERE person_id = ?2`,
		`UPDATE sightings SET candidate_id = ?1 WHERE candidate_id = ?2`,
		`UPDATE unknown_aliases SET person_id = ?1 WHERE person_id = ?2`,
		`UPDATE outbox SET payload = json_set(payload, '$.person.id', ?1, '$.person.name', ?3) WHERE payload ->> '$.person.id' = ?2`,
		`UPDATE outbox SET payload = json_set(payload, '$.candidate.id', ?1, '$.candidate.name', ?3) WHERE payload ->> '$.candidate.id' = ?2`,
	} {
		if _, err := tx.ExecContext(ctx, statement, p.ID, other, p.Name); err != nil {
			return 0, err
		}
	}
	return result.RowsAffected()
}
