package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"facegate"
)

const strangerColumns = `u.id, u.last_seen, u.created_at,
	(SELECT min(first_seen) FROM sightings s WHERE s.unknown_id = u.id AND s.labelled = 0),
	(SELECT count(*) FROM sightings s WHERE s.unknown_id = u.id AND s.labelled = 0),
	(SELECT count(*) FROM unknown_members m JOIN unknown_shots h ON h.sighting_id = m.sighting_id WHERE m.unknown_id = u.id),
	(SELECT coalesce(max(h.overall), 0) FROM unknown_members m JOIN unknown_shots h ON h.sighting_id = m.sighting_id WHERE m.unknown_id = u.id)`

// scanStranger reads strangerColumns.
func scanStranger(row interface{ Scan(...any) error }) (facegate.Stranger, error) {
	s := facegate.Stranger{Cameras: []facegate.CameraRef{}}
	var last, created int64
	var first sql.NullInt64
	if err := row.Scan(&s.ID, &last, &created, &first, &s.Sightings, &s.Shots, &s.Quality); err != nil {
		return s, err
	}
	s.FirstSeen, s.LastSeen = fromMillis(created), fromMillis(last)
	if first.Valid {
		s.FirstSeen = fromMillis(first.Int64)
	}
	return s, nil
}

func strangerByID(ctx context.Context, tx *sql.Tx, id string) (facegate.Stranger, error) {
	s, err := scanStranger(tx.QueryRowContext(ctx, `SELECT `+strangerColumns+` FROM unknowns u WHERE u.id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return s, strangerNotFound(id)
	}
	if err != nil {
		return s, fmt.Errorf("read stranger %s: %w", id, err)
	}
	s.Cameras, err = camerasThatSaw(ctx, tx, id)
	return s, err
}

func strangerNotFound(id string) error {
	return facegate.NewError(facegate.CodeUnknownNotFound, fmt.Sprintf("there is no stranger with the id %q", id),
		"list the unknowns; those who were named or merged are gone")
}

func camerasThatSaw(ctx context.Context, tx *sql.Tx, unknownID string) ([]facegate.CameraRef, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT DISTINCT s.camera_id, coalesce(c.name, s.camera_name) FROM sightings s LEFT JOIN cameras c ON c.id = s.camera_id
		WHERE s.unknown_id = ? AND s.labelled = 0 ORDER BY 2, 1`, unknownID)
	if err != nil {
		return nil, fmt.Errorf("read the cameras of stranger %s: %w", unknownID, err)
	}
	defer rows.Close()
	cameras := []facegate.CameraRef{}
	for rows.Next() {
		var c facegate.CameraRef
		if err := rows.Scan(&c.ID, &c.Name); err != nil {
			return nil, fmt.Errorf("read the cameras of stranger %s: %w", unknownID, err)
		}
		cameras = append(cameras, c)
	}
	return cameras, rows.Err()
}

// Stranger is the stranger with the id.
func (u *Unknowns) Stranger(ctx context.Context, id string) (s facegate.Stranger, err error) {
	err = u.Store.read(ctx, func(tx *sql.Tx) error {
		s, err = strangerByID(ctx, tx, id)
		return err
	})
	return s, err
}

// List is one page of strangers, those seen last first. The cursor is when the
// last of the page before was seen, and who it was.
func (u *Unknowns) List(ctx context.Context, limit int, after string) (facegate.StrangerPage, error) {
	limit, err := pageSize(limit)
	if err != nil {
		return facegate.StrangerPage{}, err
	}
	page := facegate.StrangerPage{Unknowns: []facegate.Stranger{}}
	err = u.Store.read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM unknowns`).Scan(&page.Total); err != nil {
			return fmt.Errorf("count the strangers: %w", err)
		}
		where, args := "TRUE", []any{}
		if after != "" {
			at, id, ok := strings.Cut(after, "_")
			last, err := strconv.ParseInt(at, 10, 64)
			if !ok || err != nil {
				return invalid("the page cursor is damaged", "use the next cursor of the page before as it is, or none")
			}
			where, args = `(u.last_seen, u.id) < (?, ?)`, []any{last, id}
		}
		ids, err := stringsOf(ctx, tx, `SELECT u.id FROM unknowns u WHERE `+where+` ORDER BY u.last_seen DESC, u.id DESC LIMIT ?`,
			append(args, limit+1)...)
		if err != nil {
			return err
		}
		more := len(ids) > limit
		for _, id := range ids[:min(limit, len(ids))] {
			s, err := strangerByID(ctx, tx, id)
			if err != nil {
				return err
			}
			page.Unknowns = append(page.Unknowns, s)
		}
		if more {
			last := page.Unknowns[limit-1]
			page.Next = fmt.Sprintf("%d_%s", last.LastSeen.UnixMilli(), last.ID)
		}
		return nil
	})
	if err != nil {
		return facegate.StrangerPage{}, fmt.Errorf("list strangers: %w", err)
	}
	return page, nil
}

// Crop is the best face crop of a stranger, a JPEG.
func (u *Unknowns) Crop(ctx context.Context, id string) ([]byte, error) {
	var crop []byte
	var seq int64
	err := u.Store.reader.QueryRowContext(ctx, `
		SELECT s.seq, s.crop FROM unknown_members m JOIN unknown_shots s ON s.sighting_id = m.sighting_id
		WHERE m.unknown_id = ? AND length(s.crop) > 0 ORDER BY s.overall DESC, s.seq LIMIT 1`, id).Scan(&seq, &crop)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, strangerNotFound(id)
	}
	if err != nil {
		return nil, fmt.Errorf("read the crop of stranger %s: %w", id, u.Store.cause(ctx, err))
	}
	return u.Store.openCrop(seq, crop)
}
