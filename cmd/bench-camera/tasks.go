package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	face "github.com/Kagami/go-face"
	"gocv.io/x/gocv"
	"golang.org/x/sync/errgroup"

	"facegate"
	"facegate/camera"
	"facegate/detector"
	"facegate/match"
)

// do measures and prints the result as JSON.
func (t task) do(ctx context.Context) error {
	models, err := detector.FindModels(detector.ModelDirs(t.Models))
	if err != nil {
		return err
	}
	var result any
	switch t.Kind {
	case "chain":
		result, err = t.chain(ctx, models)
	case "naive":
		result, err = t.naive(models)
	case "streams":
		result, err = t.streams(ctx, models)
	default:
		err = fmt.Errorf("no task %q", t.Kind)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

// cpu is the processor time that the program has used, of all its threads.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // it cannot fail for the program itself
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// enrolled knows the people of the test photos.
func (t task) enrolled(ctx context.Context, d *detector.Detector) (*match.Service, error) {
	photos, err := filepath.Glob(filepath.Join(t.Photos, "people", "*", "*"))
	if err != nil {
		return nil, err
	}
	var change facegate.GalleryChange
	for _, name := range photos {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		a, err := d.Analyse(ctx, data, facegate.AnalyseOptions{Embed: true, MaxFaces: 1})
		if err != nil {
			return nil, err
		}
		if len(a.Faces) == 0 || a.Faces[0].Embedding == nil {
			return nil, fmt.Errorf("no face in %s", name)
		}
		who := filepath.Base(filepath.Dir(name))
		change.Add = append(change.Add, facegate.GalleryEntry{SampleID: name, Person: facegate.PersonRef{ID: who, Name: who}, Embedding: *a.Faces[0].Embedding})
	}
	gallery := match.NewGallery()
	gallery.Apply(change)
	return &match.Service{Analyser: d, Gallery: gallery}, nil
}

// there are in the clip, as far as they are enrolled.
var there = []string{"lin_manuel_miranda", "alex_lacamoire", "obama"}

// reports keep when somebody was first named.
type reports struct {
	mu    sync.Mutex
	epoch time.Time
	seen  []seen
	wrong []string
}

func (r *reports) Report(_ context.Context, s facegate.Sighting) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.Person == nil {
		return nil
	}
	name := s.Person.Name
	switch {
	case !slices.Contains(there, name):
		r.wrong = append(r.wrong, name)
	case !slices.ContainsFunc(r.seen, func(k seen) bool { return k.Name == name }):
		r.seen = append(r.seen, seen{name, s.FirstSeen.Sub(r.epoch).Seconds(), s.LastSeen.Sub(r.epoch).Seconds(), s.Distance})
	}
	return nil
}

// A clock begins at a time of its own, so that times of sightings are times of
// the video, and runs on from there, so that stages can be timed.
type clock struct{ epoch, began time.Time }

func newClock() *clock {
	return &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Now()}
}

func (c *clock) now() time.Time { return c.epoch.Add(time.Since(c.began)) }

// chain looks at a video as fast as one core can.
func (t task) chain(ctx context.Context, models *detector.Models) (chainResult, error) {
	var r chainResult
	d, err := detector.New(detector.Config{Models: models, Workers: 1})
	if err != nil {
		return r, err
	}
	defer d.Close()
	service, err := t.enrolled(ctx, d)
	if err != nil {
		return r, err
	}
	// Once to warm up, once to measure.
	for range 2 {
		c := newClock()
		said := &reports{epoch: c.epoch}
		w := camera.Watch{
			Config: camera.Config{Frames: d, Recognition: service, Sink: said, Now: c.now},
			Camera: facegate.Camera{Name: "bench", Source: facegate.Source(t.Video), CameraSettings: facegate.CameraSettings{Pace: facegate.FastPace, FPS: t.FPS}},
		}
		start, wall := cpu(), time.Now()
		if err := w.Run(ctx); err != nil {
			return r, err
		}
		s := w.Status()
		r = chainResult{Frames: s.Frames, Tracks: s.Tracks, Embeddings: s.Embeddings, CPU: cpu() - start, Wall: time.Since(wall),
			Stages: map[string]time.Duration{}, Seen: said.seen, Wrong: said.wrong}
		for _, stage := range w.Stages() {
			r.Stages[stage.Name] = stage.Time
		}
	}
	return r, nil
}

// naiveEvery is how many pictures of the video the naive way is measured on.
const naiveEvery = 11

// naive is go-face as it comes, given every picture of the video: decoded, coded
// as JPEG, which is what go-face takes, and recognised. It is measured on every
// eleventh.
func (t task) naive(models *detector.Models) (naiveResult, error) {
	var r naiveResult
	dir, cleanup, err := models.Stage()
	if err != nil {
		return r, err
	}
	defer cleanup()
	rec, err := face.NewRecognizer(dir)
	if err != nil {
		return r, err
	}
	defer rec.Close()
	video, err := gocv.VideoCaptureFile(t.Video)
	if err != nil {
		return r, err
	}
	defer video.Close()
	picture := gocv.NewMat()
	defer picture.Close()
	recognize := func() error {
		jpeg, err := gocv.IMEncode(gocv.JPEGFileExt, picture)
		if err != nil {
			return err
		}
		defer jpeg.Close()
		_, err = rec.Recognize(jpeg.GetBytes())
		return err
	}
	for i := 0; ; i++ {
		start := cpu()
		if !video.Read(&picture) {
			return r, nil
		}
		if i == 0 { // to warm up
			if err := recognize(); err != nil {
				return r, err
			}
		} else if i%naiveEvery == 0 {
			if err := recognize(); err != nil {
				return r, err
			}
			r.CPU += cpu() - start
			r.Pictures++
		}
	}
}

// streams looks at the same video several times at once: at its own pace, as
// cameras send it, and then as fast as two cores can.
func (t task) streams(ctx context.Context, models *detector.Models) (streamsResult, error) {
	var r streamsResult
	d, err := detector.New(detector.Config{Models: models, Workers: 2})
	if err != nil {
		return r, err
	}
	defer d.Close()
	service, err := t.enrolled(ctx, d)
	if err != nil {
		return r, err
	}
	start, wall := cpu(), time.Now()
	statuses, err := t.sideBySide(ctx, d, service, facegate.RealPace)
	if err != nil {
		return r, err
	}
	r.CPU, r.Wall = cpu()-start, time.Since(wall)
	for _, s := range statuses {
		r.Frames, r.Analysed, r.Dropped = r.Frames+s.Frames, r.Analysed+s.Analysed, r.Dropped+s.Dropped
	}
	start, wall = cpu(), time.Now()
	if _, err = t.sideBySide(ctx, d, service, facegate.FastPace); err != nil {
		return r, err
	}
	r.FastCPU, r.FastWall = cpu()-start, time.Since(wall)
	return r, nil
}

func (t task) sideBySide(ctx context.Context, d *detector.Detector, service *match.Service, pace facegate.Pace) ([]facegate.CameraStatus, error) {
	statuses := make([]facegate.CameraStatus, t.Streams)
	var g errgroup.Group
	for i := range t.Streams {
		g.Go(func() error {
			w := camera.Watch{
				Config: camera.Config{Frames: d, Recognition: service, Now: time.Now},
				Camera: facegate.Camera{Name: fmt.Sprint("stream ", i), Source: facegate.Source(t.Video),
					CameraSettings: facegate.CameraSettings{Pace: pace, FPS: t.FPS}},
			}
			err := w.Run(ctx)
			statuses[i] = w.Status()
			return err
		})
	}
	return statuses, g.Wait()
}
