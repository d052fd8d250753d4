package enroll

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"facegate"
)

// An Outbox is [facegate.Outbox] in the database. [Sightings] fills it.
type Outbox struct {
	Store *Store
	Now   func() time.Time // nil: time.Now
	// Always are destinations that everything is queued for, beside the webhooks
	// in the database: those that the program's settings name.
	Always []string
	// MaxAge and MaxRows bound what waits for one destination; what is older, or
	// more, is dropped, the oldest first. 0: no bound.
	MaxAge  time.Duration
	MaxRows int

	queued signal
}

var _ facegate.Outbox = (*Outbox)(nil)

// Queued is closed when the next delivery comes in, or a webhook changes.
func (o *Outbox) Queued() <-chan struct{} { return o.queued.wait() }

// enqueue writes a report for every destination, in the transaction of the
// sighting.
func (o *Outbox) enqueue(ctx context.Context, tx *sql.Tx, r facegate.SightingRecord, news bool) error {
	hooks, err := stringsOf(ctx, tx, `SELECT id FROM webhooks WHERE paused = 0 ORDER BY created_at, id`)
	if err != nil {
		return fmt.Errorf("list the webhooks: %w", err)
	}
	destinations := append(slices.Clone(o.Always), hooks...)
	if len(destinations) == 0 {
		return nil
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode the sighting: %w", err)
	}
	for _, d := range destinations {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO outbox (destination, sighting_id, camera_id, news, payload, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
			d, r.ID, r.Camera.ID, news, string(payload), timeNow(o.Now).UnixMilli()); err != nil {
			return fmt.Errorf("queue for %s: %w", d, err)
		}
	}
	return nil
}

// eraseWaiting takes a person who is erased out of what waits: reports that take
// somebody else's sighting for them, or did once, go on without their name.
func eraseWaiting(ctx context.Context, tx *sql.Tx, personID string) error {
	for _, query := range []string{
		`DELETE FROM outbox WHERE payload ->> '$.person.id' = ?`,
		`UPDATE outbox SET payload = json_remove(payload, '$.candidate') WHERE payload ->> '$.candidate.id' = ?`,
	} {
		if _, err := tx.ExecContext(ctx, query, personID); err != nil {
			return fmt.Errorf("take a person out of the outbox: %w", err)
		}
	}
	return nil
}

// Pending is the oldest deliveries to a destination.
func (o *Outbox) Pending(ctx context.Context, destination string, limit int) ([]facegate.Delivery, error) {
	rows, err := o.Store.reader.QueryContext(ctx, `
		SELECT seq, camera_id, news, payload, attempts, created_at FROM outbox WHERE destination = ? ORDER BY seq LIMIT ?`, destination, limit)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", o.Store.cause(ctx, err))
	}
	defer rows.Close()
	var all []facegate.Delivery
	for rows.Next() {
		d := facegate.Delivery{Destination: destination}
		var createdAt int64
		if err := rows.Scan(&d.Seq, &d.CameraID, &d.News, &d.Sighting, &d.Attempts, &createdAt); err != nil {
			return nil, fmt.Errorf("read the outbox: %w", o.Store.cause(ctx, err))
		}
		d.CreatedAt = fromMillis(createdAt)
		all = append(all, d)
	}
	return all, o.Store.cause(ctx, rows.Err())
}

// Delivered takes a delivery out.
func (o *Outbox) Delivered(ctx context.Context, d facegate.Delivery) error {
	err := o.Store.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE seq = ?`, d.Seq); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO destinations (destination, delivered, delivered_at) VALUES (?, 1, ?)
			ON CONFLICT (destination) DO UPDATE SET delivered = delivered + 1, delivered_at = excluded.delivered_at`,
			d.Destination, timeNow(o.Now).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("take delivery %d out: %w", d.Seq, err)
	}
	return nil
}

// Failed notes that a delivery failed.
func (o *Outbox) Failed(ctx context.Context, d facegate.Delivery, reason string) error {
	err := o.Store.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE outbox SET attempts = attempts + 1 WHERE seq = ?`, d.Seq); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO destinations (destination, failures, last_error, last_error_at) VALUES (?, 1, ?, ?)
			ON CONFLICT (destination) DO UPDATE SET failures = failures + 1, last_error = excluded.last_error, last_error_at = excluded.last_error_at`,
			d.Destination, reason, timeNow(o.Now).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("note the failure of delivery %d: %w", d.Seq, err)
	}
	return nil
}

// prune drops what waits too long or is too much, and tells how much that was.
func (o *Outbox) prune(ctx context.Context) (dropped int64, err error) {
	err = o.Store.write(ctx, func(tx *sql.Tx) error {
		destinations, err := stringsOf(ctx, tx, `SELECT DISTINCT destination FROM outbox`)
		if err != nil {
			return err
		}
		for _, d := range destinations {
			n, err := o.pruneOne(ctx, tx, d)
			if err != nil {
				return err
			}
			dropped += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("prune the outbox: %w", err)
	}
	return dropped, nil
}

func (o *Outbox) pruneOne(ctx context.Context, tx *sql.Tx, destination string) (dropped int64, err error) {
	drop := func(query string, args ...any) error {
		result, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		dropped += n
		return err
	}
	if o.MaxAge > 0 {
		if err := drop(`DELETE FROM outbox WHERE destination = ? AND created_at < ?`,
			destination, timeNow(o.Now).Add(-o.MaxAge).UnixMilli()); err != nil {
			return dropped, err
		}
	}
	if o.MaxRows > 0 {
		if err := drop(`DELETE FROM outbox WHERE destination = ?1 AND seq <=
			(SELECT seq FROM outbox WHERE destination = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)`, destination, o.MaxRows); err != nil {
			return dropped, err
		}
	}
	if dropped == 0 {
		return 0, nil
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO destinations (destination, dropped) VALUES (?, ?)
		ON CONFLICT (destination) DO UPDATE SET dropped = dropped + excluded.dropped`, destination, dropped)
	return dropped, err
}

// Destinations tells how deliveries go.
func (o *Outbox) Destinations(ctx context.Context) ([]facegate.DestinationStatus, error) {
	var all []facegate.DestinationStatus
	err := o.Store.read(ctx, func(tx *sql.Tx) (err error) {
		all, err = destinationStatuses(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read how deliveries go: %w", err)
	}
	for _, d := range o.Always {
		if !slices.ContainsFunc(all, func(s facegate.DestinationStatus) bool { return s.Destination == d }) {
			all = append(all, facegate.DestinationStatus{Destination: d})
		}
	}
	return all, nil
}

func destinationStatuses(ctx context.Context, tx *sql.Tx) ([]facegate.DestinationStatus, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT a.destination, (SELECT count(*) FROM outbox o WHERE o.destination = a.destination),
			(SELECT created_at FROM outbox o WHERE o.destination = a.destination ORDER BY seq LIMIT 1),
			coalesce(d.delivered, 0), coalesce(d.failures, 0), coalesce(d.dropped, 0), coalesce(d.last_error, ''), d.last_error_at, d.delivered_at
		FROM (SELECT destination FROM destinations UNION SELECT DISTINCT destination FROM outbox) a
		LEFT JOIN destinations d ON d.destination = a.destination ORDER BY a.destination`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []facegate.DestinationStatus{}
	for rows.Next() {
		var s facegate.DestinationStatus
		var oldest, failedAt, deliveredAt sql.NullInt64
		if err := rows.Scan(&s.Destination, &s.Pending, &oldest, &s.Delivered, &s.Failures, &s.Dropped, &s.LastError, &failedAt, &deliveredAt); err != nil {
			return nil, err
		}
		s.Oldest, s.LastErrorAt, s.DeliveredAt = fromNullMillis(oldest), fromNullMillis(failedAt), fromNullMillis(deliveredAt)
		all = append(all, s)
	}
	return all, rows.Err()
}
