package match

import (
	"slices"
	"strings"

	"facegate"
)

// A snapshot is the gallery at one moment, as searches see it. It never changes.
type snapshot struct {
	segments []*segment // nil where one was given up
	people   people
	others   []string // of idents
	samples  int
}

// A ledger is what it takes to change a gallery: where every sample and person
// is. It makes one snapshot after the other.
type ledger struct {
	idents   idents
	segments []*segment
	roster   *peopleChange
	total    int // samples

	samples index    // to segment*segmentSize + place in it
	persons index    // to place in roster
	counts  []uint32 // samples of each place in roster
	vacant  []uint32 // places in roster
	gaps    []int    // places in segments
	tail    int      // the segment that takes new samples; -1: none

	owned     map[int]bool // segments that no search sees yet
	crumbling map[int]bool // segments with too many dead
}

// deadShare: a segment is given up when more than one in so many of its samples
// is dead. Removing one so costs moving three at most, and memory 4/3.
const deadShare = 4

func newLedger() *ledger {
	l := &ledger{tail: -1}
	l.samples.at = func(place uint32) ident { return l.segments[place/segmentSize].ids[place%segmentSize] }
	l.persons.at = func(place uint32) ident { return l.roster.at(place).id }
	l.begin(&snapshot{})
	return l
}

// begin starts a change to the snapshot that the ledger made last.
func (l *ledger) begin(last *snapshot) {
	l.segments = slices.Clone(last.segments)
	l.roster = last.people.change()
	l.owned = map[int]bool{}
	l.crumbling = map[int]bool{}
}

// finish is the snapshot after the change.
func (l *ledger) finish() *snapshot {
	for no := range l.crumbling {
		l.giveUp(no)
	}
	return &snapshot{segments: l.segments, people: l.roster.people, others: l.idents.others, samples: l.total}
}

func (l *ledger) apply(c *facegate.GalleryChange) {
	for _, id := range c.Remove {
		if i, ok := l.idents.find(id); ok {
			l.remove(i)
		}
	}
	for i := range c.Add {
		l.add(&c.Add[i])
	}
	for _, p := range c.Rename {
		if i, ok := l.idents.find(p.ID); ok {
			if place, ok := l.persons.find(i); ok {
				l.name(place, p.Name)
			}
		}
	}
}

func (l *ledger) add(e *facegate.GalleryEntry) {
	id, owner := l.idents.intern(e.SampleID), l.idents.intern(e.Person.ID)
	l.remove(id)
	place, known := l.persons.find(owner)
	if !known {
		place = l.settle(owner, e.Person.Name)
	}
	l.name(place, e.Person.Name)
	l.counts[place]++
	l.total++
	l.place(&e.Embedding, id, place)
}

// settle gives a new person a place.
func (l *ledger) settle(id ident, name string) uint32 {
	place := uint32(len(l.counts))
	if n := len(l.vacant); n > 0 {
		place, l.vacant = l.vacant[n-1], l.vacant[:n-1]
	} else {
		l.counts = append(l.counts, 0)
	}
	l.roster.set(place, person{id, strings.Clone(name)})
	l.roster.count++
	l.persons.set(id, place)
	return place
}

func (l *ledger) name(place uint32, name string) {
	if who := *l.roster.at(place); who.name != name {
		who.name = strings.Clone(name)
		l.roster.set(place, who)
	}
}

// place puts a sample behind all others.
func (l *ledger) place(e *facegate.Embedding, id ident, person uint32) {
	if l.tail < 0 || l.segments[l.tail].size() == segmentSize {
		l.openTail()
	}
	s := l.own(l.tail)
	s.add(e, id, person)
	l.samples.set(id, uint32(l.tail*segmentSize+s.size()-1))
}

func (l *ledger) openTail() {
	s := &segment{}
	if l.total > segmentSize { // it will fill; a small gallery's first grows by doubling
		s.grow(segmentSize)
	}
	if n := len(l.gaps); n > 0 {
		l.tail, l.gaps = l.gaps[n-1], l.gaps[:n-1]
		l.segments[l.tail] = s
	} else {
		l.tail = len(l.segments)
		l.segments = append(l.segments, s)
	}
	l.owned[l.tail] = true
}

// own is a segment that no search sees yet.
func (l *ledger) own(no int) *segment {
	if !l.owned[no] {
		l.segments[no] = l.segments[no].copied()
		l.owned[no] = true
	}
	return l.segments[no]
}

func (l *ledger) remove(id ident) {
	at, ok := l.samples.find(id)
	if !ok {
		return
	}
	no, i := int(at/segmentSize), int(at%segmentSize)
	s := l.own(no)
	l.samples.drop(id)
	s.kill(i)
	l.total--
	if deadShare*s.died > s.size() {
		l.crumbling[no] = true
	}
	place := s.people[i]
	if l.counts[place]--; l.counts[place] == 0 {
		l.persons.drop(l.roster.at(place).id)
		l.roster.set(place, person{})
		l.roster.count--
		l.vacant = append(l.vacant, place)
	}
}

// giveUp moves what lives in a segment behind all others, and forgets it.
func (l *ledger) giveUp(no int) {
	s := l.segments[no]
	if no == l.tail {
		l.tail = -1
	}
	s.alive(func(i int) { l.place(&s.vectors[i], s.ids[i], s.people[i]) })
	l.segments[no] = nil
	l.gaps = append(l.gaps, no)
}
