package match

import "facegate"

// Settled waits until the codes of the gallery are made.
func (g *Gallery) Settled() *Gallery {
	g.work.Wait()
	return g
}

// Coded is how many segments have codes by the newest rotation, of how many.
func (g *Gallery) Coded() (coded, all int) {
	g.writing.Lock()
	defer g.writing.Unlock()
	for _, s := range g.current.Load().segments {
		if s == nil {
			continue
		}
		all++
		if s.codes != nil && s.codes.rotation == g.rotation {
			coded++
		}
	}
	return coded, all
}

// Kernels are the names of the kernels that this processor can run.
func Kernels() []string {
	var names []string
	for _, k := range kernels() {
		names = append(names, k.name)
	}
	return names
}

// NewGalleryOn is an empty gallery on the i-th of Kernels.
func NewGalleryOn(i int) *Gallery {
	g := NewGallery()
	g.kernel = kernels()[i]
	return g
}

// PlainScan counts the samples within radius by a scan over whole float32
// embeddings with the fastest kernel: what the search is measured against.
func (g *Gallery) PlainScan(e *facegate.Embedding, radius float64, room *ScanRoom) int {
	limit := widened(radius)
	if room.hits == nil {
		room.hits = make([]hit, segmentSize)
	}
	found := 0
	for _, s := range g.current.Load().segments {
		if s != nil {
			found += len(g.kernel.plain(s.vectors, e, limit, room.hits))
		}
	}
	return found
}

// ScanRoom is where PlainScan puts its hits.
type ScanRoom struct{ hits []hit }
