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

// Upkeep erases people whose time has come, takes old entries out of the audit,
// and wipes what has been erased from the write-ahead log.
type Upkeep struct {
	People   *Service
	Audit    *AuditLog
	AuditAge time.Duration // of entries; 0: they are kept for good
	Logger   *slog.Logger  // nil: nothing is logged

	Now   func() time.Time                     // nil: time.Now
	Every time.Duration                        // between two sweeps; 0: a minute
	After func(time.Duration) <-chan time.Time // the clock sweeps wait by; nil: time.After
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
	if u.AuditAge > 0 {
		_, err := u.Audit.Prune(ctx, now.Add(-u.AuditAge))
		errs = append(errs, err)
	}
	return errors.Join(append(errs, u.People.wipe(ctx))...)
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
		if _, err := tx.ExecContext(ctx, `DELETE FROM people WHERE id = ?`, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, s.now(),
			auditEntry{action: actionPersonDelete, personID: id, detail: map[string]any{"samples": p.SampleCount}})
	})
	if err != nil {
		return fmt.Errorf("delete person: %w", err)
	}
	s.afterCommit(ctx)
	s.afterErasure(ctx)
	return nil
}

// afterErasure wipes the write-ahead log, where what was erased still stands as
// it was written. Where readers keep it from that, the upkeep tries again.
func (s *Service) afterErasure(ctx context.Context) {
	s.unwiped.Store(true)
	if err := s.wipe(context.WithoutCancel(ctx)); err != nil {
		s.log().WarnContext(ctx, "what was erased is still in the write-ahead log; it is wiped later", "error", err)
	}
}

func (s *Service) wipe(ctx context.Context) error {
	if !s.unwiped.Swap(false) {
		return nil
	}
	done, err := s.Store.checkpoint(ctx)
	if err == nil && !done {
		err = errors.New("somebody reads it")
	}
	if err != nil {
		s.unwiped.Store(true)
		return fmt.Errorf("wipe the write-ahead log: %w", err)
	}
	return nil
}

// checkpoint moves the write-ahead log into the database and empties it. Deleted
// rows are overwritten there, by secure_delete.
func (s *Store) checkpoint(ctx context.Context) (done bool, err error) {
	// A connection of its own: waiting for readers must not keep writers waiting
	// for the only connection they have.
	db, err := open(s.path, "_busy_timeout=1000&_secure_delete=on", 1)
	if err != nil {
		return false, err
	}
	defer db.Close()
	var busy, frames, moved int
	if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return false, s.cause(ctx, err)
	}
	return busy == 0, nil
}
