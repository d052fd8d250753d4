package camera

import (
	"context"

	"facegate"
)

// A Watch looks at one camera without a manager: for the command line, and for
// measurements.
type Watch struct {
	Config
	Camera facegate.Camera
	Video  string // file for the annotated video; empty: none. With it no picture of the source is left out

	station *station
}

// Run looks at the camera until ctx ends (its error is returned then), or a file
// or folder has been seen to its end. A camera that cannot be, or a file or folder
// that cannot be read, fails with CodeInvalid; other sources are tried again.
func (w *Watch) Run(ctx context.Context) error {
	cfg, err := w.Config.withDefaults()
	if err != nil {
		return err
	}
	camera := w.Camera
	if err := tidy(&camera); err != nil {
		return err
	}
	w.station = newStation(&cfg, camera.Ref())
	w.station.once = true
	if w.Video != "" {
		v := &videoFile{name: w.Video}
		defer v.close()
		w.station.recorder = v
	}
	return w.station.run(ctx, camera)
}

// Status is how the camera does, or did.
func (w *Watch) Status() facegate.CameraStatus {
	if w.station == nil {
		return facegate.CameraStatus{}
	}
	return w.station.gauge.status()
}

// Stages tells where the time went.
func (w *Watch) Stages() []Stage {
	if w.station == nil {
		return nil
	}
	return w.station.time.stages()
}
