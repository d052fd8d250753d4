package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"facegate"
)

// pruneEvery is how often old entries are taken out of the audit: each time it is
// an entry itself.
const pruneEvery = time.Hour

// Upkeep erases people whose time has come, takes old entries out of the audit,
// and wipes what has been erased, by whomever, from the write-ahead log.
type Upkeep struct {
	People   *Service
	Audit    *AuditLog
	AuditAge time.Duration // of entries; 0: they are kept for good
	Logger   *slog.Logger  // nil: nothing is logged

	Now   func() time.Time                     // nil: time.Now
	Every time.Duration                        // between two sweeps; 0: a minute
	After func(time.Duration) <-chan time.Time // the clock sweeps wait by; nil: time.After

	pruned time.Time // when it was last tried
}

// Run sweeps at once and then again and again until ctx ends.
func (u *Upkeep) Run(ctx context.Context) {
	after, every := u.After, u.Every
	if after == nil {
		after = time.After
	}
	if every <= 0 {
		every = time.Minute
	}
	for {
		if err := u.Sweep(ctx); err != nil && ctx.Err() == nil && u.Logger != nil {
			u.Logger.ErrorContext(ctx, "the upkeep of the database failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-after(every):
		}
	}
}

// Sweep does, once, all there is to do.
func (u *Upkeep) Sweep(ctx context.Context) error {
	now := timeNow(u.Now)
	errs := []error{u.expire(ctx, now)}
	if u.AuditAge > 0 && now.Sub(u.pruned) >= pruneEvery {
		_, err := u.Audit.Prune(ctx, now.Add(-u.AuditAge))
		errs, u.pruned = append(errs, err), now
	}
	err := u.People.Store.wipe(ctx)
	if errors.Is(err, errReadMeanwhile) && u.Logger != nil {
		u.Logger.WarnContext(ctx, "what was erased is still in the write-ahead log; it is wiped later", "error", err)
		err = nil
	}
	return errors.Join(append(errs, err)...)
}

func (u *Upkeep) expire(ctx context.Context, now time.Time) error {
	ctx = facegate.WithActor(ctx, facegate.Actor{Name: "expiry"})
	ids, err := stringsOf(ctx, u.People.Store.reader, `SELECT id FROM people WHERE expires_at <= ? ORDER BY expires_at`, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("look for people who expired: %w", u.People.Store.cause(ctx, err))
	}
	for _, id := range ids {
		still := func(p facegate.Person) bool { return p.ExpiresAt != nil && !p.ExpiresAt.After(now) }
		if err := u.People.erase(ctx, id, still); err != nil && facegate.CodeOf(err) != facegate.CodePersonNotFound {
			return err
		}
		if u.Logger != nil {
			u.Logger.InfoContext(ctx, "a person expired and was erased", "person", id)
		}
	}
	return nil
}

// erase erases a person with all samples and sightings, if they are still to be.
func (s *Service) erase(ctx context.Context, id string, still func(facegate.Person) bool) error {
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		p, err := personByID(ctx, tx, id)
		if err != nil || !still(p) {
			return err
		}
		return s.erasePerson(ctx, tx, p)
	})
	if err != nil {
		return fmt.Errorf("delete person: %w", err)
	}
	s.afterDeletion(ctx, 1)
	return nil
}

// erasePerson erases a person with all samples and sightings, audited.
func (s *Service) erasePerson(ctx context.Context, tx *sql.Tx, p facegate.Person) error {
	if err := eraseWaiting(ctx, tx, p.ID); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM people WHERE id = ?`, p.ID); err != nil {
		return err
	}
	return appendAudit(ctx, tx, s.now(),
		auditEntry{action: actionPersonDelete, personID: p.ID, detail: map[string]any{"samples": p.SampleCount}})
}
