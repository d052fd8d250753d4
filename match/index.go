package match

import "encoding/binary"

// An index finds the place of an ident: a hash table with linear probing that
// holds places alone (Knuth, The Art of Computer Programming 3, 6.4, algorithm L,
// with R for deletion) and asks its owner for their idents. A million samples
// take 8 MB; a Go map with the idents as keys would take 40.
type index struct {
	slots []uint32 // place + 1; 0: free
	used  int
	at    func(place uint32) ident
}

func (x *index) start(id ident) int {
	// UUIDs are random in their low half, some kinds in that half alone.
	h := binary.BigEndian.Uint64(id[8:]) ^ binary.BigEndian.Uint64(id[:8])*0xff51afd7ed558ccd
	h *= 0x9e3779b97f4a7c15
	return int(h >> 32 & uint64(len(x.slots)-1))
}

// slot is where id is, or the free slot where it would be.
func (x *index) slot(id ident) int {
	i := x.start(id)
	for x.slots[i] != 0 && x.at(x.slots[i]-1) != id {
		i = (i + 1) & (len(x.slots) - 1)
	}
	return i
}

func (x *index) find(id ident) (place uint32, ok bool) {
	if x.used == 0 {
		return 0, false
	}
	s := x.slots[x.slot(id)]
	return s - 1, s != 0
}

// set puts id at a place; at(place) must be id already.
func (x *index) set(id ident, place uint32) {
	if 4*(x.used+1) > 3*len(x.slots) {
		x.grow()
	}
	i := x.slot(id)
	if x.slots[i] == 0 {
		x.used++
	}
	x.slots[i] = place + 1
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]uint32, max(16, 2*len(old)))
	for _, s := range old {
		if s != 0 {
			x.slots[x.slot(x.at(s-1))] = s
		}
	}
}

// drop forgets id, which must still be at its place, and moves up what was
// pushed past it.
func (x *index) drop(id ident) {
	if x.used == 0 {
		return
	}
	free := x.slot(id)
	if x.slots[free] == 0 {
		return
	}
	x.used--
	mask := len(x.slots) - 1
	for i := (free + 1) & mask; x.slots[i] != 0; i = (i + 1) & mask {
		if start := x.start(x.at(x.slots[i] - 1)); (i-start)&mask >= (i-free)&mask {
			x.slots[free] = x.slots[i]
			free = i
		}
	}
	x.slots[free] = 0
}
