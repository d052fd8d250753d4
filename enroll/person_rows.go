package enroll

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"facegate"
)

// A queryer is a transaction or a pool.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

const personColumns = `p.id, p.name, p.external_id, p.tags, p.notes, p.consent_basis, p.consent_at,
	p.expires_at, p.created_at, p.updated_at, (SELECT count(*) FROM samples s WHERE s.person_id = p.id)`

// scanPerson reads personColumns.
func scanPerson(row interface{ Scan(...any) error }) (facegate.Person, error) {
	var (
		p                    facegate.Person
		external             sql.NullString
		tags                 []byte
		consentAt, expiresAt sql.NullInt64
		createdAt, updatedAt int64
	)
	err := row.Scan(&p.ID, &p.Name, &external, &tags, &p.Notes, &p.Consent.Basis, &consentAt,
		&expiresAt, &createdAt, &updatedAt, &p.SampleCount)
	if err != nil {
		return facegate.Person{}, err
	}
	p.ExternalID = external.String
	p.Consent.At, p.ExpiresAt = fromNullMillis(consentAt), fromNullMillis(expiresAt)
	p.CreatedAt, p.UpdatedAt = fromMillis(createdAt), fromMillis(updatedAt)
	if err := json.Unmarshal(tags, &p.Tags); err != nil {
		return facegate.Person{}, fmt.Errorf("read the tags of person %s: %w", p.ID, err)
	}
	return p, nil
}

func personByID(ctx context.Context, q queryer, id string) (facegate.Person, error) {
	p, err := scanPerson(q.QueryRowContext(ctx, `SELECT `+personColumns+` FROM people p WHERE p.id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, personNotFound(fmt.Sprintf("there is no person with the id %q", id))
	}
	if err != nil {
		return p, fmt.Errorf("read person %s: %w", id, err)
	}
	return p, nil
}

func personByName(ctx context.Context, q queryer, name string) (facegate.Person, error) {
	p, err := scanPerson(q.QueryRowContext(ctx, `SELECT `+personColumns+` FROM people p WHERE p.name = ?`, name))
	if errors.Is(err, sql.ErrNoRows) {
		return p, personNotFound(fmt.Sprintf("there is no person with the name %q", name))
	}
	if err != nil {
		return p, fmt.Errorf("read a person by name: %w", err)
	}
	return p, nil
}

func personNotFound(detail string) error {
	return facegate.NewError(facegate.CodePersonNotFound, detail, "list the people to see who is enrolled")
}

// checkFree fails with [facegate.CodeNameTaken] or [facegate.CodeExternalIDTaken]
// when somebody has p's name or external id already.
func checkFree(ctx context.Context, q queryer, p facegate.Person) error {
	var nameTaken, externalTaken bool
	err := q.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM people WHERE name = ? AND id <> ?),
		       EXISTS (SELECT 1 FROM people WHERE external_id = ? AND id <> ?)`,
		p.Name, p.ID, nullString(p.ExternalID), p.ID).Scan(&nameTaken, &externalTaken)
	switch {
	case err != nil:
		return fmt.Errorf("look for the name: %w", err)
	case nameTaken:
		return nameTakenError(p)
	case externalTaken:
		return externalIDTakenError(p)
	}
	return nil
}

func insertPerson(ctx context.Context, tx *sql.Tx, p facegate.Person) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO people (id, name, name_folded, external_id, external_id_folded, tags, notes,
			consent_basis, consent_at, expires_at, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.Name, fold(p.Name), nullString(p.ExternalID), nullString(fold(p.ExternalID)), tagsJSON(p.Tags), p.Notes,
		p.Consent.Basis, nullMillis(p.Consent.At), nullMillis(p.ExpiresAt), p.CreatedAt.UnixMilli(), p.UpdatedAt.UnixMilli())
	return takenOr(p, "store the person", err)
}

func updatePerson(ctx context.Context, tx *sql.Tx, p facegate.Person) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE people SET name = ?, name_folded = ?, external_id = ?, external_id_folded = ?, tags = ?, notes = ?,
			consent_basis = ?, consent_at = ?, expires_at = ?, updated_at = ?
		WHERE id = ?`,
		p.Name, fold(p.Name), nullString(p.ExternalID), nullString(fold(p.ExternalID)), tagsJSON(p.Tags), p.Notes,
		p.Consent.Basis, nullMillis(p.Consent.At), nullMillis(p.ExpiresAt), p.UpdatedAt.UnixMilli(), p.ID)
	return takenOr(p, "change the person", err)
}

func takenOr(p facegate.Person, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case violates(err, "people.name"):
		return nameTakenError(p)
	case violates(err, "people.external_id"):
		return externalIDTakenError(p)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

func nameTakenError(p facegate.Person) error {
	return facegate.NewError(facegate.CodeNameTaken, fmt.Sprintf("the name %q is taken by another person", p.Name),
		"add photos to that person, or choose another name")
}

func externalIDTakenError(p facegate.Person) error {
	return facegate.NewError(facegate.CodeExternalIDTaken,
		fmt.Sprintf("the external id %q is taken by another person", p.ExternalID),
		"look that person up, or use another external id")
}

func tagsJSON(tags []string) string {
	b, _ := json.Marshal(tags) // strings always marshal
	return string(b)
}

func nullString(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func nullMillis(t *time.Time) sql.NullInt64 {
	if t == nil {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: true}
}

func fromNullMillis(ms sql.NullInt64) *time.Time {
	if !ms.Valid {
		return nil
	}
	t := fromMillis(ms.Int64)
	return &t
}
