package match_test

import (
	"os"
	"path/filepath"
	"testing"

	"facegate/match"
)

func TestReadLabelled(t *testing.T) {
	dir := t.TempDir()
	if _, err := match.ReadLabelled(dir); err == nil {
		t.Error("an empty folder: want an error")
	}
	for _, name := range []string{"B/2.JPG", "B/1.png", "B/notes.txt", "B/.hidden.jpg", "A/x.webp", ".git/x.jpg", "stray.jpg"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := match.ReadLabelled(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []match.LabelledPhoto{{"A", filepath.Join(dir, "A", "x.webp")}, {"B", filepath.Join(dir, "B", "1.png")}, {"B", filepath.Join(dir, "B", "2.JPG")}}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
}
