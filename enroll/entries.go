package enroll

import (
	"context"
	"database/sql"
	"fmt"

	"facegate"
)

var _ facegate.SampleSource = (*Service)(nil)

// GalleryVersion changes whenever samples or names do.
func (s *Service) GalleryVersion(ctx context.Context) (int64, error) {
	version, err := latestChange(ctx, s.Store.reader)
	return version, s.Store.cause(ctx, err)
}

// Entries is all samples of the Analyser's recipe, in the order of enrolment.
// Where there are more than most (0: no limit) it is all samples of some people,
// most or fewer; which people is chance, but always the same.
func (s *Service) Entries(ctx context.Context, most int) (entries []facegate.GalleryEntry, version int64, err error) {
	err = s.Store.read(ctx, func(tx *sql.Tx) error {
		if version, err = latestChange(ctx, tx); err != nil {
			return err
		}
		var count int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM samples`).Scan(&count); err != nil {
			return fmt.Errorf("count the samples: %w", err)
		}
		if most <= 0 || count <= most {
			entries, err = s.allEntries(ctx, tx)
		} else {
			entries, err = s.someEntries(ctx, tx, most)
		}
		return err
	})
	return entries, version, err
}

// someEntries takes people by the last digits of their ids, which are random.
func (s *Service) someEntries(ctx context.Context, tx *sql.Tx, most int) ([]facegate.GalleryEntry, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT s.id, p.id, p.name, s.embedding
		FROM (SELECT id, name, substr(id, -12) AS chance FROM people ORDER BY chance, id LIMIT ?) p
		JOIN samples s ON s.person_id = p.id
		WHERE s.recipe = ?
		ORDER BY p.chance, p.id, s.seq`, most, s.Analyser.Recipe())
	if err != nil {
		return nil, fmt.Errorf("read some samples: %w", err)
	}
	defer rows.Close()
	var entries []facegate.GalleryEntry
	whole := 0 // entries of people of whom all samples are read
	for rows.Next() {
		var entry facegate.GalleryEntry
		var stored sql.RawBytes
		if err := rows.Scan(&entry.SampleID, &entry.Person.ID, &entry.Person.Name, &stored); err != nil {
			return nil, fmt.Errorf("read some samples: %w", err)
		}
		if n := len(entries); n > 0 && entries[n-1].Person.ID != entry.Person.ID {
			whole = n
		}
		if len(entries) == most {
			return entries[:whole], nil
		}
		if s.readEmbedding(ctx, &entry, stored) {
			entries = append(entries, entry)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read some samples: %w", err)
	}
	return entries, nil
}
