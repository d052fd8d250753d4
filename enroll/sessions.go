package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"facegate"
)

// sessionStep is how exactly the use of a session is written: not with every
// request, for a write waits for the disk.
const sessionStep = time.Minute

// startSession makes a session, and sweeps those that are over.
func (s *Accounts) startSession(ctx context.Context, tx *sql.Tx, a facegate.Account, now time.Time) (facegate.Session, error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE seen_at <= ? OR created_at <= ?`,
		now.Add(-s.idle()).UnixMilli(), now.Add(-s.life()).UnixMilli()); err != nil {
		return facegate.Session{}, fmt.Errorf("end old sessions: %w", err)
	}
	secret, hash := newSecret()
	if _, err := tx.ExecContext(ctx, `INSERT INTO sessions (hash, account_id, created_at, seen_at) VALUES (?, ?, ?, ?)`,
		hash, a.ID, now.UnixMilli(), now.UnixMilli()); err != nil {
		return facegate.Session{}, fmt.Errorf("start a session: %w", err)
	}
	return facegate.Session{Account: a, Secret: secret, ExpiresAt: now.Add(s.life())}, nil
}

// Session is the account whose session has the secret.
func (s *Accounts) Session(ctx context.Context, secret string) (facegate.Account, error) {
	var a facegate.Account
	var accountCreated, created, seen int64
	hash := secretHash(secret)
	err := s.Store.reader.QueryRowContext(ctx, `
		SELECT a.id, a.name, a.created_at, s.created_at, s.seen_at FROM sessions s JOIN accounts a ON a.id = s.account_id
		WHERE s.hash = ?`, hash).Scan(&a.ID, &a.Name, &accountCreated, &created, &seen)
	now := timeNow(s.Now)
	over := errors.Is(err, sql.ErrNoRows)
	if err != nil && !over {
		return facegate.Account{}, fmt.Errorf("look for the session: %w", s.Store.cause(ctx, err))
	}
	if over || now.Sub(fromMillis(seen)) >= s.idle() || now.Sub(fromMillis(created)) >= s.life() {
		return facegate.Account{}, facegate.NewError(facegate.CodeSessionNeeded, "the session is over", "sign in again")
	}
	a.CreatedAt = fromMillis(accountCreated)
	if now.Sub(fromMillis(seen)) >= min(sessionStep, s.idle()/4) {
		err := s.Store.write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE sessions SET seen_at = max(seen_at, ?) WHERE hash = ?`, now.UnixMilli(), hash)
			return err
		})
		if err != nil {
			return facegate.Account{}, fmt.Errorf("go on with the session: %w", err)
		}
	}
	return a, nil
}

// Logout ends a session. It is no error if there is none.
func (s *Accounts) Logout(ctx context.Context, secret string) error {
	now := timeNow(s.Now)
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, secretHash(secret))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return appendAudit(ctx, tx, now, auditEntry{action: actionLogout})
	})
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}
