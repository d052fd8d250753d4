package camera

import (
	"context"
	"sync"
)

// A mailbox holds the one picture that waits for the analyst. Readers that were
// given up may still come by: a closed mailbox takes nothing.
type mailbox struct {
	pool *matPool
	lost func() // a picture that was due is replaced

	mu     sync.Mutex
	closed bool
	item   *picture
	full   chan struct{} // holds a token while there is an item
	empty  chan struct{} // holds a token while there is none
}

func newMailbox(pool *matPool, lost func()) *mailbox {
	b := &mailbox{pool: pool, lost: lost, full: make(chan struct{}, 1), empty: make(chan struct{}, 1)}
	b.empty <- struct{}{}
	return b
}

// put leaves a picture in place of one that waits, which goes back to the pool.
func (b *mailbox) put(p *picture) {
	// Whoever has the token has the place. It is waited for without the lock, which
	// who has it needs to give it back.
	select {
	case <-b.empty:
		b.mu.Lock()
	case <-b.full:
		b.mu.Lock()
		if b.item.due {
			b.lost()
		}
		p.due = p.due || b.item.due // the look that was due is taken at the newer one
		b.discard()
	}
	defer b.mu.Unlock()
	b.leave(p)
}

// putWait leaves a picture once there is room.
func (b *mailbox) putWait(ctx context.Context, p *picture) error {
	select {
	case <-b.empty:
		b.mu.Lock()
		defer b.mu.Unlock()
		b.leave(p)
		return nil
	case <-ctx.Done():
		b.pool.put(p.bgr)
		return ctx.Err()
	}
}

func (b *mailbox) leave(p *picture) {
	if b.item = p; b.closed {
		b.discard()
		b.empty <- struct{}{}
		return
	}
	b.full <- struct{}{}
}

func (b *mailbox) discard() {
	if b.item.over != nil {
		close(b.item.over)
	}
	b.pool.put(b.item.bgr)
	b.item = nil
}

// take waits for a picture; nil when ctx ends.
func (b *mailbox) take(ctx context.Context) *picture {
	select {
	case <-ctx.Done():
		return nil
	case <-b.full:
		b.mu.Lock()
		defer b.mu.Unlock()
		p := b.item
		b.item = nil
		b.empty <- struct{}{}
		return p
	}
}

func (b *mailbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	select {
	case <-b.full:
		b.discard()
		b.empty <- struct{}{}
	default:
	}
}
