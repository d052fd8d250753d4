package enroll_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
)

// inFiles reports whether a needle stands in the database or its write-ahead log.
func inFiles(t *testing.T, path, needle string) bool {
	t.Helper()
	for _, file := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(needle)) {
			return true
		}
	}
	return false
}

// Whatever is erased, by whomever, is wiped with the next sweep.
func TestSweepWipesWhatWasErased(t *testing.T) {
	h := newHouse(t)
	path := h.service.Store.Path()
	upkeep := &enroll.Upkeep{People: h.service, Audit: auditOf(t, h.service), AuditAge: 24 * time.Hour, Now: h.now}
	erase := map[string]func(s facegate.Sighting) error{
		"a sighting": func(s facegate.Sighting) error { return h.sightings.Delete(t.Context(), s.ID) },
		"a stranger": func(s facegate.Sighting) error { return h.unknowns.Delete(t.Context(), s.UnknownID) },
		"what is too old": func(facegate.Sighting) error {
			h.retention.MaxAge = time.Hour
			h.pass(2 * time.Hour)
			return h.retention.Sweep(t.Context())
		},
		"what is too much": func(facegate.Sighting) error {
			h.retention.PictureBytes = 1
			return h.retention.Sweep(t.Context())
		},
	}
	n := 0
	for name, do := range erase {
		t.Run(name, func(t *testing.T) {
			n++
			h.retention.MaxAge, h.retention.PictureBytes = 0, 0
			seen := h.see(n, uint64(n))
			if !inFiles(t, path, string(seen.BestShot)) {
				t.Fatal("the picture is not there to begin with")
			}
			if err := do(seen); err != nil {
				t.Fatal(err)
			}
			if err := upkeep.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if inFiles(t, path, string(seen.BestShot)) {
				t.Error("the picture is still there")
			}
		})
	}
}

// What a reader kept in the write-ahead log when the database was encrypted is
// wiped once the reader is gone.
func TestEncryptingBesideAReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	plain := unlocked(t, path, nil)
	mustCreate(t, plain, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	e := randomEmbedding(1)
	needle := string(e.Bytes()[8:64])
	reading, err := plain.Store.Reader().Query(`SELECT id FROM people UNION ALL SELECT id FROM samples`)
	if err != nil || !reading.Next() {
		t.Fatal(err)
	}
	s := unlocked(t, path, keyOf(7))
	if !inFiles(t, path, needle) {
		t.Fatal("no reader was in the way")
	}
	if err := reading.Close(); err != nil {
		t.Fatal(err)
	}
	if err := (&enroll.Upkeep{People: s, Audit: auditOf(t, s)}).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if inFiles(t, path, needle) {
		t.Error("the embedding is still readable")
	}
}

// Taking old entries out is an entry: not one a minute.
func TestOldEntriesGoByTheHour(t *testing.T) {
	s, _ := newService(t)
	now := testTime
	l := &enroll.AuditLog{Store: s.Store, Now: func() time.Time { return now }}
	u := &enroll.Upkeep{People: s, Audit: l, AuditAge: time.Hour, Now: func() time.Time { return now }}
	for range 180 {
		if err := l.Record(t.Context(), facegate.AuditRecord{Action: "detect"}); err != nil {
			t.Fatal(err)
		}
		if err := u.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	if n := count(t, s, "audit WHERE action = 'audit.prune'"); n < 1 || n > 2 {
		t.Errorf("%d entries tell of it", n)
	}
	if n := count(t, s, "audit WHERE action = 'detect'"); n < 60 || n > 121 {
		t.Errorf("%d entries are left", n)
	}
	verified(t, l, true)
}

// Whoever is erased is named in no report that still waits.
func TestErasedPeopleLeaveTheOutbox(t *testing.T) {
	h := newHouse(t, "mqtt")
	ann := mustCreate(t, h.service, "Ann Unmistakable", photo("a.jpg", 1, shown{seed: 1}))
	near := h.sighting(1, facegate.Unknown)
	near.UnknownID, near.Candidate = id(99), &facegate.PersonRef{ID: ann.ID}
	h.report(near)
	was := h.sighting(2, facegate.Match)
	was.Person = &facegate.PersonRef{ID: ann.ID}
	h.report(was)
	was.Revision, was.Decision, was.Person = 2, facegate.Unknown, nil // a second look
	h.report(was)
	if waiting := must(h.outbox.Pending(t.Context(), "mqtt", 100)); len(waiting) != 3 {
		t.Fatalf("%d reports wait", len(waiting))
	}
	if err := h.service.Delete(t.Context(), ann.ID); err != nil {
		t.Fatal(err)
	}
	waiting := must(h.outbox.Pending(t.Context(), "mqtt", 100))
	for _, d := range waiting {
		var r facegate.SightingRecord
		if err := json.Unmarshal([]byte(d.Sighting), &r); err != nil || r.Candidate != nil || r.Person != nil {
			t.Errorf("%s %v", d.Sighting, err)
		}
	}
	if len(waiting) != 2 || inFiles(t, h.service.Store.Path(), "nmistakable") {
		t.Errorf("%d reports wait", len(waiting))
	}
}

// A write-ahead log that was left beside a database is not taken for that of the
// backup.
func TestRestoreBesideALeftLog(t *testing.T) {
	dir := t.TempDir()
	s, _ := openService(t, filepath.Join(dir, "before", "facegate.db"))
	mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	backup := filepath.Join(dir, "backup.db")
	if err := s.Store.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	for i := range uint32(20) {
		mustCreate(t, s, string(rune('B'+i)), photo("x.jpg", 1, shown{seed: 100 + i}))
	}
	log, err := os.ReadFile(s.Store.Path() + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatalf("%d bytes, %v", len(log), err)
	}
	for name, damaged := range map[string][]byte{"of a damaged database": []byte("SQLite is no more"), "of none": nil} {
		path := filepath.Join(t.TempDir(), "facegate.db")
		if damaged != nil {
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(path+"-wal", log, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := enroll.Restore(t.Context(), backup, path, testTime); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, _ := openService(t, path)
		if c, err := again.Store.Check(t.Context()); err != nil || !c.Healthy() || c.People != 1 {
			t.Errorf("%s: %+v %v", name, c, err)
		}
	}
}

// check finds what does not open, such as a picture that was put into another row.
func TestCheckOpensWhatIsSealed(t *testing.T) {
	s := unlocked(t, filepath.Join(t.TempDir(), "facegate.db"), keyOf(1))
	s.Keep = marked{}
	mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	bob := mustCreate(t, s, "Bob", photo("b.jpg", 1, shown{seed: 2}))
	if c, err := s.Store.Check(t.Context()); err != nil || !c.Healthy() {
		t.Fatalf("%+v %v", c, err)
	}
	if _, err := s.Store.Writer().Exec(`UPDATE sample_photos SET photo = (SELECT photo FROM sample_photos WHERE sample_id = ?)`, bob.Samples[0].ID); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Store.Check(t.Context()); err != nil || len(c.Integrity) != 1 || c.Healthy() {
		t.Errorf("%+v %v", c, err)
	}
}
