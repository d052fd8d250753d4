package enroll

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"facegate"
)

// A storedSighting is a row of sightings.
type storedSighting struct {
	facegate.Sighting       // its Revision is the one shown
	reported          int   // the camera's own revision
	change            int64 // see facegate.SightingRecord
	labelled          bool
}

// sightingDetail is what no query looks into.
type sightingDetail struct {
	TrackID    int64        `json:"track_id"`
	Distance   float64      `json:"distance"`
	Similarity float64      `json:"similarity"`
	Threshold  float64      `json:"threshold"`
	Evidence   int          `json:"evidence"`
	Quality    float64      `json:"quality"`
	Liveness   *float64     `json:"liveness,omitempty"`
	Box        facegate.Box `json:"box"`
	Width      int          `json:"width"`
	Height     int          `json:"height"`

	Policy         facegate.Policy `json:"policy,omitempty"`
	FalseMatchRate *float64        `json:"false_match_rate,omitempty"`
}

// nextChange is the number of the change being made.
func nextChange(ctx context.Context, tx *sql.Tx) (change int64, err error) {
	if err := tx.QueryRowContext(ctx, `UPDATE sighting_changes SET latest = latest + 1 RETURNING latest`).Scan(&change); err != nil {
		return 0, fmt.Errorf("count the change: %w", err)
	}
	return change, nil
}

// upsert writes the row. A sighting that was erased while it went on begins anew.
func (r *storedSighting) upsert(ctx context.Context, tx *sql.Tx) error {
	detail, err := json.Marshal(sightingDetail{r.TrackID, r.Distance, r.Similarity, r.Threshold, r.Evidence, r.Quality,
		r.Liveness, r.Box, r.Width, r.Height, r.Policy, r.FalseMatchRate})
	if err != nil {
		return fmt.Errorf("encode the sighting: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO sightings (id, reported, revision, change, ended, labelled, camera_id, camera_name, decision,
			person_id, candidate_id, unknown_id, first_seen, last_seen, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET reported = excluded.reported, revision = excluded.revision, change = excluded.change,
			ended = excluded.ended, labelled = excluded.labelled, camera_id = excluded.camera_id, camera_name = excluded.camera_name,
			decision = excluded.decision, person_id = excluded.person_id, candidate_id = excluded.candidate_id,
			unknown_id = excluded.unknown_id, first_seen = excluded.first_seen, last_seen = excluded.last_seen, detail = excluded.detail`,
		r.ID, r.reported, r.Revision, r.change, r.Ended, r.labelled, r.Camera.ID, r.Camera.Name, string(r.Decision),
		nullString(idOf(r.Person)), nullString(idOf(r.Candidate)), nullString(r.UnknownID),
		r.FirstSeen.UnixMilli(), r.LastSeen.UnixMilli(), string(detail))
	if err != nil {
		return fmt.Errorf("write the sighting: %w", err)
	}
	return nil
}

// storedSightingByID is the row without names; nil when there is none.
func storedSightingByID(ctx context.Context, tx *sql.Tx, id string) (*storedSighting, error) {
	r := storedSighting{Sighting: facegate.Sighting{ID: id}}
	var personID, unknownID sql.NullString
	err := tx.QueryRowContext(ctx, `SELECT reported, revision, labelled, decision, person_id, unknown_id FROM sightings WHERE id = ?`, id).
		Scan(&r.reported, &r.Revision, &r.labelled, &r.Decision, &personID, &unknownID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the sighting: %w", err)
	}
	if personID.Valid {
		r.Person = &facegate.PersonRef{ID: personID.String}
	}
	r.UnknownID = unknownID.String
	return &r, nil
}

const sightingColumns = `s.id, s.revision, s.change, s.ended, s.labelled, s.camera_id, coalesce(c.name, s.camera_name), s.decision,
	p.id, p.name, n.id, n.name, s.unknown_id, s.first_seen, s.last_seen, s.detail,
	EXISTS (SELECT 1 FROM sighting_pictures i WHERE i.sighting_id = s.id AND i.kind = 'photo'),
	EXISTS (SELECT 1 FROM sighting_pictures i WHERE i.sighting_id = s.id AND i.kind = 'crop')`

const sightingTables = `sightings s LEFT JOIN cameras c ON c.id = s.camera_id
	LEFT JOIN people p ON p.id = s.person_id LEFT JOIN people n ON n.id = s.candidate_id`

// scanSighting reads sightingColumns.
func scanSighting(row interface{ Scan(...any) error }) (facegate.SightingRecord, error) {
	var r facegate.SightingRecord
	var personID, personName, candidateID, candidateName, unknownID sql.NullString
	var first, last int64
	var detail []byte
	if err := row.Scan(&r.ID, &r.Revision, &r.Change, &r.Ended, &r.Labelled, &r.Camera.ID, &r.Camera.Name, &r.Decision,
		&personID, &personName, &candidateID, &candidateName, &unknownID, &first, &last, &detail, &r.Photo, &r.Face); err != nil {
		return r, err
	}
	var d sightingDetail
	if err := json.Unmarshal(detail, &d); err != nil {
		return r, fmt.Errorf("read the detail of sighting %s: %w", r.ID, err)
	}
	if personID.Valid {
		r.Person = &facegate.PersonRef{ID: personID.String, Name: personName.String}
	}
	if candidateID.Valid {
		r.Candidate = &facegate.PersonRef{ID: candidateID.String, Name: candidateName.String}
	}
	r.UnknownID = unknownID.String
	r.FirstSeen, r.LastSeen = fromMillis(first), fromMillis(last)
	r.TrackID, r.Distance, r.Similarity, r.Threshold = d.TrackID, d.Distance, d.Similarity, d.Threshold
	r.Evidence, r.Quality, r.Liveness, r.Box, r.Width, r.Height = d.Evidence, d.Quality, d.Liveness, d.Box, d.Width, d.Height
	r.Policy, r.FalseMatchRate = d.Policy, d.FalseMatchRate
	return r, nil
}

func sightingByID(ctx context.Context, q queryer, id string) (facegate.SightingRecord, error) {
	r, err := scanSighting(q.QueryRowContext(ctx, `SELECT `+sightingColumns+` FROM `+sightingTables+` WHERE s.id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, facegate.NewError(facegate.CodeSightingNotFound, fmt.Sprintf("there is no sighting with the id %q", id),
			"list the sightings; those too old are gone")
	}
	if err != nil {
		return r, fmt.Errorf("read sighting %s: %w", id, err)
	}
	return r, nil
}

// selectSightings is the sightings that the end of a query selects.
func selectSightings(ctx context.Context, q queryer, where string, args ...any) ([]facegate.SightingRecord, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+sightingColumns+` FROM `+sightingTables+` WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read sightings: %w", err)
	}
	defer rows.Close()
	all := []facegate.SightingRecord{}
	for rows.Next() {
		r, err := scanSighting(rows)
		if err != nil {
			return nil, fmt.Errorf("read sightings: %w", err)
		}
		all = append(all, r)
	}
	return all, rows.Err()
}
