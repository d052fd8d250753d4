package main

import (
	"archive/zip"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/testfiles"
)

// Who asked what is in the audit when the server has ended; the database can be
// copied while it runs, and comes back.
func TestProgramKeepsRecords(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	u.want(exitOK, "enroll", "obama", filepath.Join(photos, "people", "obama", "obama.jpg"))
	s := u.serve()
	faces := 0
	for _, name := range []string{"obama1.jpg", "obama_and_biden.jpg"} {
		faces += len(s.identify(read(t, filepath.Join(photos, "probes", name))).Faces)
	}
	u.want(exitOK, "backup", "copy.db")
	contains(t, "check beside a server", u.want(exitOK, "check").stdout, "all is well: 1 person, 1 sample")
	contains(t, "restore under a server", u.want(exitFailed, "restore", "copy.db").stderr, "another process has the database open")
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, s.stderr.String())
	}

	contains(t, "verify", u.want(exitOK, "audit", "verify").stdout, "as they were written")
	entries := lines[facegate.AuditEntry](t, u.want(exitOK, "audit", "--json", "--action=identify").stdout)
	matches := 0
	for _, e := range entries {
		var d struct {
			Decision facegate.Decision
			Distance float64
		}
		if err := json.Unmarshal(e.Detail, &d); err != nil || e.Address != "127.0.0.1" || e.RequestID == "" || d.Distance <= 0 {
			t.Errorf("%+v %s %v", e, e.Detail, err)
		}
		if d.Decision == facegate.Match {
			matches++
			if e.PersonID == "" || e.SampleID == "" {
				t.Errorf("a match of nobody: %+v", e)
			}
		}
	}
	if len(entries) != faces || matches != 2 {
		t.Errorf("%d entries, %d matches of %d faces", len(entries), matches, faces)
	}
	all := u.want(exitOK, "audit", "--json", "--limit=1000").stdout
	if strings.Contains(all, "obama") {
		t.Error("the audit tells a name")
	}
	u.want(exitOK, "audit", "export", "audit.csv", "--of=obama")
	file, err := os.Open(filepath.Join(u.dir, "audit.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 1+2+2 || rows[0][0] != "seq" || rows[1][5] != "person.create" || rows[4][8] != "match" {
		t.Errorf("%v %v", rows, err)
	}

	u.want(exitOK, "people", "export", "obama", "obama.zip")
	u.want(exitFailed, "people", "export", "obama", "obama.zip")
	z, err := zip.OpenReader(filepath.Join(u.dir, "obama.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != 3 {
		t.Errorf("%d files in the zip", len(z.File))
	}

	u.want(exitOK, "people", "delete", "obama")
	restored := u.want(exitOK, "restore", "copy.db")
	contains(t, "restore", restored.stdout, "restored 1 person with 1 sample")
	contains(t, "restore", restored.stderr, "kept as")
	contains(t, "people", u.want(exitOK, "people").stdout, "obama")
	contains(t, "check", u.want(exitOK, "check").stdout, "all is well")
	u.write("bad.db", []byte("no database"))
	contains(t, "restore of garbage", u.want(exitFailed, "restore", "bad.db").stderr, "damaged, or no database")
}
