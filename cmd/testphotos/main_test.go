package main

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"facegate/internal/testfiles"
)

// The table is the photos in use, file by file, and nothing else.
func TestTableIsTheTestSet(t *testing.T) {
	dir := testfiles.Photos(t, "people", "probes")
	var want []string
	for _, p := range photos {
		want = append(want, p.Name)
		data, err := os.ReadFile(filepath.Join(dir, p.Name))
		if err != nil {
			t.Error(err)
		} else if got := blobID(data); got != p.Blob {
			t.Errorf("%s has the id %s, the table says %s", p.Name, got, p.Blob)
		}
	}
	var got []string
	for _, sub := range []string{"people", "probes"} {
		err := filepath.WalkDir(filepath.Join(dir, sub), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				name, _ := filepath.Rel(dir, path)
				got = append(got, filepath.ToSlash(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the folder holds\n%s\nthe table\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// git hash-object prints these ids.
func TestBlobID(t *testing.T) {
	for content, want := range map[string]string{
		"":        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
		"hello\n": "ce013625030ba8dba906f756967f9e9ca394464a",
	} {
		if got := blobID([]byte(content)); got != want {
			t.Errorf("blobID(%q) = %s, want %s", content, got, want)
		}
	}
}

func TestFetch(t *testing.T) {
	const good, blob = "hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"
	set := []photo{{Name: "people/x/a.jpg", Path: "examples/a.jpg", Blob: blob}}
	for _, tt := range []struct {
		name      string
		raw, blob string // what the server answers; empty: 404
		before    string // what is on disk already
		fetched   int
		asked     int32
		err       string
	}{
		{name: "by path", raw: good, fetched: 1, asked: 1},
		{name: "by id where the path is gone", blob: good, fetched: 1, asked: 2},
		{name: "by id where the path has other content", raw: "changed", blob: good, fetched: 1, asked: 2},
		{name: "there already", before: good, asked: 0},
		{name: "damaged on disk", before: "hel", raw: good, fetched: 1, asked: 1},
		{name: "wrong everywhere", raw: "changed", blob: "changed too", asked: 2, err: "has the id"},
		{name: "nowhere", asked: 2, err: "404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				answer := map[string]string{"/raw/examples/a.jpg": tt.raw, "/blobs/" + blob: tt.blob}[r.URL.Path]
				if answer == "" {
					http.NotFound(w, r)
					return
				}
				w.Write([]byte(answer))
			}))
			defer server.Close()
			dir := t.TempDir()
			file := filepath.Join(dir, "people", "x", "a.jpg")
			if tt.before != "" {
				if err := writeFile(file, []byte(tt.before)); err != nil {
					t.Fatal(err)
				}
			}
			f := fetcher{Client: server.Client(), Dir: dir, Raw: server.URL + "/raw/", Blobs: server.URL + "/blobs/"}
			n, err := f.fetchAll(t.Context(), set)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("err = %v, want %q", err, tt.err)
			}
			if n != tt.fetched || asked.Load() != tt.asked {
				t.Errorf("fetched %d with %d requests, want %d with %d", n, asked.Load(), tt.fetched, tt.asked)
			}
			data, readErr := os.ReadFile(file)
			if err == nil && string(data) != good {
				t.Errorf("the file holds %q (%v)", data, readErr)
			}
			if err != nil && readErr == nil {
				t.Errorf("a photo that cannot be verified was kept: %q", data)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "people", "x", ".photo-*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
