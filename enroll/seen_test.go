package enroll_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
)

// A house is everything that keeps what cameras see, on one database, with a
// clock that stands still.
type house struct {
	t         testing.TB
	service   *enroll.Service
	sightings *enroll.Sightings
	unknowns  *enroll.Unknowns
	outbox    *enroll.Outbox
	webhooks  *enroll.Webhooks
	secrets   *enroll.Secrets
	cameras   *enroll.CameraStore
	retention *enroll.Retention
	clock     atomic.Int64 // ms since testTime
}

func (h *house) now() time.Time {
	return testTime.Add(time.Duration(h.clock.Load()) * time.Millisecond)
}
func (h *house) pass(d time.Duration) { h.clock.Add(d.Milliseconds()) }

func newHouse(t testing.TB, always ...string) *house {
	return openHouse(t, filepath.Join(t.TempDir(), "facegate.db"), always...)
}

// openHouse is the house as another process would open it.
func openHouse(t testing.TB, path string, always ...string) *house {
	t.Helper()
	h := &house{t: t}
	h.service, _ = openService(t, path)
	h.service.Now = h.now
	store := h.service.Store
	h.secrets = &enroll.Secrets{Store: store}
	h.outbox = &enroll.Outbox{Store: store, Now: h.now, Always: always}
	h.sightings = &enroll.Sightings{Store: store, Outbox: h.outbox}
	h.unknowns = &enroll.Unknowns{Store: store, People: h.service, Sightings: h.sightings, Now: h.now}
	h.webhooks = &enroll.Webhooks{Store: store, Secrets: h.secrets, Outbox: h.outbox, Now: h.now}
	h.cameras = &enroll.CameraStore{Store: store, Secrets: h.secrets}
	h.retention = &enroll.Retention{Sightings: h.sightings, Outbox: h.outbox, Now: h.now}
	return h
}

var door = facegate.CameraRef{ID: "0197c7a2-4b1e-7c44-9d0b-00000000d00f", Name: "door"}

// id is a UUID that tells its number.
func id(n int) string { return fmt.Sprintf("0197c7a2-4b1e-7c44-9d0b-%012d", n) }

// shotsOf are shots of the stranger with the seed: one moment, a little apart.
func shotsOf(seed uint64, at time.Time, n int) []facegate.Shot {
	var shots []facegate.Shot
	for i := range n {
		e := randomEmbedding(seed)
		e[1] += float32(i) / 40
		shots = append(shots, facegate.Shot{At: at, Embedding: e, Quality: facegate.Quality{Overall: 0.9 - float64(i)/20},
			Box: facegate.Box{X: 1, Y: 2, Width: 30, Height: 40}, Crop: fmt.Appendf(nil, "crop %d of %d at %d", i, seed, at.UnixMilli())})
	}
	return shots
}

// sighting is one of somebody, with pictures.
func (h *house) sighting(n int, d facegate.Decision) facegate.Sighting {
	rate := 0.02
	return facegate.Sighting{ID: id(n), Revision: 1, Camera: door, TrackID: int64(n), Decision: d, Distance: 0.7, Similarity: 0.2, Threshold: 0.5,
		Policy: facegate.PolicyNormal, FalseMatchRate: &rate,
		FirstSeen: h.now(), LastSeen: h.now().Add(time.Second), Evidence: 3, Quality: 0.8, Width: 640, Height: 480,
		Box: facegate.Box{X: 10, Y: 20, Width: 60, Height: 80}, BestShot: fmt.Appendf(nil, "photo of %d", n), Crop: fmt.Appendf(nil, "crop of %d", n)}
}

func (h *house) report(s facegate.Sighting) {
	h.t.Helper()
	if err := h.sightings.Report(h.t.Context(), s); err != nil {
		h.t.Fatal(err)
	}
}

// see has a stranger seen: the book asked, the sighting reported and ended.
func (h *house) see(n int, seed uint64) facegate.Sighting {
	h.t.Helper()
	s := h.sighting(n, facegate.Unknown)
	s.Shots = shotsOf(seed, h.now(), 4)
	s.UnknownID = h.assign(s.ID, s.Shots)
	h.report(s)
	s.Revision, s.Ended = 2, true
	h.report(s)
	return s
}

func (h *house) assign(sightingID string, shots []facegate.Shot) string {
	h.t.Helper()
	unknown, err := h.unknowns.Assign(h.t.Context(), sightingID, shots)
	if err != nil {
		h.t.Fatal(err)
	}
	return unknown
}

func (h *house) kept(id string) facegate.SightingRecord {
	h.t.Helper()
	r, err := h.sightings.Sighting(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) list(f facegate.SightingFilter) facegate.SightingPage {
	h.t.Helper()
	p, err := h.sightings.List(h.t.Context(), f)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) strangers() []facegate.Stranger {
	h.t.Helper()
	p, err := h.unknowns.List(h.t.Context(), 0, "")
	if err != nil {
		h.t.Fatal(err)
	}
	return p.Unknowns
}

// pending is what waits for a destination, decoded.
func (h *house) pending(destination string) (all []facegate.SightingRecord, news []bool) {
	h.t.Helper()
	deliveries, err := h.outbox.Pending(context.Background(), destination, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, d := range deliveries {
		var r facegate.SightingRecord
		if err := json.Unmarshal(d.Sighting, &r); err != nil {
			h.t.Fatal(err)
		}
		all, news = append(all, r), append(news, d.News)
	}
	return all, news
}

func (h *house) count(table string) int { return count(h.t, h.service, table) }
