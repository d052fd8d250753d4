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
	"facegate/internal/testfiles"
	"facegate/match"
)

// A shown is a photo that moves through the picture: in on one side, out on the
// other, from one second to another.
type shown struct {
	photo    string // below the test photos
	from, to float64
	height   int // px of the photo in the picture
	y        int // px of its top
	leftward bool
	stays    int // px from the left, where it does not move
}

// film makes a video of 640x360 at 25 pictures a second.
func film(t testing.TB, seconds float64, people ...shown) facegate.Source {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("facegate: needs ffmpeg")
	}
	args := []string{"-v", "error", "-y", "-threads", "1"}
	filter := fmt.Sprintf("gradients=s=640x360:r=25:d=%g:c0=0x405060:c1=0x706050:x0=0:y0=0:x1=640:y1=360:speed=0.00001[b0]", seconds)
	for i, p := range people {
		args = append(args, "-loop", "1", "-framerate", "25", "-t", fmt.Sprint(seconds), "-i", filepath.Join(testfiles.Photos(t, p.photo), p.photo))
		along := fmt.Sprintf("(t-%g)/%g", p.from, p.to-p.from)
		if p.leftward {
			along = "1-" + along
		}
		x := fmt.Sprintf("-w+(W+w)*(%s)", along)
		if p.stays > 0 {
			x = fmt.Sprint(p.stays)
		}
		filter += fmt.Sprintf(";[%d]scale=-2:%d[p%d];[b%d][p%d]overlay=x='%s':y=%d:enable='between(t,%g,%g)'[b%d]",
			i, p.height, i, i, i, x, p.y, p.from, p.to, i+1)
	}
	file := filepath.Join(t.TempDir(), "film.mp4")
	args = append(args, "-filter_complex", filter, "-map", fmt.Sprintf("[b%d]", len(people)), "-t", fmt.Sprint(seconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", file)
	if out, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return facegate.Source(file)
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
		return shown{photo: photo, from: from, to: from + 4, height: 300, y: 30}
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
		{"two at once, with a child beside them", 6, []shown{{photo: "probes/obama_and_biden.jpg", from: 0.5, to: 5.5, height: 330, y: 10}}, facegate.CameraSettings{}, "match obama, stranger 1, match biden"},
		{"two who pass each other", 7, []shown{
			{photo: "probes/obama1.jpg", from: 0.5, to: 6.5, height: 200, y: 0},
			{photo: "probes/johnsnow_test1.jpg", from: 0.5, to: 6.5, height: 170, y: 190, leftward: true}}, facegate.CameraSettings{}, "match kit_harington, match obama"},
		{"one who comes back within the cool-down", 11, []shown{walk("probes/obama1.jpg", 0.5), walk("probes/obama3.jpg", 6)}, facegate.CameraSettings{}, "match obama"},
		{"one who comes back, without a cool-down", 11, []shown{walk("probes/obama1.jpg", 0.5), walk("probes/obama3.jpg", 6)}, facegate.CameraSettings{Cooldown: &none}, "match obama, match obama"},
		{"a stranger twice", 11, []shown{walk(stranger, 0.5), walk(stranger, 6)}, facegate.CameraSettings{Cooldown: &none}, "stranger 1, stranger 1"},
		{"two strangers", 11, []shown{walk(stranger, 0.5), walk("lfw-dev/AJ_Cook/AJ_Cook_0001.jpg", 6)}, facegate.CameraSettings{}, "stranger 1, stranger 2"},
		{"one takes another's place from one picture to the next", 8, []shown{
			{photo: "probes/obama1.jpg", to: 4, height: 220, y: 60, stays: 200},
			{photo: "probes/johnsnow_test1.jpg", from: 4, to: 8, height: 200, y: 50, stays: 230}}, facegate.CameraSettings{}, "match obama, match kit_harington"},
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
		Camera: facegate.Camera{Name: "test", Source: film(t, 6, shown{photo: "probes/obama1.jpg", to: 6, height: 300, y: 30, stays: 200}),
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
