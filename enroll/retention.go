package enroll

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"
)

// Retention erases what is too old or too much: sightings with what they taught
// of strangers, their pictures, and deliveries that nobody takes.
type Retention struct {
	Sightings *Sightings
	Outbox    *Outbox
	Now       func() time.Time // nil: time.Now
	Logger    *slog.Logger     // nil: nothing is logged

	MaxAge       time.Duration // of sightings, since they were last seen; 0: they are kept
	PictureBytes int64         // of all pictures of sightings together; 0: no bound
	Every        time.Duration // between two sweeps; 0: a minute
	// After is the clock that sweeps wait by. nil: time.After
	After func(time.Duration) <-chan time.Time
}

// sweepBatch is how many rows go in one transaction: cameras write meanwhile.
const sweepBatch = 200

// Run sweeps at once and then again and again until ctx ends.
func (r *Retention) Run(ctx context.Context) {
	after, every := r.After, r.Every
	if after == nil {
		after = time.After
	}
	if every <= 0 {
		every = time.Minute
	}
	for {
		if err := r.Sweep(ctx); err != nil && ctx.Err() == nil && r.Logger != nil {
			r.Logger.ErrorContext(ctx, "what is too old could not be erased", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-after(every):
		}
	}
}

// Sweep erases, once, all there is to erase.
func (r *Retention) Sweep(ctx context.Context) error {
	dropped, err := r.Outbox.prune(ctx)
	if err != nil {
		return err
	}
	if dropped > 0 && r.Logger != nil {
		r.Logger.WarnContext(ctx, "deliveries were dropped: they were too old, or too many waited", "deliveries", dropped)
	}
	for _, step := range []func(context.Context) (more bool, err error){r.eraseOld, r.forgetOld, r.erasePictures} {
		for more := true; more; {
			if more, err = step(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// eraseOld erases sightings past their age. What is still to be delivered of one
// keeps it: the outbox has limits of its own.
func (r *Retention) eraseOld(ctx context.Context) (more bool, err error) {
	if r.MaxAge <= 0 {
		return false, nil
	}
	var ids []string
	err = r.Sightings.Store.write(ctx, func(tx *sql.Tx) (err error) {
		ids, err = stringsOf(ctx, tx, `
			SELECT id FROM sightings s WHERE last_seen < ? AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sighting_id = s.id)
			ORDER BY last_seen LIMIT ?`, timeNow(r.Now).Add(-r.MaxAge).UnixMilli(), sweepBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		return r.Sightings.Store.eraseSightings(ctx, tx, ids)
	})
	if err != nil {
		return false, fmt.Errorf("erase old sightings: %w", err)
	}
	if len(ids) > 0 {
		r.Sightings.Store.erased()
	}
	return len(ids) == sweepBatch, nil
}

// forgetOld forgets what the book of strangers learnt from sightings that were
// never reported, and aliases that no camera uses any more.
func (r *Retention) forgetOld(ctx context.Context) (more bool, err error) {
	if r.MaxAge <= 0 {
		return false, nil
	}
	before := timeNow(r.Now).Add(-r.MaxAge).UnixMilli()
	var ids []string
	err = r.Sightings.Store.write(ctx, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM unknown_aliases WHERE at < ?`, before); err != nil {
			return err
		}
		ids, err = stringsOf(ctx, tx, `
			SELECT sighting_id FROM unknown_members WHERE at < ? AND NOT EXISTS (SELECT 1 FROM sightings s WHERE s.id = sighting_id)
			LIMIT ?`, before, sweepBatch)
		for _, id := range ids {
			if err := r.Sightings.Store.forgetMember(ctx, tx, id); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("forget old strangers: %w", err)
	}
	if len(ids) > 0 {
		r.Sightings.Store.erased()
	}
	return len(ids) == sweepBatch, nil
}

// erasePictures erases the oldest pictures until the rest fits.
func (r *Retention) erasePictures(ctx context.Context) (more bool, err error) {
	if r.PictureBytes <= 0 {
		return false, nil
	}
	var total int64
	if err := r.Sightings.Store.reader.QueryRowContext(ctx, `SELECT coalesce(sum(bytes), 0) FROM sighting_pictures`).Scan(&total); err != nil {
		return false, fmt.Errorf("measure the pictures: %w", r.Sightings.Store.cause(ctx, err))
	}
	excess := total - r.PictureBytes
	if excess <= 0 {
		return false, nil
	}
	err = r.Sightings.Store.write(ctx, func(tx *sql.Tx) error {
		// Those before which less than the excess has gone.
		_, err := tx.ExecContext(ctx, `
			DELETE FROM sighting_pictures WHERE (sighting_id, kind) IN (
				SELECT sighting_id, kind FROM (
					SELECT sighting_id, kind, sum(bytes) OVER (ORDER BY at, sighting_id, kind) - bytes AS before FROM (
						SELECT * FROM (SELECT at, sighting_id, kind, bytes FROM sighting_pictures ORDER BY at, sighting_id, kind LIMIT ?)))
				WHERE before < ?)`, sweepBatch, excess)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("erase old pictures: %w", err)
	}
	r.Sightings.Store.erased()
	return true, nil
}
