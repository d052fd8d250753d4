package enroll_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"facegate"
	"facegate/enroll"
)

// tampering is what can be done to a backup by somebody who knows SQL.
var tampering = []string{
	``, `DELETE FROM sample_thumbnails`, `DROP TABLE samples`, `DROP TRIGGER audit_is_never_changed; UPDATE audit SET detail = '{"x":1}'`, `DROP TRIGGER audit_is_never_deleted`,
	`DELETE FROM people`, `PRAGMA application_id = 7`, `DELETE FROM goose_db_version`, `UPDATE goose_db_version SET version_id = 999`, `DROP TABLE goose_db_version`,
	`CREATE TRIGGER more AFTER INSERT ON people BEGIN DELETE FROM samples; END`, `ALTER TABLE people RENAME COLUMN name TO nom`, `DROP TABLE audit_anchor`,
	`PRAGMA ignore_check_constraints = on; UPDATE samples SET embedding = x'00'`, `INSERT INTO template_check (id, sealed) VALUES (1, x'00')`, `CREATE VIEW v AS SELECT * FROM v`,
	`PRAGMA foreign_keys = off; DELETE FROM people`, `DROP TRIGGER gallery_sample_added`,
}

// FuzzRestore restores backups of which any bytes were changed, or any were lost,
// or in which somebody was at work. What cannot be restored is refused with a reason
// and leaves no trace; what is restored is whole.
func FuzzRestore(f *testing.F) {
	dir := f.TempDir()
	s, _ := openService(f, filepath.Join(dir, "from", "facegate.db"))
	mustCreate(f, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	file := filepath.Join(dir, "backup.db")
	if err := s.Store.Backup(f.Context(), file); err != nil {
		f.Fatal(err)
	}
	backup, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	for i := range tampering {
		f.Add(uint8(i), uint32(0), []byte{}, uint32(len(backup)))
	}
	for _, offset := range []uint32{0, 16, 18, 20, 24, 28, 40, 44, 56, 60, 68, 100, 103, 105, 4096, 8192, uint32(len(backup)) / 2} {
		f.Add(uint8(0), offset, []byte{0xff, 0xff}, uint32(len(backup)))
		f.Add(uint8(0), offset, []byte{}, offset)
	}
	f.Add(uint8(0), uint32(len(backup)), []byte("more"), uint32(len(backup)+4))
	f.Fuzz(func(t *testing.T, tampered uint8, offset uint32, patch []byte, length uint32) {
		if offset > uint32(len(backup)) || length > uint32(len(backup))+1<<16 {
			t.Skip("nothing to change there")
		}
		home := t.TempDir()
		path, bad := filepath.Join(home, "data", "facegate.db"), filepath.Join(home, "bad.db")
		store, err := enroll.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(bad, backup, 0o600); err != nil {
			t.Fatal(err)
		}
		if what := tampering[int(tampered)%len(tampering)]; what != "" {
			db, err := sql.Open("sqlite3", bad)
			if err == nil {
				_, err = db.Exec(what)
			}
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		content, err := os.ReadFile(bad)
		if err != nil {
			t.Fatal(err)
		}
		content = slices.Concat(content[:offset], patch, content[min(int(offset)+len(patch), len(content)):])
		if err := os.WriteFile(bad, content[:min(len(content), int(length))], 0o600); err != nil {
			t.Fatal(err)
		}

		kept, check, err := enroll.Restore(t.Context(), bad, path, testTime)
		for _, pattern := range []string{"data/.*", "data/*-wal", "data/*-shm", "data/*-journal"} {
			if left, _ := filepath.Glob(filepath.Join(home, pattern)); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		}
		if err != nil {
			if e := facegate.AsError(err); e.Code != facegate.CodeDatabase && e.Code != facegate.CodeInvalid || e.Detail == "" || e.Next == "" {
				t.Errorf("%s: %v", e.Code, err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) || kept != "" {
				t.Errorf("the database was touched by a backup that was refused (%v, kept %q)", err, kept)
			}
			return
		}
		if !check.Healthy() || kept == "" {
			t.Errorf("restored, kept %q: %+v", kept, check)
		}
		restored, err := enroll.Open(t.Context(), path)
		if err != nil {
			t.Fatalf("what was restored cannot be opened: %v", err)
		}
		if c, err := restored.Check(t.Context()); err != nil || !c.Healthy() {
			t.Errorf("what was restored is not whole: %+v %v", c, err)
		}
		if err := restored.Close(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzKeyText reads whatever is given for a key: 32 bytes, or a word of what is
// wrong, which does not tell what was given.
func FuzzKeyText(f *testing.F) {
	for _, text := range []string{strings.Repeat("0", 64), " " + strings.Repeat("aB", 32) + "\n", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE",
		"correct horse battery staple", strings.Repeat("g", 64), "\xff\xfe"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := enroll.ReadKey(text, "")
		switch {
		case err != nil:
			wantCode(t, err, facegate.CodeWrongKey)
			if len(text) > 20 && strings.Contains(facegate.AsError(err).Detail, text) {
				t.Errorf("the error tells the key: %v", err)
			}
		case text == "" && key != nil, text != "" && len(key) != 32:
			t.Errorf("%q is a key of %d bytes", text, len(key))
		}
	})
}
