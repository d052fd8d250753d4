package match_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"facegate"
	"facegate/match"
)

func openCache(t *testing.T, dir, recipe string) *match.Cache {
	t.Helper()
	c, err := match.OpenCache(dir, recipe)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := openCache(t, dir, "r")
	want := facegate.Embedding{0: 0.25, 127: -1}
	asked := 0
	get := func(c *match.Cache, photo string, e *facegate.Embedding, err error) (*facegate.Embedding, error) {
		return c.Embedding([]byte(photo), func() (*facegate.Embedding, error) { asked++; return e, err })
	}
	noFace := facegate.NewError(facegate.CodeNoFace, "none", "")
	for range 2 {
		if e, err := get(c, "a", &want, nil); err != nil || *e != want {
			t.Fatalf("%v, %v", e, err)
		}
		if _, err := get(c, "b", nil, noFace); facegate.CodeOf(err) != facegate.CodeNoFace {
			t.Fatalf("a photo without a face: %v", err)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times for two photos", asked)
	}
	if _, err := get(c, "c", nil, facegate.NewError(facegate.CodeBusy, "busy", "")); facegate.CodeOf(err) != facegate.CodeBusy {
		t.Errorf("busy: %v", err)
	}
	if c.Len() != 2 {
		t.Errorf("%d photos are known, want 2: what may go well another time is not remembered", c.Len())
	}

	again := openCache(t, dir, "r")
	if e, err := get(again, "a", nil, errors.New("asked")); err != nil || *e != want {
		t.Errorf("after opening again: %v, %v", e, err)
	}
	if _, err := get(again, "b", &want, nil); facegate.CodeOf(err) != facegate.CodeNoFace {
		t.Errorf("after opening again, a photo without a face: %v", err)
	}
	if other := openCache(t, dir, "another"); other.Len() != 0 {
		t.Errorf("another recipe knows %d photos", other.Len())
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range append(files, dir) {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v, %v", f, info.Mode(), err)
		}
	}
}

// A record that was cut short or damaged is lost, and no other.
func TestCacheDamaged(t *testing.T) {
	dir := t.TempDir()
	c := openCache(t, dir, "r")
	photos := []string{"a", "b", "c", "d"}
	for i, p := range photos {
		if _, err := c.Embedding([]byte(p), func() (*facegate.Embedding, error) { return &facegate.Embedding{0: float32(i + 1)}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	record := len(whole) / len(photos)
	for name, damage := range map[string]func([]byte) []byte{
		"a byte differs": func(b []byte) []byte { b[record+50] ^= 1; return b },
		"cut short":      func(b []byte) []byte { return append(b[:record+50:record+50], b[2*record:]...) },
		"rubbish before": func(b []byte) []byte { return append(append(b[:record:record], "rubbish"...), b[2*record:]...) },
		"torn end": func(b []byte) []byte {
			return append(append(b[:record:record], b[2*record:]...), b[record:record+9]...)
		},
	} {
		if err := os.WriteFile(files[0], damage(append([]byte(nil), whole...)), 0o600); err != nil {
			t.Fatal(err)
		}
		if n := openCache(t, dir, "r").Len(); n != len(photos)-1 {
			t.Errorf("%s: %d photos are left, want %d", name, n, len(photos)-1)
		}
	}
}
