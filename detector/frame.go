package detector

import (
	"context"
	"fmt"

	"gocv.io/x/gocv"

	"facegate"
)

// DetectFrame implements [facegate.FrameAnalyser].
func (d *Detector) DetectFrame(ctx context.Context, f facegate.Frame) ([]facegate.Face, error) {
	var faces []facegate.Face
	err := d.onFrame(ctx, f, func(w *worker, bgr *gocv.Mat) (err error) {
		if faces, err = find(w.yunet, bgr, d.cfg.Size, false); err != nil {
			return err
		}
		assess(faces, bgr)
		return nil
	})
	return faces, err
}

// EmbedFace implements [facegate.FrameAnalyser].
func (d *Detector) EmbedFace(ctx context.Context, f facegate.Frame, face *facegate.Face) error {
	return d.onFrame(ctx, f, func(w *worker, bgr *gocv.Mat) error {
		if err := finish(face, bgr); err != nil {
			return err
		}
		var err error
		face.Embedding, _, err = embed(w.rec, bgr, face, d.cfg.Profile)
		return err
	})
}

// onFrame lends a worker and a matrix over the frame's pixels to do.
func (d *Detector) onFrame(ctx context.Context, f facegate.Frame, do func(*worker, *gocv.Mat) error) error {
	if f.Width <= 0 || f.Height <= 0 || len(f.Pix) != 3*f.Width*f.Height {
		return fmt.Errorf("frame of %d x %d with %d bytes", f.Width, f.Height, len(f.Pix))
	}
	w, done, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer done()
	bgr, err := gocv.NewMatFromBytes(f.Height, f.Width, gocv.MatTypeCV8UC3, f.Pix)
	if err != nil {
		return fmt.Errorf("read frame: %w", err)
	}
	defer bgr.Close()
	return do(w, &bgr)
}

var _ interface {
	facegate.Analyser
	facegate.FrameAnalyser
} = (*Detector)(nil)
