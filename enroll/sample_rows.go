package enroll

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"facegate"
)

// A photoHash is the SHA-256 of a photo's bytes as they were handed in.
type photoHash = [sha256.Size]byte

// A newSample is a sample with what stays in the store.
type newSample struct {
	facegate.Sample
	hash      photoHash
	embedding facegate.Embedding
	thumbnail []byte // JPEG
	kept      keptPhoto
}

func insertSample(ctx context.Context, tx *sql.Tx, v vault, s newSample) error {
	quality, err := json.Marshal(s.Quality)
	if err != nil {
		return fmt.Errorf("store a sample: quality: %w", err)
	}
	box, err := json.Marshal(s.Box)
	if err != nil {
		return fmt.Errorf("store a sample: box: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO samples (id, person_id, embedding, recipe, overall, quality, box, source, photo_sha256, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.ID, s.PersonID, v.seal(samplesTable, s.ID, s.embedding.Bytes()), s.Recipe, s.Quality.Overall, string(quality), string(box),
		s.Source, s.hash[:], s.CreatedAt.UnixMilli()); err != nil {
		return fmt.Errorf("store a sample: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO sample_thumbnails (sample_id, jpeg) VALUES (?, ?)`, s.ID, v.seal(thumbnailsTable, s.ID, s.thumbnail)); err != nil {
		return fmt.Errorf("store a thumbnail: %w", err)
	}
	return insertPhoto(ctx, tx, v, s.ID, s.kept)
}

// A storedPhoto is a sample by the photo it was made of.
type storedPhoto struct {
	sampleID string
	recipe   string
}

// samplePhoto is the person's sample made of the photo; nil when there is none.
func samplePhoto(ctx context.Context, q queryer, personID string, hash photoHash) (*storedPhoto, error) {
	var p storedPhoto
	err := q.QueryRowContext(ctx, `SELECT id, recipe FROM samples WHERE person_id = ? AND photo_sha256 = ?`,
		personID, hash[:]).Scan(&p.sampleID, &p.recipe)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the photo: %w", err)
	}
	return &p, nil
}

const sampleColumns = `s.id, s.person_id, s.recipe, s.quality, s.box, s.source,
	EXISTS (SELECT 1 FROM sample_photos f WHERE f.sample_id = s.id), s.created_at`

// scanSample reads sampleColumns.
func scanSample(row interface{ Scan(...any) error }) (facegate.Sample, error) {
	var s facegate.Sample
	var quality, box []byte
	var createdAt int64
	if err := row.Scan(&s.ID, &s.PersonID, &s.Recipe, &quality, &box, &s.Source, &s.PhotoKept, &createdAt); err != nil {
		return s, err
	}
	if err := json.Unmarshal(quality, &s.Quality); err != nil {
		return s, fmt.Errorf("read the quality of sample %s: %w", s.ID, err)
	}
	if err := json.Unmarshal(box, &s.Box); err != nil {
		return s, fmt.Errorf("read the box of sample %s: %w", s.ID, err)
	}
	s.CreatedAt = fromMillis(createdAt)
	return s, nil
}

func samplesOf(ctx context.Context, q queryer, personID string) ([]facegate.Sample, error) {
	samples, err := selectSamples(ctx, q, `s.person_id = ?`, personID)
	if err != nil {
		return nil, fmt.Errorf("read the samples of person %s: %w", personID, err)
	}
	return samples, nil
}

// selectSamples is the samples for which a condition holds, in the order they
// were enrolled.
func selectSamples(ctx context.Context, q queryer, where string, args ...any) ([]facegate.Sample, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+sampleColumns+` FROM samples s WHERE `+where+` ORDER BY s.seq`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	samples := []facegate.Sample{}
	for rows.Next() {
		s, err := scanSample(rows)
		if err != nil {
			return nil, err
		}
		samples = append(samples, s)
	}
	return samples, rows.Err()
}

func sampleByID(ctx context.Context, q queryer, id string) (facegate.Sample, error) {
	s, err := scanSample(q.QueryRowContext(ctx, `SELECT `+sampleColumns+` FROM samples s WHERE s.id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return s, sampleNotFound(id)
	}
	if err != nil {
		return s, fmt.Errorf("read sample %s: %w", id, err)
	}
	return s, nil
}

func deleteSample(ctx context.Context, tx *sql.Tx, id string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM samples WHERE id = ?`, id); err != nil {
		return fmt.Errorf("delete sample %s: %w", id, err)
	}
	return nil
}

func sampleNotFound(id string) error {
	return facegate.NewError(facegate.CodeSampleNotFound, fmt.Sprintf("there is no sample with the id %q", id),
		"list the person's samples to see which there are")
}
