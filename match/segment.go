package match

import (
	"math/bits"
	"slices"

	"facegate"
)

// A segment is up to segmentSize samples. Searches hold segments while they
// change, so a published one never does: adding appends behind what older views
// see, removing copies the bits of the dead.
type segment struct {
	vectors []facegate.Embedding
	ids     []ident
	people  []uint32 // place of each sample's person
	dead    []uint64 // a bit a sample; nil: none
	died    int
	codes   *codes // nil: none yet, the vectors are searched as they are
}

// codes are a full segment's embeddings, turned and rounded.
type codes struct {
	coded
	rotation  *rotation
	headError float64 // the most that rounding took from the head of any sample but the loose
	error     float64 // and from the whole
	loose     []uint16
}

// looseError is how much rounding may take before a sample is rather compared
// each time than make the bound of all others looser. Typical is 0.01.
const looseError = 0.03

func (s *segment) size() int { return len(s.vectors) }

func (s *segment) isDead(i int) bool { return s.dead != nil && s.dead[i/64]&(1<<(i%64)) != 0 }

// copied is a view of s that may be changed before it is published.
func (s *segment) copied() *segment {
	c := *s
	c.dead = slices.Clone(s.dead)
	return &c
}

// add appends a sample. There must be room: size is below segmentSize.
func (s *segment) add(e *facegate.Embedding, id ident, person uint32) {
	if n := len(s.vectors); n == cap(s.vectors) {
		s.grow(min(max(2*n, 16), segmentSize))
	}
	s.vectors = append(s.vectors, *e)
	s.ids = append(s.ids, id)
	s.people = append(s.people, person)
}

// grow makes room for exactly n samples: a full segment wastes none.
func (s *segment) grow(n int) {
	s.vectors = append(make([]facegate.Embedding, 0, n), s.vectors...)
	s.ids = append(make([]ident, 0, n), s.ids...)
	s.people = append(make([]uint32, 0, n), s.people...)
}

// kill marks a sample dead.
func (s *segment) kill(i int) {
	if s.dead == nil {
		s.dead = make([]uint64, segmentSize/64)
	}
	s.dead[i/64] |= 1 << (i % 64)
	s.died++
}

// alive calls f for every sample that is not dead.
func (s *segment) alive(f func(i int)) {
	if s.dead == nil {
		for i := range s.vectors {
			f(i)
		}
		return
	}
	for w := range (len(s.vectors) + 63) / 64 {
		word := ^s.dead[w]
		if rest := len(s.vectors) - 64*w; rest < 64 {
			word &= 1<<rest - 1
		}
		for ; word != 0; word &= word - 1 {
			f(64*w + bits.TrailingZeros64(word))
		}
	}
}

// encode makes the codes of a full segment's vectors.
func encode(k kernel, r *rotation, vectors []facegate.Embedding) *codes {
	c, lost := newCoded(len(vectors)), make([][2]float32, len(vectors))
	k.encode(vectors, r, c, lost)
	return measured(r, c, lost)
}

// measured tells what rounding took at the most, and from whom it took too much.
func measured(r *rotation, from coded, lost [][2]float32) *codes {
	c := &codes{coded: from, rotation: r}
	for i, l := range lost {
		if !(l[1] <= looseError) {
			c.loose = append(c.loose, uint16(i))
			continue
		}
		c.headError = max(c.headError, float64(l[0]))
		c.error = max(c.error, float64(l[1]))
	}
	c.headError += encodeSlack
	c.error += encodeSlack
	return c
}
