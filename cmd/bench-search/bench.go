package main

import (
	"fmt"
	"math"
	"os"
	"time"

	"facegate"
	"facegate/internal/syntheticfaces"
	"facegate/match"
)

// A bench is the measurements with a gallery of one size: n people with one
// sample each, so that the nearest people are the nearest samples.
type bench struct {
	n           int
	rounds      int
	approximate bool // build the approximate index too

	entries []facegate.GalleryEntry
	more    []facegate.GalleryEntry // to add
	probes  []*facegate.Embedding
	ours    *match.Gallery
	rows    [][]string
}

// added is how many samples are added one by one.
const added = 1000

func (b *bench) run() error {
	b.note("drawing faces")
	faces := syntheticfaces.New(1)
	b.entries, b.probes = faces.Gallery(b.n, 1)
	b.more, _ = faces.Gallery(added, 1)
	before := heap()
	b.ours = match.NewGallery()
	defer b.ours.Close()
	var usable time.Duration
	coded, _ := cost(func() error {
		var err error
		usable, err = cost(func() error { b.ours.Reset(b.entries); return nil })
		b.ours.Settled()
		return err
	})
	bytes := heap() - before
	b.searches()
	b.batches()
	b.cores()
	grow, _ := cost(func() error {
		for i := range b.more {
			b.ours.Apply(facegate.GalleryChange{Add: b.more[i : i+1]})
		}
		b.ours.Settled()
		return nil
	})
	var remove facegate.GalleryChange // as it was, for what comes
	for _, e := range b.more {
		remove.Remove = append(remove.Remove, e.SampleID)
	}
	b.ours.Apply(remove)
	b.ours.Settled()

	own := held{fmt.Sprintf("%.2f s; %.2f s until it can be searched", coded.Seconds(), usable.Seconds()), coded, bytes, grow}
	b.add("memory of a sample, all told", b.perSample(bytes), fmt.Sprintf("its embedding: %d B", facegate.EmbeddingBytes), fmt.Sprintf("%.2f", float64(bytes)/float64(b.n)/facegate.EmbeddingBytes), b.aim("below 700 B"))
	if err := b.beside(own); err != nil {
		return err
	}
	if b.approximate {
		return b.besideApproximate(own)
	}
	return nil
}

// held is what it takes to hold the samples.
type held struct {
	building string
	built    time.Duration // processor time
	bytes    int64
	growing  time.Duration // processor time of adding one by one
}

// searches compares ours with the scan over float32, which is the gallery too,
// when it was closed before it could make its codes.
func (b *bench) searches() {
	b.note("searching, beside the float32 scan")
	scan := match.NewGallery()
	scan.Close()
	scan.Reset(b.entries)
	for _, c := range []struct {
		name   string
		k      int
		radius float64
		aim    string
	}{
		{"5 nearest people within 0.45", 5, 0.45, "8"},
		{"5 nearest people within 0.6", 5, 0.6, "4"},
		{"100 nearest people within 0.6", 100, 0.6, "4"},
		{"everybody within 0.45", math.MaxInt, 0.45, "8"},
		{"everybody within 0.6", math.MaxInt, 0.6, ""},
		{"5 nearest people", 5, -1, ""},
	} {
		took := sideBySide(b.rounds,
			func(i int) { b.ours.Nearest(b.probe(i), c.k, c.radius) },
			func(i int) { scan.Nearest(b.probe(i), c.k, c.radius) })
		b.add(c.name, ms(took[0]), "float32 scan: "+ms(took[1]), times(took[1], took[0]), b.aim(c.aim))
	}
}

func (b *bench) batches() {
	b.note("searching for 64 at once")
	for _, radius := range []float64{0.45, 0.6} {
		some := b.probes[:64]
		took := sideBySide(max(b.rounds/3, 5),
			func(int) { b.ours.NearestBatch(some, 5, radius) },
			func(int) {
				for _, p := range some {
					b.ours.Nearest(p, 5, radius)
				}
			})
		b.add(fmt.Sprintf("64 probes at once, 5 nearest within %v", radius), ms(took[0]), "one by one: "+ms(took[1]), times(took[1], took[0]), b.aim("3"))
	}
}

func (b *bench) cores() {
	b.note("searching on two cores")
	for _, radius := range []float64{0.45, 0.6} {
		search := func(i int) { b.ours.Nearest(b.probe(i), 5, radius) }
		rounds := 4 * b.rounds
		workers(2, rounds, search) // warm
		one, oneTook := workers(1, rounds, search)
		two, twoTook := workers(2, rounds, search)
		rate := func(d time.Duration) string { return fmt.Sprintf("%.0f a second", float64(rounds)/d.Seconds()) }
		name := fmt.Sprintf("two searches at a time, within %v", radius)
		b.add(name+", by the clock", rate(two), "one at a time: "+rate(one), fmt.Sprintf("%.2f", one.Seconds()/two.Seconds()), b.aim("1.8"))
		b.add(name+", by processor time", rate(twoTook/2), "one at a time: "+rate(oneTook), fmt.Sprintf("%.2f", 2*oneTook.Seconds()/twoTook.Seconds()), b.aim("1.8"))
	}
}

// beside compares with sqlite-vec.
func (b *bench) beside(own held) error {
	b.note("filling sqlite-vec")
	s, err := newSQLiteVec()
	if err != nil {
		return err
	}
	defer s.close()
	var theirs held
	if theirs.built, err = cost(func() error { return s.add(b.entries, 0) }); err != nil {
		return err
	}
	if theirs.bytes, err = s.bytes(); err != nil {
		return err
	}
	b.note("searching, beside sqlite-vec")
	took := sideBySide(max(b.rounds/3, 5),
		func(i int) { b.ours.Nearest(b.probe(i), 5, -1) },
		func(i int) {
			if _, e := s.nearest(b.probe(i), 5); e != nil {
				err = e
			}
		})
	if err != nil {
		return err
	}
	b.add("5 nearest people", ms(took[0]), "sqlite-vec: "+ms(took[1]), times(took[1], took[0]), "")
	theirs.growing, err = cost(func() error {
		for i := range b.more {
			if err := s.add(b.more[i:i+1], b.n+i); err != nil {
				return err
			}
		}
		return nil
	})
	b.held("sqlite-vec", own, theirs)
	return err
}

// besideApproximate compares with HNSW, and says what that misses.
func (b *bench) besideApproximate(own held) error {
	h, err := newHNSW(b.n + added)
	if err != nil {
		return err
	}
	defer h.close()
	var theirs held
	theirs.built, err = cost(func() error {
		return h.add(b.entries, 0, func(done int) {
			if done%(max(b.n/20, 500)) == 0 {
				b.note(fmt.Sprintf("filling hnswlib: %d", done))
			}
		})
	})
	if err != nil {
		return err
	}
	theirs.bytes = h.bytes()
	b.note("searching, beside hnswlib")
	for _, ef := range []int{50, 200, 800} {
		took := sideBySide(b.rounds,
			func(i int) { b.ours.Nearest(b.probe(i), 5, -1) },
			func(i int) { h.nearest(b.probe(i), 5, ef) })
		five, first := b.recall(h, ef)
		b.add("5 nearest people", ms(took[0]), fmt.Sprintf("hnswlib, ef %d: %s", ef, ms(took[1])), times(took[1], took[0]), "")
		b.add("recall of the 5, and of the nearest", "100%, 100%", fmt.Sprintf("hnswlib, ef %d: %.1f%%, %.1f%%", ef, 100*five, 100*first), "", "")
	}
	theirs.growing, err = cost(func() error {
		for i := range b.more {
			if err := h.add(b.more[i:i+1], b.n+i, nil); err != nil {
				return err
			}
		}
		return nil
	})
	b.held("hnswlib", own, theirs)
	return err
}

// recall is how many of the five nearest the approximate index finds, and how
// often the nearest, over all probes.
func (b *bench) recall(h *hnsw, ef int) (five, first float64) {
	for _, p := range b.probes {
		truth := b.ours.Nearest(p, 5, -1)
		for _, at := range h.nearest(p, 5, ef) {
			if b.entries[at].SampleID == truth[0].SampleID {
				first += 1 / float64(len(b.probes))
			}
			for _, c := range truth {
				if b.entries[at].SampleID == c.SampleID {
					five += 1 / float64(5*len(b.probes))
				}
			}
		}
	}
	return five, first
}

func (b *bench) held(name string, own, theirs held) {
	b.add("filled at once, processor time", own.building, fmt.Sprintf("%s: %.2f s", name, theirs.built.Seconds()), times(theirs.built, own.built), "")
	rate := func(h held) string { return fmt.Sprintf("%.0f", added/h.growing.Seconds()) }
	b.add("added one by one, a second of processor time", rate(own), name+": "+rate(theirs), times(theirs.growing, own.growing), "")
	b.add("memory of a sample, all told", b.perSample(own.bytes), name+": "+b.perSample(theirs.bytes), fmt.Sprintf("%.2f", float64(own.bytes)/float64(theirs.bytes)), "")
}

func (b *bench) perSample(bytes int64) string {
	return fmt.Sprintf("%.0f B", float64(bytes)/float64(b.n))
}

func (b *bench) probe(i int) *facegate.Embedding { return b.probes[i%len(b.probes)] }

// aim is for a million samples.
func (b *bench) aim(aim string) string {
	if b.n < 1_000_000 {
		return ""
	}
	return aim
}

func (b *bench) add(cells ...string) {
	b.rows = append(b.rows, append([]string{fmt.Sprint(b.n)}, cells...))
}

func (b *bench) note(what string) { fmt.Fprintf(os.Stderr, "%d samples: %s\n", b.n, what) }

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }

// times is how many times as fast ours is.
func times(theirs, ours time.Duration) string {
	return fmt.Sprintf("%.2f times as fast", theirs.Seconds()/ours.Seconds())
}
