//go:build matprofile

package camera_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facegate"
	"facegate/camera"
)

// Every matrix is closed: after a video, a folder with broken pictures, an
// annotated video, a motion gate, liveness, and a camera that is removed while
// somebody watches it, there are as many as before.
func TestMatsAreClosed(t *testing.T) {
	d := realDetector(t)
	recognition := enrolled(t, d)
	source := film(t, 3, shown{Photo: "probes/obama1.jpg", From: 0.2, To: 2.8, Height: 300, Y: 30})
	pictures := t.TempDir()
	for i, data := range jpegs(t, source) {
		if i%10 == 0 {
			data = data[:len(data)/3]
		}
		if i%5 == 0 {
			os.WriteFile(filepath.Join(pictures, string(rune('a'+i/5))+".jpg"), data, 0o644)
		}
	}
	watch := func(source facegate.Source, settings facegate.CameraSettings, video string) {
		settings.Pace = facegate.FastPace
		w := camera.Watch{
			Config: camera.Config{Frames: d, Recognition: recognition, Now: time.Now, Liveness: livenessModel(t)},
			Camera: facegate.Camera{Name: "test", Source: source, CameraSettings: settings}, Video: video,
		}
		if err := w.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	half := 0.5
	all := func() {
		watch(source, facegate.CameraSettings{}, "")
		watch(source, facegate.CameraSettings{MotionGate: true, Liveness: &half}, filepath.Join(t.TempDir(), "shown.mp4"))
		watch(facegate.Source(pictures), facegate.CameraSettings{}, "")
		t.Run("removed", func(t *testing.T) {
			h := newHouse(t)
			id := h.add(t, "door", source, facegate.CameraSettings{})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			live, err := h.Live(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			<-live
			if err := h.Remove(ctx, id); err != nil {
				t.Fatal(err)
			}
		})
	}
	all() // what is loaded on first use
	before := gocv.MatProfile.Count()
	all()
	if after := gocv.MatProfile.Count(); after != before {
		gocv.MatProfile.WriteTo(os.Stderr, 1)
		t.Errorf("%d matrices, %d before", after, before)
	}
}
