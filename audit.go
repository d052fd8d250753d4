package facegate

import (
	"context"
	"encoding/json"
	"io"
	"time"
)

// An Actor is who asks for a change, for the audit.
type Actor struct {
	Name      string // "key:NAME", "user:NAME", or "cli"; empty: not known
	ID        string // of the key or account; empty elsewhere
	Address   string // the client's IP address; empty elsewhere
	RequestID string // of the HTTP request; empty elsewhere
}

type actorKey struct{}

// WithActor is ctx carrying who acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom is who acts, as ctx carries it; the zero Actor when it does not.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// An AuditEntry is a line of the audit: who did what to whom. It holds ids and
// never names of people, so that who was erased stays erased; and never a photo
// or an embedding.
type AuditEntry struct {
	Seq       int64           `json:"seq"` // ascending, without gaps
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	ActorID   string          `json:"actor_id,omitempty"`
	Address   string          `json:"address,omitempty"`
	Action    string          `json:"action"` // such as identify, person.create, key.revoke
	PersonID  string          `json:"person_id,omitempty"`
	SampleID  string          `json:"sample_id,omitempty"`
	Detail    json.RawMessage `json:"detail"` // an object; with decision and distance for identify and verify
	RequestID string          `json:"request_id,omitempty"`
	Hash      string          `json:"hash"` // SHA-256 over this entry and the hash before it, in hexadecimal
}

// An AuditRecord is an entry to be written. Who acts is in the context.
type AuditRecord struct {
	Action   string
	PersonID string
	SampleID string
	Detail   map[string]any
}

// An AuditFilter selects entries. The zero value is all, in pages of 100.
type AuditFilter struct {
	Actor     string // exact
	Action    string // exact, or a group such as "person." with its dot
	PersonID  string
	RequestID string
	Decision  Decision
	From, To  *time.Time // To is exclusive
	Limit     int        // page size, 1..1000; 0: 100
	Before    int64      // AuditPage.Next of the page before; 0: the first page
}

// An AuditPage is a page of entries, the newest first.
type AuditPage struct {
	Entries []AuditEntry `json:"entries"`
	Next    int64        `json:"next,omitempty"` // 0 on the last page
}

// An AuditCheck is the outcome of verifying the chain.
type AuditCheck struct {
	Valid   bool   `json:"valid"`
	Entries int64  `json:"entries"`          // verified
	First   int64  `json:"first"`            // seq of the first entry that is kept
	Last    int64  `json:"last"`             // seq of the newest entry
	Head    string `json:"head"`             // hash of the newest entry: keep it elsewhere to tell a chain that was made anew
	Broken  int64  `json:"broken,omitempty"` // seq at which the chain breaks
	Reason  string `json:"reason,omitempty"` // in words
}

// An Exporter hands over all that is kept about a person, as a zip.
type Exporter interface {
	Export(ctx context.Context, personID string, w io.Writer) error
}

// An AuditLog is the record of who asked what.
type AuditLog interface {
	// Record writes an entry soon. It waits only where very many are waiting.
	Record(ctx context.Context, r AuditRecord) error
	Entries(ctx context.Context, f AuditFilter) (AuditPage, error)
	// Each hands over all entries that f selects, the oldest first.
	Each(ctx context.Context, f AuditFilter, do func(AuditEntry) error) error
	Verify(ctx context.Context) (AuditCheck, error)
}
