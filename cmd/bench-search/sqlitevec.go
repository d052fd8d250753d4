package main

import (
	"database/sql"
	"fmt"

	vec "github.com/asg017/sqlite-vec-go-bindings/cgo"
	_ "github.com/mattn/go-sqlite3" // the driver

	"facegate"
)

// sqliteVec is a table of sqlite-vec in memory: an exact scan within SQL.
type sqliteVec struct {
	db     *sql.DB
	search *sql.Stmt
}

func newSQLiteVec() (*sqliteVec, error) {
	vec.Auto()
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("sqlite-vec: %w", err)
	}
	db.SetMaxOpenConns(1) // each connection has a memory of its own
	if _, err := db.Exec(fmt.Sprintf("CREATE VIRTUAL TABLE samples USING vec0(embedding float[%d])", facegate.EmbeddingSize)); err != nil {
		return nil, fmt.Errorf("sqlite-vec: %w", err)
	}
	search, err := db.Prepare("SELECT rowid, distance FROM samples WHERE embedding MATCH ? AND k = ? ORDER BY distance")
	if err != nil {
		return nil, fmt.Errorf("sqlite-vec: %w", err)
	}
	return &sqliteVec{db, search}, nil
}

func (s *sqliteVec) close() error { return s.db.Close() }

// add adds entries in one transaction. Rows are numbered by their places, from 1.
func (s *sqliteVec) add(entries []facegate.GalleryEntry, first int) error {
	tx, err := s.db.Begin()
	if err != nil {
		return fmt.Errorf("sqlite-vec: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	insert, err := tx.Prepare("INSERT INTO samples (rowid, embedding) VALUES (?, ?)")
	if err != nil {
		return fmt.Errorf("sqlite-vec: %w", err)
	}
	for i := range entries {
		if _, err := insert.Exec(first+i+1, entries[i].Embedding.Bytes()); err != nil {
			return fmt.Errorf("sqlite-vec: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sqlite-vec: %w", err)
	}
	return nil
}

// nearest is the places of the k nearest.
func (s *sqliteVec) nearest(e *facegate.Embedding, k int) ([]int, error) {
	rows, err := s.search.Query(e.Bytes(), k)
	if err != nil {
		return nil, fmt.Errorf("sqlite-vec: %w", err)
	}
	defer func() { _ = rows.Close() }() // Err tells
	var places []int
	for rows.Next() {
		var row int
		var distance float64
		if err := rows.Scan(&row, &distance); err != nil {
			return nil, fmt.Errorf("sqlite-vec: %w", err)
		}
		places = append(places, row-1)
	}
	return places, rows.Err()
}

func (s *sqliteVec) bytes() (size int64, err error) {
	err = s.db.QueryRow("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&size)
	return size, err
}
