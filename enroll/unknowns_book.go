package enroll

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"facegate"

	"github.com/google/uuid"
)

// Unknowns is [facegate.UnknownBook] and [facegate.Unknowns] in the database: the
// strangers that cameras saw, as clusters of embeddings, under ids that last.
//
// Who a sighting shows is decided by the root mean square of the distances
// between its shots and those kept of each stranger. On LFW, with 100 people in
// random order, that is the rule that needs no other radius for sightings of one
// shot than for those of several: at 0.52, 0.6% of sightings of one photo, 0.4% of
// those of two, and none of those of four were given to somebody else, and 5.1%,
// 1.6% and 1.3% began a second entry for somebody who had one. (The distance
// between means, at 0.5: 0.9%, 6.0% and 5.3% wrong.)
type Unknowns struct {
	Store     *Store
	People    *Service   // enrols who is named; its Analyser says which shots compare
	Sightings *Sightings // whose sightings are named with them
	Now       func() time.Time
	// Radius is the distance up to which a sighting is of a stranger who is in the
	// book. 0: DefaultUnknownRadius.
	Radius float64

	mu    sync.Mutex // held through every change, so that index follows them in order
	index bookIndex
}

// DefaultUnknownRadius parts strangers.
const DefaultUnknownRadius = 0.52

// Tables whose rows are sealed, as their associated data names them.
const (
	unknownsTable = "unknowns"
	shotsTable    = "unknown_shots"
)

// shotKey is a row of shotsTable, as its associated data names it.
func shotKey(seq int64) string { return strconv.FormatInt(seq, 10) }

// keptShots is how many shots of a stranger are kept, over all their sightings.
const keptShots = 48

var (
	_ facegate.UnknownBook = (*Unknowns)(nil)
	_ facegate.Unknowns    = (*Unknowns)(nil)
)

// Assign is the id of the stranger whom the shots of a sighting show.
func (u *Unknowns) Assign(ctx context.Context, sightingID string, shots []facegate.Shot) (unknownID string, err error) {
	probe, ok := clusterOf(shots)
	if !ok {
		return "", invalid("a stranger is known by shots, and there are none", "hand in the shots of the sighting")
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	err = u.Store.write(ctx, func(tx *sql.Tx) error {
		if unknownID, err = labelledUnknown(ctx, tx, sightingID); err != nil || unknownID != "" {
			return err // somebody has said who this is; the camera will see
		}
		if err := u.index.refresh(ctx, tx, u.Store.vault); err != nil {
			return err
		}
		if unknownID, err = u.find(ctx, tx, sightingID, &probe, shots[0].At); err != nil {
			return err
		}
		if err := u.replaceShots(ctx, tx, sightingID, unknownID, shots); err != nil {
			return err
		}
		return u.refresh(ctx, tx, unknownID)
	})
	if err != nil {
		u.index.drop() // it may hold what was not committed
		return "", fmt.Errorf("give a stranger an id: %w", err)
	}
	return unknownID, nil
}

// Withdraw takes a sighting's shots out of the book.
func (u *Unknowns) Withdraw(ctx context.Context, sightingID string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err := u.Store.write(ctx, func(tx *sql.Tx) error { return u.Store.forgetMember(ctx, tx, sightingID) }); err != nil {
		return fmt.Errorf("take a sighting out of the book: %w", err)
	}
	return nil
}

// find is the stranger a sighting shows: the one it was given to before, the
// nearest, or somebody new.
func (u *Unknowns) find(ctx context.Context, tx *sql.Tx, sightingID string, probe *cluster, at time.Time) (id string, err error) {
	err = tx.QueryRowContext(ctx, `SELECT unknown_id FROM unknown_members WHERE sighting_id = ?`, sightingID).Scan(&id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	radius := u.Radius
	if radius == 0 {
		radius = DefaultUnknownRadius
	}
	if id = u.index.nearest(probe, u.recipe(), radius); id != "" {
		return id, nil
	}
	return u.insert(ctx, tx, at)
}

func (u *Unknowns) insert(ctx context.Context, tx *sql.Tx, at time.Time) (id string, err error) {
	id = uuid.NewString()
	if _, err := tx.ExecContext(ctx, `INSERT INTO unknowns (id, created_at, last_seen) VALUES (?, ?, ?)`,
		id, timeNow(u.Now).UnixMilli(), at.UnixMilli()); err != nil {
		return "", fmt.Errorf("add a stranger: %w", err)
	}
	return id, nil
}

func (u *Unknowns) recipe() string {
	if u.People == nil || u.People.Analyser == nil {
		return ""
	}
	return u.People.Analyser.Recipe()
}

// replaceShots makes shots those of the sighting, and the sighting the stranger's.
func (u *Unknowns) replaceShots(ctx context.Context, tx *sql.Tx, sightingID, unknownID string, shots []facegate.Shot) error {
	last := shots[0].At
	for _, s := range shots {
		if s.At.After(last) {
			last = s.At
		}
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO unknown_members (sighting_id, unknown_id, at) VALUES (?, ?, ?)
		ON CONFLICT (sighting_id) DO UPDATE SET at = excluded.at`, sightingID, unknownID, last.UnixMilli()); err != nil {
		return fmt.Errorf("note the sighting: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM unknown_shots WHERE sighting_id = ?`, sightingID); err != nil {
		return fmt.Errorf("replace the shots: %w", err)
	}
	var seq int64 // known before the row is there, for sealed values are bound to it
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM unknown_shots`).Scan(&seq); err != nil {
		return fmt.Errorf("number the shots: %w", err)
	}
	for _, s := range shots {
		seq++
		if s.Quality.Reasons == nil {
			s.Quality.Reasons = []string{}
		}
		quality, err := json.Marshal(s.Quality)
		if err != nil {
			return fmt.Errorf("store a shot: quality: %w", err)
		}
		box, err := json.Marshal(s.Box)
		if err != nil {
			return fmt.Errorf("store a shot: box: %w", err)
		}
		crop := []byte{}
		if len(s.Crop) > 0 {
			crop = u.Store.vault.seal(shotsTable, shotKey(seq), s.Crop)
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO unknown_shots (seq, sighting_id, at, embedding, recipe, overall, quality, box, crop) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			seq, sightingID, s.At.UnixMilli(), u.Store.vault.seal(shotsTable, shotKey(seq), s.Embedding.Bytes()), u.recipe(), s.Quality.Overall, string(quality), string(box), crop); err != nil {
			return fmt.Errorf("store a shot: %w", err)
		}
	}
	return nil
}

// refresh is refreshUnknown, with the index kept in step.
func (u *Unknowns) refresh(ctx context.Context, tx *sql.Tx, id string) error {
	before := u.index.change
	if err := u.Store.refreshUnknown(ctx, tx, id); err != nil {
		return err
	}
	return u.index.follow(ctx, tx, u.Store.vault, id, before)
}

// refreshUnknown brings a stranger's row up to date with the shots there are,
// after dropping those that are too many. A stranger of whom nothing is left goes.
func (s *Store) refreshUnknown(ctx context.Context, tx *sql.Tx, id string) error {
	var members int
	var last sql.NullInt64
	if err := tx.QueryRowContext(ctx, `SELECT count(*), max(at) FROM unknown_members WHERE unknown_id = ?`, id).Scan(&members, &last); err != nil {
		return fmt.Errorf("read stranger %s: %w", id, err)
	}
	if members == 0 {
		if _, err := tx.ExecContext(ctx, `DELETE FROM unknowns WHERE id = ?`, id); err != nil {
			return fmt.Errorf("drop stranger %s: %w", id, err)
		}
		return countUnknownChange(ctx, tx)
	}
	// What a sighting has many of goes first, then the poorest.
	if _, err := tx.ExecContext(ctx, `
		DELETE FROM unknown_shots WHERE seq IN (
			SELECT seq FROM (
				SELECT s.seq, s.overall, row_number() OVER (PARTITION BY s.sighting_id ORDER BY s.overall DESC, s.seq) AS place
				FROM unknown_members m JOIN unknown_shots s ON s.sighting_id = m.sighting_id WHERE m.unknown_id = ?)
			ORDER BY place, overall DESC, seq LIMIT -1 OFFSET ?)`, id, keptShots); err != nil {
		return fmt.Errorf("thin the shots of stranger %s: %w", id, err)
	}
	shots, err := s.shotsOf(ctx, tx, id, keptShots)
	if err != nil {
		return err
	}
	var mean []byte
	var kept cluster
	recipe := ""
	if len(shots) > 0 {
		newest := shots[0]
		for _, s := range shots {
			if s.seq > newest.seq {
				newest = s
			}
		}
		recipe = newest.recipe
		var comparable []facegate.Shot
		for _, s := range shots {
			if s.recipe == recipe {
				comparable = append(comparable, s.Shot)
			}
		}
		kept, _ = clusterOf(comparable)
		mean = s.vault.seal(unknownsTable, id, kept.mean.Bytes())
	}
	if _, err := tx.ExecContext(ctx, `UPDATE unknowns SET mean = ?, spread = ?, recipe = ?, last_seen = ? WHERE id = ?`,
		mean, kept.spread, recipe, last.Int64, id); err != nil {
		return fmt.Errorf("write stranger %s: %w", id, err)
	}
	return countUnknownChange(ctx, tx)
}

// forgetMember takes a sighting out of the book.
func (s *Store) forgetMember(ctx context.Context, tx *sql.Tx, sightingID string) error {
	var id string
	err := tx.QueryRowContext(ctx, `DELETE FROM unknown_members WHERE sighting_id = ? RETURNING unknown_id`, sightingID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("take sighting %s out of the book: %w", sightingID, err)
	}
	return s.refreshUnknown(ctx, tx, id)
}

// labelledUnknown is the id a sighting's stranger had before somebody said who it
// is; empty where nobody has.
func labelledUnknown(ctx context.Context, tx *sql.Tx, sightingID string) (string, error) {
	var id sql.NullString
	err := tx.QueryRowContext(ctx, `SELECT unknown_id FROM sightings WHERE id = ? AND labelled = 1`, sightingID).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("look for the sighting: %w", err)
	}
	return id.String, nil
}

// An alias is what became of a stranger: another one, or a person, or neither.
type alias struct{ unknownID, personID string }

func aliasOf(ctx context.Context, q queryer, id string) (alias, error) {
	var unknownID, personID sql.NullString
	err := q.QueryRowContext(ctx, `SELECT unknown_id, person_id FROM unknown_aliases WHERE id = ?`, id).Scan(&unknownID, &personID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return alias{}, fmt.Errorf("look for stranger %s: %w", id, err)
	}
	return alias{unknownID.String, personID.String}, nil
}

func countUnknownChange(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `UPDATE unknown_changes SET latest = latest + 1`); err != nil {
		return fmt.Errorf("count the change: %w", err)
	}
	return nil
}
