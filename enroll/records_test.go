package enroll_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
)

func TestExportOfAPerson(t *testing.T) {
	s, _ := newService(t)
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	mustCreate(t, s, "Bob", photo("b.jpg", 1, shown{seed: 2}))
	var b bytes.Buffer
	if err := s.Export(t.Context(), ann.ID, &b); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(content)
	}
	sample := ann.Samples[0].ID
	if files["samples/"+sample+".jpg"] != "crop" || len(files) != 3 {
		t.Errorf("%d files: %v", len(files), files)
	}
	var person struct {
		facegate.Person
		Samples []struct {
			ID        string
			Embedding []float32
			Picture   string
		}
	}
	if err := json.Unmarshal([]byte(files["person.json"]), &person); err != nil || person.Name != "Ann" || len(person.Samples) != 1 ||
		len(person.Samples[0].Embedding) != 128 || person.Samples[0].Picture != "samples/"+sample+".jpg" {
		t.Errorf("%v %s", err, files["person.json"])
	}
	for _, want := range []string{"person.create", "sample.add", "person.export"} {
		if !strings.Contains(files["audit.json"], want) {
			t.Errorf("no %s in %s", want, files["audit.json"])
		}
	}
	for name, content := range files {
		if strings.Contains(content, "Bob") {
			t.Errorf("somebody else is in %s", name)
		}
	}
	if err := s.Export(t.Context(), "nobody", io.Discard); facegate.CodeOf(err) != facegate.CodePersonNotFound {
		t.Errorf("%v", err)
	}
}

// Nothing of whoever was erased is left in the files.
func TestErasureLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	s, _ := openService(t, path)
	mustCreate(t, s, "Bob", photo("b.jpg", 1, shown{seed: 2}))
	e, err := s.Create(t.Context(), facegate.NewPerson{Name: "Zuzana Unmistakable", Notes: "unmistakable notes"},
		[]facegate.Photo{photo("unmistakable.jpg", 1, shown{seed: 1})})
	if err != nil {
		t.Fatal(err)
	}
	embedding := randomEmbedding(1)
	needles := [][]byte{[]byte("nmistakable"), embedding.Bytes()[:64]}
	found := func(needle []byte) bool {
		for _, file := range []string{path, path + "-wal"} {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(content, needle) {
				return true
			}
		}
		return false
	}
	for _, n := range needles {
		if !found(n) {
			t.Fatalf("%q is not there to begin with", n)
		}
	}
	if err := s.Delete(t.Context(), e.ID); err != nil {
		t.Fatal(err)
	}
	for _, n := range needles {
		if found(n) {
			t.Errorf("%q is left", n)
		}
	}
}

func TestExpiry(t *testing.T) {
	s, _ := newService(t)
	now := testTime
	soon, late := testTime.Add(time.Hour), testTime.Add(48*time.Hour)
	for name, at := range map[string]*time.Time{"Soon": &soon, "Late": &late, "Never": nil} {
		if _, err := s.Create(t.Context(), facegate.NewPerson{Name: name, ExpiresAt: at}, nil); err != nil {
			t.Fatal(err)
		}
	}
	u := &enroll.Upkeep{People: s, Audit: auditOf(t, s), Now: func() time.Time { return now }}
	for _, step := range []struct {
		after time.Duration
		names string
	}{{0, "Late Never Soon"}, {time.Hour - 1, "Late Never Soon"}, {time.Hour, "Late Never"}, {100 * time.Hour, "Never"}} {
		now = testTime.Add(step.after)
		if err := u.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		page, err := s.List(t.Context(), facegate.PeopleFilter{})
		var names []string
		for _, p := range page.People {
			names = append(names, p.Name)
		}
		if err != nil || strings.Join(names, " ") != step.names {
			t.Errorf("after %s: %v (%v), want %s", step.after, names, err, step.names)
		}
	}
	if n := count(t, s, "audit WHERE actor = 'expiry' AND action = 'person.delete'"); n != 2 {
		t.Errorf("%d erasures are in the audit", n)
	}
}

// A backup taken while others write holds what was acknowledged before it, is
// whole, and can be restored; a damaged one cannot.
func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	path, file := filepath.Join(dir, "data", "facegate.db"), filepath.Join(dir, "backup.db")
	s, _ := openService(t, path)
	mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() {
		for i := uint32(100); ; i++ {
			select {
			case <-stop:
				return
			default:
				mustCreate(t, s, time.Duration(i).String(), photo("x.jpg", 1, shown{seed: i}))
			}
		}
	})
	if err := s.Store.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	close(stop)
	writing.Wait()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".facegate*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := s.Store.Backup(t.Context(), file); facegate.CodeOf(err) != facegate.CodeInvalid {
		t.Errorf("over a file that is there: %v", err)
	}
	if d, err := s.CheckGallery(t.Context()); err != nil || len(d) > 0 {
		t.Errorf("%v %v", d, err)
	}
	s.Gallery.Reset(nil)
	if d, err := s.CheckGallery(t.Context()); err != nil || len(d) == 0 {
		t.Errorf("an empty gallery passes: %v", err)
	}

	mustCreate(t, s, "Eve", photo("e.jpg", 1, shown{seed: 5}))
	if _, _, err := enroll.Restore(t.Context(), file, path, testTime); facegate.CodeOf(err) != facegate.CodeBusy {
		t.Fatalf("under a process that has it open: %v", err)
	}
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := append([]byte{}, whole...)
	for i := len(broken) / 2; i < len(broken)/2+4096; i++ {
		broken[i] ^= 0x55
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"damaged": broken, "cut off": whole[:len(whole)/2], "no database": []byte("no database"), "empty": {}} {
		bad := filepath.Join(dir, "bad.db")
		if err := os.WriteFile(bad, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := enroll.Restore(t.Context(), bad, path, testTime)
		if name != "empty" && err == nil {
			t.Errorf("%s: restored", name)
		}
		if name != "empty" {
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("%s: the database was touched (%v)", name, err)
			}
		} else if err == nil {
			t.Error("an empty file passes for a backup")
		}
	}
	kept, check, err := enroll.Restore(t.Context(), file, path, testTime)
	if err != nil || !check.Healthy() || check.People < 1 || kept == "" {
		t.Fatalf("%s %+v %v", kept, check, err)
	}
	again, err := enroll.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	restored := &enroll.Service{Store: again}
	if _, err := restored.PersonByName(t.Context(), "Ann"); err != nil {
		t.Error(err)
	}
	if _, err := restored.PersonByName(t.Context(), "Eve"); facegate.CodeOf(err) != facegate.CodePersonNotFound {
		t.Errorf("enrolled after the backup: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "data", ".restore*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCheckFindsWhatIsBroken(t *testing.T) {
	s, _ := newService(t)
	mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	healthy := func(want bool) enroll.CheckResult {
		t.Helper()
		c, err := s.Store.Check(t.Context())
		if err != nil || c.Healthy() != want {
			t.Fatalf("%+v %v, want healthy %v", c, err, want)
		}
		return c
	}
	if c := healthy(true); c.People != 1 || c.Samples != 1 {
		t.Errorf("%+v", c)
	}
	if _, err := s.Store.Writer().Exec(`DELETE FROM sample_thumbnails`); err != nil {
		t.Fatal(err)
	}
	if c := healthy(false); len(c.Orphans) != 1 {
		t.Errorf("%+v", c)
	}
	if _, err := s.Store.Writer().Exec(`PRAGMA foreign_keys = off; DELETE FROM people; PRAGMA foreign_keys = on`); err != nil {
		t.Fatal(err)
	}
	if c := healthy(false); len(c.Orphans) != 2 || !strings.Contains(c.First(), "people") {
		t.Errorf("%+v", c)
	}
}
