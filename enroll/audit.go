package enroll

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"facegate"
)

// What the audit calls the changes made here.
const (
	actionPersonCreate = "person.create"
	actionPersonUpdate = "person.update"
	actionPersonDelete = "person.delete"
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
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO audit (at, actor, action, person_id, sample_id, detail, request_id) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			at.UnixMilli(), actor.Name, e.action, nullString(e.personID), nullString(e.sampleID), string(detail), actor.RequestID); err != nil {
			return fmt.Errorf("audit %s: %w", e.action, err)
		}
	}
	return nil
}
