package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"facegate"
	"facegate/camera"
	"facegate/detector"
)

type watchCommand struct {
	Source     string        `arg:"" help:"What to look at: rtsp://user:password@host/path, an http:// URL (MJPEG or video), /dev/video0, a video file, or a folder of pictures."`
	Show       string        `help:"Write a video with boxes and names drawn in to this file (.mp4 or .avi)." env:"-" placeholder:"FILE"`
	Pace       string        `help:"Pace of files and folders: fast (as fast as they can be looked at, no picture left out) or real (${default})." enum:"fast,real" env:"-" default:"fast"`
	Transport  string        `help:"Transport of RTSP: tcp or udp; without it tcp, or udp where the server has nothing else." enum:",tcp,udp" env:"-" default:"" placeholder:"NAME"`
	FPS        float64       `name:"fps" help:"Pictures searched for faces per second, 0.1..60 (${default})." env:"-" default:"10" placeholder:"N"`
	MinFace    count         `help:"Ignore faces smaller than this, in pixels (${default})." env:"-" default:"24" placeholder:"PX"`
	MotionGate bool          `help:"Look for faces only where something moves." env:"-"`
	Cooldown   time.Duration `help:"Somebody seen again within this time continues their sighting (${default})." env:"-" default:"30s" placeholder:"TIME"`
	Liveness   share         `help:"Least liveness score, 0..1, of a match; 0: liveness is not judged (${default})." env:"-" default:"0" placeholder:"SCORE"`
	analysisSettings
	policySettings
	identifySettings
}

// Run prints the sightings of a source, until it ends or ctx does.
func (c *watchCommand) Run(ctx context.Context, p *program) error {
	rooms, err := p.openRooms(ctx, c.analysisSettings, c.workersFor(1), wiring{policy: c.policySettings, identify: c.identifySettings})
	if err != nil {
		return err
	}
	defer rooms.Close()
	if people, _ := rooms.gallery.Size(); people == 0 {
		p.warn("nobody is enrolled in "+p.settings.Data+": every face is unknown", "enrol somebody: facegate enroll NAME photo.jpg")
	}
	settings, liveness := c.camera(), ""
	if settings.Liveness != nil {
		models, err := detector.FindModels(detector.ModelDirs(p.settings.ModelDir))
		if err != nil {
			return err
		}
		liveness = models.Liveness
	}
	printer := &sightingPrinter{program: p}
	w := camera.Watch{
		Config: camera.Config{
			Frames: rooms.faces, Recognition: rooms.recognition, Sink: printer,
			Liveness: liveness, Now: time.Now, Logger: p.log,
		},
		Camera: facegate.Camera{Name: "watch", Source: facegate.Source(c.Source), CameraSettings: settings},
		Video:  c.Show,
	}
	err = w.Run(ctx)
	if errors.Is(err, context.Canceled) { // Ctrl-C is how one stops watching a camera
		err = nil
	}
	if err == nil && !p.settings.JSON {
		err = p.printf("%s\n", summary(w.Status()))
	}
	return errors.Join(err, printer.err)
}

func (c *watchCommand) camera() facegate.CameraSettings {
	cooldown := c.Cooldown.Seconds()
	s := facegate.CameraSettings{
		Transport: facegate.Transport(c.Transport), Pace: facegate.Pace(c.Pace), FPS: c.FPS, MinFace: int(c.MinFace),
		MotionGate: c.MotionGate, Cooldown: &cooldown,
	}
	if c.Liveness > 0 {
		least := float64(c.Liveness)
		s.Liveness = &least
	}
	return s
}

// A sightingPrinter prints sightings as they are reported.
type sightingPrinter struct {
	program *program
	err     error // the first
}

// Report implements [facegate.SightingSink].
func (s *sightingPrinter) Report(_ context.Context, v facegate.Sighting) error {
	var err error
	if s.program.settings.JSON {
		err = s.program.printJSON(v)
	} else {
		err = s.program.printf("%s\n", describeSighting(v))
	}
	if s.err == nil {
		s.err = err
	}
	return err
}

// describeSighting is a report in words: when, who, and what it rests on.
func describeSighting(s facegate.Sighting) string {
	const clock = "15:04:05.0"
	who, why := string(s.Decision), ""
	switch {
	case s.Person != nil && s.Decision == facegate.Match:
		who = s.Person.Name
	case s.Person != nil:
		who += " of " + s.Person.Name
	case s.Candidate != nil:
		why = "; nearest is " + s.Candidate.Name
	}
	state := "seen"
	if s.Ended {
		state = fmt.Sprintf("left after %.1f s", s.LastSeen.Sub(s.FirstSeen).Seconds())
	}
	line := fmt.Sprintf("%s  %s  distance %.2f  similarity %.2f  (%s%s)  evidence %d, quality %.2f",
		s.FirstSeen.Format(clock), pad(who, 20), s.Distance, s.Similarity, held(s.Threshold, s.Policy, s.FalseMatchRate), why, s.Evidence, s.Quality)
	if s.Liveness != nil {
		line += fmt.Sprintf(", liveness %.2f", *s.Liveness)
	}
	return line + "  " + state
}

// summary is what became of the pictures.
func summary(s facegate.CameraStatus) string {
	parts := []string{
		plural(int(s.Frames), "picture", "pictures"), fmt.Sprintf("%d looked at", s.Analysed),
		plural(int(s.Tracks), "face followed", "faces followed"), plural(int(s.Embeddings), "embedding", "embeddings"),
		plural(int(s.Sightings), "sighting", "sightings"),
	}
	if s.Dropped > 0 {
		parts = append(parts, fmt.Sprintf("%d dropped", s.Dropped))
	}
	return strings.Join(parts, ", ")
}
