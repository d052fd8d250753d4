package enroll

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"facegate"
)

// Sightings is [facegate.SightingSink] and [facegate.Sightings] in the database.
// A report and what is to be delivered of it are one transaction: what a camera
// was told is stored reaches every destination in the end.
type Sightings struct {
	Store  *Store
	Outbox *Outbox // nil: nothing is delivered

	changed signal
}

var (
	_ facegate.SightingSink = (*Sightings)(nil)
	_ facegate.Sightings    = (*Sightings)(nil)
)

// timeNow is the time as the database keeps it.
func timeNow(now func() time.Time) time.Time {
	if now == nil {
		now = time.Now
	}
	return fromMillis(now().UnixMilli())
}

// Changed is closed with the next change to a sighting.
func (s *Sightings) Changed() <-chan struct{} { return s.changed.wait() }

// Report stores a report, unless it or a later one of the same sighting is there.
//
// The report may be older than what is known now. A stranger who was merged or
// named meanwhile is who they were found to be. Of a person who was erased
// meanwhile nothing is stored: the camera will see that it knows them no more.
func (s *Sightings) Report(ctx context.Context, r facegate.Sighting) error {
	if len(r.ID) != 36 || r.Revision < 1 || r.Camera.ID == "" || r.Decision == "" {
		return invalid("a sighting lacks its id, revision, camera or decision", "report it whole")
	}
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		old, err := storedSightingByID(ctx, tx, r.ID)
		if err != nil {
			return err
		}
		if old != nil && r.Revision <= old.reported {
			return nil
		}
		row := &storedSighting{Sighting: r, reported: r.Revision}
		if erased, err := row.settle(ctx, tx, old); err != nil || erased {
			return err
		}
		news := true
		if old != nil {
			row.Revision = max(r.Revision, old.Revision+1)
			news = row.Decision != old.Decision || idOf(row.Person) != idOf(old.Person)
		}
		if row.change, err = nextChange(ctx, tx); err != nil {
			return err
		}
		if err := row.upsert(ctx, tx); err != nil {
			return err
		}
		for kind, jpeg := range map[string][]byte{pictureOfShot: r.BestShot, pictureOfFace: r.Crop} {
			if err := savePicture(ctx, tx, s.Store.vault, r.ID, kind, r.LastSeen, jpeg); err != nil {
				return err
			}
		}
		return s.post(ctx, tx, r.ID, news)
	})
	if err != nil {
		return fmt.Errorf("store sighting %s: %w", r.ID, err)
	}
	s.tell()
	return nil
}

// tell wakes who follows changes. It comes after the commit.
func (s *Sightings) tell() {
	s.changed.fire()
	if s.Outbox != nil {
		s.Outbox.queued.fire()
	}
}

// settle brings a report up to date with what happened to people and strangers
// since the camera looked them up. erased tells that the person it names is gone.
func (r *storedSighting) settle(ctx context.Context, tx *sql.Tx, old *storedSighting) (erased bool, err error) {
	if r.UnknownID != "" {
		alias, err := aliasOf(ctx, tx, r.UnknownID)
		switch {
		case err != nil:
			return false, err
		case alias.unknownID != "":
			r.UnknownID = alias.unknownID
		case alias.personID != "" && r.Decision == facegate.Unknown:
			r.label(alias.personID)
		}
	}
	if old != nil && old.labelled && r.Decision == facegate.Unknown {
		// The camera has not noticed yet.
		r.label(idOf(old.Person))
		r.UnknownID = old.UnknownID
	}
	there, err := personIsThere(ctx, tx, idOf(r.Candidate))
	if err != nil {
		return false, err
	}
	if !there {
		r.Candidate = nil
	}
	if r.Person == nil {
		return r.Decision == facegate.Match, nil
	}
	there, err = personIsThere(ctx, tx, r.Person.ID)
	return !there, err
}

// label makes the sighting a person's, because somebody says so.
func (r *storedSighting) label(personID string) {
	r.Decision, r.Person, r.labelled = facegate.Match, &facegate.PersonRef{ID: personID}, true
}

func personIsThere(ctx context.Context, q queryer, id string) (there bool, err error) {
	if id == "" {
		return false, nil
	}
	if err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM people WHERE id = ?)`, id).Scan(&there); err != nil {
		return false, fmt.Errorf("look for person %s: %w", id, err)
	}
	return there, nil
}

// post queues the sighting as it is now.
func (s *Sightings) post(ctx context.Context, tx *sql.Tx, id string, news bool) error {
	if s.Outbox == nil {
		return nil
	}
	record, err := sightingByID(ctx, tx, id)
	if err != nil {
		return err
	}
	return s.Outbox.enqueue(ctx, tx, record, news)
}

// touch makes a change to stored sightings known: each is the newest change, with
// the next revision, and is delivered as no news.
func (s *Sightings) touch(ctx context.Context, tx *sql.Tx, ids []string) error {
	for _, id := range ids {
		change, err := nextChange(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE sightings SET revision = revision + 1, change = ? WHERE id = ?`, change, id); err != nil {
			return fmt.Errorf("change sighting %s: %w", id, err)
		}
		if err := s.post(ctx, tx, id, false); err != nil {
			return err
		}
	}
	return nil
}

// EndOpen ends the sightings that were open when the program ended without
// ending them, and tells how many. It is called before cameras start.
func (s *Sightings) EndOpen(ctx context.Context) (ended int, err error) {
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		ids, err := stringsOf(ctx, tx, `SELECT id FROM sightings WHERE ended = 0 ORDER BY seq`)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE sightings SET ended = 1 WHERE ended = 0`); err != nil {
			return err
		}
		ended = len(ids)
		return s.touch(ctx, tx, ids)
	})
	if err != nil {
		return 0, fmt.Errorf("end the open sightings: %w", err)
	}
	s.tell()
	return ended, nil
}

// Delete erases a sighting.
func (s *Sightings) Delete(ctx context.Context, id string) error {
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		if _, err := sightingByID(ctx, tx, id); err != nil {
			return err
		}
		return s.Store.eraseSightings(ctx, tx, []string{id})
	})
	if err != nil {
		return fmt.Errorf("delete sighting: %w", err)
	}
	s.Store.erased()
	s.tell()
	return nil
}

// eraseSightings erases sightings and what they taught of strangers.
func (s *Store) eraseSightings(ctx context.Context, tx *sql.Tx, ids []string) error {
	for _, id := range ids {
		if err := s.forgetMember(ctx, tx, id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sightings WHERE id = ?`, id); err != nil {
			return fmt.Errorf("erase sighting %s: %w", id, err)
		}
	}
	return nil
}

// Kinds of pictures.
const (
	pictureOfShot = "photo"
	pictureOfFace = "crop"
)

func savePicture(ctx context.Context, tx *sql.Tx, v vault, id, kind string, at time.Time, jpeg []byte) error {
	if len(jpeg) == 0 {
		return nil
	}
	var stored []byte
	err := tx.QueryRowContext(ctx, `SELECT jpeg FROM sighting_pictures WHERE sighting_id = ? AND kind = ?`, id, kind).Scan(&stored)
	if err == nil {
		stored, err = v.open(picturesTable, id+"/"+kind, stored)
	}
	switch {
	case err == nil && bytes.Equal(stored, jpeg):
		_, err = tx.ExecContext(ctx, `UPDATE sighting_pictures SET at = ? WHERE sighting_id = ? AND kind = ?`, at.UnixMilli(), id, kind)
	case err == nil, errors.Is(err, sql.ErrNoRows):
		_, err = tx.ExecContext(ctx, `
			INSERT INTO sighting_pictures (sighting_id, kind, at, bytes, jpeg) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (sighting_id, kind) DO UPDATE SET at = excluded.at, bytes = excluded.bytes, jpeg = excluded.jpeg`,
			id, kind, at.UnixMilli(), len(jpeg), v.seal(picturesTable, id+"/"+kind, jpeg))
	}
	if err != nil {
		return fmt.Errorf("store a picture: %w", err)
	}
	return nil
}

// Photo is the picture of the best shot, a JPEG.
func (s *Sightings) Photo(ctx context.Context, id string) ([]byte, error) {
	return s.picture(ctx, id, pictureOfShot)
}

// Crop is the face in it, a JPEG.
func (s *Sightings) Crop(ctx context.Context, id string) ([]byte, error) {
	return s.picture(ctx, id, pictureOfFace)
}

func (s *Sightings) picture(ctx context.Context, id, kind string) ([]byte, error) {
	var jpeg []byte
	err := s.Store.reader.QueryRowContext(ctx, `SELECT jpeg FROM sighting_pictures WHERE sighting_id = ? AND kind = ?`, id, kind).Scan(&jpeg)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, facegate.NewError(facegate.CodeSightingNotFound, "there is no such picture of a sighting",
			"pictures are kept for a while only; list the sightings to see which have one")
	}
	if err != nil {
		return nil, fmt.Errorf("read the picture of sighting %s: %w", id, s.Store.cause(ctx, err))
	}
	return s.Store.vault.open(picturesTable, id+"/"+kind, jpeg)
}

func idOf(p *facegate.PersonRef) string {
	if p == nil {
		return ""
	}
	return p.ID
}

// stringsOf is the one column of a query.
func stringsOf(ctx context.Context, q queryer, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
