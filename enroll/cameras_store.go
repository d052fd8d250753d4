package enroll

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"facegate"
)

// A CameraStore is [facegate.CameraStore] in the database. Sources are sealed.
type CameraStore struct {
	Store   *Store
	Secrets *Secrets
}

var _ facegate.CameraStore = (*CameraStore)(nil)

const camerasTable = "cameras"

// Cameras is all cameras, by name.
func (s *CameraStore) Cameras(ctx context.Context) ([]facegate.Camera, error) {
	rows, err := s.Store.reader.QueryContext(ctx,
		`SELECT id, name, source, settings, paused, created_at, updated_at FROM cameras ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read the cameras: %w", s.Store.cause(ctx, err))
	}
	defer rows.Close()
	cameras := []facegate.Camera{}
	for rows.Next() {
		var c facegate.Camera
		var sealed, settings []byte
		var createdAt, updatedAt int64
		if err := rows.Scan(&c.ID, &c.Name, &sealed, &settings, &c.Paused, &createdAt, &updatedAt); err != nil {
			return nil, fmt.Errorf("read the cameras: %w", s.Store.cause(ctx, err))
		}
		source, err := s.Secrets.open(camerasTable, c.ID, sealed)
		if err != nil {
			return nil, fmt.Errorf("read the source of camera %s: %w", c.ID, err)
		}
		if err := json.Unmarshal(settings, &c.CameraSettings); err != nil {
			return nil, fmt.Errorf("read the settings of camera %s: %w", c.ID, err)
		}
		c.Source, c.CreatedAt, c.UpdatedAt = facegate.Source(source), fromMillis(createdAt), fromMillis(updatedAt)
		cameras = append(cameras, c)
	}
	return cameras, s.Store.cause(ctx, rows.Err())
}

// SaveCamera adds or replaces a camera.
func (s *CameraStore) SaveCamera(ctx context.Context, c facegate.Camera) error {
	settings, err := json.Marshal(c.CameraSettings)
	if err != nil {
		return fmt.Errorf("store camera %s: %w", c.ID, err)
	}
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		sealed, err := s.Secrets.seal(ctx, tx, camerasTable, c.ID, []byte(c.Source.Reveal()))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO cameras (id, name, source, settings, paused, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, source = excluded.source, settings = excluded.settings,
				paused = excluded.paused, updated_at = excluded.updated_at`,
			c.ID, c.Name, sealed, string(settings), c.Paused, c.CreatedAt.UnixMilli(), c.UpdatedAt.UnixMilli())
		if violates(err, "cameras.name") {
			return facegate.NewError(facegate.CodeNameTaken, fmt.Sprintf("the name %q is taken by another camera", c.Name), "choose another name")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store camera %s: %w", c.ID, err)
	}
	return nil
}

// DeleteCamera deletes a camera; its sightings stay.
func (s *CameraStore) DeleteCamera(ctx context.Context, id string) error {
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM cameras WHERE id = ?`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete camera %s: %w", id, err)
	}
	return nil
}
