package enroll

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"facegate"
)

// Tables whose rows are sealed, as their associated data names them.
const (
	samplesTable    = "samples"
	thumbnailsTable = "sample_thumbnails"
	photosTable     = "sample_photos"
	picturesTable   = "sighting_pictures"
	templateMark    = "template_check"
)

const (
	actionEncrypt   = "database.encrypt"
	actionKeyRotate = "database.rekey"
)

// A vault seals templates: the embeddings of samples and strangers, their crops
// and photos; and the pictures of sightings. Without a cipher it leaves them as
// they are. The form of sealed values is that of [Secrets].
type vault struct{ aead cipher.AEAD }

func (v vault) seal(table, id string, plain []byte) []byte {
	if v.aead == nil {
		return plain
	}
	return sealWith(v.aead, table, id, plain)
}

func (v vault) open(table, id string, stored []byte) ([]byte, error) {
	if v.aead == nil {
		return stored, nil
	}
	plain, err := openWith(v.aead, table, id, stored)
	if err != nil {
		return nil, fmt.Errorf("decrypt a row of %s: %w", table, err)
	}
	return plain, nil
}

func newCipher(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use the key: %w", err)
	}
	return cipher.NewGCM(block)
}

// ReadKey is the 32 bytes of a key given as text, or in a file; nil where there
// is neither. It fails with [facegate.CodeWrongKey].
func ReadKey(text, file string) ([]byte, error) {
	what := "FACEGATE_KEY"
	if text == "" {
		if file == "" {
			return nil, nil
		}
		what = "the key file " + file
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, wrongKey(what+" cannot be read", err)
		}
		text = string(content)
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, wrongKey(what+" holds no key: "+err.Error(), nil)
	}
	return key, nil
}

// Unlock says which key the templates are sealed with; nil is none. It belongs
// before the first use of a Store. Where the database is not encrypted yet, a key
// encrypts it, once and for all. It fails with [facegate.CodeWrongKey] where
// the database is encrypted, and the key is missing or another one.
func (s *Store) Unlock(ctx context.Context, key []byte) error {
	mark, err := templateMarkOf(ctx, s.reader)
	if err != nil {
		return fmt.Errorf("look whether the database is encrypted: %w", s.cause(ctx, err))
	}
	if key == nil {
		if mark != nil {
			return wrongKey("the faces in the database are encrypted, and no key is given", nil)
		}
		return nil
	}
	aead, err := newCipher(key)
	if err != nil {
		return err
	}
	if mark == nil {
		if err := s.encrypt(ctx, vault{aead}); err != nil {
			return fmt.Errorf("encrypt the database: %w", err)
		}
	} else if _, err := openWith(aead, templateMark, "1", mark); err != nil {
		return wrongKey("the faces in the database were encrypted with another key", err)
	}
	s.vault = vault{aead}
	return nil
}

// templateMarkOf is nil where the database is not encrypted.
func templateMarkOf(ctx context.Context, q queryer) (mark []byte, err error) {
	err = q.QueryRowContext(ctx, `SELECT sealed FROM template_check`).Scan(&mark)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return mark, err
}

// encrypt seals all templates there are, in one transaction, and wipes what stood
// in the write-ahead log.
func (s *Store) encrypt(ctx context.Context, to vault) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if mark, err := templateMarkOf(ctx, tx); err != nil || mark != nil {
			return errors.Join(err, errors.New("another process was faster; try again"))
		}
		if err := reseal(ctx, tx, vault{}, to); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO template_check (id, sealed) VALUES (1, ?)`,
			sealWith(to.aead, templateMark, "1", []byte(checkText))); err != nil {
			return err
		}
		return appendAudit(ctx, tx, timeNow(time.Now), auditEntry{action: actionEncrypt})
	})
	if err != nil {
		return err
	}
	return s.wipeOrLater(ctx)
}

// wipeOrLater wipes the write-ahead log, in which what is encrypted now stands as
// it was. Where a reader is in the way, the upkeep does it.
func (s *Store) wipeOrLater(ctx context.Context) error {
	s.erased()
	if err := s.wipe(ctx); err != nil && !errors.Is(err, errReadMeanwhile) {
		return err
	}
	return nil
}

// sealedColumns is what a vault seals, with the key of each row.
func sealedColumns() []struct{ table, key, column string } {
	return []struct{ table, key, column string }{
		{samplesTable, "id", "embedding"}, {thumbnailsTable, "sample_id", "jpeg"}, {photosTable, "sample_id", "photo"},
		{picturesTable, "sighting_id || '/' || kind", "jpeg"},
		{shotsTable, "seq", "embedding"}, {shotsTable, "seq", "crop"}, {unknownsTable, "id", "mean"},
	}
}

// reseal moves all templates from one vault to another.
func reseal(ctx context.Context, tx *sql.Tx, from, to vault) error {
	for _, c := range sealedColumns() {
		if err := resealColumn(ctx, tx, from, to, c.table, c.key, c.column); err != nil {
			return fmt.Errorf("%s: %w", c.table, err)
		}
	}
	return nil
}

func resealColumn(ctx context.Context, tx *sql.Tx, from, to vault, table, key, column string) error {
	ids, err := stringsOf(ctx, tx, `SELECT `+key+` FROM `+table+` ORDER BY rowid`)
	if err != nil {
		return err
	}
	rows, err := stringsOf(ctx, tx, `SELECT rowid FROM `+table+` ORDER BY rowid`)
	if err != nil {
		return err
	}
	read, err := tx.PrepareContext(ctx, `SELECT `+column+` FROM `+table+` WHERE rowid = ?`)
	if err != nil {
		return err
	}
	defer read.Close()
	write, err := tx.PrepareContext(ctx, `UPDATE `+table+` SET `+column+` = ? WHERE rowid = ?`)
	if err != nil {
		return err
	}
	defer write.Close()
	for i, id := range ids {
		var stored []byte
		if err := read.QueryRowContext(ctx, rows[i]).Scan(&stored); err != nil {
			return err
		}
		if len(stored) == 0 { // a shot without a crop, a stranger without shots
			continue
		}
		plain, err := from.open(table, id, stored)
		if err != nil {
			return err
		}
		if _, err := write.ExecContext(ctx, to.seal(table, id, plain), rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// Rotate seals everything that is sealed with another key: templates, and what
// secrets holds. The Store was unlocked, and secrets has the key, before. No
// other process may have the database open.
func (s *Store) Rotate(ctx context.Context, secrets *Secrets, key []byte) error {
	aead, err := newCipher(key)
	if err != nil {
		return err
	}
	to := vault{aead}
	err = s.write(ctx, func(tx *sql.Tx) error {
		if s.vault.aead != nil {
			if err := reseal(ctx, tx, s.vault, to); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE template_check SET sealed = ?`, sealWith(aead, templateMark, "1", []byte(checkText))); err != nil {
				return err
			}
		}
		var mark []byte
		err := tx.QueryRowContext(ctx, `SELECT sealed FROM secret_check`).Scan(&mark)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return err
		default:
			secrets.mu.Lock()
			err := secrets.load(mark, false)
			old := vault{secrets.aead}
			secrets.mu.Unlock()
			if err != nil {
				return err
			}
			for _, c := range []struct{ table, column string }{{camerasTable, "source"}, {webhooksTable, "sealed"}} {
				if err := resealColumn(ctx, tx, old, to, c.table, "id", c.column); err != nil {
					return err
				}
			}
			if _, err := tx.ExecContext(ctx, `UPDATE secret_check SET sealed = ?`, sealWith(aead, checkTable, "1", []byte(checkText))); err != nil {
				return err
			}
		}
		return appendAudit(ctx, tx, timeNow(time.Now), auditEntry{action: actionKeyRotate})
	})
	if err != nil {
		return fmt.Errorf("change the key: %w", err)
	}
	s.vault = to
	return s.wipeOrLater(ctx)
}

// EnsureAlone fails with [facegate.CodeBusy] where a process has the database at
// path open.
func EnsureAlone(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err != nil {
		return &facegate.Error{Code: facegate.CodeDatabase, Detail: "there is no database in " + filepath.Dir(path), Next: "name its folder with --data", Err: err}
	}
	unlock, err := lockFolder(ctx, filepath.Dir(path))
	if err != nil {
		return err
	}
	defer unlock()
	return closeForAll(ctx, path)
}
