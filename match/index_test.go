package match

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	ids := make([]ident, 3000)
	for i := range ids {
		// Half of them differ in a low byte alone, as counted ids would.
		binary.BigEndian.PutUint64(ids[i][8:], uint64(i))
		if i%2 == 0 {
			binary.BigEndian.PutUint64(ids[i][:8], r.Uint64())
		}
	}
	x := &index{at: func(place uint32) ident { return ids[place] }}
	want := map[ident]uint32{}
	for step := range 40_000 {
		place := uint32(r.IntN(len(ids)))
		if r.IntN(3) == 0 || step > 36_000 {
			x.drop(ids[place])
			delete(want, ids[place])
		} else {
			x.set(ids[place], place)
			want[ids[place]] = place
		}
		if x.used != len(want) {
			t.Fatalf("step %d: %d used, want %d", step, x.used, len(want))
		}
	}
	for i, id := range ids {
		place, ok := x.find(id)
		if w, wantOK := want[id]; ok != wantOK || ok && place != w {
			t.Errorf("id %d: %d, %v, want %d, %v", i, place, ok, w, wantOK)
		}
	}
}

func TestIdents(t *testing.T) {
	var s idents
	texts := []string{
		"", "a", "0", "00000000-0000-0000-0000-000000000000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
		"6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "6ba7b8109dad11d180b400c04fd430c8", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
		"urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", "ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-0000-000000000000",
		"6ba7b810-9dad-11d1-80b4-00c04fd430cg", "6ba7b810x9dad-11d1-80b4-00c04fd430c8",
	}
	for i := range 300 {
		texts = append(texts, fmt.Sprint("person ", i))
	}
	seen := map[ident]string{}
	for _, text := range texts {
		if _, ok := s.find(text); ok {
			if _, canon := canonical(text); !canon {
				t.Errorf("%q is found before it is there", text)
			}
		}
		id := s.intern(text)
		if other, ok := seen[id]; ok {
			t.Errorf("%q has the ident of %q", text, other)
		}
		seen[id] = text
		if again := s.intern(text); again != id {
			t.Errorf("%q has two idents", text)
		}
	}
	for id, text := range seen {
		if got := id.text(s.others); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	}
}
