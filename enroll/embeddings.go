package enroll

import (
	"context"
	"database/sql"
	"fmt"

	"facegate"
)

// Embeddings are those of all a person's samples of the Analyser's recipe, by id.
func (s *Service) Embeddings(ctx context.Context, personID string) (map[string]facegate.Embedding, error) {
	found := map[string]facegate.Embedding{}
	err := s.Store.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, embedding FROM samples WHERE person_id = ? AND recipe = ?`, personID, s.Analyser.Recipe())
		if err != nil {
			return fmt.Errorf("read the samples of person %s: %w", personID, err)
		}
		defer rows.Close()
		for rows.Next() {
			entry := facegate.GalleryEntry{Person: facegate.PersonRef{ID: personID}}
			var stored sql.RawBytes
			if err := rows.Scan(&entry.SampleID, &stored); err != nil {
				return fmt.Errorf("read the samples of person %s: %w", personID, err)
			}
			if s.readEmbedding(ctx, &entry, stored) {
				found[entry.SampleID] = entry.Embedding
			}
		}
		return rows.Err()
	})
	return found, err
}
