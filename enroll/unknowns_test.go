package enroll_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"facegate"
)

func TestStrangersKeepTheirIDs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	h := openHouse(t, path)
	a, b := h.see(1, 5), h.see(2, 6)
	if a.UnknownID == b.UnknownID {
		t.Fatal("two strangers share an id")
	}
	h.pass(time.Hour)
	if again := h.see(3, 5); again.UnknownID != a.UnknownID {
		t.Error("the same stranger got another id")
	}
	// After a restart, and in another process that was there before.
	other := openHouse(t, path)
	other.clock.Store(h.clock.Load())
	if again := other.see(4, 6); again.UnknownID != b.UnknownID {
		t.Error("the same stranger got another id after a restart")
	}
	c := h.see(5, 7)
	if again := other.see(6, 7); again.UnknownID != c.UnknownID {
		t.Error("a process does not know the strangers of another")
	}

	// A sighting keeps its stranger, whatever its shots show later.
	if got := h.assign(a.ID, shotsOf(6, h.now(), 2)); got != a.UnknownID {
		t.Error("the sighting changed its stranger")
	}
	strangers := h.strangers()
	if len(strangers) != 3 || strangers[0].Sightings != 2 || strangers[0].LastSeen.Before(strangers[1].LastSeen) {
		t.Errorf("%+v", strangers)
	}
	s, err := h.unknowns.Stranger(t.Context(), b.UnknownID)
	if err != nil || s.Sightings != 2 || !s.FirstSeen.Equal(testTime) || !slices.Equal(s.Cameras, []facegate.CameraRef{door}) || s.Shots != 8 ||
		math.Abs(s.Quality-0.9) > 1e-9 {
		t.Errorf("%+v %v", s, err)
	}
	if crop, err := h.unknowns.Crop(t.Context(), b.UnknownID); err != nil || len(crop) == 0 {
		t.Errorf("%q %v", crop, err)
	}
	_, err = h.unknowns.Assign(t.Context(), id(9), nil)
	wantCode(t, err, facegate.CodeInvalid)
}

// A track that turns out to be somebody known leaves no trace in the book.
func TestStrangerIsWithdrawn(t *testing.T) {
	h := newHouse(t)
	a := h.assign(id(1), shotsOf(5, h.now(), 3))
	if err := h.unknowns.Withdraw(t.Context(), id(1)); err != nil {
		t.Fatal(err)
	}
	if err := h.unknowns.Withdraw(t.Context(), id(1)); err != nil { // is no error
		t.Fatal(err)
	}
	if n := len(h.strangers()); n != 0 {
		t.Errorf("%d strangers", n)
	}
	if b := h.assign(id(2), shotsOf(5, h.now(), 3)); b == a {
		t.Error("somebody forgotten was known")
	}
}

func TestStrangersArePaged(t *testing.T) {
	h := newHouse(t)
	for n := range 5 {
		h.see(n, uint64(n+1))
		h.pass(time.Duration(n%2) * time.Minute) // some at the same time
	}
	var got []string
	after := ""
	for {
		p, err := h.unknowns.List(t.Context(), 2, after)
		if err != nil {
			t.Fatal(err)
		}
		if p.Total != 5 {
			t.Errorf("total %d", p.Total)
		}
		for _, s := range p.Unknowns {
			got = append(got, s.ID)
		}
		if after = p.Next; after == "" {
			break
		}
	}
	if slices.Sort(got); len(slices.Compact(got)) != 5 {
		t.Errorf("%v", got)
	}
	_, err := h.unknowns.List(t.Context(), 0, "x")
	wantCode(t, err, facegate.CodeInvalid)
}

func TestShotsAreThinned(t *testing.T) {
	h := newHouse(t)
	for n := range 30 {
		h.assign(id(n), shotsOf(5, h.now(), 8))
		h.pass(time.Second)
	}
	s := h.strangers()
	if len(s) != 1 || s[0].Shots != 48 {
		t.Fatalf("%+v", s)
	}
	// Every sighting keeps its best.
	if n := count(t, h.service, "(SELECT DISTINCT sighting_id FROM unknown_shots)"); n != 30 {
		t.Errorf("%d sightings have shots", n)
	}
}

func TestStrangerIsNamed(t *testing.T) {
	h := newHouse(t, "mqtt")
	a, b := h.see(1, 5), h.see(2, 6)
	h.see(3, 5)
	e, err := h.unknowns.Name(t.Context(), a.UnknownID, facegate.Naming{New: facegate.NewPerson{Name: "Ann"}})
	if err != nil {
		t.Fatal(err)
	}
	if e.Name != "Ann" || len(e.Samples) == 0 || e.SampleCount != len(e.Samples) {
		t.Errorf("%+v", e)
	}
	if err := equalsDatabase(t.Context(), h.service); err != nil {
		t.Error(err)
	}
	probe := randomEmbedding(5)
	if c := h.service.Gallery.Nearest(&probe, 1, 0.5); len(c) != 1 || c[0].Person.Name != "Ann" {
		t.Errorf("the gallery does not know her: %+v", c)
	}
	if p := h.list(facegate.SightingFilter{Person: "Ann"}); p.Total != 2 || !p.Sightings[0].Labelled || p.Sightings[0].Decision != facegate.Match ||
		p.Sightings[0].Revision != 3 || p.Sightings[0].Distance != 0.7 {
		t.Errorf("%+v", p)
	}
	if p := h.list(facegate.SightingFilter{UnknownID: a.UnknownID}); p.Total != 0 {
		t.Errorf("still a stranger in %+v", p)
	}
	if s := h.strangers(); len(s) != 1 || s[0].ID != b.UnknownID {
		t.Errorf("%+v", s)
	}
	all, news := h.pending("mqtt")
	if last := len(all) - 1; all[last].Person == nil || all[last].Person.Name != "Ann" || news[last] {
		t.Errorf("%+v", all[last])
	}
	_, err = h.unknowns.Name(t.Context(), a.UnknownID, facegate.Naming{PersonID: e.ID})
	wantCode(t, err, facegate.CodeUnknownNotFound)

	// The camera goes on with what it knew for a while.
	if got := h.assign(id(1), shotsOf(5, h.now(), 3)); got != a.UnknownID {
		t.Errorf("a sighting that was named is of the stranger %s", got)
	}
	late := h.sighting(1, facegate.Unknown)
	late.Revision, late.UnknownID = 3, a.UnknownID
	h.report(late)
	fresh := h.sighting(4, facegate.Unknown)
	fresh.UnknownID = a.UnknownID
	h.report(fresh)
	for _, n := range []int{1, 4} {
		if r := h.kept(id(n)); r.Person == nil || r.Person.Name != "Ann" || !r.Labelled {
			t.Errorf("%+v", r)
		}
	}
	// Until it says something else.
	late.Revision, late.Decision, late.UnknownID = 4, facegate.Match, ""
	late.Person = &facegate.PersonRef{ID: e.ID, Name: "Ann"}
	h.report(late)
	if r := h.kept(id(1)); r.Labelled || r.Person.Name != "Ann" {
		t.Errorf("%+v", r)
	}
	if n := count(t, h.service, "audit WHERE action = 'unknown.name'"); n != 1 {
		t.Errorf("%d entries in the audit", n)
	}
}

func TestStrangerIsSomebodyEnrolled(t *testing.T) {
	h := newHouse(t)
	ann := mustCreate(t, h.service, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	a := h.see(1, 5)
	e, err := h.unknowns.Name(t.Context(), a.UnknownID, facegate.Naming{PersonID: ann.ID})
	if err != nil {
		t.Fatal(err)
	}
	if e.ID != ann.ID || len(e.Samples) == 0 || e.SampleCount != 1+len(e.Samples) {
		t.Errorf("%+v", e)
	}
	if r := h.kept(a.ID); r.Person.ID != ann.ID {
		t.Errorf("%+v", r)
	}
}

// Naming is enrolling: it is refused for the same reasons, and then nothing has
// changed.
func TestNamingIsRefused(t *testing.T) {
	h := newHouse(t)
	mustCreate(t, h.service, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	poor := shotsOf(5, h.now(), 3)
	for i := range poor {
		poor[i].Quality = facegate.Quality{Overall: 0.1, Reasons: []string{"the face is blurred"}}
	}
	s := h.sighting(1, facegate.Unknown)
	s.UnknownID = h.assign(s.ID, poor)
	h.report(s)
	good := h.see(2, 6)
	for _, tt := range []struct {
		name    string
		unknown string
		naming  facegate.Naming
		want    facegate.Code
	}{
		{"poor shots", s.UnknownID, facegate.Naming{New: facegate.NewPerson{Name: "Bob"}}, facegate.CodeNoUsablePhoto},
		{"a name that is taken", good.UnknownID, facegate.Naming{New: facegate.NewPerson{Name: "Ann"}}, facegate.CodeNameTaken},
		{"no name", good.UnknownID, facegate.Naming{}, facegate.CodeInvalid},
		{"nobody", good.UnknownID, facegate.Naming{PersonID: id(9)}, facegate.CodePersonNotFound},
		{"no stranger", id(9), facegate.Naming{New: facegate.NewPerson{Name: "Bob"}}, facegate.CodeUnknownNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.unknowns.Name(t.Context(), tt.unknown, tt.naming)
			wantCode(t, err, tt.want)
			if p := h.list(facegate.SightingFilter{Decisions: []facegate.Decision{facegate.Unknown}}); p.Total != 2 || len(h.strangers()) != 2 || h.count("people") != 1 {
				t.Errorf("something changed: %+v", p)
			}
		})
	}
	h.service.RequireConsent = true
	_, err := h.unknowns.Name(t.Context(), good.UnknownID, facegate.Naming{New: facegate.NewPerson{Name: "Bob"}})
	wantCode(t, err, facegate.CodeInvalid)
}

func TestStrangersAreMergedAndSplit(t *testing.T) {
	h := newHouse(t, "mqtt")
	a, b, c := h.see(1, 5), h.see(2, 6), h.see(3, 7)
	h.see(4, 6)
	s, err := h.unknowns.Merge(t.Context(), a.UnknownID, []string{b.UnknownID, c.UnknownID, b.UnknownID})
	if err != nil || s.ID != a.UnknownID || s.Sightings != 4 {
		t.Fatalf("%+v %v", s, err)
	}
	if p := h.list(facegate.SightingFilter{UnknownID: a.UnknownID}); p.Total != 4 || p.Sightings[0].Revision != 3 {
		t.Errorf("%+v", p)
	}
	late := h.sighting(9, facegate.Unknown)
	late.UnknownID = b.UnknownID
	h.report(late)
	if r := h.kept(late.ID); r.UnknownID != a.UnknownID {
		t.Errorf("an id that was merged away is back: %s", r.UnknownID)
	}

	n, err := h.unknowns.Split(t.Context(), a.UnknownID, []string{id(2), id(4)})
	if err != nil || n.ID == a.UnknownID || n.Sightings != 2 || n.Shots != 8 {
		t.Fatalf("%+v %v", n, err)
	}
	if again := h.see(5, 6); again.UnknownID != n.ID {
		t.Error("who was split off is not known")
	}
	for _, tt := range []struct {
		name string
		do   func() error
		want facegate.Code
	}{
		{"merge with oneself", func() error { _, err := h.unknowns.Merge(t.Context(), a.UnknownID, []string{a.UnknownID}); return err }, facegate.CodeInvalid},
		{"merge with nobody", func() error { _, err := h.unknowns.Merge(t.Context(), a.UnknownID, nil); return err }, facegate.CodeInvalid},
		{"merge with one who is gone", func() error { _, err := h.unknowns.Merge(t.Context(), a.UnknownID, []string{b.UnknownID}); return err }, facegate.CodeUnknownNotFound},
		{"merge into one who is gone", func() error { _, err := h.unknowns.Merge(t.Context(), b.UnknownID, []string{a.UnknownID}); return err }, facegate.CodeUnknownNotFound},
		{"split all", func() error {
			_, err := h.unknowns.Split(t.Context(), n.ID, []string{id(2), id(4), id(5)})
			return err
		}, facegate.CodeInvalid},
		{"split nothing", func() error { _, err := h.unknowns.Split(t.Context(), n.ID, nil); return err }, facegate.CodeInvalid},
		{"split somebody else's", func() error { _, err := h.unknowns.Split(t.Context(), n.ID, []string{id(1)}); return err }, facegate.CodeInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) { wantCode(t, tt.do(), tt.want) })
	}

	// A chain of merges and a name at its end.
	if _, err := h.unknowns.Merge(t.Context(), n.ID, []string{a.UnknownID}); err != nil {
		t.Fatal(err)
	}
	e, err := h.unknowns.Name(t.Context(), n.ID, facegate.Naming{New: facegate.NewPerson{Name: "Ann"}})
	if err != nil {
		t.Fatal(err)
	}
	late.Revision = 2
	h.report(late)
	if r := h.kept(late.ID); r.Person == nil || r.Person.ID != e.ID {
		t.Errorf("%+v", r)
	}
}

func TestStrangerIsErased(t *testing.T) {
	h := newHouse(t, "mqtt")
	a, b := h.see(1, 5), h.see(2, 6)
	if err := h.unknowns.Delete(t.Context(), a.UnknownID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, h.unknowns.Delete(t.Context(), a.UnknownID), facegate.CodeUnknownNotFound)
	if p := h.list(facegate.SightingFilter{}); p.Total != 1 || p.Sightings[0].ID != b.ID {
		t.Errorf("%+v", p)
	}
	for table, want := range map[string]int{"sighting_pictures": 2, "unknown_shots": 4, "unknown_members": 1, "outbox": 2} {
		if n := h.count(table); n != want {
			t.Errorf("%d rows in %s, want %d", n, table, want)
		}
	}
	if again := h.see(3, 5); again.UnknownID == a.UnknownID {
		t.Error("somebody erased is known")
	}
}

// With a key nothing of a stranger is readable in the files, and they are known
// as before, also under the next key.
func TestStrangersAreEncrypted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	plain := openHouse(t, path)
	a := plain.see(1, 5)
	readable := func() (found []string) {
		t.Helper()
		for _, file := range []string{path, path + "-wal"} {
			content, err := os.ReadFile(file)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			for what, part := range map[string][]byte{"crop": a.Shots[0].Crop, "embedding": a.Shots[0].Embedding.Bytes()[16:64]} {
				if bytes.Contains(content, part) {
					found = append(found, what)
				}
			}
		}
		return found
	}
	if len(readable()) == 0 {
		t.Fatal("it is not readable to begin with")
	}
	h := openHouse(t, path)
	if err := h.service.Store.Unlock(t.Context(), keyOf(7)); err != nil {
		t.Fatal(err)
	}
	if found := readable(); len(found) > 0 {
		t.Errorf("what was there is readable: %v", found)
	}
	for n, key := range [][]byte{nil, keyOf(8)} {
		if key != nil {
			if err := h.service.Store.Rotate(t.Context(), h.secrets, key); err != nil {
				t.Fatal(err)
			}
		}
		if again := h.see(2+n, 5); again.UnknownID != a.UnknownID {
			t.Error("the same stranger got another id")
		}
		if found := readable(); len(found) > 0 {
			t.Errorf("what came is readable: %v", found)
		}
		if crop, err := h.unknowns.Crop(t.Context(), a.UnknownID); err != nil || !bytes.HasPrefix(crop, []byte("crop ")) {
			t.Errorf("%q %v", crop, err)
		}
	}
	if _, err := plain.unknowns.Assign(t.Context(), id(9), shotsOf(6, h.now(), 1)); err == nil {
		t.Error("a process without the key left something readable")
	}
	if e, err := h.unknowns.Name(t.Context(), a.UnknownID, facegate.Naming{New: facegate.NewPerson{Name: "Ann"}}); err != nil || len(e.Samples) == 0 {
		t.Errorf("%+v %v", e, err)
	}
}
