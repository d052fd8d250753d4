package enroll_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"facegate"
	"facegate/enroll"
	"facegate/match"
)

// marked is a cleaner whose work shows: the real one is tested with real photos.
type marked struct{}

func (marked) CleanPhoto(_ context.Context, photo []byte) ([]byte, string, error) {
	return append([]byte("clean "), photo...), "image/webp", nil
}

func TestPhotosAreKeptWhereTheyAreWanted(t *testing.T) {
	s, _ := newService(t)
	want := func(sample facegate.Sample, data, mediaType string) {
		t.Helper()
		got, kind, err := s.Photo(t.Context(), sample.ID)
		if err != nil || string(got) != data || kind != mediaType {
			t.Errorf("%q %q %v, want %q %q", got, kind, err, data, mediaType)
		}
		stored, err := s.Sample(t.Context(), sample.ID)
		if err != nil || stored.PhotoKept != (mediaType != "image/jpeg") || stored.PhotoKept != sample.PhotoKept {
			t.Errorf("told %v, stored %v (%v)", sample.PhotoKept, stored.PhotoKept, err)
		}
	}
	kept := func(n int) {
		t.Helper()
		if got, err := s.PhotosKept(t.Context()); err != nil || got != n {
			t.Errorf("%d photos are kept (%v), want %d", got, err, n)
		}
	}
	a, b, c := photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 1, shown{seed: 2}), photo("c.jpg", 1, shown{seed: 3})
	ann := mustCreate(t, s, "Ann", a)
	want(ann.Samples[0], "crop", "image/jpeg")
	kept(0)

	s.Keep = marked{}
	bob := mustCreate(t, s, "Bob", b)
	want(bob.Samples[0], "clean "+string(b.Data), "image/webp")
	want(ann.Samples[0], "crop", "image/jpeg")
	eve, err := s.AddSamples(t.Context(), bob.ID, []facegate.Photo{c})
	if err != nil {
		t.Fatal(err)
	}
	want(eve.Samples[0], "clean "+string(c.Data), "image/webp")
	kept(2)

	s.Keep = nil // what is kept stays, until it is asked to go
	want(bob.Samples[0], "clean "+string(b.Data), "image/webp")
	if err := s.DeleteSample(t.Context(), bob.ID, eve.Samples[0].ID); err != nil {
		t.Fatal(err)
	}
	kept(1)
	if _, _, err := s.Photo(t.Context(), eve.Samples[0].ID); facegate.CodeOf(err) != facegate.CodeSampleNotFound {
		t.Errorf("of an erased sample: %v", err)
	}
	if err := s.Delete(t.Context(), bob.ID); err != nil {
		t.Fatal(err)
	}
	kept(0)
}

// Photos are forgotten for good, and that they were is in the audit.
func TestForgetPhotos(t *testing.T) {
	s, _ := newService(t)
	s.Keep = marked{}
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 2, shown{seed: 2}))
	bob := mustCreate(t, s, "Bob", photo("c.jpg", 3, shown{seed: 3}))
	forget := func(id string, want int) {
		t.Helper()
		if n, err := s.ForgetPhotos(t.Context(), id); err != nil || n != want {
			t.Errorf("%d %v, want %d", n, err, want)
		}
	}
	forget(ann.ID, 2)
	forget(ann.ID, 0)
	if _, kind, err := s.Photo(t.Context(), bob.Samples[0].ID); err != nil || kind != "image/webp" {
		t.Errorf("%q %v", kind, err)
	}
	forget("", 1)
	forget("", 0)
	if _, err := s.ForgetPhotos(t.Context(), "0197c7a2-4b1e-7c44-9d0b-3f6a1c2d4e5f"); facegate.CodeOf(err) != facegate.CodePersonNotFound {
		t.Errorf("of nobody: %v", err)
	}
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(s.Store.Path() + suffix)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("clean ")) {
			t.Errorf("a photo is still in the database%s", suffix)
		}
	}
	if samples, err := s.Samples(t.Context(), ann.ID); err != nil || len(samples) != 2 || samples[0].PhotoKept {
		t.Errorf("%+v %v", samples, err)
	}
	page, err := (&enroll.AuditLog{Store: s.Store}).Entries(t.Context(), facegate.AuditFilter{Action: "person.forget_photos"})
	if err != nil || len(page.Entries) != 2 || page.Entries[0].PersonID != bob.ID || string(page.Entries[1].Detail) != `{"photos":2}` {
		t.Errorf("%+v %v", page, err)
	}
}

// Photos are sealed like crops, and a key encrypts those that are there.
func TestPhotosAreEncrypted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	plain := unlocked(t, path, nil)
	plain.Keep = marked{}
	a, b := photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 1, shown{seed: 2})
	ann := mustCreate(t, plain, "Ann", a)
	sealed := unlocked(t, path, keyOf(4))
	sealed.Keep = marked{}
	bob := mustCreate(t, sealed, "Bob", b)
	for _, suffix := range []string{"", "-wal"} {
		if content, err := os.ReadFile(path + suffix); err != nil && !os.IsNotExist(err) || bytes.Contains(content, []byte("clean ")) {
			t.Errorf("a photo is readable in the database%s (%v)", suffix, err)
		}
	}
	if err := sealed.Store.Rotate(t.Context(), &enroll.Secrets{Store: sealed.Store}, keyOf(5)); err != nil {
		t.Fatal(err)
	}
	for id, data := range map[string][]byte{ann.Samples[0].ID: a.Data, bob.Samples[0].ID: b.Data} {
		if got, _, err := sealed.Photo(t.Context(), id); err != nil || string(got) != "clean "+string(data) {
			t.Errorf("%q %v", got, err)
		}
	}
	if _, err := plain.Create(t.Context(), facegate.NewPerson{Name: "Eve"}, []facegate.Photo{photo("e.jpg", 1, shown{seed: 3})}); err == nil {
		t.Error("written without the key")
	}
	// A value that is moved to another row does not open.
	if _, err := sealed.Store.Writer().Exec(`UPDATE sample_photos SET photo = (SELECT photo FROM sample_photos WHERE sample_id = ?)`, bob.Samples[0].ID); err != nil {
		t.Fatal(err)
	}
	if got, _, err := sealed.Photo(t.Context(), ann.Samples[0].ID); err == nil {
		t.Errorf("somebody else's photo: %q", got)
	}
}

// A person's export and a backup hold the photos.
func TestPhotosGoWhereSamplesGo(t *testing.T) {
	s, _ := newService(t)
	s.Keep = marked{}
	a := photo("a.jpg", 1, shown{seed: 1})
	ann := mustCreate(t, s, "Ann", a)
	id := ann.Samples[0].ID
	var out bytes.Buffer
	if err := s.Export(t.Context(), ann.ID, &out); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	file, err := z.Open("photos/" + id + ".webp")
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(file); err != nil || string(content) != "clean "+string(a.Data) {
		t.Errorf("%q %v", content, err)
	}
	described, err := z.Open("person.json")
	if err != nil {
		t.Fatal(err)
	}
	if content, err := io.ReadAll(described); err != nil || !bytes.Contains(content, []byte(`"photo": "photos/`+id+`.webp"`)) {
		t.Errorf("%s %v", content, err)
	}

	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Store.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	store, err := enroll.Open(t.Context(), copied)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	from := &enroll.Service{Store: store, Analyser: &prepared{recipe: "test"}, Gallery: match.NewGallery()}
	if got, kind, err := from.Photo(t.Context(), id); err != nil || string(got) != "clean "+string(a.Data) || kind != "image/webp" {
		t.Errorf("%q %q %v", got, kind, err)
	}
}
