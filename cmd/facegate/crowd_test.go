package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/crowd"
	"facegate/internal/testfiles"
)

// Many clients at once, a third of whom send garbage: who means it is answered, and
// rightly; who cannot be served now is told when to come again; nothing else is the
// server's fault. `make load` is the same for longer, and measures.
func TestProgramServesACrowd(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	made := u.want(exitOK, "keys", "create", "crowd", "--scope=detect,identify,verify", "--json")
	var key struct{ Secret string }
	if err := json.Unmarshal([]byte(made.stdout), &key); err != nil || key.Secret == "" {
		t.Fatalf("%s %v", made.stdout, err)
	}
	enrolled := lines[facegate.Enrolment](t, u.want(exitOK, "enroll", "obama", filepath.Join(photos, "people", "obama", "obama.jpg"), "--json").stdout)

	s := u.serve("--auth=on", "--queue=8", "--max-photo-bytes=1000000", "--log-format=json")
	c := &crowd.Crowd{URL: s.url, Key: key.Secret, Clients: 84, Each: 1, Photo: read(t, filepath.Join(photos, "probes", "obama-240p.jpg")),
		Person: enrolled[0].Person.Ref(), MaxPhoto: 1_000_000}
	r := c.Run(t.Context())
	crowd.Leave()
	for _, fault := range r.Faults {
		t.Error(fault)
	}
	if len(r.Took) != 56 {
		t.Errorf("%d good requests were answered, of 56", len(r.Took))
	}
	if len(r.Refused) == 0 {
		t.Error("nobody was told to come again: the crowd was too small to tell")
	}
	if kinds := slices.Sorted(maps.Keys(r.Statuses)); len(kinds) != 1+14 {
		t.Errorf("not all that can be sent was sent: %v", kinds)
	}
	resp, err := http.Get(s.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("after the crowd: %s", resp.Status)
	}
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d\n%s", code, s.stderr.String())
	}
	u.want(exitOK, "check")
	u.want(exitOK, "audit", "verify")
}
