package enroll

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"facegate"
)

// Secrets seal what must not stand readable in the database: sources of cameras
// and addresses of webhooks, which hold passwords, and the keys of signatures.
//
// A sealed value is one byte for the format, a nonce of its own, and the
// ciphertext of AES-256-GCM (NIST SP 800-38D) with the table and the row's id as
// associated data: a value moved to another row does not open.
//
// Set the fields before the first call.
type Secrets struct {
	Store *Store
	// Key is 32 bytes in hexadecimal or base64. Where it is empty, KeyFile holds
	// it; and where that is empty too, the file secret.key beside the database,
	// which is made (0600) when the first secret is sealed.
	Key     string
	KeyFile string

	mu      sync.Mutex
	aead    cipher.AEAD
	checked bool // against secret_check
}

// DefaultKeyFile is the name of the key's file beside the database.
const DefaultKeyFile = "secret.key"

const (
	keyBytes     = 32
	sealedFormat = 1
	checkTable   = "secret_check"
	checkText    = "facegate"
)

// Check fails with [facegate.CodeWrongKey] when the database holds secrets that
// the key does not open, or there is no key. Without secrets it does nothing.
func (s *Secrets) Check(ctx context.Context) error {
	var sealed []byte
	err := s.Store.reader.QueryRowContext(ctx, `SELECT sealed FROM secret_check`).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for secrets: %w", s.Store.cause(ctx, err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.load(sealed, false)
}

// seal encrypts a value of a row. It belongs into the transaction that stores the
// value: the first one leaves the mark that later keys are held against.
func (s *Secrets) seal(ctx context.Context, tx *sql.Tx, table, id string, plain []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var mark []byte
	err := tx.QueryRowContext(ctx, `SELECT sealed FROM secret_check`).Scan(&mark)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		s.checked = false
		if err := s.load(nil, true); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO secret_check (id, sealed) VALUES (1, ?)`,
			sealWith(s.aead, checkTable, "1", []byte(checkText))); err != nil {
			return nil, fmt.Errorf("mark the key: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("look for secrets: %w", err)
	default:
		if err := s.load(mark, false); err != nil {
			return nil, err
		}
	}
	return sealWith(s.aead, table, id, plain), nil
}

// open decrypts a value of a row.
func (s *Secrets) open(table, id string, sealed []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(nil, false); err != nil {
		return nil, err
	}
	plain, err := openWith(s.aead, table, id, sealed)
	if err != nil {
		return nil, wrongKey("a secret in the database does not open with the key given", err)
	}
	return plain, nil
}

// load reads the key, once, and holds it against the mark where there is one. It
// makes a key only where create says so.
func (s *Secrets) load(mark []byte, create bool) error {
	if s.aead == nil {
		key, err := s.key(create)
		if err != nil {
			return err
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return fmt.Errorf("use the key: %w", err)
		}
		if s.aead, err = cipher.NewGCM(block); err != nil {
			return fmt.Errorf("use the key: %w", err)
		}
	}
	if mark == nil || s.checked {
		return nil
	}
	if _, err := openWith(s.aead, checkTable, "1", mark); err != nil {
		return wrongKey("the secrets in the database were encrypted with another key", err)
	}
	s.checked = true
	return nil
}

func (s *Secrets) key(create bool) ([]byte, error) {
	if s.Key != "" {
		key, err := parseKey(s.Key)
		if err != nil {
			return nil, wrongKey("FACEGATE_KEY is no key: "+err.Error(), nil)
		}
		return key, nil
	}
	path := s.KeyFile
	if path == "" {
		path = filepath.Join(filepath.Dir(s.Store.path), DefaultKeyFile)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create && s.KeyFile == "" {
		text, err = makeKeyFile(path)
	}
	if err != nil {
		return nil, wrongKey(fmt.Sprintf("the key file %s cannot be read", path), err)
	}
	key, err := parseKey(string(text))
	if err != nil {
		return nil, wrongKey(fmt.Sprintf("the key file %s holds no key: %v", path, err), nil)
	}
	return key, nil
}

// makeKeyFile makes a new key. Another process may be doing the same: the file
// appears whole, and the first one stays.
func makeKeyFile(path string) ([]byte, error) {
	text := []byte(hex.EncodeToString(randomBytes(keyBytes)) + "\n")
	f, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	// The secrets are lost if the power goes before the file's name is on the disk.
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return os.ReadFile(path)
}

func parseKey(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString,
		base64.RawStdEncoding.DecodeString, base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if key, err := decode(text); err == nil && len(key) == keyBytes {
			return key, nil
		}
	}
	return nil, errors.New("it must be 32 bytes, in hexadecimal or base64")
}

func sealWith(aead cipher.AEAD, table, id string, plain []byte) []byte {
	nonce := randomBytes(aead.NonceSize())
	sealed := append([]byte{sealedFormat}, nonce...)
	return aead.Seal(sealed, nonce, plain, []byte(table+"\x00"+id))
}

func openWith(aead cipher.AEAD, table, id string, sealed []byte) ([]byte, error) {
	if len(sealed) < 1+aead.NonceSize() || sealed[0] != sealedFormat {
		return nil, errors.New("not a sealed value")
	}
	nonce, text := sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():]
	return aead.Open(nil, nonce, text, []byte(table+"\x00"+id))
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it would end the program
	return b
}

func wrongKey(detail string, err error) error {
	return &facegate.Error{Code: facegate.CodeWrongKey, Detail: detail, Err: err,
		Next: "give the key they were encrypted with, in FACEGATE_KEY or with --key-file; a new one is made by: openssl rand -hex 32"}
}
