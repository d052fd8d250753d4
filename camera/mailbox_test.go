package camera

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Reader and analyst meet at every moment there is; neither waits for the other
// for good.
func TestMailboxUnderWay(t *testing.T) {
	pool := &matPool{}
	defer pool.close()
	lost := 0
	box := newMailbox(pool, func() { lost++ })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const pictures = 200_000
	taken := 0
	var last *picture
	var analyst sync.WaitGroup
	analyst.Go(func() {
		for {
			p := box.take(ctx)
			if p == nil {
				return
			}
			if taken++; p.over != nil {
				close(p.over)
				return
			}
			last = p
		}
	})
	var sent *picture
	for range pictures {
		sent = &picture{due: true}
		box.put(sent)
	}
	final := &picture{over: make(chan struct{})}
	if err := box.putWait(ctx, final); err != nil {
		t.Fatal(err)
	}
	analyst.Wait()
	if last != sent || taken+lost != pictures+1 {
		t.Errorf("%d taken and %d lost of %d; the newest was taken: %v", taken, lost, pictures, last == sent)
	}
	box.close()
	box.put(&picture{}) // takes nothing, and does not wait
	box.put(&picture{})
}
