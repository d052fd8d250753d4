package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"facegate"
)

// Sync brings the gallery up to date with the database, whichever process
// changed it. The first call loads everything; later ones apply what is new in
// gallery_log, as one change. When it returns without error, all that was
// committed before the call is in the gallery.
//
// When nothing is new it costs one look at the end of the log, 10 to 20 µs, and
// calls do not wait for each other. (PRAGMA data_version would be a third of
// that, but means something on one connection only, for which all would queue.)
func (s *Service) Sync(ctx context.Context) error {
	if s.Gallery == nil {
		return nil
	}
	if s.Analyser == nil {
		return errors.New("sync the gallery: enroll.Service needs an Analyser to know which samples compare")
	}
	latest, err := latestChange(ctx, s.Store.reader)
	if err != nil {
		return fmt.Errorf("sync the gallery: %w", s.Store.cause(ctx, err))
	}
	if s.applied.Load() == latest+1 {
		return nil
	}

	// Changes are read and applied by one caller at a time, so that none
	// overtakes another.
	s.initSync.Do(func() { s.syncing = make(chan struct{}, 1) })
	select {
	case s.syncing <- struct{}{}:
		defer func() { <-s.syncing }()
	case <-ctx.Done():
		return fmt.Errorf("sync the gallery: %w", ctx.Err())
	}
	if err := s.Store.read(ctx, func(tx *sql.Tx) error { return s.catchUp(ctx, tx) }); err != nil {
		return fmt.Errorf("sync the gallery: %w", err)
	}
	return nil
}

// catchUp applies what is new in the moment of the database that tx shows.
func (s *Service) catchUp(ctx context.Context, tx *sql.Tx) error {
	latest, err := latestChange(ctx, tx)
	if err != nil {
		return err
	}
	applied := s.applied.Load() - 1
	if applied == latest {
		return nil // another caller was faster
	}
	whole := false
	if applied >= 0 {
		// Rows are missing when the log was pruned past what we know. A log
		// that ends before it is another database's.
		var rows int64
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM gallery_log WHERE seq > ?`, applied).Scan(&rows); err != nil {
			return fmt.Errorf("count the changes: %w", err)
		}
		whole = rows > 0 && rows == latest-applied
	}
	if whole {
		change, err := s.changesSince(ctx, tx, applied)
		if err != nil {
			return err
		}
		s.Gallery.Apply(change)
	} else {
		entries, err := s.allEntries(ctx, tx)
		if err != nil {
			return err
		}
		s.Gallery.Reset(entries)
	}
	s.applied.Store(latest + 1)
	return nil
}

// latestChange is the seq of the newest row of gallery_log, 0 when there is none.
func latestChange(ctx context.Context, q queryer) (seq int64, err error) {
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM gallery_log`).Scan(&seq); err != nil {
		return 0, fmt.Errorf("read the gallery log: %w", err)
	}
	return seq, nil
}

// changesSince is what became of everything touched after the row seq. A sample
// added and removed again is just removed.
func (s *Service) changesSince(ctx context.Context, tx *sql.Tx, seq int64) (facegate.GalleryChange, error) {
	var c facegate.GalleryChange
	rows, err := tx.QueryContext(ctx, `
		SELECT l.sample_id, s.recipe, s.embedding, p.id, p.name
		FROM (SELECT DISTINCT sample_id FROM gallery_log WHERE seq > ? AND sample_id IS NOT NULL) l
		LEFT JOIN samples s ON s.id = l.sample_id
		LEFT JOIN people p ON p.id = s.person_id
		ORDER BY s.seq, l.sample_id`, seq)
	if err != nil {
		return c, fmt.Errorf("read the changed samples: %w", err)
	}
	defer rows.Close()
	recipe, others := s.Analyser.Recipe(), 0
	for rows.Next() {
		var id string
		var itsRecipe, personID, name sql.NullString
		var embedding sql.RawBytes
		if err := rows.Scan(&id, &itsRecipe, &embedding, &personID, &name); err != nil {
			return c, fmt.Errorf("read the changed samples: %w", err)
		}
		switch {
		case !itsRecipe.Valid: // the sample is gone
			c.Remove = append(c.Remove, id)
		case itsRecipe.String != recipe:
			others++
			c.Remove = append(c.Remove, id)
		default:
			entry := facegate.GalleryEntry{SampleID: id, Person: facegate.PersonRef{ID: personID.String, Name: name.String}}
			if s.readEmbedding(ctx, &entry, embedding) {
				c.Add = append(c.Add, entry)
			} else {
				c.Remove = append(c.Remove, id)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return c, fmt.Errorf("read the changed samples: %w", err)
	}
	s.warnOfOtherRecipes(ctx, others)
	if c.Rename, err = renamedSince(ctx, tx, seq); err != nil {
		return c, err
	}
	return c, nil
}

func renamedSince(ctx context.Context, tx *sql.Tx, seq int64) ([]facegate.PersonRef, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT p.id, p.name FROM people p
		WHERE p.id IN (SELECT person_id FROM gallery_log WHERE seq > ? AND op = 'rename')
		ORDER BY p.id`, seq)
	if err != nil {
		return nil, fmt.Errorf("read the renamed people: %w", err)
	}
	defer rows.Close()
	var people []facegate.PersonRef
	for rows.Next() {
		var p facegate.PersonRef
		if err := rows.Scan(&p.ID, &p.Name); err != nil {
			return nil, fmt.Errorf("read the renamed people: %w", err)
		}
		people = append(people, p)
	}
	return people, rows.Err()
}

// allEntries is the whole gallery.
func (s *Service) allEntries(ctx context.Context, tx *sql.Tx) ([]facegate.GalleryEntry, error) {
	var count int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM samples`).Scan(&count); err != nil {
		return nil, fmt.Errorf("count the samples: %w", err)
	}
	people, err := allRefs(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT id, person_id, recipe, embedding FROM samples ORDER BY seq`)
	if err != nil {
		return nil, fmt.Errorf("read the samples: %w", err)
	}
	defer rows.Close()
	entries := make([]facegate.GalleryEntry, 0, count)
	recipe, others := s.Analyser.Recipe(), 0
	for rows.Next() {
		var entry facegate.GalleryEntry
		var personID, itsRecipe, embedding sql.RawBytes
		if err := rows.Scan(&entry.SampleID, &personID, &itsRecipe, &embedding); err != nil {
			return nil, fmt.Errorf("read the samples: %w", err)
		}
		if string(itsRecipe) != recipe {
			others++
			continue
		}
		entry.Person = people[string(personID)]
		if s.readEmbedding(ctx, &entry, embedding) {
			entries = append(entries, entry)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the samples: %w", err)
	}
	s.warnOfOtherRecipes(ctx, others)
	return entries, nil
}

// allRefs is everybody by id. Read apart from the samples, a person's strings
// are in memory once, and not once a sample.
func allRefs(ctx context.Context, tx *sql.Tx) (map[string]facegate.PersonRef, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, name FROM people`)
	if err != nil {
		return nil, fmt.Errorf("read the people: %w", err)
	}
	defer rows.Close()
	people := make(map[string]facegate.PersonRef)
	for rows.Next() {
		var p facegate.PersonRef
		if err := rows.Scan(&p.ID, &p.Name); err != nil {
			return nil, fmt.Errorf("read the people: %w", err)
		}
		people[p.ID] = p
	}
	return people, rows.Err()
}

// readEmbedding fills in entry's embedding. One damaged row must not keep
// everybody else from being recognised: it is logged and left out.
func (s *Service) readEmbedding(ctx context.Context, entry *facegate.GalleryEntry, stored []byte) bool {
	plain, err := s.Store.vault.open(samplesTable, entry.SampleID, stored)
	if err == nil {
		entry.Embedding, err = facegate.EmbeddingFromBytes(plain)
	}
	if err != nil {
		s.log().ErrorContext(ctx, "a stored embedding is damaged; its sample is not searched",
			"sample", entry.SampleID, "person", entry.Person.ID, "error", err)
		return false
	}
	return true
}

func (s *Service) warnOfOtherRecipes(ctx context.Context, samples int) {
	if samples > 0 {
		s.log().WarnContext(ctx, "samples made by another recipe do not compare and are not searched; enrol their photos anew",
			"samples", samples, "recipe", s.Analyser.Recipe())
	}
}
