package camera_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"facegate"
	"facegate/detector"
	"facegate/internal/testfiles"
	"facegate/match"
)

// The networks take more than a second to load: once for all tests.
var faces struct {
	sync.Once
	detector *detector.Detector
	err      error
}

func realDetector(t testing.TB) *detector.Detector {
	t.Helper()
	dir := testfiles.Models(t)
	faces.Do(func() {
		models, err := detector.FindModels([]string{dir})
		if err == nil {
			faces.detector, err = detector.New(detector.Config{Models: models, Workers: 2})
		}
		faces.err = err
	})
	if faces.err != nil {
		t.Fatal(faces.err)
	}
	return faces.detector
}

// enrolled is a recognition service that knows the people of the test photos.
func enrolled(t testing.TB, d *detector.Detector) *match.Service {
	t.Helper()
	gallery := match.NewGallery()
	photos, err := filepath.Glob(filepath.Join(testfiles.Photos(t), "people", "*", "*"))
	if err != nil || len(photos) == 0 {
		t.Fatal("no photos of people", err)
	}
	var change facegate.GalleryChange
	for _, name := range photos {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		a, err := d.Analyse(context.Background(), data, facegate.AnalyseOptions{Embed: true, MaxFaces: 1})
		if err != nil || len(a.Faces) == 0 || a.Faces[0].Embedding == nil {
			t.Fatalf("enrol %s: %v", name, err)
		}
		who := filepath.Base(filepath.Dir(name))
		change.Add = append(change.Add, facegate.GalleryEntry{SampleID: name, Person: facegate.PersonRef{ID: who, Name: who}, Embedding: *a.Faces[0].Embedding})
	}
	gallery.Apply(change)
	return &match.Service{Analyser: d, Gallery: gallery}
}

// A ledger keeps what is reported.
type ledger struct {
	mu      sync.Mutex
	reports []facegate.Sighting
}

func (l *ledger) Report(_ context.Context, s facegate.Sighting) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reports = append(l.reports, s)
	return nil
}

// last are the sightings as a consumer has them: the newest report of each, in the
// order of the first.
func (l *ledger) last() []facegate.Sighting {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := map[string]int{}
	var out []facegate.Sighting
	for _, s := range l.reports {
		if i, ok := at[s.ID]; ok {
			out[i] = s
			continue
		}
		at[s.ID] = len(out)
		out = append(out, s)
	}
	return out
}

var epoch = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// frozen is a clock that stands still: at fast pace the time is the file's.
func frozen() time.Time { return epoch }

func hamilton(t testing.TB) facegate.Source {
	return facegate.Source(filepath.Join(testfiles.Photos(t, "video", "people"), "video", "short_hamilton_clip.mp4"))
}

// The clip shows Lin-Manuel Miranda from afar (too far to be sure of), then close
// by; Alex Lacamoire from the side, close up; and the first row of the audience in
// profile, Barack Obama among them.
func TestHamilton(t *testing.T) {
	source := hamilton(t)
	var first string
	runs := 3
	if testing.Short() {
		runs = 1
	}
	for range runs {
		sightings, log, status := look(t, source, facegate.CameraSettings{})
		if got, want := who(sightings), "stranger 1, match lin_manuel_miranda, stranger 2"; got != want {
			t.Errorf("seen: %q, want %q", got, want)
		}
		var all string
		for _, s := range log.reports {
			if s.Person != nil && s.Person.Name != "lin_manuel_miranda" {
				t.Errorf("somebody is called %s", s.Person.Name)
			}
			s.ID = ""
			s.BestShot, s.Crop, s.Shots = nil, nil, nil
			line, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			all += string(line) + "\n"
		}
		if status.Embeddings > 25 || status.Dropped > 0 {
			t.Errorf("%+v", status)
		}
		if first == "" {
			first = all
		} else if all != first {
			t.Errorf("two runs differ:\n%s\n%s", first, all)
		}
	}
}

// With a threshold, who does not look alive is not called a match.
func TestLiveness(t *testing.T) {
	if testing.Short() {
		t.SkipNow() // the same code as without
	}
	source := hamilton(t)
	for _, c := range []struct {
		threshold float64
		want      facegate.Decision
	}{{0.5, facegate.Match}, {1, facegate.Spoof}} {
		sightings, _, _ := look(t, source, facegate.CameraSettings{Liveness: &c.threshold})
		for _, s := range sightings {
			if s.Person != nil && (s.Decision != c.want || s.Person.Name != "lin_manuel_miranda") {
				t.Errorf("threshold %v: %s of %s", c.threshold, s.Decision, s.Person.Name)
			}
			if s.Liveness == nil || *s.Liveness < 0.5 || *s.Liveness >= 1 {
				t.Errorf("liveness of a living face: %v", s.Liveness)
			}
		}
		if len(sightings) != 3 {
			t.Errorf("threshold %v: seen %s", c.threshold, who(sightings))
		}
	}
}

func livenessModel(t testing.TB) string {
	t.Helper()
	file := filepath.Join(testfiles.Models(t), "MiniFASNetV2_2.7_80x80.onnx")
	if _, err := os.Stat(file); err != nil {
		t.Skip("facegate: needs MiniFASNetV2_2.7_80x80.onnx among the models")
	}
	return file
}
