package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"facegate"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

// A Store is the SQLite database of people and samples. It is safe for
// concurrent use, also by several processes.
//
// SQLite knows one writer at a time. All writing goes through one connection, so
// that writers of this process wait in Go, where they obey their context, and
// not in SQLite's busy handler. Reading has connections of its own: in WAL mode
// readers and the writer never wait for each other.
type Store struct {
	path    string
	writer  *sql.DB
	reader  *sql.DB
	vault   vault       // of templates; set before the first use
	keepLog int64       // rows of gallery_log that survive pruning, at least 1
	unwiped atomic.Bool // what was erased may stand in the write-ahead log
}

// defaultKeepLog is how far another process may fall behind before it loads the
// whole gallery anew.
const defaultKeepLog = 10_000

// Open opens the database at path, makes it where there is none, and brings its
// schema up to date. A folder it makes is for the owner alone (0700), and so is
// the file (0600).
//
// It fails with [facegate.CodeDatabase] when path cannot be written, is no
// database, belongs to another program, is damaged, or was written by a newer
// version.
func Open(ctx context.Context, path string) (_ *Store, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := createFile(path); err != nil {
		return nil, &facegate.Error{Code: facegate.CodeDatabase, Err: err,
			Detail: fmt.Sprintf("the database %s cannot be created", path),
			Next:   "check that the data folder exists or can be made, and that this user may write there"}
	}

	// Two processes that start on a new database would both switch it to WAL and
	// both create its tables.
	unlock, err := lockFolder(ctx, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("lock the folder of %s: %w", path, err)
	}
	defer unlock()

	s := &Store{path: path, keepLog: defaultKeepLog}
	defer func() {
		if err != nil {
			_ = s.Close() // the first error is the one to tell
			err = explain(path, err)
		}
	}()
	if s.writer, err = open(path, writerSettings, 1); err != nil {
		return nil, err
	}
	if err := checkOwner(ctx, s.writer, path); err != nil {
		return nil, err
	}
	if err := useWAL(ctx, s.writer); err != nil {
		return nil, err
	}
	if err := migrate(ctx, s.writer, path); err != nil {
		return nil, err
	}
	if err := chainOld(ctx, s.writer); err != nil {
		return nil, fmt.Errorf("chain the audit: %w", err)
	}
	if s.reader, err = open(path, readerSettings, max(4, runtime.NumCPU()+2)); err != nil {
		return nil, err
	}
	return s, s.reader.PingContext(ctx)
}

// Path is the database file.
func (s *Store) Path() string { return s.path }

// Close closes the database, after the calls in flight.
func (s *Store) Close() error {
	var errs []error
	if s.reader != nil {
		errs = append(errs, s.reader.Close())
	}
	if s.writer != nil { // last: the last connection to close checkpoints the WAL, and readers may not write
		errs = append(errs, s.writer.Close())
	}
	return errors.Join(errs...)
}

// The driver sets the busy timeout before anything else; without it, settings
// that need a lock fail at once when another process holds it.
// https://github.com/mattn/go-sqlite3/blob/v1.14.53/sqlite3.go
//
// synchronous=FULL syncs the WAL at every commit: an acknowledged sample
// survives a power cut. secure_delete overwrites what is erased.
const (
	writerSettings = "_busy_timeout=10000&_foreign_keys=on&_synchronous=full&_secure_delete=on&_txlock=immediate"
	readerSettings = "_busy_timeout=10000&_foreign_keys=on&_query_only=on&_stmt_cache_size=16"
)

func open(path, settings string, connections int) (*sql.DB, error) {
	// As a URI, so that ? and # in a folder's name are part of the name.
	name := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "mode=rw&" + settings}
	db, err := sql.Open("sqlite3", name.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// createFile makes an empty file for SQLite to fill, with the permissions it is
// to have; SQLite gives them to the WAL beside it. A file that is there is left
// alone, and not even opened: closing it would drop the locks that this process
// may hold on it (https://sqlite.org/howtocorrupt.html, 2.2).
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// write runs f in the one write transaction there can be, and commits unless f
// fails. The lock is taken at the start, so what f reads stays true until the
// commit, whatever other processes do.
func (s *Store) write(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", s.cause(ctx, err))
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := f(tx); err != nil {
		return s.cause(ctx, err)
	}
	if _, err := tx.ExecContext(ctx,
		`DELETE FROM gallery_log WHERE seq <= (SELECT max(seq) FROM gallery_log) - ?`, s.keepLog); err != nil {
		return fmt.Errorf("prune the gallery log: %w", s.cause(ctx, err))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", s.cause(ctx, err))
	}
	return nil
}

// read runs f in one read transaction: all it reads is of one moment.
func (s *Store) read(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", s.cause(ctx, err))
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return s.cause(ctx, f(tx))
}

// cause turns the driver's error into one the caller can act on. When the
// context ended, that is the cause, whatever the driver made of it.
func (s *Store) cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return explain(s.path, err)
}
