package camera

import (
	"context"
	"errors"
	"fmt"

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
// or folder has been seen to its end. A camera that cannot be, a file or folder that
// cannot be read, and a video that cannot be written, fail with CodeInvalid; other
// sources are tried again.
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
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if w.Video != "" {
		v := &videoFile{name: w.Video}
		defer v.close()
		w.station.recorder = strictly{v, stop}
	}
	err = w.station.run(ctx, camera)
	if cause := context.Cause(ctx); errors.Is(cause, errNoVideo) {
		return &facegate.Error{Code: facegate.CodeInvalid, Detail: cause.Error(), Next: "name a file that can be written, ending in .mp4 or .avi"}
	}
	return err
}

var errNoVideo = errors.New("the annotated video cannot be written")

// strictly gives up where the recorder does.
type strictly struct {
	recorder
	stop context.CancelCauseFunc
}

func (s strictly) record(p *picture, v facegate.CameraView) error {
	err := s.recorder.record(p, v)
	if err != nil {
		s.stop(fmt.Errorf("%w: %w", errNoVideo, err))
	}
	return err
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
