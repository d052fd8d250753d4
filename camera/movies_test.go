package camera_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"facegate"
	"facegate/camera"
	"facegate/internal/testfilm"
	"facegate/match"
)

type shown = testfilm.Walker

func film(t testing.TB, seconds float64, people ...shown) facegate.Source {
	t.Helper()
	return facegate.Source(testfilm.Make(t, seconds, people...))
}

// A book is an UnknownBook in memory: a stranger is whoever lies closest, within
// 0.5 of the mean of the shots.
type book struct {
	mu    sync.Mutex
	shots map[string][]facegate.Shot // by sighting
	ids   map[string]string
	n     int
}

func (b *book) Assign(_ context.Context, sighting string, shots []facegate.Shot) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shots == nil {
		b.shots, b.ids = map[string][]facegate.Shot{}, map[string]string{}
	}
	b.shots[sighting] = shots
	if id, ok := b.ids[sighting]; ok {
		return id, nil
	}
	best, id := 0.5, ""
	for other, known := range b.shots {
		if other == sighting || b.ids[other] == "" {
			continue
		}
		for _, k := range known {
			for _, s := range shots {
				if d := s.Embedding.Distance(&k.Embedding); d < best {
					best, id = d, b.ids[other]
				}
			}
		}
	}
	if id == "" {
		b.n++
		id = fmt.Sprintf("stranger %d", b.n)
	}
	b.ids[sighting] = id
	return id, nil
}

func (b *book) Withdraw(_ context.Context, sighting string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.shots, sighting)
	delete(b.ids, sighting)
	return nil
}

// look sees a source to its end, at fast pace and in the source's own time, and
// returns the sightings as they stand at the end, and all reports.
func look(t *testing.T, source facegate.Source, settings facegate.CameraSettings) ([]facegate.Sighting, *ledger, facegate.CameraStatus) {
	t.Helper()
	d := realDetector(t)
	log, liveness := &ledger{}, ""
	if settings.Liveness != nil {
		liveness = livenessModel(t)
	}
	settings.Pace = facegate.FastPace
	w := camera.Watch{
		Config: camera.Config{Frames: d, Recognition: enrolled(t, d), Sink: log, Unknowns: &book{}, Liveness: liveness, Now: frozen},
		Camera: facegate.Camera{Name: "test", Source: source, CameraSettings: settings},
	}
	if err := w.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return log.last(), log, w.Status()
}

// who says in a word whom sightings show, in order.
func who(sightings []facegate.Sighting) string {
	var out []string
	for _, s := range sightings {
		switch {
		case s.Person != nil:
			out = append(out, string(s.Decision)+" "+s.Person.Name)
		case s.UnknownID != "":
			out = append(out, s.UnknownID)
		default:
			out = append(out, string(s.Decision))
		}
	}
	return strings.Join(out, ", ")
}

func TestFilms(t *testing.T) {
	none := 0.0
	walk := func(photo string, from float64) shown {
		return shown{Photo: photo, From: from, To: from + 4, Height: 300, Y: 30}
	}
	stranger := "lfw-dev/Aaron_Patterson/Aaron_Patterson_0001.jpg"
	for _, c := range []struct {
		name     string
		seconds  float64
		people   []shown
		settings facegate.CameraSettings
		want     string
	}{
		{"one walks by", 5, []shown{walk("probes/obama1.jpg", 0.5)}, facegate.CameraSettings{}, "match obama"},
		{"one after the other", 10, []shown{walk("probes/obama1.jpg", 0.5), walk("probes/johnsnow_test1.jpg", 5.5)}, facegate.CameraSettings{}, "match obama, match kit_harington"},
		{"two at once, with a child beside them", 6, []shown{{Photo: "probes/obama_and_biden.jpg", From: 0.5, To: 5.5, Height: 330, Y: 10}}, facegate.CameraSettings{}, "stranger 1, match obama, match biden"},
		{"two who pass each other", 7, []shown{
			{Photo: "probes/obama1.jpg", From: 0.5, To: 6.5, Height: 200, Y: 0},
			{Photo: "probes/johnsnow_test1.jpg", From: 0.5, To: 6.5, Height: 170, Y: 190, Leftward: true}}, facegate.CameraSettings{}, "match kit_harington, match obama"},
		{"one who comes back within the cool-down", 11, []shown{walk("probes/obama1.jpg", 0.5), walk("probes/obama3.jpg", 6)}, facegate.CameraSettings{}, "match obama"},
		{"one who comes back, without a cool-down", 11, []shown{walk("probes/obama1.jpg", 0.5), walk("probes/obama3.jpg", 6)}, facegate.CameraSettings{Cooldown: &none}, "match obama, match obama"},
		{"a stranger twice", 11, []shown{walk(stranger, 0.5), walk(stranger, 6)}, facegate.CameraSettings{Cooldown: &none}, "stranger 1, stranger 1"},
		{"two strangers", 11, []shown{walk(stranger, 0.5), walk("lfw-dev/AJ_Cook/AJ_Cook_0001.jpg", 6)}, facegate.CameraSettings{}, "stranger 1, stranger 2"},
		{"one takes another's place from one picture to the next", 8, []shown{
			{Photo: "probes/obama1.jpg", To: 4, Height: 220, Y: 60, Stays: 200},
			{Photo: "probes/johnsnow_test1.jpg", From: 4, To: 8, Height: 200, Y: 50, Stays: 230}}, facegate.CameraSettings{}, "match obama, match kit_harington"},
		{"nobody", 3, nil, facegate.CameraSettings{}, ""},
		{"a motion gate does not miss who moves", 9, []shown{walk("probes/obama1.jpg", 4)}, facegate.CameraSettings{MotionGate: true}, "match obama"},
		{"a mask over everything", 5, []shown{walk("probes/obama1.jpg", 0.5)},
			facegate.CameraSettings{Zones: []facegate.Zone{{Mode: facegate.Mask, Points: [][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}}, ""},
		{"faces too small", 5, []shown{walk("probes/obama1.jpg", 0.5)}, facegate.CameraSettings{MinFace: 300}, ""},
		{"three looks a second", 5, []shown{walk("probes/obama1.jpg", 0.5)}, facegate.CameraSettings{FPS: 3}, "match obama"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.name != "one walks by" {
				t.SkipNow() // the others add nothing under the race detector
			}
			source := film(t, c.seconds, c.people...)
			sightings, log, status := look(t, source, c.settings)
			if got := who(sightings); got != c.want {
				t.Errorf("seen: %q, want %q", got, c.want)
			}
			for i, s := range sightings {
				if !s.Ended || s.Revision < 2 || s.Evidence < 1 || len(s.BestShot) == 0 || len(s.Crop) == 0 || len(s.Shots) == 0 || s.Width != 640 ||
					s.FirstSeen.Before(epoch) || !s.LastSeen.After(s.FirstSeen) {
					t.Errorf("sighting %d: %+v", i, s)
				}
			}
			if status.Dropped != 0 || status.State != facegate.CameraEnded || int(status.Frames) != int(c.seconds*25) {
				t.Errorf("%+v", status)
			}
			if c.settings.MotionGate && status.Still == 0 {
				t.Error("the motion gate held nothing back")
			}
			if t.Failed() {
				for _, s := range log.reports {
					t.Logf("r%d ended=%v track %d %s %v d=%.3f evidence=%d quality=%.2f %v..%v", s.Revision, s.Ended, s.TrackID, s.Decision, s.Person, s.Distance,
						s.Evidence, s.Quality, s.FirstSeen.Sub(epoch), s.LastSeen.Sub(epoch))
				}
				if keep := os.Getenv("FACEGATE_KEEP_FILMS"); keep != "" {
					exec.Command("cp", source.Reveal(), filepath.Join(keep, strings.ReplaceAll(c.name, " ", "-")+".mp4")).Run()
				}
			}
		})
	}
}

// An enroller enrols the first stranger who is reported, as an operator may.
type enroller struct {
	ledger
	gallery *match.Gallery
}

func (e *enroller) Report(ctx context.Context, s facegate.Sighting) error {
	if people, _ := e.gallery.Size(); people == 0 && s.Decision == facegate.Unknown {
		e.gallery.Apply(facegate.GalleryChange{Add: []facegate.GalleryEntry{
			{SampleID: "1", Person: facegate.PersonRef{ID: "1", Name: "newcomer"}, Embedding: s.Shots[0].Embedding}}})
	}
	return e.ledger.Report(ctx, s)
}

// Who is enrolled while in sight is named, in the same sighting, and is no
// stranger any more.
func TestEnrolledWhileInSight(t *testing.T) {
	d := realDetector(t)
	gallery, strangers := match.NewGallery(), &book{}
	sink := &enroller{gallery: gallery}
	w := camera.Watch{
		Config: camera.Config{Frames: d, Recognition: &match.Service{Analyser: d, Gallery: gallery}, Sink: sink, Unknowns: strangers, Now: frozen},
		Camera: facegate.Camera{Name: "test", Source: film(t, 6, shown{Photo: "probes/obama1.jpg", To: 6, Height: 300, Y: 30, Stays: 200}),
			CameraSettings: facegate.CameraSettings{Pace: facegate.FastPace}},
	}
	if err := w.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if first := sink.reports[0]; first.UnknownID != "stranger 1" || first.Person != nil {
		t.Errorf("first: %+v", first)
	}
	if last := sink.last(); who(last) != "match newcomer" || last[0].UnknownID != "" || last[0].Revision != 3 || !last[0].Ended {
		t.Errorf("last: %s %+v", who(last), last[0].Revision)
	}
	if len(strangers.ids) != 0 {
		t.Errorf("the book holds %v", strangers.ids)
	}
}
