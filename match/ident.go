package match

import (
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/google/uuid"
)

// An ident is an id in 16 bytes: a canonical UUID as its own, any other string
// as its place in a list. Two ids of one gallery are equal when their idents are.
type ident [16]byte

// otherMark begins idents that are places in the list. UUIDs that begin so are
// kept in the list as well.
const otherMark = "\xff\xff\xff\xff\xff\xff\xff\xff"

// idents turns ids into idents and back. Strings that are no UUIDs stay in the
// list for the life of the gallery, or until its Reset: the product's own ids
// are UUIDs, the list is for the rare other.
type idents struct {
	others []string
	places map[string]ident
}

// canonical is the ident of a string that is a UUID as facegate writes them:
// lower case with dashes. Others that uuid.Parse would take are not, for an id
// must come back as it came in.
func canonical(id string) (ident, bool) {
	if len(id) != 36 {
		return ident{}, false
	}
	u, err := uuid.Parse(id)
	if err != nil || u.String() != id || strings.HasPrefix(string(u[:]), otherMark) {
		return ident{}, false
	}
	return ident(u), true
}

// find is the ident of an id, false where the gallery cannot have it.
func (s *idents) find(id string) (ident, bool) {
	if i, ok := canonical(id); ok {
		return i, true
	}
	i, ok := s.places[id]
	return i, ok
}

// intern is the ident of an id, which is made where there is none.
func (s *idents) intern(id string) ident {
	if i, ok := s.find(id); ok {
		return i
	}
	if s.places == nil {
		s.places = map[string]ident{}
	}
	var i ident
	copy(i[:], otherMark)
	binary.BigEndian.PutUint64(i[8:], uint64(len(s.others)))
	// Searches hold older, shorter views of the list, which appending never changes.
	s.others = append(s.others, strings.Clone(id))
	s.places[s.others[len(s.others)-1]] = i
	return i
}

// text is the id of an ident, where others is the list of its gallery.
func (i ident) text(others []string) string {
	var b strings.Builder
	i.writeTo(&b, others)
	return b.String()
}

func (i ident) writeTo(b *strings.Builder, others []string) {
	if string(i[:8]) == otherMark {
		b.WriteString(others[binary.BigEndian.Uint64(i[8:])])
		return
	}
	var text [36]byte
	hex.Encode(text[:8], i[:4])
	hex.Encode(text[9:13], i[4:6])
	hex.Encode(text[14:18], i[6:8])
	hex.Encode(text[19:23], i[8:10])
	hex.Encode(text[24:], i[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	b.Write(text[:])
}
