package enroll

import (
	"context"
	"database/sql"
)

// Writer and Reader are the handles, for tests that look at the database itself.
func (s *Store) Writer() *sql.DB { return s.writer }
func (s *Store) Reader() *sql.DB { return s.reader }

// Write runs f in the write transaction.
func (s *Store) Write(ctx context.Context, f func(tx *sql.Tx) error) error { return s.write(ctx, f) }

// KeepLog sets how many rows of the gallery log survive pruning.
func (s *Store) KeepLog(rows int64) { s.keepLog = rows }

var (
	CleanName   = cleanName
	CleanSource = cleanSource
)
