package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"facegate"
)

// A CheckResult tells what is wrong with a database: nothing, where the lists are
// empty and the audit is valid.
type CheckResult struct {
	Integrity []string            `json:"integrity"` // what SQLite finds damaged, and what the key does not open
	Orphans   []string            `json:"orphans"`   // rows that belong to nothing
	Gallery   []string            `json:"gallery"`   // what differs between gallery and database
	Audit     facegate.AuditCheck `json:"audit"`
	People    int                 `json:"people"`
	Samples   int                 `json:"samples"`
}

// Healthy reports whether nothing is wrong.
func (c CheckResult) Healthy() bool {
	return len(c.Integrity) == 0 && len(c.Orphans) == 0 && len(c.Gallery) == 0 && c.Audit.Valid
}

// First is the first thing that is wrong.
func (c CheckResult) First() string {
	for _, list := range [][]string{c.Integrity, c.Orphans, c.Gallery} {
		if len(list) > 0 {
			return list[0]
		}
	}
	return c.Audit.Reason
}

// Check looks at the whole database.
func (s *Store) Check(ctx context.Context) (CheckResult, error) {
	c := CheckResult{Integrity: []string{}, Orphans: []string{}, Gallery: []string{}}
	err := s.read(ctx, func(tx *sql.Tx) error {
		found, err := stringsOf(ctx, tx, `PRAGMA integrity_check(20)`)
		if err != nil {
			return err
		}
		c.Integrity = slices.DeleteFunc(found, func(line string) bool { return line == "ok" })
		odd, err := oddSchema(ctx, tx)
		if err != nil {
			return err
		}
		c.Integrity = append(c.Integrity, odd...)
		closed, err := s.unopened(ctx, tx)
		if err != nil {
			return err
		}
		c.Integrity = append(c.Integrity, closed...)
		if c.Orphans, err = orphans(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM samples)`).Scan(&c.People, &c.Samples)
	})
	if err != nil {
		return c, fmt.Errorf("check the database: %w", err)
	}
	c.Audit, err = (&AuditLog{Store: s}).Verify(ctx)
	return c, err
}

// oddSchema tells what is missing of the schema, and triggers and views that are
// not of it: the audit is append-only, the gallery follows and templates are sealed
// by triggers alone.
func oddSchema(ctx context.Context, tx *sql.Tx) ([]string, error) {
	fresh, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, err
	}
	defer fresh.Close()
	fresh.SetMaxOpenConns(1) // each connection would have a database of its own
	if err := migrate(ctx, fresh, "memory"); err != nil {
		return nil, err
	}
	const objects = `SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY 1`
	want, err := stringsOf(ctx, fresh, objects)
	if err != nil {
		return nil, err
	}
	have, err := stringsOf(ctx, tx, objects)
	if err != nil {
		return nil, err
	}
	var odd []string
	for _, object := range want {
		if !slices.Contains(have, object) {
			odd = append(odd, fmt.Sprintf("the %s is missing", object))
		}
	}
	for _, object := range have {
		kind, _, _ := strings.Cut(object, " ")
		if (kind == "trigger" || kind == "view") && !slices.Contains(want, object) {
			odd = append(odd, fmt.Sprintf("the %s is none of facegate's", object))
		}
	}
	return odd, nil
}

// unopened tells what the key does not open, though it is the right one.
func (s *Store) unopened(ctx context.Context, tx *sql.Tx) (found []string, err error) {
	if s.vault.aead == nil {
		return nil, nil
	}
	for _, c := range sealedColumns() {
		rows, err := tx.QueryContext(ctx, `SELECT `+c.key+`, `+c.column+` FROM `+c.table+` WHERE length(`+c.column+`) > 0`)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var stored sql.RawBytes
			if err := rows.Scan(&id, &stored); err != nil {
				return nil, err
			}
			if _, err := s.vault.open(c.table, id, stored); err != nil && len(found) < maxDifferences {
				found = append(found, fmt.Sprintf("the %s of row %s of %s does not open with the key", c.column, id, c.table))
			}
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// orphans are rows whose reference leads nowhere, and samples without a picture.
func orphans(ctx context.Context, tx *sql.Tx) ([]string, error) {
	found := []string{}
	rows, err := tx.QueryContext(ctx, `PRAGMA foreign_key_check`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var table, parent string
		var row, key sql.NullInt64
		if err := rows.Scan(&table, &row, &parent, &key); err != nil {
			return nil, err
		}
		found = append(found, fmt.Sprintf("a row of %s belongs to a row of %s that is gone", table, parent))
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	ids, err := stringsOf(ctx, tx, `SELECT id FROM samples s WHERE NOT EXISTS (SELECT 1 FROM sample_thumbnails t WHERE t.sample_id = s.id)`)
	for _, id := range ids {
		found = append(found, fmt.Sprintf("the sample %s has no picture", id))
	}
	return found, err
}

// maxDifferences bounds what is told of a gallery.
const maxDifferences = 20

// CheckGallery tells what differs between the gallery and the database at one
// moment: nothing, unless something is broken.
func (s *Service) CheckGallery(ctx context.Context) ([]string, error) {
	if err := s.Sync(ctx); err != nil {
		return nil, err
	}
	select {
	case s.syncing <- struct{}{}: // nobody changes the gallery meanwhile
		defer func() { <-s.syncing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	differences := []string{}
	differ := func(format string, args ...any) {
		if len(differences) < maxDifferences {
			differences = append(differences, fmt.Sprintf(format, args...))
		}
	}
	err := s.Store.read(ctx, func(tx *sql.Tx) error {
		if err := s.catchUp(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT id, person_id, embedding FROM samples WHERE recipe = ?`, s.Analyser.Recipe())
		if err != nil {
			return err
		}
		defer rows.Close()
		samples, people := 0, map[string]bool{}
		for rows.Next() {
			var entry facegate.GalleryEntry
			var stored sql.RawBytes
			if err := rows.Scan(&entry.SampleID, &entry.Person.ID, &stored); err != nil {
				return err
			}
			if !s.readEmbedding(ctx, &entry, stored) {
				differ("the embedding of sample %s is damaged", entry.SampleID)
				continue
			}
			samples++
			people[entry.Person.ID] = true
			if c, ok := s.Gallery.NearestOf(&entry.Embedding, entry.Person.ID); !ok || c.Distance > 1e-5 {
				differ("the sample %s is not in the gallery", entry.SampleID)
			}
		}
		if p, n := s.Gallery.Size(); p != len(people) || n != samples {
			differ("the gallery holds %d people with %d samples, the database %d with %d", p, n, len(people), samples)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("compare gallery and database: %w", err)
	}
	return differences, nil
}

// Recipes is every recipe that samples were made by.
func (s *Store) Recipes(ctx context.Context) ([]string, error) {
	recipes, err := stringsOf(ctx, s.reader, `SELECT DISTINCT recipe FROM samples ORDER BY recipe`)
	if err != nil {
		return nil, fmt.Errorf("read the recipes: %w", s.cause(ctx, err))
	}
	return recipes, nil
}
