package enroll

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"facegate"

	"golang.org/x/text/unicode/norm"
)

// Sighting is the sighting with the id.
func (s *Sightings) Sighting(ctx context.Context, id string) (facegate.SightingRecord, error) {
	r, err := sightingByID(ctx, s.Store.reader, id)
	return r, s.Store.cause(ctx, err)
}

// List is one page of the sightings that f selects, those that began last first.
func (s *Sightings) List(ctx context.Context, f facegate.SightingFilter) (facegate.SightingPage, error) {
	limit, err := pageSize(f.Limit)
	if err != nil {
		return facegate.SightingPage{}, err
	}
	where, args := sightingSelection(f)
	page := facegate.SightingPage{}
	err = s.Store.read(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT latest FROM sighting_changes`).Scan(&page.Change); err != nil {
			return fmt.Errorf("read the latest change: %w", err)
		}
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM `+sightingTables+` WHERE `+where, args...).Scan(&page.Total); err != nil {
			return fmt.Errorf("count the sightings: %w", err)
		}
		if f.After != "" {
			first, seq, err := parseCursor(f.After)
			if err != nil {
				return err
			}
			where += ` AND (s.first_seen, s.seq) < (?, ?)`
			args = append(args, first, seq)
		}
		page.Sightings, err = selectSightings(ctx, tx, where+` ORDER BY s.first_seen DESC, s.seq DESC LIMIT ?`, append(args, limit+1)...)
		if err != nil || len(page.Sightings) <= limit {
			return err
		}
		page.Sightings = page.Sightings[:limit]
		last := page.Sightings[limit-1]
		var seq int64
		if err := tx.QueryRowContext(ctx, `SELECT seq FROM sightings WHERE id = ?`, last.ID).Scan(&seq); err != nil {
			return fmt.Errorf("mark the page's end: %w", err)
		}
		page.Next = fmt.Sprintf("%d-%d", last.FirstSeen.UnixMilli(), seq)
		return nil
	})
	if err != nil {
		return facegate.SightingPage{}, fmt.Errorf("list sightings: %w", err)
	}
	return page, nil
}

func pageSize(limit int) (int, error) {
	if limit == 0 {
		return defaultPage, nil
	}
	if limit < 1 || limit > maxPage {
		return 0, invalid(fmt.Sprintf("the page size %d is out of range", limit), fmt.Sprintf("ask for 1 to %d a page", maxPage))
	}
	return limit, nil
}

// parseCursor reads "first_seen-seq".
func parseCursor(cursor string) (first, seq int64, err error) {
	if i := strings.LastIndexByte(cursor, '-'); i > 0 {
		var errFirst, errSeq error
		first, errFirst = strconv.ParseInt(cursor[:i], 10, 64)
		seq, errSeq = strconv.ParseInt(cursor[i+1:], 10, 64)
		if errFirst == nil && errSeq == nil {
			return first, seq, nil
		}
	}
	return 0, 0, invalid("the page cursor is damaged", "use the next cursor of the page before as it is, or none")
}

// sightingSelection is f as a condition.
func sightingSelection(f facegate.SightingFilter) (where string, args []any) {
	where = "TRUE"
	and := func(condition string, values ...any) {
		where += " AND " + condition
		args = append(args, values...)
	}
	if f.Camera != "" {
		name := norm.NFC.String(f.Camera)
		and(`(s.camera_id = ? OR s.camera_id IN (SELECT id FROM cameras WHERE name = ?) OR c.id IS NULL AND s.camera_name = ?)`, f.Camera, name, name)
	}
	if f.Person != "" {
		and(`s.person_id IN (SELECT id FROM people WHERE id = ? OR name = ?)`, f.Person, norm.NFC.String(f.Person))
	}
	if f.UnknownID != "" {
		and(`s.unknown_id = ? AND s.labelled = 0`, f.UnknownID)
	}
	if len(f.Decisions) > 0 {
		var values []any
		for _, d := range f.Decisions {
			values = append(values, string(d))
		}
		and(`s.decision IN (?`+strings.Repeat(", ?", len(values)-1)+`)`, values...)
	}
	if f.Open {
		and(`s.ended = 0`)
	}
	if f.Since != nil {
		and(`s.last_seen >= ?`, f.Since.UnixMilli())
	}
	if f.Until != nil {
		and(`s.first_seen < ?`, f.Until.UnixMilli())
	}
	return where, args
}

// LatestChange is the newest change to any sighting.
func (s *Sightings) LatestChange(ctx context.Context) (change int64, err error) {
	if err := s.Store.reader.QueryRowContext(ctx, `SELECT latest FROM sighting_changes`).Scan(&change); err != nil {
		return 0, fmt.Errorf("read the latest change: %w", s.Store.cause(ctx, err))
	}
	return change, nil
}

// ChangedSince is the sightings changed after the change.
func (s *Sightings) ChangedSince(ctx context.Context, change int64, limit int) ([]facegate.SightingRecord, error) {
	all, err := selectSightings(ctx, s.Store.reader, `s.change > ? ORDER BY s.change LIMIT ?`, change, limit)
	return all, s.Store.cause(ctx, err)
}

// OpenAt is how many sightings of a camera have not ended: the people in front of
// it, as far as is known.
func (s *Sightings) OpenAt(ctx context.Context, cameraID string) (n int, err error) {
	if err := s.Store.reader.QueryRowContext(ctx, `SELECT count(*) FROM sightings WHERE camera_id = ? AND ended = 0`, cameraID).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the open sightings: %w", s.Store.cause(ctx, err))
	}
	return n, nil
}
