package camera_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"facegate"
	"facegate/camera"
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

func TestExplore(t *testing.T) {
	d := realDetector(t)
	log := &ledger{}
	source := hamilton(t)
	if s := os.Getenv("CLIP"); s != "" {
		source = facegate.Source(s)
	}
	w := camera.Watch{
		Config: camera.Config{Frames: d, Recognition: enrolled(t, d), Sink: log, Now: time.Now},
		Camera: facegate.Camera{Name: "clip", Source: source, CameraSettings: facegate.CameraSettings{Pace: facegate.FastPace}},
		Video:  os.Getenv("SHOW"),
	}
	start := time.Now()
	if err := w.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%v %+v", time.Since(start), w.Status())
	for _, s := range w.Stages() {
		t.Logf("%-8s %8v %d", s.Name, s.Time.Round(time.Millisecond), s.Times)
	}
	for _, s := range log.reports {
		name := ""
		if s.Person != nil {
			name = s.Person.Name
		}
		t.Logf("%s r%d end=%v track=%d %s %s d=%.3f first=%.2f last=%.2f ev=%d q=%.2f box=%.0f shots=%d", s.ID[:4], s.Revision, s.Ended, s.TrackID, s.Decision, name, s.Distance,
			s.FirstSeen.Sub(log.reports[0].FirstSeen).Seconds(), s.LastSeen.Sub(log.reports[0].FirstSeen).Seconds(), s.Evidence, s.Quality, s.Box, len(s.Shots))
	}
}
