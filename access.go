package facegate

import (
	"context"
	"slices"
	"time"
)

// Codes of errors about who may do what.
const (
	CodeUnauthorized    Code = "unauthorized"      // neither key nor session where one is needed
	CodeKeyMalformed    Code = "key_malformed"     // the key is no UUID
	CodeKeyRefused      Code = "key_refused"       // the key is not known, expired, or revoked
	CodeForbidden       Code = "forbidden"         // the key lacks the scope
	CodeTooMany         Code = "too_many_requests" // over a limit; try again later
	CodeKeyNotFound     Code = "key_not_found"
	CodeAccountNotFound Code = "account_not_found"
	CodeLastAccount     Code = "last_account"   // nobody could sign in any more
	CodeLoginRefused    Code = "login_refused"  // name or password is wrong
	CodeSetupRefused    Code = "setup_refused"  // the one-time link is used up, expired, or wrong
	CodeSessionNeeded   Code = "session_needed" // the session is over
)

// A Scope is what a key may be used for.
type Scope string

// Scopes. Whoever has ScopeAdmin has all the others.
const (
	ScopeDetect   Scope = "detect"   // find faces
	ScopeVerify   Scope = "verify"   // compare faces, 1:1
	ScopeIdentify Scope = "identify" // search the gallery
	ScopeEnroll   Scope = "enroll"   // see, enrol, change and erase people
	ScopeEvents   Scope = "events"   // see sightings, and follow them; metrics
	ScopeAdmin    Scope = "admin"    // everything: keys, cameras, settings, the audit
)

// Scopes is all scopes there are.
func Scopes() []Scope {
	return []Scope{ScopeDetect, ScopeVerify, ScopeIdentify, ScopeEnroll, ScopeEvents, ScopeAdmin}
}

// A KeyLimit bounds what a key may ask for. Zero is the server's own limit.
type KeyLimit struct {
	Faces      float64 `json:"faces_per_second,omitempty"` // on average; a request costs its faces, and at least one
	Burst      int     `json:"burst,omitempty"`            // faces at once, after a pause
	Concurrent int     `json:"concurrent,omitempty"`       // requests at a time
}

// A Key is what a client program shows to be let in. Its secret is told once,
// when it is made, and only its hash is kept.
type Key struct {
	ID         string     `json:"id"` // UUID; not the secret
	Name       string     `json:"name"`
	Hint       string     `json:"hint"` // the secret's last four characters, to tell keys apart
	Scopes     []Scope    `json:"scopes"`
	Limit      KeyLimit   `json:"limit"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"` // to the minute
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
}

// May reports whether k was made for any of scopes.
func (k Key) May(scopes ...Scope) bool {
	return slices.Contains(k.Scopes, ScopeAdmin) ||
		slices.ContainsFunc(scopes, func(s Scope) bool { return slices.Contains(k.Scopes, s) })
}

// InForce reports whether k lets anybody in.
func (k Key) InForce(now time.Time) bool {
	return k.RevokedAt == nil && (k.ExpiresAt == nil || k.ExpiresAt.After(now))
}

// A NewKey is what is known of a key before it is made.
type NewKey struct {
	Name      string     `json:"name"` // 1..100 characters
	Scopes    []Scope    `json:"scopes"`
	Limit     KeyLimit   `json:"limit"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// Keys looks after keys.
//
// Errors: [CodeKeyNotFound], [CodeInvalid], and for Authenticate
// [CodeKeyMalformed] and [CodeKeyRefused].
type Keys interface {
	List(ctx context.Context) ([]Key, error) // oldest first, revoked ones too
	Key(ctx context.Context, id string) (Key, error)
	// Create makes a key. The secret, a random UUID, cannot be had again.
	Create(ctx context.Context, k NewKey) (key Key, secret string, err error)
	// Revoke ends a key for good; it stays in the list.
	Revoke(ctx context.Context, id string) (Key, error)
	// Authenticate is the key with the secret, if it is in force.
	Authenticate(ctx context.Context, secret string) (Key, error)
}

// An Account is a person who signs in to the console. Accounts may do everything.
type Account struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
}

// A Session is an account that signed in.
type Session struct {
	Account   Account
	Secret    string    // for the cookie; only its hash is kept
	ExpiresAt time.Time // at the latest; a session that is not used ends sooner
}

// Accounts looks after accounts and their sessions.
//
// Errors: [CodeLoginRefused], [CodeSetupRefused], [CodeSessionNeeded],
// [CodeAccountNotFound], [CodeLastAccount], and [CodeInvalid] for a name or password
// that does not serve.
type Accounts interface {
	// Claimed reports whether there is an account or a key: from then on nobody
	// is let in without.
	Claimed(ctx context.Context) (bool, error)
	// HasAccount reports whether anybody can sign in.
	HasAccount(ctx context.Context) (bool, error)
	List(ctx context.Context) ([]Account, error) // oldest first
	Account(ctx context.Context, id string) (Account, error)
	// Delete erases an account and ends its sessions. The last one stays: all
	// accounts may do everything, and without one nobody could sign in.
	Delete(ctx context.Context, id string) error
	// SetupLink makes the secret of a one-time link for Setup.
	SetupLink(ctx context.Context) (secret string, expires time.Time, err error)
	// Setup creates an account, or gives the one of that name a new password and
	// ends its sessions, and signs in.
	Setup(ctx context.Context, link, name, password string) (Session, error)
	Login(ctx context.Context, name, password string) (Session, error)
	// Session is the account whose session has the secret; it counts as use.
	Session(ctx context.Context, secret string) (Account, error)
	Logout(ctx context.Context, secret string) error
}
