package enroll_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
)

func TestSettings(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "facegate.db")
	open := func() *enroll.Service {
		store, err := enroll.Open(ctx, path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return &enroll.Service{Store: store, Now: func() time.Time { return time.Unix(1e9, 0) }}
	}
	s := open()
	for _, step := range []struct{ save, want string }{{"", ""}, {`{"a":1}`, `{"a":1}`}, {`{"a":2}`, `{"a":2}`}, {"null", "null"}} {
		if step.save != "" {
			if err := s.SaveSetting(ctx, "thresholds", []byte(step.save)); err != nil {
				t.Fatal(err)
			}
		}
		for who, service := range map[string]*enroll.Service{"the same": s, "another process": open()} {
			if got, err := service.Setting(ctx, "thresholds"); err != nil || string(got) != step.want {
				t.Errorf("%s reads %q, %v, want %q", who, got, err, step.want)
			}
		}
	}
	if other, err := s.Setting(ctx, "other"); err != nil || other != nil {
		t.Errorf("another setting: %q, %v", other, err)
	}
	if err := s.SaveSetting(ctx, "thresholds", []byte("{")); err == nil {
		t.Error("what is no JSON was stored")
	}
	if err := s.SaveSetting(ctx, "thresholds", nil); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Setting(ctx, "thresholds"); err != nil || got != nil {
		t.Errorf("taken away: %q, %v", got, err)
	}
}

func TestEntries(t *testing.T) {
	s, a := newService(t)
	for i := range 6 {
		name := fmt.Sprintf("P%d", i)
		mustCreate(t, s, name, photo(name+"a", byte(2*i), shown{seed: uint32(i)}), photo(name+"b", byte(2*i+1), shown{seed: uint32(i), shift: 0.3}))
	}
	all, version, err := s.Entries(t.Context(), 0)
	if err != nil || len(all) != 12 {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	for most, want := range map[int]int{12: 12, 100: 12, 11: 10, 10: 10, 5: 4, 2: 2, 1: 0} {
		some, _, err := s.Entries(t.Context(), most)
		if err != nil || len(some) != want {
			t.Errorf("at most %d: %d entries, %v, want %d", most, len(some), err, want)
		}
		of := map[string]int{}
		for _, e := range some {
			of[e.Person.Name]++
			if at := slices.IndexFunc(all, func(x facegate.GalleryEntry) bool { return x == e }); at < 0 {
				t.Errorf("at most %d: %+v is not among all", most, e.Person)
			}
		}
		for name, n := range of {
			if n != 2 {
				t.Errorf("at most %d: %d of the 2 samples of %s", most, n, name)
			}
		}
	}
	if v, err := s.GalleryVersion(t.Context()); err != nil || v != version {
		t.Errorf("version %d, %v, want %d", v, err, version)
	}
	mustCreate(t, s, "P9", photo("p9", 99, shown{seed: 99}))
	if v, _ := s.GalleryVersion(t.Context()); v == version {
		t.Error("the version is as before an enrolment")
	}
	a.recipe = "other"
	if some, _, err := s.Entries(t.Context(), 4); err != nil || len(some) != 0 {
		t.Errorf("of another recipe: %d, %v", len(some), err)
	}
}
