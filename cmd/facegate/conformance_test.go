package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facegate/internal/testfiles"
)

// Clients that others wrote drive the real server: CompreFace's own JavaScript SDK.
func TestProgramSpeaksCompreface(t *testing.T) {
	u := newUser(t, false)
	node := needProgram(t, "node")
	photos := testfiles.Photos(t, "people", "probes")
	script := filepath.Join(testfiles.Root(), "web", "conformance", "compreface.test.js")
	if found, err := filepath.Glob(filepath.Join(filepath.Dir(script), "node_modules", "@exadel", "compreface-js-sdk")); err != nil || len(found) == 0 {
		t.Skip("facegate: needs CompreFace's SDK (make conformance)")
	}
	s := u.serve("--auth=on")
	key := strings.TrimSpace(u.want(exitOK, "keys", "create", "sdk", "--scope=detect,verify,identify,enroll").stdout)

	cmd := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=tap", script)
	cmd.Dir = photos
	cmd.Env = append(u.env, "FACEGATE_URL="+s.url, "FACEGATE_KEY="+key)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "\n# fail 0\n") || !strings.Contains(string(out), "\n# skipped 0\n") || strings.Contains(string(out), "\n# pass 0\n") {
		t.Errorf("%v\n%s", err, out)
	}
	contains(t, "audit verify", u.want(exitOK, "audit", "verify").stdout, "as they were written")
	if code := s.end(syscall.SIGTERM); code != exitOK || strings.Contains(s.stderr.String(), key) {
		t.Errorf("exit code %d\n%s", code, s.stderr.String())
	}
}
