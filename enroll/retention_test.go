package enroll_test

import (
	"context"
	"testing"
	"time"

	"facegate"
)

func (h *house) sweep() {
	h.t.Helper()
	if err := h.retention.Sweep(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}

func TestOldSightingsAreErased(t *testing.T) {
	h := newHouse(t, "mqtt")
	h.retention.MaxAge = 24 * time.Hour
	old := h.see(1, 5)
	h.assign(id(8), shotsOf(8, h.now(), 2)) // never reported
	h.pass(20 * time.Hour)
	again := h.see(2, 5)
	h.sweep()
	if p := h.list(facegate.SightingFilter{}); p.Total != 2 {
		t.Errorf("too early: %+v", p)
	}

	// What is still to be delivered is not lost.
	h.pass(5 * time.Hour)
	h.sweep()
	if p := h.list(facegate.SightingFilter{}); p.Total != 2 {
		t.Errorf("%d sightings", p.Total)
	}
	for _, d := range must(h.outbox.Pending(t.Context(), "mqtt", 100)) {
		if err := h.outbox.Delivered(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	h.sweep()
	if p := h.list(facegate.SightingFilter{}); p.Total != 1 || p.Sightings[0].ID != again.ID {
		t.Errorf("%+v", p)
	}
	if n := h.count("sighting_pictures"); n != 2 {
		t.Errorf("%d pictures", n)
	}
	if s := h.strangers(); len(s) != 1 || s[0].ID != old.UnknownID || s[0].Shots != 4 {
		t.Errorf("%+v", s)
	}
	h.pass(24 * time.Hour)
	for _, d := range must(h.outbox.Pending(t.Context(), "mqtt", 100)) {
		if err := h.outbox.Delivered(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	h.sweep()
	for _, table := range []string{"sightings", "sighting_pictures", "unknowns", "unknown_members", "unknown_shots", "outbox"} {
		if n := h.count(table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestOldestPicturesGoFirst(t *testing.T) {
	h := newHouse(t)
	const each = 1000
	for n := range 10 {
		s := h.sighting(n, facegate.Unknown)
		s.BestShot, s.Crop = make([]byte, each), make([]byte, each)
		h.report(s)
		h.pass(time.Minute)
	}
	for _, tt := range []struct {
		bytes int64
		want  int // sightings with both pictures, the newest
	}{{0, 10}, {20 * each, 10}, {20*each - 1, 9}, {5 * each, 2}, {1, 0}} {
		h.retention.PictureBytes = tt.bytes
		h.sweep()
		got := 0
		for i, s := range h.list(facegate.SightingFilter{}).Sightings {
			if s.Photo && s.Face {
				if got++; got != i+1 {
					t.Errorf("%d bytes: an older picture is there, a newer one is not", tt.bytes)
				}
			}
		}
		if got != tt.want {
			t.Errorf("%d bytes: %d sightings have pictures, want %d", tt.bytes, got, tt.want)
		}
	}
	if p := h.list(facegate.SightingFilter{}); p.Total != 10 {
		t.Errorf("%d sightings", p.Total)
	}
}

// Deliveries that nobody takes are dropped in the end, and counted.
func TestOutboxIsBounded(t *testing.T) {
	h := newHouse(t, "mqtt", "other")
	h.outbox.MaxAge, h.outbox.MaxRows = time.Hour, 4
	for n := range 3 {
		h.report(h.sighting(n, facegate.Unknown))
		h.pass(25 * time.Minute)
	}
	h.sweep() // the first is 75 minutes old
	all, _ := h.pending("mqtt")
	if len(all) != 2 || all[0].ID != id(1) {
		t.Errorf("%+v", all)
	}
	for n := range 5 {
		h.report(h.sighting(10+n, facegate.Unknown))
	}
	h.sweep()
	all, _ = h.pending("other")
	if len(all) != 4 || all[0].ID != id(11) {
		t.Errorf("%d wait, the first %s", len(all), all[0].ID)
	}
	for _, s := range must(h.outbox.Destinations(t.Context())) {
		if s.Dropped != 4 || s.Pending != 4 || !s.Oldest.Equal(h.now()) {
			t.Errorf("%+v", s)
		}
	}
}

func TestRetentionRunsByItsClock(t *testing.T) {
	h := newHouse(t)
	h.retention.MaxAge = time.Hour
	ticks, waiting := make(chan time.Time), make(chan time.Duration)
	h.retention.After = func(d time.Duration) <-chan time.Time {
		waiting <- d
		return ticks
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.retention.Run(ctx) }()
	if d := <-waiting; d != time.Minute {
		t.Errorf("waits %v", d)
	}
	h.see(1, 5)
	h.pass(2 * time.Hour)
	ticks <- h.now()
	<-waiting // swept
	if p := h.list(facegate.SightingFilter{}); p.Total != 0 {
		t.Errorf("%d sightings", p.Total)
	}
	cancel()
	<-ended
}
