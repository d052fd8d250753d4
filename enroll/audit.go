package enroll

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"facegate"
)

// What the audit calls the changes made here.
const (
	actionPersonCreate = "person.create"
	actionPersonUpdate = "person.update"
	actionPersonDelete = "person.delete"
	actionPersonMerge  = "person.merge"
	actionPersonClear  = "person.clear" // of all samples
	actionSampleAdd    = "sample.add"
	actionSampleDelete = "sample.delete"
)

// An auditEntry tells of one change. Its detail holds no name, no file name and
// nothing else that would outlive the person's erasure.
type auditEntry struct {
	action   string
	personID string
	sampleID string
	detail   map[string]any
}

// appendAudit writes entries in the transaction of the changes they tell of, so
// that neither is ever there without the other. Who acts is in the context.
func appendAudit(ctx context.Context, tx *sql.Tx, at time.Time, entries ...auditEntry) error {
	actor := facegate.ActorFrom(ctx)
	for _, e := range entries {
		detail := []byte("{}")
		if e.detail != nil {
			var err error
			if detail, err = json.Marshal(e.detail); err != nil {
				return fmt.Errorf("audit %s: %w", e.action, err)
			}
		}
		row := auditRow{at: at.UnixMilli(), actor: actor.Name, actorID: actor.ID, address: actor.Address, action: e.action,
			personID: e.personID, sampleID: e.sampleID, detail: string(detail), requestID: actor.RequestID}
		if err := insertAudit(ctx, tx, row); err != nil {
			return fmt.Errorf("audit %s: %w", e.action, err)
		}
	}
	return nil
}

// An auditRow is an entry as it stands in the table.
type auditRow struct {
	seq, at                         int64
	actor, actorID, address, action string
	personID, sampleID              string // empty where the column is null
	detail, requestID               string
	hash                            []byte
}

// chainHash is the SHA-256 of the hash before r, followed by r's content as a
// JSON array: seq, milliseconds since 1970 UTC, actor, actor's id, address,
// action, person's id, sample's id, detail (the JSON object, as a string),
// request's id.
func (r auditRow) chainHash(before []byte) ([]byte, error) {
	content, err := json.Marshal([]any{r.seq, r.at, r.actor, r.actorID, r.address, r.action, r.personID, r.sampleID, r.detail, r.requestID})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append(append([]byte{}, before...), content...))
	return sum[:], nil
}

// auditHead is the newest link of the chain; where there is none, the anchor.
func auditHead(ctx context.Context, q queryer) (seq int64, hash []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`).Scan(&seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = q.QueryRowContext(ctx, `SELECT seq, hash FROM audit_anchor`).Scan(&seq, &hash)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read the head of the chain: %w", err)
	}
	return seq, hash, nil
}

// insertAudit puts row at the end of the chain. The caller holds the database's
// only write lock, so the head stays the head.
func insertAudit(ctx context.Context, tx *sql.Tx, row auditRow) error {
	seq, before, err := auditHead(ctx, tx)
	if err != nil {
		return err
	}
	row.seq = seq + 1
	if row.hash, err = row.chainHash(before); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO audit (seq, at, actor, actor_id, address, action, person_id, sample_id, detail, request_id, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row.seq, row.at, row.actor, row.actorID, row.address, row.action, nullString(row.personID), nullString(row.sampleID),
		row.detail, row.requestID, row.hash)
	return err
}

const auditColumns = `a.seq, a.at, a.actor, a.actor_id, a.address, a.action, coalesce(a.person_id, ''), coalesce(a.sample_id, ''), a.detail, a.request_id, a.hash`

func scanAudit(row interface{ Scan(...any) error }) (r auditRow, err error) {
	err = row.Scan(&r.seq, &r.at, &r.actor, &r.actorID, &r.address, &r.action, &r.personID, &r.sampleID, &r.detail, &r.requestID, &r.hash)
	return r, err
}

// chainOld gives rows from before the chain their hashes, once.
func chainOld(ctx context.Context, db *sql.DB) error {
	var there bool
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM audit WHERE hash IS NULL)`).Scan(&there); err != nil || !there {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var hash []byte
	if err := tx.QueryRowContext(ctx, `SELECT hash FROM audit_anchor`).Scan(&hash); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit a ORDER BY a.seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	type link struct {
		seq  int64
		hash []byte
	}
	var links []link
	for rows.Next() {
		r, err := scanAudit(rows)
		if err != nil {
			return err
		}
		if hash, err = r.chainHash(hash); err != nil {
			return err
		}
		links = append(links, link{r.seq, hash})
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, l := range links {
		if _, err := tx.ExecContext(ctx, `UPDATE audit SET hash = ? WHERE seq = ?`, l.hash, l.seq); err != nil {
			return err
		}
	}
	return tx.Commit()
}
