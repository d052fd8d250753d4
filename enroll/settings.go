package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"facegate"
)

var _ facegate.Settings = (*Service)(nil)

// Setting is the JSON stored under a name; nil where there is none.
func (s *Service) Setting(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := s.Store.reader.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = ?`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the setting %s: %w", name, s.Store.cause(ctx, err))
	}
	return value, nil
}

// SaveSetting stores JSON under a name; nil takes the setting away.
func (s *Service) SaveSetting(ctx context.Context, name string, value []byte) error {
	now := s.now()
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		var err error
		if value == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM settings WHERE name = ?`, name)
		} else {
			_, err = tx.ExecContext(ctx, `
				INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?)
				ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
				name, string(value), now.UnixMilli())
		}
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, now, auditEntry{action: actionSettingChange, detail: map[string]any{"setting": name}})
	})
	if err != nil {
		return fmt.Errorf("store the setting %s: %w", name, err)
	}
	return nil
}

const actionSettingChange = "setting.change"
