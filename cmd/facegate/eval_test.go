package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facegate/internal/testfiles"
)

func TestProgramEvaluatesIdentification(t *testing.T) {
	u := newUser(t, false)
	faces := filepath.Join(testfiles.Photos(t, "lfw-dev"), "lfw-dev")
	people, err := os.ReadDir(faces)
	if err != nil {
		t.Fatal(err)
	}
	copied := 0
	for _, person := range people {
		photos, err := filepath.Glob(filepath.Join(faces, person.Name(), "*.jpg"))
		if err != nil {
			t.Fatal(err)
		}
		if len(photos) < 2 || copied == 6 {
			continue
		}
		copied++
		for _, photo := range photos[:2] {
			u.write(filepath.Join("faces", person.Name(), filepath.Base(photo)), read(t, photo))
		}
	}
	args := []string{"eval", "faces", "--identify", "--repeats=3", "--html=report.html", "--json"}
	out := u.want(exitOK, args...).stdout
	e := lines[evaluation](t, out)[0]
	r := e.Identification
	if e.Report != nil || r == nil || r.People != 6 || r.Photos != 12 || r.Enrolled != 3 || r.MatedProbes != 3 || r.NonMatedProbes != 6 || r.Repeats != 3 {
		t.Fatalf("%+v, %+v", e, r)
	}
	if r.Rank1 < 0.6 || r.Rank5 < r.Rank1 || len(r.Points) == 0 {
		t.Errorf("%+v", r)
	}
	page := string(read(t, filepath.Join(u.dir, "report.html")))
	contains(t, "the report", page, "<svg", "Identification in an open set", "rank 1", e.Recipe)
	for _, forbidden := range []string{"<script", "http://", "https://", "NaN", "Inf", "ZgotmplZ"} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the report has %q", forbidden)
		}
	}

	cached, err := filepath.Glob(filepath.Join(u.dir, ".cache", "facegate", "embeddings", "*.cache"))
	if err != nil || len(cached) != 1 {
		t.Fatalf("caches: %v, %v", cached, err)
	}
	before := read(t, cached[0])
	if again := u.want(exitOK, args...).stdout; again != out {
		t.Errorf("a second run tells otherwise:\n%s\n%s", again, out)
	}
	if string(read(t, cached[0])) != string(before) {
		t.Error("the second run embedded photos anew")
	}
	contains(t, "no test asked for", u.want(exitUsage, "eval", "faces").stderr, "--pairs", "--identify")
}
