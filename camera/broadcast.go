package camera

import (
	"context"
	"sync"
)

// A broadcast sends the newest of something to whoever listens. Slow listeners
// miss some, and hold nobody up.
type broadcast[T any] struct {
	mu        sync.Mutex
	listeners map[chan T]struct{}
	closed    bool
}

// listen returns a channel that is closed when ctx ends or the broadcast does.
func (b *broadcast[T]) listen(ctx context.Context) <-chan T {
	c := make(chan T, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		close(c)
		return c
	}
	if b.listeners == nil {
		b.listeners = map[chan T]struct{}{}
	}
	b.listeners[c] = struct{}{}
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if _, ok := b.listeners[c]; ok {
			delete(b.listeners, c)
			close(c)
		}
	})
	return c
}

func (b *broadcast[T]) send(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.listeners {
		select {
		case <-c: // nobody has taken the one before
		default:
		}
		c <- v
	}
}

// count is the number of listeners.
func (b *broadcast[T]) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.listeners)
}

func (b *broadcast[T]) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for c := range b.listeners {
		close(c)
	}
	b.listeners = nil
}
