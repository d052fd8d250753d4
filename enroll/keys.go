package enroll

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"facegate"

	"github.com/google/uuid"
)

const (
	actionKeyCreate = "key.create"
	actionKeyRevoke = "key.revoke"
)

// Keys is [facegate.Keys] in the database. Flush it at the end to have the last
// uses written.
//
// A secret is hashed with SHA-256 and no salt: it is a random UUID, whose 122
// bits nobody can try, so a slow hash would only make every request slow.
type Keys struct {
	Store  *Store
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: nothing is logged
	// Every is how often the use of a key is written; 0: a minute.
	Every time.Duration

	mu       sync.Mutex
	used     map[string]time.Time // by key; not written yet
	written  map[string]time.Time // by key; the use that was written last
	flushing sync.Mutex           // so that the last Flush waits for those under way
}

var _ facegate.Keys = (*Keys)(nil)

const keyColumns = `id, name, hint, scopes, faces_per_second, burst, concurrent, created_at, expires_at, last_used_at, revoked_at`

func scanKey(row interface{ Scan(...any) error }, more ...any) (facegate.Key, error) {
	var k facegate.Key
	var scopes []byte
	var created int64
	var expires, used, revoked sql.NullInt64
	err := row.Scan(append([]any{&k.ID, &k.Name, &k.Hint, &scopes, &k.Limit.Faces, &k.Limit.Burst, &k.Limit.Concurrent,
		&created, &expires, &used, &revoked}, more...)...)
	if err != nil {
		return k, err
	}
	k.CreatedAt, k.ExpiresAt = fromMillis(created), fromNullMillis(expires)
	k.LastUsedAt, k.RevokedAt = fromNullMillis(used), fromNullMillis(revoked)
	if err := json.Unmarshal(scopes, &k.Scopes); err != nil {
		return k, fmt.Errorf("read the scopes of key %s: %w", k.ID, err)
	}
	return k, nil
}

// List is all keys.
func (s *Keys) List(ctx context.Context) ([]facegate.Key, error) {
	rows, err := s.Store.reader.QueryContext(ctx, `SELECT `+keyColumns+` FROM api_keys ORDER BY created_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list the keys: %w", s.Store.cause(ctx, err))
	}
	defer rows.Close()
	keys := []facegate.Key{}
	for rows.Next() {
		k, err := scanKey(rows)
		if err != nil {
			return nil, fmt.Errorf("list the keys: %w", err)
		}
		s.mu.Lock()
		if at, ok := s.used[k.ID]; ok {
			k.LastUsedAt = &at
		}
		s.mu.Unlock()
		keys = append(keys, k)
	}
	return keys, s.Store.cause(ctx, rows.Err())
}

// Key is the key with the id.
func (s *Keys) Key(ctx context.Context, id string) (facegate.Key, error) {
	k, err := keyByID(ctx, s.Store.reader, id)
	if err != nil {
		return facegate.Key{}, fmt.Errorf("look for a key: %w", s.Store.cause(ctx, err))
	}
	return k, nil
}

func keyByID(ctx context.Context, q queryer, id string) (facegate.Key, error) {
	k, err := scanKey(q.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM api_keys WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = facegate.NewError(facegate.CodeKeyNotFound, fmt.Sprintf("there is no key with the id %q", id), "list the keys to see which there are")
	}
	return k, err
}

// Create makes a key.
func (s *Keys) Create(ctx context.Context, n facegate.NewKey) (facegate.Key, string, error) {
	now := fromMillis(timeNow(s.Now).UnixMilli())
	secret, err := uuid.NewRandom()
	if err != nil {
		return facegate.Key{}, "", fmt.Errorf("make a key: %w", err)
	}
	text := secret.String()
	k := facegate.Key{ID: uuid.NewString(), Name: n.Name, Hint: text[len(text)-4:], Scopes: n.Scopes, Limit: n.Limit,
		CreatedAt: now, ExpiresAt: n.ExpiresAt}
	if err := cleanKey(&k, now); err != nil {
		return facegate.Key{}, "", err
	}
	scopes, err := json.Marshal(k.Scopes)
	if err != nil {
		return facegate.Key{}, "", fmt.Errorf("make a key: %w", err)
	}
	hash := sha256.Sum256([]byte(text))
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO api_keys (id, name, hash, hint, scopes, faces_per_second, burst, concurrent, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, k.ID, k.Name, hash[:], k.Hint, string(scopes),
			k.Limit.Faces, k.Limit.Burst, k.Limit.Concurrent, k.CreatedAt.UnixMilli(), nullMillis(k.ExpiresAt)); err != nil {
			return err
		}
		return appendAudit(ctx, tx, now, auditEntry{action: actionKeyCreate,
			detail: map[string]any{"key": k.ID, "name": k.Name, "scopes": k.Scopes}})
	})
	if err != nil {
		return facegate.Key{}, "", fmt.Errorf("make a key: %w", err)
	}
	return k, text, nil
}

// cleanKey puts k into its canonical form, or says what is wrong with it.
func cleanKey(k *facegate.Key, now time.Time) error {
	name, err := cleanName(k.Name)
	if err != nil {
		return err
	}
	k.Name = name
	if len(k.Scopes) == 0 {
		return invalid("the key has no scope", "name what it is for: "+scopeNames())
	}
	var scopes []facegate.Scope
	for _, s := range facegate.Scopes() { // in their own order, each once
		if slices.Contains(k.Scopes, s) {
			scopes = append(scopes, s)
		}
	}
	for _, s := range k.Scopes {
		if !slices.Contains(scopes, s) {
			return invalid(fmt.Sprintf("there is no scope %q", s), "there are: "+scopeNames())
		}
	}
	k.Scopes = scopes
	if l := k.Limit; l.Faces < 0 || l.Faces > 1e6 || l.Burst < 0 || l.Burst > 1e6 || l.Concurrent < 0 || l.Concurrent > 1e6 || l.Faces != l.Faces {
		return invalid("the key's limits are out of range", "give numbers from 0 to 1000000; 0 is the server's own limit")
	}
	if k.ExpiresAt != nil {
		if !k.ExpiresAt.After(now) {
			return invalid("the expiry lies in the past", "give a time in the future, or none")
		}
		at := fromMillis(k.ExpiresAt.UnixMilli())
		k.ExpiresAt = &at
	}
	return nil
}

func scopeNames() string {
	var names []string
	for _, s := range facegate.Scopes() {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// Revoke ends a key. Revoking it again changes nothing.
func (s *Keys) Revoke(ctx context.Context, id string) (k facegate.Key, err error) {
	now := timeNow(s.Now)
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		k, err = keyByID(ctx, tx, id)
		if err != nil || k.RevokedAt != nil {
			return err
		}
		at := fromMillis(now.UnixMilli())
		k.RevokedAt = &at
		if _, err := tx.ExecContext(ctx, `UPDATE api_keys SET revoked_at = ? WHERE id = ?`, at.UnixMilli(), id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, at, auditEntry{action: actionKeyRevoke, detail: map[string]any{"key": k.ID, "name": k.Name}})
	})
	if err != nil {
		return facegate.Key{}, fmt.Errorf("revoke a key: %w", err)
	}
	return k, nil
}

// lookupBytes is how much of a hash finds the row; all of it is then compared in
// constant time.
const lookupBytes = 8

// Authenticate is the key with the secret. All refusals are alike: who tries
// secrets learns nothing from them.
func (s *Keys) Authenticate(ctx context.Context, secret string) (facegate.Key, error) {
	id, err := uuid.Parse(secret)
	if err != nil || len(secret) != 36 { // Parse takes more forms than one
		return facegate.Key{}, facegate.NewError(facegate.CodeKeyMalformed, "the key is no UUID", "send the key as it was shown when it was made")
	}
	hash := sha256.Sum256([]byte(id.String()))
	rows, err := s.Store.reader.QueryContext(ctx, `SELECT `+keyColumns+`, hash FROM api_keys WHERE hash >= ? AND hash <= ?`,
		hashRange(hash, 0x00), hashRange(hash, 0xff))
	if err != nil {
		return facegate.Key{}, fmt.Errorf("look for the key: %w", s.Store.cause(ctx, err))
	}
	defer rows.Close()
	var found facegate.Key
	matched := 0
	for rows.Next() {
		var stored []byte
		k, err := scanKey(rows, &stored)
		if err != nil {
			return facegate.Key{}, fmt.Errorf("look for the key: %w", err)
		}
		if subtle.ConstantTimeCompare(stored, hash[:]) == 1 {
			found, matched = k, 1
		}
	}
	if err := rows.Err(); err != nil {
		return facegate.Key{}, fmt.Errorf("look for the key: %w", s.Store.cause(ctx, err))
	}
	now := timeNow(s.Now)
	if matched == 0 || !found.InForce(now) {
		return facegate.Key{}, facegate.NewError(facegate.CodeKeyRefused, "the key is not known, has expired, or was revoked",
			"ask whoever runs the gateway for another one")
	}
	s.note(ctx, found.ID, now)
	return found, nil
}

func hashRange(hash [sha256.Size]byte, fill byte) []byte {
	for i := lookupBytes; i < len(hash); i++ {
		hash[i] = fill
	}
	return hash[:]
}

// note remembers a use, and writes what it remembers with the first use of a key
// and then every now and then: not with every request, for a write waits for the
// disk.
func (s *Keys) note(ctx context.Context, id string, now time.Time) {
	every := s.Every
	if every <= 0 {
		every = time.Minute
	}
	s.mu.Lock()
	if s.used == nil {
		s.used, s.written = map[string]time.Time{}, map[string]time.Time{}
	}
	s.used[id] = fromMillis(now.UnixMilli())
	last, before := s.written[id]
	due := !before || now.Sub(last) >= every
	if due {
		s.written[id] = now
	}
	s.mu.Unlock()
	if due {
		go func() {
			if err := s.Flush(context.WithoutCancel(ctx)); err != nil && s.Logger != nil {
				s.Logger.ErrorContext(ctx, "the last use of keys could not be written", "error", err)
			}
		}()
	}
}

// Flush writes when keys were last used.
func (s *Keys) Flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	used := maps.Clone(s.used)
	s.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		for id, at := range used {
			if _, err := tx.ExecContext(ctx, `UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?`, at.UnixMilli(), id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note the use of keys: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.used, func(id string, at time.Time) bool { return at.Equal(used[id]) })
	return nil
}
