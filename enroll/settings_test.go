package enroll_test

import (
	"path/filepath"
	"testing"
	"time"

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
