// Package migrations holds the database's schema as SQL files for goose, embedded
// in the binary so that a database is brought up to date wherever it is opened.
//
// Files apply in the order of their numbers, one transaction each. A file that
// has been released is never changed; the schema moves on by a new file. There
// are no down migrations: going back means restoring a backup.
//
// In every table, times are milliseconds since 1970 UTC, ids are UUIDs in their
// 36-character form, and what no query looks into is JSON.
package migrations

import "embed"

// FS holds the migrations at its root.
//
//go:embed *.sql
var FS embed.FS

// ApplicationID marks a SQLite file as facegate's ("FGat"), in the header field
// meant for it: a file of another program is then told apart before anything is
// written to it.
const ApplicationID = 0x46476174
