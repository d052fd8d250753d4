package enroll

import (
	"context"
	"errors"
	"fmt"
)

// errReadMeanwhile is why the write-ahead log could not be emptied: somebody
// reads it. It is tried again.
var errReadMeanwhile = errors.New("somebody reads the write-ahead log")

// erased notes that something was erased, once it is committed: it still stands in
// the write-ahead log as it was written. The upkeep wipes it, or wipe does.
func (s *Store) erased() { s.unwiped.Store(true) }

// afterErasure wipes the write-ahead log at once. Where readers keep it from that,
// the upkeep tries again.
func (s *Service) afterErasure(ctx context.Context) {
	s.Store.erased()
	if err := s.Store.wipe(context.WithoutCancel(ctx)); err != nil {
		s.log().WarnContext(ctx, "what was erased is still in the write-ahead log; it is wiped later", "error", err)
	}
}

// wipe empties the write-ahead log, if anything was erased since it last did.
func (s *Store) wipe(ctx context.Context) error {
	if !s.unwiped.Swap(false) {
		return nil
	}
	done, err := s.checkpoint(ctx)
	if err == nil && !done {
		err = errReadMeanwhile
	}
	if err != nil {
		s.unwiped.Store(true)
		return fmt.Errorf("wipe the write-ahead log: %w", err)
	}
	return nil
}

// checkpoint moves the write-ahead log into the database and empties it. Deleted
// rows are overwritten there, by secure_delete.
func (s *Store) checkpoint(ctx context.Context) (done bool, err error) {
	// A connection of its own: waiting for readers must not keep writers waiting
	// for the only connection they have.
	db, err := open(s.path, "_busy_timeout=1000&_secure_delete=on", 1)
	if err != nil {
		return false, err
	}
	defer db.Close()
	var busy, frames, moved int
	if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return false, s.cause(ctx, err)
	}
	return busy == 0, nil
}
