package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"facegate"
	"facegate/migrations"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
)

// explain says what SQLite's errors mean to whoever runs the gateway. Errors
// that are none of SQLite's, and those about a statement, pass unchanged.
func explain(path string, err error) error {
	var known *facegate.Error
	var e sqlite3.Error
	if err == nil || errors.As(err, &known) || !errors.As(err, &e) {
		return err
	}
	failure := func(detail, next string) error {
		return &facegate.Error{Code: facegate.CodeDatabase, Detail: detail, Next: next, Err: err}
	}
	switch e.Code {
	case sqlite3.ErrNotADB:
		return failure(path+" is not a facegate database",
			"name another data folder, or move the file away to start with an empty database")
	case sqlite3.ErrCorrupt, sqlite3.ErrFormat:
		return failure("the database "+path+" is damaged", "restore it from a backup")
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth:
		return failure("the database "+path+" cannot be written", "check who owns the file and its folder, and their permissions")
	case sqlite3.ErrCantOpen:
		return failure("the database "+path+" cannot be opened", "check that it is a file, and that this user may read and write it and its folder")
	case sqlite3.ErrFull:
		return failure("the disk with the database "+path+" is full", "make room on it")
	case sqlite3.ErrIoErr:
		return failure("the disk with the database "+path+" fails", "check the disk and the system's log")
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return &facegate.Error{Code: facegate.CodeBusy, Detail: "another process is writing to the database",
			Next: "try again in a moment", RetryAfter: time.Second, Err: err}
	}
	return err
}

// violates tells whether err is a broken UNIQUE or PRIMARY KEY constraint on
// column, written "table.column".
func violates(err error, column string) bool {
	var e sqlite3.Error
	return errors.As(err, &e) &&
		(e.ExtendedCode == sqlite3.ErrConstraintUnique || e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey) &&
		strings.HasSuffix(e.Error(), " "+column)
}

// checkOwner refuses a SQLite file of another program, before anything is
// written to it.
func checkOwner(ctx context.Context, db *sql.DB, path string) error {
	var id, tables int
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return fmt.Errorf("read the header of %s: %w", path, err)
	}
	// goose makes its own table before the first migration marks the file.
	if err := db.QueryRowContext(ctx,
		`SELECT count(*) FROM sqlite_schema WHERE tbl_name NOT IN ('goose_db_version', 'sqlite_sequence')`).Scan(&tables); err != nil {
		return fmt.Errorf("read the schema of %s: %w", path, err)
	}
	if id != migrations.ApplicationID && (id != 0 || tables > 0) {
		return facegate.NewError(facegate.CodeDatabase, path+" is a database of another program", "name another data folder")
	}
	return nil
}

func useWAL(ctx context.Context, db *sql.DB) error {
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = wal`).Scan(&mode); err != nil {
		return fmt.Errorf("switch to WAL: %w", err)
	}
	if mode != "wal" {
		return facegate.NewError(facegate.CodeDatabase, "the data folder's file system cannot hold the database: it lacks shared memory",
			"put the data folder on a local disk")
	}
	return nil
}

// migrate applies the migrations that db lacks.
func migrate(ctx context.Context, db *sql.DB, path string) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > target {
		return facegate.NewError(facegate.CodeDatabase,
			fmt.Sprintf("the database %s was written by a newer version of facegate (schema %d, this one knows %d)", path, current, target),
			"use the newer version, or restore a backup made before it")
	}
	if current == target {
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s from schema %d to %d: %w", path, current, target, err)
	}
	return nil
}

// lockFolder takes an exclusive lock on dir against other processes, and returns
// what gives it back. The folder itself is locked, so no file is left behind.
func lockFolder(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil // closing unlocks
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = f.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
