package enroll

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

const actionPhotosForget = "person.forget_photos"

// thumbnailType is the media type of thumbnails.
const thumbnailType = "image/jpeg"

// A keptPhoto is what is kept of a photo besides its face; without data, nothing.
type keptPhoto struct {
	data      []byte
	mediaType string
}

// keep is what to keep of a photo: nothing where photos are not kept, and of a
// camera's shot, which is no more than the crop that is stored anyway.
func (s *Service) keep(ctx context.Context, photo, crop []byte) (k keptPhoto, err error) {
	if s.Keep == nil || bytes.Equal(photo, crop) {
		return k, nil
	}
	if k.data, k.mediaType, err = s.Keep.CleanPhoto(ctx, photo); err != nil {
		return keptPhoto{}, fmt.Errorf("clean a photo to keep: %w", err)
	}
	return k, nil
}

func insertPhoto(ctx context.Context, tx *sql.Tx, v vault, sampleID string, k keptPhoto) error {
	if k.data == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO sample_photos (sample_id, media_type, photo) VALUES (?, ?, ?)`,
		sampleID, k.mediaType, v.seal(photosTable, sampleID, k.data))
	if err != nil {
		return fmt.Errorf("store a photo: %w", err)
	}
	return nil
}

// photoOf is the photo kept of a sample, without data where there is none.
func (s *Service) photoOf(ctx context.Context, sampleID string) (k keptPhoto, err error) {
	err = s.Store.reader.QueryRowContext(ctx, `SELECT media_type, photo FROM sample_photos WHERE sample_id = ?`, sampleID).
		Scan(&k.mediaType, &k.data)
	if errors.Is(err, sql.ErrNoRows) {
		return keptPhoto{}, nil
	}
	if err != nil {
		return keptPhoto{}, fmt.Errorf("read the photo of sample %s: %w", sampleID, s.Store.cause(ctx, err))
	}
	k.data, err = s.Store.vault.open(photosTable, sampleID, k.data)
	return k, err
}

// Photo is the photo a sample was made of, without its metadata, and its media
// type; where it is not kept, the thumbnail.
func (s *Service) Photo(ctx context.Context, sampleID string) (data []byte, mediaType string, err error) {
	k, err := s.photoOf(ctx, sampleID)
	if err != nil || k.data != nil {
		return k.data, k.mediaType, err
	}
	data, err = s.Thumbnail(ctx, sampleID)
	return data, thumbnailType, err
}

// PhotosKept is how many samples have their photo kept.
func (s *Service) PhotosKept(ctx context.Context) (n int, err error) {
	err = s.Store.reader.QueryRowContext(ctx, `SELECT count(*) FROM sample_photos`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count the photos: %w", s.Store.cause(ctx, err))
	}
	return n, nil
}

// ForgetPhotos erases the photos that are kept of a person, or of everybody where
// personID is empty. Samples stay, with embeddings and thumbnails. It gives how
// many photos there were.
func (s *Service) ForgetPhotos(ctx context.Context, personID string) (forgotten int, err error) {
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		people := []string{personID}
		if personID == "" {
			if people, err = stringsOf(ctx, tx, `SELECT DISTINCT s.person_id FROM samples s JOIN sample_photos f ON f.sample_id = s.id ORDER BY s.person_id`); err != nil {
				return err
			}
		} else if _, err := personByID(ctx, tx, personID); err != nil {
			return err
		}
		for _, id := range people {
			gone, err := tx.ExecContext(ctx, `DELETE FROM sample_photos WHERE sample_id IN (SELECT id FROM samples WHERE person_id = ?)`, id)
			if err != nil {
				return err
			}
			n, err := gone.RowsAffected()
			if err != nil || n == 0 {
				return err
			}
			forgotten += int(n)
			if err := appendAudit(ctx, tx, s.now(), auditEntry{action: actionPhotosForget, personID: id,
				detail: map[string]any{"photos": n}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("forget photos: %w", err)
	}
	if forgotten > 0 {
		s.afterErasure(ctx)
	}
	return forgotten, nil
}

// exportPhoto adds a sample's photo to an export and gives its name there; empty
// where it is not kept.
func (s *Service) exportPhoto(ctx context.Context, z *exportZip, sampleID string) (name string, err error) {
	k, err := s.photoOf(ctx, sampleID)
	if err != nil || k.data == nil {
		return "", err
	}
	name = "photos/" + sampleID + "." + strings.Replace(strings.TrimPrefix(k.mediaType, "image/"), "jpeg", "jpg", 1)
	return name, z.add(name, k.data)
}
