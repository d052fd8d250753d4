package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/testfiles"
)

// A database that was encrypted is of no use without its key, and says so.
func TestProgramEncrypts(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	u.want(exitOK, "enroll", "obama", filepath.Join(photos, "people", "obama", "obama.jpg"))
	u.write("a.key", []byte(strings.Repeat("0a", 32)+"\n"))
	u.write("b.key", []byte(strings.Repeat("0b", 32)+"\n"))
	photo := filepath.Join(photos, "probes", "obama1.jpg")
	identified := func(args ...string) {
		t.Helper()
		contains(t, "identify", u.want(exitOK, append([]string{"identify", photo}, args...)...).stdout, "obama")
	}
	identified()
	identified("--key-file=a.key") // encrypts
	for _, args := range [][]string{{}, {"--key-file=b.key"}, {"--key-file=none.key"}} {
		refused := u.want(exitFailed, append([]string{"serve", "--listen=127.0.0.1:0"}, args...)...)
		contains(t, "serve without the key", refused.stderr, "key", "\n  -> ")
		u.want(exitFailed, append([]string{"people"}, args...)...)
	}
	s := u.serve("--key-file=a.key")
	if r := s.identify(read(t, photo)); len(r.Faces) != 1 || r.Faces[0].Decision != facegate.Match {
		t.Errorf("%+v", r)
	}
	contains(t, "rekey under a server", u.want(exitFailed, "rekey", "b.key", "--key-file=a.key").stderr, "another process has the database open")
	u.want(exitOK, "backup", "copy.db", "--key-file=a.key")
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	u.want(exitOK, "rekey", "b.key", "--key-file=a.key")
	identified("--key-file=b.key")
	u.want(exitFailed, "people", "--key-file=a.key")
	u.want(exitOK, "restore", "copy.db")
	identified("--key-file=a.key")
	u.want(exitOK, "check", "--key-file=a.key")
}
