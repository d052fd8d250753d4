package enroll

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"facegate"
)

// An AuditLog is [facegate.AuditLog] in the database. After Start entries are
// written behind the back of whoever records them, many in one transaction;
// before it, and after Close, at once. A crash loses what has not been written,
// which is what came in while the last transaction was under way.
type AuditLog struct {
	Store  *Store
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: nothing is logged
	Queue  int              // entries that may wait, before those who record wait; 0: 4096
	// After is the clock that failed writes wait by. nil: time.After
	After func(time.Duration) <-chan time.Time

	mu      sync.RWMutex // held for reading while an entry goes into the queue
	queue   chan auditRow
	done    chan struct{}
	closing chan struct{}
	lost    int // entries that could not be written before the end
}

var _ facegate.AuditLog = (*AuditLog)(nil)

// auditBatch is how many entries go in one transaction at most.
const auditBatch = 500

// Start begins to write in the background, until Close.
func (l *AuditLog) Start() {
	size := l.Queue
	if size <= 0 {
		size = 4096
	}
	l.queue, l.done, l.closing = make(chan auditRow, size), make(chan struct{}), make(chan struct{})
	go l.run(l.queue)
}

// Close writes what waits, and fails where it could not.
func (l *AuditLog) Close() error {
	l.mu.Lock()
	queue := l.queue
	l.queue = nil
	l.mu.Unlock()
	if queue == nil {
		return nil
	}
	close(l.closing)
	close(queue)
	<-l.done
	if l.lost > 0 {
		return fmt.Errorf("%d entries of the audit were not written", l.lost)
	}
	return nil
}

// Record writes an entry soon.
func (l *AuditLog) Record(ctx context.Context, r facegate.AuditRecord) error {
	detail := []byte("{}")
	if r.Detail != nil {
		var err error
		if detail, err = json.Marshal(r.Detail); err != nil {
			return fmt.Errorf("audit %s: %w", r.Action, err)
		}
	}
	actor := facegate.ActorFrom(ctx)
	row := auditRow{at: timeNow(l.Now).UnixMilli(), actor: actor.Name, actorID: actor.ID, address: actor.Address, action: r.Action,
		personID: r.PersonID, sampleID: r.SampleID, detail: string(detail), requestID: actor.RequestID}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.queue == nil {
		return l.write(ctx, []auditRow{row})
	}
	select {
	case l.queue <- row:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("audit %s: %w", r.Action, ctx.Err())
	}
}

func (l *AuditLog) run(queue <-chan auditRow) {
	defer close(l.done)
	after := l.After
	if after == nil {
		after = time.After
	}
	for row := range queue {
		batch := []auditRow{row}
	more:
		for len(batch) < auditBatch {
			select {
			case row, ok := <-queue:
				if !ok {
					break more
				}
				batch = append(batch, row)
			default:
				break more
			}
		}
		for tries := 0; ; tries++ {
			err := l.write(context.Background(), batch)
			if err == nil {
				break
			}
			if l.Logger != nil {
				l.Logger.Error("the audit could not be written", "entries", len(batch), "error", err)
			}
			select {
			case <-l.closing:
				if tries >= 3 {
					l.lost = len(batch) + len(queue)
					return
				}
			case <-after(time.Second):
			}
		}
	}
}

func (l *AuditLog) write(ctx context.Context, rows []auditRow) error {
	err := l.Store.write(ctx, func(tx *sql.Tx) error {
		for _, r := range rows {
			if err := insertAudit(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	return nil
}

const (
	defaultAuditPage = 100
	maxAuditPage     = 1000
)

func auditSelection(f facegate.AuditFilter) (where string, args []any) {
	where = "TRUE"
	add := func(condition string, value any) {
		where += " AND " + condition
		args = append(args, value)
	}
	if f.Actor != "" {
		add("a.actor = ?", f.Actor)
	}
	switch {
	case strings.HasSuffix(f.Action, "."):
		add("instr(a.action, ?) = 1", f.Action)
	case f.Action != "":
		add("a.action = ?", f.Action)
	}
	if f.PersonID != "" {
		add("a.person_id = ?", f.PersonID)
	}
	if f.RequestID != "" {
		add("a.request_id = ?", f.RequestID)
	}
	if f.Decision != "" {
		add("a.detail ->> 'decision' = ?", string(f.Decision))
	}
	if f.From != nil {
		add("a.at >= ?", f.From.UnixMilli())
	}
	if f.To != nil {
		add("a.at < ?", f.To.UnixMilli())
	}
	return where, args
}

func (r auditRow) entry() facegate.AuditEntry {
	return facegate.AuditEntry{Seq: r.seq, At: fromMillis(r.at), Actor: r.actor, ActorID: r.actorID, Address: r.address, Action: r.action,
		PersonID: r.personID, SampleID: r.sampleID, Detail: json.RawMessage(r.detail), RequestID: r.requestID, Hash: hex.EncodeToString(r.hash)}
}

// Entries is a page of entries, the newest first.
func (l *AuditLog) Entries(ctx context.Context, f facegate.AuditFilter) (facegate.AuditPage, error) {
	limit := f.Limit
	if limit == 0 {
		limit = defaultAuditPage
	}
	if limit < 1 || limit > maxAuditPage || f.Before < 0 {
		return facegate.AuditPage{}, invalid("the page is out of range", fmt.Sprintf("ask for 1 to %d entries a page", maxAuditPage))
	}
	where, args := auditSelection(f)
	if f.Before > 0 {
		where += " AND a.seq < ?"
		args = append(args, f.Before)
	}
	rows, err := l.some(ctx, where+" ORDER BY a.seq DESC LIMIT ?", append(args, limit+1))
	if err != nil {
		return facegate.AuditPage{}, err
	}
	page := facegate.AuditPage{Entries: []facegate.AuditEntry{}}
	for i, r := range rows {
		if i == limit {
			page.Next = page.Entries[limit-1].Seq
			break
		}
		page.Entries = append(page.Entries, r.entry())
	}
	return page, nil
}

func (l *AuditLog) some(ctx context.Context, condition string, args []any) ([]auditRow, error) {
	rows, err := l.Store.reader.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit a WHERE `+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", l.Store.cause(ctx, err))
	}
	defer rows.Close()
	var all []auditRow
	for rows.Next() {
		r, err := scanAudit(rows)
		if err != nil {
			return nil, fmt.Errorf("read the audit: %w", l.Store.cause(ctx, err))
		}
		all = append(all, r)
	}
	return all, l.Store.cause(ctx, rows.Err())
}

// Each hands over all entries that f selects, the oldest first. It reads them in
// pieces: whoever takes long holds up nothing.
func (l *AuditLog) Each(ctx context.Context, f facegate.AuditFilter, do func(facegate.AuditEntry) error) error {
	where, args := auditSelection(f)
	return l.each(ctx, where, args, 0, func(r auditRow) error { return do(r.entry()) })
}

func (l *AuditLog) each(ctx context.Context, where string, args []any, after int64, do func(auditRow) error) error {
	for {
		rows, err := l.some(ctx, where+" AND a.seq > ? ORDER BY a.seq LIMIT ?", append(append([]any{}, args...), after, maxAuditPage))
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := do(r); err != nil {
				return err
			}
			after = r.seq
		}
		if len(rows) < maxAuditPage {
			return nil
		}
	}
}

// Verify walks along the whole chain.
func (l *AuditLog) Verify(ctx context.Context) (facegate.AuditCheck, error) {
	for {
		c, anchor, err := l.verify(ctx)
		if err != nil || c.Valid {
			return c, err
		}
		var now int64 // entries may have been pruned under our feet
		if err := l.Store.reader.QueryRowContext(ctx, `SELECT seq FROM audit_anchor`).Scan(&now); err != nil {
			return c, fmt.Errorf("verify the audit: %w", l.Store.cause(ctx, err))
		}
		if now == anchor {
			return c, nil
		}
	}
}

func (l *AuditLog) verify(ctx context.Context) (c facegate.AuditCheck, anchor int64, err error) {
	var before []byte
	var last sql.NullInt64
	err = l.Store.read(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit_anchor`).Scan(&c.Last, &before)
		if err != nil {
			return err
		}
		// SQLite's own count of the rows there ever were: it tells rows that
		// were cut off the end.
		err = tx.QueryRowContext(ctx, `SELECT seq FROM sqlite_sequence WHERE name = 'audit'`).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return err
	})
	if err != nil {
		return c, anchor, fmt.Errorf("verify the audit: %w", err)
	}
	anchor = c.Last
	broken := func(seq int64, reason string) (facegate.AuditCheck, int64, error) {
		c.Broken, c.Reason, c.Head = seq, reason, hex.EncodeToString(before)
		return c, anchor, nil
	}
	errBroken := errors.New("broken")
	var at int64
	var reason string
	err = l.each(ctx, "TRUE", nil, 0, func(r auditRow) error {
		hash, err := r.chainHash(before)
		switch {
		case err != nil:
			return err
		case r.seq != c.Last+1:
			at, reason = r.seq, fmt.Sprintf("entry %d follows entry %d: what was between them is gone", r.seq, c.Last)
			return errBroken
		case string(hash) != string(r.hash):
			at, reason = r.seq, fmt.Sprintf("entry %d, or the one before it, is not what was written", r.seq)
			return errBroken
		}
		if c.Entries == 0 {
			c.First = r.seq
		}
		before, c.Last = hash, r.seq
		c.Entries++
		return nil
	})
	switch {
	case errors.Is(err, errBroken):
		return broken(at, reason)
	case err != nil:
		return c, anchor, fmt.Errorf("verify the audit: %w", err)
	case last.Valid && last.Int64 > c.Last:
		return broken(c.Last+1, fmt.Sprintf("the entries after %d, up to %d, are gone", c.Last, last.Int64))
	case c.Entries == 0 && anchor > 0:
		return broken(anchor, "all entries are gone")
	}
	c.Valid, c.Head = true, hex.EncodeToString(before)
	return c, anchor, nil
}

const actionAuditPrune = "audit.prune"

// Prune takes out the entries before a time. The chain then starts at an anchor:
// the last of them. The entry that tells of it is part of the chain.
func (l *AuditLog) Prune(ctx context.Context, before time.Time) (pruned int64, err error) {
	err = l.Store.write(ctx, func(tx *sql.Tx) error {
		var first, keep sql.NullInt64 // those written first go first, whatever their clock said
		if err := tx.QueryRowContext(ctx, `SELECT min(seq), (SELECT min(seq) FROM audit WHERE at >= ?) FROM audit`, before.UnixMilli()).Scan(&first, &keep); err != nil {
			return err
		}
		head, _, err := auditHead(ctx, tx)
		if err != nil {
			return err
		}
		through := head
		if keep.Valid {
			through = keep.Int64 - 1
		}
		if !first.Valid || through < first.Int64 {
			return nil
		}
		pruned = through - first.Int64 + 1
		var hash []byte
		if err := tx.QueryRowContext(ctx, `SELECT hash FROM audit WHERE seq = ?`, through).Scan(&hash); err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, timeNow(l.Now), auditEntry{action: actionAuditPrune,
			detail: map[string]any{"entries": pruned, "through": through, "hash": hex.EncodeToString(hash)}}); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE audit_anchor SET seq = ?, hash = ?`, through, hash); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM audit WHERE seq <= ?`, through)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune the audit: %w", err)
	}
	if pruned > 0 {
		l.Store.erased()
	}
	return pruned, nil
}
