package enroll

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"facegate"
)

// What the audit calls changes to strangers.
const (
	actionUnknownName   = "unknown.name"
	actionUnknownMerge  = "unknown.merge"
	actionUnknownSplit  = "unknown.split"
	actionUnknownDelete = "unknown.delete"
)

// namingShots is how many of a stranger's shots are offered for enrolment.
const namingShots = 12

// Name enrols a stranger, as [facegate.Unknowns] says. The shots were embedded
// when they were taken; only those of another recipe are looked at again.
func (u *Unknowns) Name(ctx context.Context, id string, n facegate.Naming) (facegate.Enrolment, error) {
	if u.People == nil || u.People.Analyser == nil {
		return facegate.Enrolment{}, errors.New("enroll.Unknowns names nobody without People and their Analyser")
	}
	if _, err := u.Stranger(ctx, id); err != nil {
		return facegate.Enrolment{}, err
	}
	shots, err := u.Store.shotsOf(ctx, u.Store.reader, id, namingShots)
	if err != nil {
		return facegate.Enrolment{}, u.Store.cause(ctx, err)
	}
	if len(shots) == 0 {
		return facegate.Enrolment{}, invalid("no shots of this stranger are kept to enrol them from", "enrol them from a photo")
	}
	recipe, faces := u.recipe(), map[photoHash]facegate.Face{}
	var photos []facegate.Photo
	for _, s := range shots {
		if s.recipe == recipe {
			faces[sha256.Sum256(s.Crop)] = facegate.Face{Box: s.Box, Quality: s.Quality, Embedding: &s.Embedding, Crop: s.Crop}
		}
		photos = append(photos, facegate.Photo{Name: "camera " + s.At.UTC().Format("2006-01-02 15.04.05.000"), Data: s.Crop})
	}
	analyse := func(ctx context.Context, photo facegate.Photo) (facegate.Analysis, error) {
		if f, ok := faces[sha256.Sum256(photo.Data)]; ok {
			return facegate.Analysis{Faces: []facegate.Face{f}}, nil
		}
		return u.People.analyse(ctx, photo)
	}
	also := func(tx *sql.Tx, p facegate.Person) error { return u.become(ctx, tx, id, p.ID) }

	u.mu.Lock()
	defer u.mu.Unlock()
	var e facegate.Enrolment
	if n.PersonID != "" {
		e, err = u.People.addSamplesAnd(ctx, n.PersonID, photos, analyse, also)
	} else {
		e, err = u.People.createAnd(ctx, n.New, photos, analyse, also)
	}
	if err != nil {
		return facegate.Enrolment{}, fmt.Errorf("name a stranger: %w", err)
	}
	u.Sightings.tell()
	return e, nil
}

// become makes a stranger a person.
func (u *Unknowns) become(ctx context.Context, tx *sql.Tx, id, personID string) error {
	sightings, err := sightingsOfStranger(ctx, tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		UPDATE sightings SET decision = ?, person_id = ?, candidate_id = NULL, labelled = 1 WHERE unknown_id = ? AND labelled = 0`,
		string(facegate.Match), personID, id); err != nil {
		return fmt.Errorf("name the sightings: %w", err)
	}
	now := timeNow(u.Now)
	if _, err := tx.ExecContext(ctx, `UPDATE unknown_aliases SET unknown_id = NULL, person_id = ? WHERE unknown_id = ?`, personID, id); err != nil {
		return fmt.Errorf("remember the stranger's names: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO unknown_aliases (id, person_id, at) VALUES (?, ?, ?)`, id, personID, now.UnixMilli()); err != nil {
		return fmt.Errorf("remember the stranger: %w", err)
	}
	if err := dropStranger(ctx, tx, id); err != nil {
		return err
	}
	if err := u.Sightings.touch(ctx, tx, sightings); err != nil {
		return err
	}
	return appendAudit(ctx, tx, now, auditEntry{action: actionUnknownName, personID: personID, detail: map[string]any{"sightings": len(sightings)}})
}

// dropStranger deletes a stranger, who must be there.
func dropStranger(ctx context.Context, tx *sql.Tx, id string) error {
	result, err := tx.ExecContext(ctx, `DELETE FROM unknowns WHERE id = ?`, id)
	if err != nil {
		return fmt.Errorf("delete stranger %s: %w", id, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, strangerNotFound(id))
	}
	return countUnknownChange(ctx, tx)
}

func sightingsOfStranger(ctx context.Context, tx *sql.Tx, id string) ([]string, error) {
	ids, err := stringsOf(ctx, tx, `SELECT id FROM sightings WHERE unknown_id = ? AND labelled = 0 ORDER BY seq`, id)
	if err != nil {
		return nil, fmt.Errorf("read the sightings of stranger %s: %w", id, err)
	}
	return ids, nil
}

// Merge makes others one with the stranger.
func (u *Unknowns) Merge(ctx context.Context, id string, others []string) (facegate.Stranger, error) {
	others = slices.Compact(slices.Sorted(slices.Values(others)))
	if len(others) == 0 || slices.Contains(others, id) {
		return facegate.Stranger{}, invalid("there is nobody else to merge with", "give the ids of other strangers")
	}
	return u.change(ctx, id, func(tx *sql.Tx, now time.Time) error {
		var moved []string
		for _, other := range others {
			if _, err := strangerByID(ctx, tx, other); err != nil {
				return err
			}
			sightings, err := sightingsOfStranger(ctx, tx, other)
			if err != nil {
				return err
			}
			moved = append(moved, sightings...)
			for _, statement := range []string{
				`UPDATE unknown_members SET unknown_id = ?1 WHERE unknown_id = ?2`,
				`UPDATE sightings SET unknown_id = ?1 WHERE unknown_id = ?2 AND labelled = 0`,
				`UPDATE unknown_aliases SET unknown_id = ?1 WHERE unknown_id = ?2`,
			} {
				if _, err := tx.ExecContext(ctx, statement, id, other); err != nil {
					return fmt.Errorf("merge stranger %s: %w", other, err)
				}
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO unknown_aliases (id, unknown_id, at) VALUES (?, ?, ?)`, other, id, now.UnixMilli()); err != nil {
				return fmt.Errorf("remember stranger %s: %w", other, err)
			}
			if err := dropStranger(ctx, tx, other); err != nil {
				return err
			}
		}
		if err := u.Sightings.touch(ctx, tx, moved); err != nil {
			return err
		}
		return appendAudit(ctx, tx, now, auditEntry{action: actionUnknownMerge,
			detail: map[string]any{"unknown": id, "others": others, "sightings": len(moved)}})
	})
}

// Split makes some of a stranger's sightings another stranger's.
func (u *Unknowns) Split(ctx context.Context, id string, sightings []string) (facegate.Stranger, error) {
	sightings = slices.Compact(slices.Sorted(slices.Values(sightings)))
	var newID string
	_, err := u.change(ctx, id, func(tx *sql.Tx, now time.Time) error {
		all, err := sightingsOfStranger(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, s := range sightings {
			if !slices.Contains(all, s) {
				return invalid(fmt.Sprintf("%q is no sighting of this stranger", s), "give ids from the stranger's sightings")
			}
		}
		if len(sightings) == 0 || len(sightings) >= len(all) {
			return invalid("a split leaves at least one sighting on each side", "give some of the stranger's sightings, not all")
		}
		if newID, err = u.insert(ctx, tx, now); err != nil {
			return err
		}
		for _, s := range sightings {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO unknown_members (sighting_id, unknown_id, at) VALUES (?, ?, ?)
				ON CONFLICT (sighting_id) DO UPDATE SET unknown_id = excluded.unknown_id`, s, newID, now.UnixMilli()); err != nil {
				return fmt.Errorf("move sighting %s: %w", s, err)
			}
			if _, err := tx.ExecContext(ctx, `UPDATE sightings SET unknown_id = ? WHERE id = ?`, newID, s); err != nil {
				return fmt.Errorf("move sighting %s: %w", s, err)
			}
		}
		if err := u.Store.refreshUnknown(ctx, tx, newID); err != nil {
			return err
		}
		if err := u.Sightings.touch(ctx, tx, sightings); err != nil {
			return err
		}
		return appendAudit(ctx, tx, now, auditEntry{action: actionUnknownSplit,
			detail: map[string]any{"unknown": id, "new": newID, "sightings": len(sightings)}})
	})
	if err != nil {
		return facegate.Stranger{}, err
	}
	return u.Stranger(ctx, newID)
}

// change changes a stranger, who must be there, and tells how they are then.
func (u *Unknowns) change(ctx context.Context, id string, f func(tx *sql.Tx, now time.Time) error) (s facegate.Stranger, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	err = u.Store.write(ctx, func(tx *sql.Tx) error {
		if _, err := strangerByID(ctx, tx, id); err != nil {
			return err
		}
		if err := f(tx, timeNow(u.Now)); err != nil {
			return err
		}
		if err := u.Store.refreshUnknown(ctx, tx, id); err != nil {
			return err
		}
		s, err = strangerByID(ctx, tx, id)
		return err
	})
	if err != nil {
		return facegate.Stranger{}, fmt.Errorf("change a stranger: %w", err)
	}
	u.Sightings.tell()
	return s, nil
}

// Delete erases a stranger, with all their sightings.
func (u *Unknowns) Delete(ctx context.Context, id string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	err := u.Store.write(ctx, func(tx *sql.Tx) error {
		if _, err := strangerByID(ctx, tx, id); err != nil {
			return err
		}
		sightings, err := sightingsOfStranger(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sightings WHERE unknown_id = ? AND labelled = 0`, id); err != nil {
			return fmt.Errorf("erase the sightings: %w", err)
		}
		if err := dropStranger(ctx, tx, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, timeNow(u.Now), auditEntry{action: actionUnknownDelete,
			detail: map[string]any{"unknown": id, "sightings": len(sightings)}})
	})
	if err != nil {
		return fmt.Errorf("delete a stranger: %w", err)
	}
	u.Store.erased()
	u.Sightings.tell()
	return nil
}
