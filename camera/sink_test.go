package camera_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
	"facegate/match"
)

// A reporter reports sightings into a real store with a real outbox, as cameras
// do.
type reporter struct {
	t         testing.TB
	path      string
	store     *enroll.Store
	sightings *enroll.Sightings
	outbox    *enroll.Outbox
	webhooks  *enroll.Webhooks
	people    *enroll.Service
	cameras   []facegate.CameraRef
	log       *slog.Logger

	mu  sync.Mutex
	now time.Time
}

var started = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

func (r *reporter) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func newReporter(t testing.TB, always ...string) *reporter {
	t.Helper()
	r := &reporter{t: t, path: filepath.Join(t.TempDir(), "facegate.db"), now: started, cameras: []facegate.CameraRef{front, yard},
		log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))}
	store, err := enroll.Open(t.Context(), r.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	r.store = store
	r.outbox = &enroll.Outbox{Store: store, Always: always, Now: r.clock}
	r.sightings = &enroll.Sightings{Store: store, Outbox: r.outbox}
	r.webhooks = &enroll.Webhooks{Store: store, Secrets: &enroll.Secrets{Store: store}, Outbox: r.outbox, Now: r.clock}
	r.people = &enroll.Service{Store: store, Gallery: match.NewGallery(), Now: r.clock}
	return r
}

var (
	front = facegate.CameraRef{ID: "0197c7a2-4b1e-7c44-9d0b-0000000f2047", Name: "front door"}
	yard  = facegate.CameraRef{ID: "0197c7a2-4b1e-7c44-9d0b-00000000a2d0", Name: "yard/left+#1"}
)

func sightingID(n int) string { return fmt.Sprintf("0197c7a2-4b1e-7c44-9d0b-%012d", n) }

// see reports a sighting: begun, and unless open, ended.
func (r *reporter) see(n int, camera facegate.CameraRef, person *facegate.PersonRef, open bool) {
	r.t.Helper()
	s := facegate.Sighting{ID: sightingID(n), Revision: 1, Camera: camera, TrackID: int64(n), Decision: facegate.Unknown,
		UnknownID: sightingID(n + 1000000), FirstSeen: r.clock(), LastSeen: r.clock(), Evidence: 2}
	if person != nil {
		s.Decision, s.Person, s.UnknownID, s.Distance = facegate.Match, person, "", 0.3
	}
	for ; s.Revision <= 2; s.Revision++ {
		if s.Revision == 2 {
			if open {
				return
			}
			s.Ended = true
		}
		if err := r.sightings.Report(r.t.Context(), s); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *reporter) person(name string) *facegate.PersonRef {
	r.t.Helper()
	e, err := r.people.Create(r.t.Context(), facegate.NewPerson{Name: name}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	ref := e.Ref()
	return &ref
}

func (r *reporter) waiting(destination string) int {
	r.t.Helper()
	all, err := r.outbox.Pending(context.Background(), destination, 100000)
	if err != nil {
		r.t.Fatal(err)
	}
	return len(all)
}

// running runs a sink until the test, or stop, ends it.
func running(t testing.TB, run func(context.Context)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var once sync.Once
	ended := make(chan struct{})
	go func() { defer close(ended); run(ctx) }()
	stop = func() { once.Do(func() { cancel(); <-ended }) }
	t.Cleanup(stop)
	return stop
}

// record reads a sighting as it was published.
func record(t testing.TB, payload []byte) facegate.SightingRecord {
	t.Helper()
	var r facegate.SightingRecord
	if err := json.Unmarshal(payload, &r); err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	return r
}
