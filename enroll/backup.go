package enroll

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"facegate"
	"facegate/migrations"

	"github.com/mattn/go-sqlite3"
)

const actionBackup = "backup"

// Backup writes a copy of the database, as it is at one moment, to a file that
// is not there yet. Readers and writers go on meanwhile, in whatever process.
// The copy is one file, verified, and for its owner alone.
func (s *Store) Backup(ctx context.Context, file string) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return facegate.NewError(facegate.CodeInvalid, file+" is there already", "name a new file, or move that one away")
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".facegate-backup-*") // 0600
	if err != nil {
		return &facegate.Error{Code: facegate.CodeInvalid, Detail: file + " cannot be written", Next: "check that its folder exists and may be written", Err: err}
	}
	temp := f.Name()
	defer func() {
		for _, leftover := range []string{"", "-journal", "-wal", "-shm"} {
			_ = os.Remove(temp + leftover)
		}
	}()
	if err := f.Close(); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := (&AuditLog{Store: s}).Record(ctx, facegate.AuditRecord{Action: actionBackup}); err != nil {
		return err
	}
	if err := s.copyTo(ctx, temp); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := syncFile(temp); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	// A link fails where somebody made the file meanwhile; a rename would not.
	if err := os.Link(temp, file); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return syncFolder(filepath.Dir(file))
}

func (s *Store) copyTo(ctx context.Context, temp string) error {
	target, err := open(temp, "_busy_timeout=1000&_secure_delete=on", 1)
	if err != nil {
		return err
	}
	defer target.Close()
	to, err := target.Conn(ctx)
	if err != nil {
		return err
	}
	defer to.Close()
	from, err := s.reader.Conn(ctx)
	if err != nil {
		return s.cause(ctx, err)
	}
	defer from.Close()
	err = to.Raw(func(t any) error {
		return from.Raw(func(f any) error {
			// All pages in one step: it then is one read transaction, which in
			// WAL mode stops nobody, and need not start over when somebody writes.
			b, err := t.(*sqlite3.SQLiteConn).Backup("main", f.(*sqlite3.SQLiteConn), "main")
			if err != nil {
				return err
			}
			done, err := b.Step(-1)
			if err == nil && !done { // busy or locked, which the driver takes for no error
				err = errors.New("the database is locked")
			}
			return errors.Join(err, b.Finish())
		})
	})
	if err != nil {
		return s.cause(ctx, err)
	}
	var mode string
	if err := to.QueryRowContext(ctx, `PRAGMA journal_mode = delete`).Scan(&mode); err != nil {
		return err
	}
	var verdict string
	if err := to.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("the copy is damaged: %s", verdict)
	}
	return nil
}

// Restore puts a backup in the place of the database at path, after it has been
// verified: a database of facegate of a version that is known, whole, with its
// audit chain unbroken. It fails where a process has the database open. What
// stood there before is kept beside it; kept is its name, empty where there was
// nothing.
func Restore(ctx context.Context, file, path string, now time.Time) (kept string, check CheckResult, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return "", check, fmt.Errorf("restore: %w", err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", check, fmt.Errorf("restore: %w", err)
	}
	staging, err := os.MkdirTemp(dir, ".restore-*") // 0700; on the same disk, so that it can be renamed
	if err != nil {
		return "", check, fmt.Errorf("restore: %w", err)
	}
	defer os.RemoveAll(staging)
	copied := filepath.Join(staging, filepath.Base(path))
	if err := copyFile(file, copied); err != nil {
		return "", check, &facegate.Error{Code: facegate.CodeInvalid, Detail: file + " cannot be read", Next: "name a file that facegate backup wrote", Err: err}
	}
	if check, err = verifyBackup(ctx, copied); err != nil {
		return "", check, err
	}
	unlock, err := lockFolder(ctx, dir) // whoever opens a database waits for it
	if err != nil {
		return "", check, fmt.Errorf("restore: lock %s: %w", dir, err)
	}
	defer unlock()
	if _, err := os.Stat(path); err == nil {
		if err := closeForAll(ctx, path); err != nil {
			return "", check, err
		}
		kept = path + ".before-" + now.UTC().Format("20060102-150405")
		if err := os.Link(path, kept); err != nil {
			return "", check, fmt.Errorf("restore: keep the database: %w", err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", check, fmt.Errorf("restore: %w", err)
	}
	// A write-ahead log of the database that stood there would be taken for that of
	// the backup (https://sqlite.org/howtocorrupt.html, 1.4).
	if err := setAside(path, kept); err != nil {
		return kept, check, fmt.Errorf("restore: %w", err)
	}
	if err := errors.Join(syncFile(copied), os.Rename(copied, path)); err != nil {
		return kept, check, fmt.Errorf("restore: %w", err)
	}
	return kept, check, syncFolder(dir)
}

// verifyBackup opens a copy, which brings its schema up to date, and checks all of it.
func verifyBackup(ctx context.Context, path string) (check CheckResult, err error) {
	if check.Integrity, err = integrityOf(ctx, path); err != nil || len(check.Integrity) > 0 {
		return check, &facegate.Error{Code: facegate.CodeDatabase, Detail: "the backup is damaged, or no database", Next: "use another backup", Err: err}
	}
	store, err := Open(ctx, path)
	if err != nil {
		return check, notOurs(err)
	}
	check, err = store.Check(ctx)
	if err == nil && !check.Healthy() {
		err = facegate.NewError(facegate.CodeDatabase, "the backup is not whole: "+check.First(), "use another backup")
	}
	if err != nil {
		return check, errors.Join(notOurs(err), store.Close())
	}
	if _, err := store.checkpoint(ctx); err != nil {
		return check, errors.Join(err, store.Close())
	}
	if err := store.Close(); err != nil {
		return check, fmt.Errorf("verify the backup: %w", err)
	}
	return check, nil
}

// notOurs says what it means when a copy that SQLite finds whole cannot be worked
// with: tables or columns are missing, or there are others.
func notOurs(err error) error {
	if facegate.CodeOf(err) != facegate.CodeInternal {
		return err
	}
	return &facegate.Error{Code: facegate.CodeDatabase, Detail: "the backup's tables are not as facegate makes them", Next: "use another backup", Err: err}
}

// integrityOf asks SQLite about a file before anything is written to it.
func integrityOf(ctx context.Context, path string) ([]string, error) {
	db, err := open(path, readerSettings, 1)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var id int
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return nil, err
	}
	if id != migrations.ApplicationID {
		return []string{"it is no database of facegate"}, nil
	}
	found, err := stringsOf(ctx, db, `PRAGMA integrity_check(20)`)
	return slices.DeleteFunc(found, func(line string) bool { return line == "ok" }), err
}

// closeForAll makes the database one file again, which SQLite does only where
// nobody else has it open.
func closeForAll(ctx context.Context, path string) error {
	db, err := open(path, "_busy_timeout=500&_secure_delete=on", 1)
	if err != nil {
		return err
	}
	defer db.Close()
	var mode string
	err = db.QueryRowContext(ctx, `PRAGMA journal_mode = delete`).Scan(&mode)
	var e sqlite3.Error
	if errors.As(err, &e) && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrNotADB) {
		return nil // it is why a backup is restored; nobody has it open to any use
	}
	if err != nil || mode != "delete" {
		return &facegate.Error{Code: facegate.CodeBusy, Detail: "another process has the database open", Next: "end the server, then restore", Err: err}
	}
	return nil
}

// setAside moves what a damaged database left beside it to where it is kept.
func setAside(path, kept string) error {
	for _, suffix := range []string{"-wal", "-shm", "-journal"} {
		err := os.Remove(path + suffix)
		if kept != "" {
			err = os.Rename(path+suffix, kept+suffix)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
