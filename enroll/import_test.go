package enroll_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"facegate"
	"facegate/enroll"
)

// writeTree writes files, by path from a new folder.
func writeTree(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func face(tag byte, seed uint32) []byte { return photo("", tag, shown{seed: seed}).Data }

func TestImport(t *testing.T) {
	s, a := newService(t)
	files := map[string][]byte{
		"README.md":             []byte("about these photos"),
		".hidden/x.jpg":         face(1, 99),
		"Ann Smith/.DS_Store":   []byte("x"),
		"Ann Smith/1.jpg":       face(1, 1),
		"Ann Smith/2.jpg":       face(1, 2),
		"Ann Smith/notes.txt":   []byte("hello"),
		"Ann Smith/more/3.jpg":  face(1, 3),
		"bob/1.jpg":             photo("", 1).Data,
		"cid/1.jpg":             face(1, 4),
		"cid/copy of 1.jpg":     face(1, 4),
		"cid/near 1.jpg":        photo("", 1, shown{seed: 4, shift: 0.05}).Data,
		"cid/large.jpg":         bytes.Repeat([]byte{1}, 2001),
		"ann's double/same.jpg": photo("", 1, shown{seed: 1, shift: 0.3}).Data,
		"bad\x01name/1.jpg":     face(1, 5),
	}
	for i := range 20 { // several batches
		files[fmt.Sprintf("many/%02d.jpg", i)] = face(1, uint32(100+i))
	}
	for i := range 10 { // whose first batch holds nothing usable
		files[fmt.Sprintf("late/%02d.jpg", i)] = photo("", byte(i)).Data
	}
	files["late/10.jpg"] = face(1, 200)
	dir := writeTree(t, files)
	if err := os.MkdirAll(filepath.Join(dir, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	outside := writeTree(t, map[string][]byte{"x/1.jpg": face(1, 300)})
	for link, target := range map[string]string{
		"cid/link.jpg":  filepath.Join(outside, "x", "1.jpg"),
		"linked person": filepath.Join(outside, "x"),
		"cid/ann.jpg":   filepath.Join("..", "Ann Smith", "gone.jpg"),
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "cid", "pipe.jpg"), 0o600); err != nil {
		t.Fatal(err)
	}

	var progress []enroll.Progress
	o := enroll.ImportOptions{Workers: 3, MaxPhotoBytes: 2000, Consent: facegate.Consent{Basis: "staff"},
		Progress: func(p enroll.Progress) { progress = append(progress, p) }}
	sum, err := s.Import(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if sum.People != 5 || sum.Created != 5 || sum.Added != 2+1+1+20+1 || sum.Skipped != 2 {
		t.Errorf("got %+v", sum)
	}
	wantRefused := []string{"Ann Smith/more invalid_request", "Ann Smith/notes.txt not_an_image", "bad\x01name invalid_request", "bob/1.jpg no_face",
		"cid/ann.jpg invalid_request", "cid/large.jpg too_large", "cid/link.jpg invalid_request", "cid/pipe.jpg not_an_image",
		"empty invalid_request"}
	for i := range 10 {
		wantRefused = append(wantRefused, fmt.Sprintf("late/%02d.jpg no_face", i))
	}
	wantRefused = append(wantRefused, "linked person invalid_request")
	if got := codes(sum.Refused); !slices.Equal(got, wantRefused) {
		t.Errorf("refused %q, want %q", got, wantRefused)
	}
	for _, r := range sum.Refused {
		if !strings.HasSuffix(r.Detail, ".") || strings.ToUpper(r.Detail[:1]) != r.Detail[:1] {
			t.Errorf("%s: %q is no sentence", r.Photo, r.Detail)
		}
	}
	if len(sum.Duplicates) != 1 {
		t.Errorf("duplicates %+v", sum.Duplicates)
	}
	photos := 2 + 1 + 1 + 4 + 1 + 1 + 20 + 11
	if len(progress) != photos+1 || progress[0] != (enroll.Progress{Total: photos}) {
		t.Errorf("%d progress reports, starting with %+v", len(progress), progress[0])
	}
	for i, p := range progress {
		if p.Done != i || p.Total != photos || (p.Photo == "") != (i == 0) {
			t.Errorf("report %d: %+v", i, p)
		}
	}
	ann, err := s.PersonByName(t.Context(), "Ann Smith")
	if err != nil || ann.SampleCount != 2 || ann.Consent.Basis != "staff" {
		t.Errorf("got %+v, %v", ann, err)
	}
	if samples, err := s.Samples(t.Context(), ann.ID); err != nil || samples[0].Source != "1.jpg" {
		t.Errorf("got %+v, %v", samples, err)
	}
	if err := equalsDatabase(t.Context(), s); err != nil {
		t.Error(err)
	}

	// Again: only what was not enrolled is looked at.
	calls := a.calls.Load()
	again, err := s.Import(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if again.People != 5 || again.Created != 0 || again.Added != 0 || again.Skipped != sum.Added+sum.Skipped || !slices.Equal(again.Refused, sum.Refused) {
		t.Errorf("again: got %+v", again)
	}
	if n := a.calls.Load() - calls; n != 1+1+1+10 { // notes.txt, bob, near 1, late
		t.Errorf("again: %d photos were analysed", n)
	}
}

func TestImportRefusesFolder(t *testing.T) {
	s, _ := newService(t)
	for name, tt := range map[string]struct{ dir, detail string }{
		"photos at the root": {writeTree(t, map[string][]byte{"a/1.jpg": face(1, 1), "2.JPG": face(1, 2)}), "holds photos itself"},
		"no folders":         {writeTree(t, map[string][]byte{"README": nil}), "holds no folders"},
		"nothing there":      {filepath.Join(t.TempDir(), "none"), "no such file"},
		"a file":             {filepath.Join(writeTree(t, map[string][]byte{"f": nil}), "f"), "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Import(t.Context(), tt.dir, enroll.ImportOptions{})
			wantCode(t, err, facegate.CodeInvalid)
			if e := facegate.AsError(err); !strings.Contains(e.Detail, tt.detail) {
				t.Errorf("detail %q, want %q in it", e.Detail, tt.detail)
			}
		})
	}
	s.RequireConsent = true
	_, err := s.Import(t.Context(), writeTree(t, map[string][]byte{"a/1.jpg": face(1, 1)}), enroll.ImportOptions{})
	wantCode(t, err, facegate.CodeInvalid)
}

// An import gives way when the Analyser is busy, and goes on after one photo
// made it fail; it ends when its context does, and is resumed by a second one.
func TestImportTrouble(t *testing.T) {
	s, a := newService(t)
	files := map[string][]byte{}
	for i := range 6 {
		files[fmt.Sprintf("p%d/1.jpg", i)] = face(byte(i), uint32(i))
		files[fmt.Sprintf("p%d/2.jpg", i)] = face(byte(i), uint32(10+i))
	}
	dir := writeTree(t, files)
	var busy atomic.Bool
	a.before = func(photo []byte) error {
		switch {
		case photo[0] == 1 && photo[1] == 1:
			return errors.New("a library threw up")
		case photo[0] == 2 && busy.CompareAndSwap(false, true):
			return facegate.NewError(facegate.CodeBusy, "the queue is full", "try again")
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sum, err := s.Import(ctx, dir, enroll.ImportOptions{Workers: 1, Progress: func(p enroll.Progress) {
		if p.Done == 5 {
			cancel()
		}
	}})
	wantCode(t, err, facegate.CodeCanceled)
	if sum.Added == 0 || sum.Added > 8 {
		t.Errorf("before the end: %+v", sum)
	}
	sum, err = s.Import(t.Context(), dir, enroll.ImportOptions{})
	if err != nil || sum.People != 6 || !slices.Equal(codes(sum.Refused), []string{"p1/1.jpg internal"}) {
		t.Errorf("got %+v, %v", sum, err)
	}
	if n := count(t, s, "samples"); n != 11 {
		t.Errorf("%d samples, want 11", n)
	}
	if err := equalsDatabase(t.Context(), s); err != nil {
		t.Error(err)
	}

	a.before = func([]byte) error {
		return facegate.NewError(facegate.CodeModelMissing, "a model is missing", "facegate models pull")
	}
	_, err = s.Import(t.Context(), writeTree(t, map[string][]byte{"new/1.jpg": face(7, 70)}), enroll.ImportOptions{})
	wantCode(t, err, facegate.CodeModelMissing)
}
