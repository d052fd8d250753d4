package enroll_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"facegate"
	"facegate/enroll"
)

func TestOpenSettings(t *testing.T) {
	// Characters that mean something in a URI.
	path := filepath.Join(t.TempDir(), "a?b#c%41 d", "facegate.db")
	s, _ := openService(t, path)
	mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	for file, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: permissions %o, want %o", file, got, want)
		}
	}
	for _, c := range []struct {
		pragma, handle, want string
		db                   *sql.DB
	}{
		{"journal_mode", "writer", "wal", s.Store.Writer()},
		{"synchronous", "writer", "2", s.Store.Writer()}, // FULL
		{"secure_delete", "writer", "1", s.Store.Writer()},
		{"foreign_keys", "writer", "1", s.Store.Writer()},
		{"busy_timeout", "writer", "10000", s.Store.Writer()},
		{"application_id", "writer", "1179083124", s.Store.Writer()},
		{"query_only", "reader", "1", s.Store.Reader()},
		{"busy_timeout", "reader", "10000", s.Store.Reader()},
	} {
		var got string
		if err := c.db.QueryRow(`PRAGMA ` + c.pragma).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s of the %s: got %q (%v), want %q", c.pragma, c.handle, got, err, c.want)
		}
	}
	if _, err := s.Store.Reader().Exec(`DELETE FROM people`); err == nil {
		t.Error("a reader can write")
	}
}

func TestOpenAgainKeepsAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	store, err := enroll.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	first := &enroll.Service{Store: store}
	want := mustCreate(t, first, "Ann")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	again, _ := openService(t, path)
	if got, err := again.Person(t.Context(), want.ID); err != nil || got.Name != "Ann" {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	sqlFile := func(name string, statements ...string) string {
		p := filepath.Join(dir, name)
		db, err := sql.Open("sqlite3", p)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, s := range statements {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	newer := filepath.Join(dir, "newer.db")
	store, err := enroll.Open(t.Context(), newer)
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
	sqlFile("newer.db", `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)

	tests := []struct{ name, path, detail string }{
		{"text", write("text.db", []byte(strings.Repeat("This is not a database. ", 100))), "is not a facegate database"},
		{"folder", dir, "cannot be opened"},
		{"under a file", filepath.Join(write("file", nil), "facegate.db"), "cannot be created"},
		{"other program", sqlFile("other.db", `CREATE TABLE people (id)`), "another program"},
		{"other program's mark", sqlFile("mark.db", `PRAGMA application_id = 7`, `CREATE TABLE t (id)`), "another program"},
		{"newer", newer, "newer version"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, _ := os.ReadFile(tt.path)
			store, err := enroll.Open(t.Context(), tt.path)
			if err == nil {
				store.Close()
			}
			wantCode(t, err, facegate.CodeDatabase)
			if e := facegate.AsError(err); !strings.Contains(e.Detail, tt.detail) {
				t.Errorf("detail %q, want %q in it", e.Detail, tt.detail)
			}
			if after, _ := os.ReadFile(tt.path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

// Several processes may start on a new database at once.
func TestOpenTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "facegate.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			store, err := enroll.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer store.Close()
			var rows int
			if err := store.Reader().QueryRow(`SELECT count(*) FROM people`).Scan(&rows); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestSchemaRefuses(t *testing.T) {
	s, _ := newService(t)
	p := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	for name, statement := range map[string]string{
		"short embedding":        `UPDATE samples SET embedding = x'00'`,
		"short hash":             `UPDATE samples SET photo_sha256 = x'00'`,
		"quality beyond 1":       `UPDATE samples SET overall = 1.5`,
		"broken quality":         `UPDATE samples SET quality = '[1]'`,
		"sample of nobody":       `UPDATE samples SET person_id = '00000000-0000-0000-0000-000000000000'`,
		"empty name":             `UPDATE people SET name = ''`,
		"text as time":           `UPDATE people SET created_at = 'today'`,
		"tags that are no list":  `UPDATE people SET tags = '{}'`,
		"changing the audit":     `UPDATE audit SET actor = 'x'`,
		"deleting from audit":    `DELETE FROM audit`,
		"unknown gallery change": `INSERT INTO gallery_log (op, person_id) VALUES ('x', 'y')`,
	} {
		if _, err := s.Store.Writer().Exec(statement); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if got, err := s.Samples(t.Context(), p.ID); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

// The gallery log's numbers have no gaps, even where transactions roll back.
func TestGalleryLogHasNoGaps(t *testing.T) {
	s, _ := newService(t)
	giveUp := errors.New("give up")
	for i := range 6 {
		err := s.Store.Write(t.Context(), func(tx *sql.Tx) error {
			if _, err := tx.Exec(`INSERT INTO gallery_log (op, person_id) VALUES ('rename', 'x')`); err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				return giveUp
			}
			return nil
		})
		if i%2 == 0 && !errors.Is(err, giveUp) || i%2 == 1 && err != nil {
			t.Fatal(err)
		}
	}
	var rows, last int
	if err := s.Store.Reader().QueryRow(`SELECT count(*), max(seq) FROM gallery_log`).Scan(&rows, &last); err != nil || rows != 3 || last != 3 {
		t.Errorf("%d rows up to %d (%v), want 3 up to 3", rows, last, err)
	}
}

// A write that waits for another process gives up with its context.
func TestWriteObeysContext(t *testing.T) {
	s, _ := newService(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Store.Write(t.Context(), func(*sql.Tx) error {
		cancel()
		_, err := s.Create(ctx, facegate.NewPerson{Name: "Ann"}, nil)
		wantCode(t, err, facegate.CodeCanceled)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A call canceled in the middle of its transaction leaves nothing, and the one
// writing connection usable.
func TestWriteCanceledHalfWay(t *testing.T) {
	s, _ := newService(t)
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Store.Write(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `DELETE FROM people`); err != nil {
				t.Fatal(err)
			}
			cancel()
			_, err := tx.ExecContext(ctx, `INSERT INTO audit (at, actor, action, hash) VALUES (0, 'x', 'x', zeroblob(32))`)
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want the context's error", err)
		}
	}
	if p, err := s.Person(t.Context(), ann.ID); err != nil || p.SampleCount != 1 {
		t.Errorf("got %+v, %v", p, err)
	}
	mustCreate(t, s, "Bob", photo("b.jpg", 1, shown{seed: 2}))
	var stray int
	if err := s.Store.Reader().QueryRow(`SELECT count(*) FROM audit WHERE actor = 'x'`).Scan(&stray); err != nil || stray != 0 {
		t.Errorf("%d stray rows, %v", stray, err)
	}
	if err := equalsDatabase(t.Context(), s); err != nil {
		t.Error(err)
	}
}
