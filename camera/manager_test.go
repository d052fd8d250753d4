package camera_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"facegate"
	"facegate/camera"
	"facegate/enroll"
	"facegate/match"
)

func TestManager(t *testing.T) {
	ctx := context.Background()
	d := realDetector(t)
	file := filepath.Join(t.TempDir(), "facegate.db")
	store, err := enroll.Open(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	start := func() *camera.Manager {
		m := &camera.Manager{
			Config: camera.Config{Frames: d, Recognition: &match.Service{Analyser: d, Gallery: match.NewGallery()}, Now: time.Now},
			Store:  &enroll.CameraStore{Store: store, Secrets: &enroll.Secrets{Store: store}},
		}
		if err := m.Initialize(ctx); err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := start()
	fails := func(what string, want facegate.Code, err error) {
		t.Helper()
		if got := facegate.CodeOf(err); got != want {
			t.Errorf("%s: %q (%v), want %q", what, got, err, want)
		}
	}
	const nowhere = "rtsp://joe:s3cret@127.0.0.1:1/x"
	zone := facegate.Zone{Mode: facegate.Mask, Points: [][2]float64{{0, 0}, {1, 0}, {1, 1}}}
	door, err := m.Add(ctx, facegate.Camera{ID: "mine", Name: " door ", Source: nowhere, CameraSettings: facegate.CameraSettings{FPS: 5, Zones: []facegate.Zone{zone}}})
	if err != nil || door.Name != "door" || door.ID == "mine" || door.FPS != 5 || door.CreatedAt.IsZero() {
		t.Fatalf("%+v %v", door, err)
	}
	gate, err := m.Add(ctx, facegate.Camera{Name: "gate", Source: "push:", Paused: true})
	if err != nil || gate.Status.State != facegate.CameraPaused {
		t.Fatalf("%+v %v", gate, err)
	}
	_, err = m.Add(ctx, facegate.Camera{Name: "door", Source: "push:"})
	fails("a name that is taken", facegate.CodeNameTaken, err)
	_, err = m.Add(ctx, facegate.Camera{Name: "yard"})
	fails("no source", facegate.CodeInvalid, err)
	taken, negative := "gate", facegate.CameraSettings{FPS: -1}
	_, err = m.Update(ctx, door.ID, facegate.CameraUpdate{Name: &taken})
	fails("renamed to a name that is taken", facegate.CodeNameTaken, err)
	half := 0.5
	_, err = m.Add(ctx, facegate.Camera{Name: "yard", Source: "push:", CameraSettings: facegate.CameraSettings{Liveness: &half}})
	fails("liveness without its model", facegate.CodeInvalid, err)
	_, err = m.Update(ctx, door.ID, facegate.CameraUpdate{Settings: &negative})
	fails("settings out of range", facegate.CodeInvalid, err)
	_, err = m.Camera(ctx, "nobody")
	fails("no such camera", facegate.CodeCameraNotFound, err)
	_, err = m.Live(ctx, "nobody")
	fails("no such camera", facegate.CodeCameraNotFound, err)
	_, err = m.View(ctx, "nobody")
	fails("no such camera", facegate.CodeCameraNotFound, err)
	fails("no such camera", facegate.CodeCameraNotFound, m.Remove(ctx, "nobody"))
	fails("no such camera", facegate.CodeCameraNotFound, m.Push(ctx, "nobody", nil, time.Now()))
	fails("pushed to a camera that is none", facegate.CodeInvalid, m.Push(ctx, door.ID, nil, time.Now()))
	if v, err := m.View(ctx, door.ID); err != nil || v.Tracks == nil || v.Camera.Name != "door" {
		t.Errorf("%+v %v", v, err)
	}

	name := "front door"
	shown := facegate.Source("rtsp://joe:***@127.0.0.1:1/y")
	changed, err := m.Update(ctx, door.ID, facegate.CameraUpdate{Name: &name, Source: &shown})
	if err != nil || changed.Source.Reveal() != "rtsp://joe:s3cret@127.0.0.1:1/y" || changed.FPS != 5 {
		t.Errorf("%+v %v", changed, err)
	}
	if _, err := m.Pause(ctx, gate.ID, false); err != nil {
		t.Error(err)
	}
	m.Close()
	_, err = m.Add(ctx, facegate.Camera{Name: "late", Source: "push:"})
	fails("added to a manager that is closed", facegate.CodeCanceled, err)

	// All of it is there after a restart, and no password lies in the files.
	m = start()
	list, err := m.List(ctx)
	if err != nil || len(list) != 2 || list[0].Name != "front door" || list[0].Source.Reveal() != "rtsp://joe:s3cret@127.0.0.1:1/y" ||
		len(list[0].Zones) != 1 || list[0].Status.State == facegate.CameraPaused || list[1].Paused {
		t.Errorf("%+v %v", list, err)
	}
	files, _ := filepath.Glob(file + "*")
	for _, f := range files {
		if content, err := os.ReadFile(f); err != nil || bytes.Contains(content, []byte("s3cret")) {
			t.Errorf("%s tells a password (%v)", f, err)
		}
	}
	if err := m.Remove(ctx, gate.ID); err != nil {
		t.Error(err)
	}
	m.Close()
	m = start()
	if list, _ := m.List(ctx); len(list) != 1 {
		t.Errorf("%d cameras after one was removed", len(list))
	}
	m.Close()
}

// Outside its schedule a camera is not opened; settings take effect at once.
func TestSchedulePauses(t *testing.T) {
	h := newHouse(t)
	now := time.Now()
	off := facegate.CameraSettings{Schedule: []facegate.Window{{From: now.Add(2 * time.Hour).Format("15:04"), To: now.Add(3 * time.Hour).Format("15:04")}}}
	id := h.add(t, "door", obamaWalks(t), off)
	s := h.awaitState(t, id, facegate.CameraPaused)
	if s.Detail != "outside its schedule" || s.Frames != 0 {
		t.Errorf("%+v", s)
	}
	if _, err := h.Update(context.Background(), id, facegate.CameraUpdate{Settings: &facegate.CameraSettings{Pace: facegate.FastPace}}); err != nil {
		t.Fatal(err)
	}
	if s := h.awaitState(t, id, facegate.CameraEnded); s.Frames != 125 {
		t.Errorf("%+v", s)
	}
}

// At its own pace a file is played as a camera would, to its end.
func TestRealPace(t *testing.T) {
	h := newHouse(t)
	id := h.add(t, "door", obamaWalks(t), facegate.CameraSettings{FPS: 60})
	s := h.awaitState(t, id, facegate.CameraEnded)
	if s.Frames != 125 || s.Analysed == 0 || s.Analysed+s.Dropped > 125 || s.LastError != "" {
		t.Errorf("%+v", s)
	}
}
