package enroll

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"facegate"

	"github.com/google/uuid"
)

const (
	actionAccountSetup  = "account.setup"
	actionAccountDelete = "account.delete"
	actionLogin         = "login"
	actionLoginFailed   = "login.failed"
	actionLogout        = "logout"
)

// Defaults of [Accounts]. The times of sessions are those of OWASP's Session
// Management Cheat Sheet for what is worth protecting.
const (
	DefaultSessionIdle = time.Hour
	DefaultSessionLife = 12 * time.Hour
	DefaultLinkLife    = 24 * time.Hour
)

// Accounts is [facegate.Accounts] in the database.
type Accounts struct {
	Store *Store
	Now   func() time.Time // nil: time.Now

	Idle     time.Duration // an unused session ends after it; 0: DefaultSessionIdle
	Life     time.Duration // every session ends after it; 0: DefaultSessionLife
	LinkLife time.Duration // a one-time link ends after it; 0: DefaultLinkLife

	once   sync.Once
	hasher hasher
	dummy  string // a hash no password has, for names that no account has
}

var _ facegate.Accounts = (*Accounts)(nil)

func (s *Accounts) initialize() {
	s.once.Do(func() {
		s.hasher = newHasher()
		b64 := base64.RawStdEncoding
		s.dummy = fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonPasses, argonLanes,
			b64.EncodeToString(randomBytes(argonSalt)), b64.EncodeToString(randomBytes(argonKey)))
	})
}

func (s *Accounts) idle() time.Duration {
	if s.Idle > 0 {
		return s.Idle
	}
	return DefaultSessionIdle
}

func (s *Accounts) life() time.Duration {
	if s.Life > 0 {
		return s.Life
	}
	return DefaultSessionLife
}

// Claimed reports whether there is an account or a key.
func (s *Accounts) Claimed(ctx context.Context) (claimed bool, err error) {
	err = s.Store.reader.QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1 FROM accounts) OR EXISTS (SELECT 1 FROM api_keys)`).Scan(&claimed)
	if err != nil {
		return false, fmt.Errorf("look for accounts and keys: %w", s.Store.cause(ctx, err))
	}
	return claimed, nil
}

// HasAccount reports whether anybody can sign in.
func (s *Accounts) HasAccount(ctx context.Context) (has bool, err error) {
	if err = s.Store.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM accounts)`).Scan(&has); err != nil {
		return false, fmt.Errorf("look for accounts: %w", s.Store.cause(ctx, err))
	}
	return has, nil
}

// List is all accounts.
func (s *Accounts) List(ctx context.Context) ([]facegate.Account, error) {
	rows, err := s.Store.reader.QueryContext(ctx, `SELECT id, name, created_at FROM accounts ORDER BY created_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list the accounts: %w", s.Store.cause(ctx, err))
	}
	defer rows.Close()
	accounts := []facegate.Account{}
	for rows.Next() {
		var a facegate.Account
		var created int64
		if err := rows.Scan(&a.ID, &a.Name, &created); err != nil {
			return nil, fmt.Errorf("list the accounts: %w", err)
		}
		a.CreatedAt = fromMillis(created)
		accounts = append(accounts, a)
	}
	return accounts, s.Store.cause(ctx, rows.Err())
}

// Account is the account with the id.
func (s *Accounts) Account(ctx context.Context, id string) (facegate.Account, error) {
	a, err := accountByID(ctx, s.Store.reader, id)
	if err != nil {
		return facegate.Account{}, fmt.Errorf("look for an account: %w", s.Store.cause(ctx, err))
	}
	return a, nil
}

func accountByID(ctx context.Context, q queryer, id string) (a facegate.Account, err error) {
	var created int64
	err = q.QueryRowContext(ctx, `SELECT id, name, created_at FROM accounts WHERE id = ?`, id).Scan(&a.ID, &a.Name, &created)
	if errors.Is(err, sql.ErrNoRows) {
		err = facegate.NewError(facegate.CodeAccountNotFound, fmt.Sprintf("there is no account with the id %q", id), "list the accounts to see which there are")
	}
	a.CreatedAt = fromMillis(created)
	return a, err
}

// Delete erases an account; its sessions go with it.
func (s *Accounts) Delete(ctx context.Context, id string) error {
	now := timeNow(s.Now)
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		a, err := accountByID(ctx, tx, id)
		if err != nil {
			return err
		}
		var others bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM accounts WHERE id <> ?)`, id).Scan(&others); err != nil {
			return err
		}
		if !others {
			return facegate.NewError(facegate.CodeLastAccount, fmt.Sprintf("%s is the last account: without it nobody could sign in", a.Name),
				"make another account first: facegate setup, on the gateway's machine, prints a link for it")
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM accounts WHERE id = ?`, id); err != nil {
			return err
		}
		return appendAudit(ctx, tx, now, auditEntry{action: actionAccountDelete, detail: map[string]any{"account": a.ID, "name": a.Name}})
	})
	if err != nil {
		return fmt.Errorf("delete an account: %w", err)
	}
	return nil
}

// SetupLink makes the secret of a one-time link.
func (s *Accounts) SetupLink(ctx context.Context) (string, time.Time, error) {
	now, life := timeNow(s.Now), s.LinkLife
	if life <= 0 {
		life = DefaultLinkLife
	}
	secret, hash := newSecret()
	expires := fromMillis(now.Add(life).UnixMilli())
	err := s.Store.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM setup_links WHERE expires_at <= ?`, now.UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO setup_links (hash, created_at, expires_at) VALUES (?, ?, ?)`,
			hash, now.UnixMilli(), expires.UnixMilli())
		return err
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("make a one-time link: %w", err)
	}
	return secret, expires, nil
}

// newSecret is 256 random bits as text, and their hash, which is what is kept.
func newSecret() (secret string, hash []byte) {
	secret = base64.RawURLEncoding.EncodeToString(randomBytes(32))
	return secret, secretHash(secret)
}

func secretHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Setup creates an account or gives it a new password, and signs in. All links
// end with it.
func (s *Accounts) Setup(ctx context.Context, link, name, password string) (session facegate.Session, err error) {
	s.initialize()
	now := fromMillis(timeNow(s.Now).UnixMilli())
	if err := s.checkLink(ctx, s.Store.reader, link, now); err != nil {
		return session, err
	}
	if name, err = cleanName(name); err != nil {
		return session, err
	}
	if err := checkPassword(name, password); err != nil {
		return session, err
	}
	hash, err := s.hasher.hash(ctx, password) // slow: not while others wait to write
	if err != nil {
		return session, err
	}
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		if err := s.checkLink(ctx, tx, link, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM setup_links`); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO accounts (id, name, name_folded, password, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (name_folded) DO UPDATE SET password = excluded.password, updated_at = excluded.updated_at`,
			uuid.NewString(), name, fold(name), hash, now.UnixMilli(), now.UnixMilli()); err != nil {
			return err
		}
		account, _, err := accountByName(ctx, tx, name)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE account_id = ?`, account.ID); err != nil {
			return err
		}
		if err := appendAudit(asUser(ctx, account), tx, now, auditEntry{action: actionAccountSetup}); err != nil {
			return err
		}
		session, err = s.startSession(ctx, tx, account, now)
		return err
	})
	if err != nil {
		return facegate.Session{}, fmt.Errorf("set up an account: %w", err)
	}
	return session, nil
}

func (s *Accounts) checkLink(ctx context.Context, q queryer, link string, now time.Time) error {
	var there bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM setup_links WHERE hash = ? AND expires_at > ?)`,
		secretHash(link), now.UnixMilli()).Scan(&there)
	if err != nil {
		return fmt.Errorf("look for the link: %w", s.Store.cause(ctx, err))
	}
	if !there {
		return facegate.NewError(facegate.CodeSetupRefused, "this one-time link has been used, has expired, or is not complete",
			"make a new one on the gateway's machine: facegate setup")
	}
	return nil
}

func accountByName(ctx context.Context, q queryer, name string) (a facegate.Account, password string, err error) {
	var created int64
	err = q.QueryRowContext(ctx, `SELECT id, name, password, created_at FROM accounts WHERE name_folded = ?`, fold(name)).
		Scan(&a.ID, &a.Name, &password, &created)
	a.CreatedAt = fromMillis(created)
	return a, password, err
}

// Login signs in. A name that no account has takes as long as a wrong password.
func (s *Accounts) Login(ctx context.Context, name, password string) (session facegate.Session, err error) {
	s.initialize()
	cleaned, err := cleanName(name)
	account, stored := facegate.Account{}, s.dummy
	if err == nil {
		var found string
		account, found, err = accountByName(ctx, s.Store.reader, cleaned)
		switch {
		case err == nil:
			stored = found
		case !errors.Is(err, sql.ErrNoRows):
			return session, fmt.Errorf("sign in: %w", s.Store.cause(ctx, err))
		}
	}
	if len(password) > 4*maxPassword {
		password = "" // no account has it
	}
	right, err := s.hasher.matches(ctx, password, stored)
	if err != nil {
		return session, err
	}
	now := fromMillis(timeNow(s.Now).UnixMilli())
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		if right && account.ID != "" { // and is so still: comparing takes its time
			_, found, err := accountByName(ctx, tx, cleaned)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			right = found == stored
		}
		if !right || account.ID == "" {
			// The name that was tried is not told: it may be a password typed in the wrong place.
			return appendAudit(ctx, tx, now, auditEntry{action: actionLoginFailed, detail: detailOf("account", account.ID)})
		}
		if err := appendAudit(asUser(ctx, account), tx, now, auditEntry{action: actionLogin}); err != nil {
			return err
		}
		session, err = s.startSession(ctx, tx, account, now)
		return err
	})
	if err != nil {
		return facegate.Session{}, fmt.Errorf("sign in: %w", err)
	}
	if session.Secret == "" {
		return facegate.Session{}, facegate.NewError(facegate.CodeLoginRefused, "the name or the password is wrong",
			"try again; for a new password run on the gateway's machine: facegate setup")
	}
	return session, nil
}

func detailOf(name, value string) map[string]any {
	if value == "" {
		return nil
	}
	return map[string]any{name: value}
}

// asUser is ctx with the account as the one who acts.
func asUser(ctx context.Context, a facegate.Account) context.Context {
	actor := facegate.ActorFrom(ctx)
	actor.Name, actor.ID = "user:"+a.Name, a.ID
	return facegate.WithActor(ctx, actor)
}
