package web

import (
	"io"
	"sync/atomic"
	"time"

	"facegate"
)

// held bounds the memory of what clients send: bodies stay in memory until they
// have been answered, and one client's bound times the number of clients is none.
// What was sent counts, not what was announced: whoever announces much and sends
// nothing takes nothing from others.
type held struct {
	most  int64
	bytes atomic.Int64
}

// take counts n more bytes, and fails where that is too many.
func (h *held) take(n int64) error {
	if h.bytes.Add(n) <= h.most {
		return nil
	}
	h.bytes.Add(-n)
	return &facegate.Error{Code: facegate.CodeBusy, Detail: "too much is being sent to the server at once",
		Next: "try again in a moment", RetryAfter: time.Second}
}

func (h *held) give(n int64) { h.bytes.Add(-n) }

// A heldReader counts what is read from a message.
type heldReader struct {
	r     io.Reader
	held  *held
	taken int64
}

func (r *heldReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if busy := r.held.take(int64(n)); busy != nil {
		return 0, busy
	}
	r.taken += int64(n)
	return n, err
}

// give is called when what was read is not needed any more.
func (r *heldReader) give() {
	r.held.give(r.taken)
	r.taken = 0
}
