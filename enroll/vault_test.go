package enroll_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"facegate"
	"facegate/enroll"
	"facegate/match"
)

func keyOf(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

// unlocked is a Service on the database at path, as a program with the key has it.
func unlocked(t *testing.T, path string, key []byte) *enroll.Service {
	t.Helper()
	store, err := enroll.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := store.Unlock(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	return &enroll.Service{Store: store, Analyser: &prepared{recipe: "test"}, Gallery: match.NewGallery()}
}

// With a key nothing of a face is readable in the files, neither what was there
// before nor what comes after; with it, all works as without.
func TestTemplatesAreEncrypted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	plain := unlocked(t, path, nil)
	ann := mustCreate(t, plain, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	readable := func(seed uint64) bool {
		t.Helper()
		e := randomEmbedding(seed)
		for _, file := range []string{path, path + "-wal"} {
			content, err := os.ReadFile(file)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if bytes.Contains(content, e.Bytes()[8:64]) {
				return true
			}
		}
		return false
	}
	if !readable(1) {
		t.Fatal("it is not readable to begin with")
	}
	s := unlocked(t, path, keyOf(7))
	if readable(1) {
		t.Error("what was there is readable")
	}
	bob := mustCreate(t, s, "Bob", photo("b.jpg", 1, shown{seed: 2}))
	if readable(2) {
		t.Error("what came is readable")
	}
	for seed, want := range map[uint64]string{1: ann.ID, 2: bob.ID} {
		e := randomEmbedding(seed)
		if c := s.Gallery.Nearest(&e, 1, 0.1); len(c) != 1 || c[0].Person.ID != want {
			t.Errorf("who is %d: %+v", seed, c)
		}
	}
	for name, read := range map[string]func() ([]byte, error){
		"thumbnail": func() ([]byte, error) { return s.Thumbnail(t.Context(), ann.Samples[0].ID) },
		"portrait":  func() ([]byte, error) { return s.Portrait(t.Context(), bob.ID) },
	} {
		if jpeg, err := read(); err != nil || string(jpeg) != "crop" {
			t.Errorf("%s: %q %v", name, jpeg, err)
		}
	}
	if d, err := s.CheckGallery(t.Context()); err != nil || len(d) > 0 {
		t.Errorf("%v %v", d, err)
	}
	var crops int
	if err := s.Store.Reader().QueryRow(`SELECT count(*) FROM sample_thumbnails WHERE instr(jpeg, CAST('crop' AS BLOB)) > 0`).Scan(&crops); err != nil || crops != 0 {
		t.Errorf("%d pictures are readable (%v)", crops, err)
	}
	var lengths, distinct int
	if err := s.Store.Reader().QueryRow(`SELECT count(*), count(DISTINCT substr(embedding, 2, 12)) FROM samples WHERE length(embedding) = 541`).Scan(&lengths, &distinct); err != nil || lengths != 2 || distinct != 2 {
		t.Errorf("%d sealed, %d nonces (%v)", lengths, distinct, err)
	}

	// Whoever has been running without the key cannot write what is readable.
	if _, err := plain.Create(t.Context(), facegate.NewPerson{Name: "Eve"}, []facegate.Photo{photo("e.jpg", 1, shown{seed: 3})}); err == nil || readable(3) {
		t.Errorf("written without the key: %v", err)
	}
	// A value that is moved to another row does not open.
	if _, err := s.Store.Writer().Exec(`UPDATE sample_thumbnails SET jpeg = (SELECT jpeg FROM sample_thumbnails WHERE sample_id = ?)`, bob.Samples[0].ID); err != nil {
		t.Fatal(err)
	}
	if jpeg, err := s.Thumbnail(t.Context(), ann.Samples[0].ID); err == nil {
		t.Errorf("somebody else's picture: %q", jpeg)
	}

	for name, key := range map[string][]byte{"no key": nil, "another key": keyOf(8)} {
		store, err := enroll.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Unlock(t.Context(), key); facegate.CodeOf(err) != facegate.CodeWrongKey {
			t.Errorf("%s: %v", name, err)
		}
		store.Close()
	}
}

func TestKeyRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	s := unlocked(t, path, keyOf(1))
	mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	secrets := &enroll.Secrets{Store: s.Store, Key: "0101010101010101010101010101010101010101010101010101010101010101"}
	cameras := &enroll.CameraStore{Store: s.Store, Secrets: secrets}
	camera := facegate.Camera{ID: "0197c7a2-4b1e-7c44-9d0b-3f6a1c2d4e5f", Name: "door", Source: "rtsp://joe:hush@cam/1"}
	if err := cameras.SaveCamera(t.Context(), camera); err != nil {
		t.Fatal(err)
	}
	if err := enroll.EnsureAlone(t.Context(), path); facegate.CodeOf(err) != facegate.CodeBusy {
		t.Errorf("beside a process that has it open: %v", err)
	}
	if err := s.Store.Rotate(t.Context(), secrets, keyOf(2)); err != nil {
		t.Fatal(err)
	}
	if jpeg, err := s.Portrait(t.Context(), mustPerson(t, s, "Ann").ID); err != nil || string(jpeg) != "crop" {
		t.Errorf("%q %v", jpeg, err)
	}
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	again := unlocked(t, path, keyOf(2))
	if d, err := again.CheckGallery(t.Context()); err != nil || len(d) > 0 {
		t.Errorf("%v %v", d, err)
	}
	stored, err := (&enroll.CameraStore{Store: again.Store, Secrets: &enroll.Secrets{Store: again.Store,
		Key: "0202020202020202020202020202020202020202020202020202020202020202"}}).Cameras(t.Context())
	if err != nil || len(stored) != 1 || stored[0].Source.Reveal() != camera.Source.Reveal() {
		t.Errorf("%v %v", stored, err)
	}
	if err := again.Store.Unlock(t.Context(), keyOf(1)); facegate.CodeOf(err) != facegate.CodeWrongKey {
		t.Errorf("the old key: %v", err)
	}
	if c, err := again.Store.Check(t.Context()); err != nil || !c.Healthy() {
		t.Errorf("%+v %v", c, err)
	}
}

func mustPerson(t *testing.T, s *enroll.Service, name string) facegate.Person {
	t.Helper()
	p, err := s.PersonByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The pictures of sightings are sealed with the templates.
func TestPicturesOfSightingsAreEncrypted(t *testing.T) {
	h := newHouse(t)
	store := h.sightings.Store
	report := func(n int) facegate.Sighting {
		t.Helper()
		r := h.sighting(n, facegate.Unknown)
		r.BestShot, r.Crop = []byte("\xff\xd8 whole"), []byte("\xff\xd8 face")
		if err := h.sightings.Report(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	before := report(1)
	if err := store.Unlock(t.Context(), keyOf(3)); err != nil {
		t.Fatal(err)
	}
	after := report(2)
	again := after
	again.Revision++
	if err := h.sightings.Report(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	for _, r := range []facegate.Sighting{before, after} {
		photo, err := h.sightings.Photo(t.Context(), r.ID)
		if err != nil || string(photo) != string(r.BestShot) {
			t.Errorf("%q %v", photo, err)
		}
		crop, err := h.sightings.Crop(t.Context(), r.ID)
		if err != nil || string(crop) != string(r.Crop) {
			t.Errorf("%q %v", crop, err)
		}
	}
	var pictures, readable int
	if err := store.Reader().QueryRow(`SELECT count(*), coalesce(sum(instr(jpeg, x'ffd8') = 1), 0) FROM sighting_pictures`).Scan(&pictures, &readable); err != nil ||
		pictures != 4 || readable != 0 {
		t.Errorf("%d pictures, %d readable (%v)", pictures, readable, err)
	}
}
