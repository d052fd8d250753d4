package match

import (
	"sync"
	"sync/atomic"

	"facegate"
)

// Gallery is the exact [facegate.Gallery] in memory, for a handful of samples as
// for a million. Searches see a snapshot that never changes, so they wait for
// nobody; changes make the next one. Codes that make searches faster (see
// rotation) are made in the background as the gallery grows; until they are,
// searches go without, and find the same.
type Gallery struct {
	kernel  kernel
	current atomic.Pointer[snapshot]
	rooms   sync.Pool // *[segmentSize]hit, one for each search at a time

	writing  sync.Mutex // one change at a time; guards what follows
	rotation *rotation  // newest
	working  bool       // in the background
	closed   bool
	work     sync.WaitGroup

	// mu guards ledger against NearestOf, which looks people up in it. It is
	// taken after writing, and never held for long.
	mu     sync.RWMutex
	ledger *ledger
}

var _ facegate.Gallery = (*Gallery)(nil)

// NewGallery is an empty gallery. Close it when it is not needed any more.
func NewGallery() *Gallery {
	g := &Gallery{kernel: kernels()[0], ledger: newLedger()}
	g.rooms.New = func() any { return new([segmentSize]hit) }
	g.current.Store(&snapshot{})
	return g
}

// Close ends work in the background and waits for it. The gallery stays as it
// is and may still be searched and changed.
func (g *Gallery) Close() {
	g.writing.Lock()
	g.closed = true
	g.writing.Unlock()
	g.work.Wait()
}

// Settled waits until all work in the background is done that the changes so far
// asked for: for who measures searches.
func (g *Gallery) Settled() *Gallery {
	g.work.Wait()
	return g
}

// Apply makes one change, as [facegate.Gallery] says. Where a change adds
// samples of one person under several names, the last one counts.
func (g *Gallery) Apply(c facegate.GalleryChange) {
	g.writing.Lock()
	defer g.writing.Unlock()
	g.mu.Lock()
	g.ledger.begin(g.current.Load())
	g.ledger.apply(&c)
	g.current.Store(g.ledger.finish())
	g.mu.Unlock()
	g.wake()
}

// Reset replaces everything.
func (g *Gallery) Reset(entries []facegate.GalleryEntry) {
	g.writing.Lock()
	defer g.writing.Unlock()
	l := newLedger()
	l.apply(&facegate.GalleryChange{Add: entries})
	g.mu.Lock()
	g.ledger = l
	g.current.Store(l.finish())
	g.mu.Unlock()
	g.wake()
}

// Size is the number of people with samples, and of samples.
func (g *Gallery) Size() (people, samples int) {
	s := g.current.Load()
	return s.people.count, s.samples
}
