package camera

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gocv.io/x/gocv"

	"facegate"
)

// A capture is a source that is open. It is used by one goroutine.
type capture interface {
	// next waits for the next picture; for sources that do not set the pace
	// themselves it returns where in the source the picture is. It fails with io.EOF
	// at the end, with errBroken where only this picture is lost, and with another
	// error where the source is.
	next(ctx context.Context) (at time.Duration, err error)
	// picture decodes it. Called at most once after next.
	picture(bgr *gocv.Mat) error
	traits() traits
	close()
}

// traits tell how a source's pictures follow each other.
type traits struct {
	live   bool // it sets the pace itself: a camera
	stills bool // each picture may show something else: one is all the evidence there is
}

// errBroken marks a picture that could not be read while the source goes on.
var errBroken = errors.New("broken picture")

// timeouts bound how long sources may take.
type timeouts struct{ open, read time.Duration }

// openSource opens a camera's source. It returns soon after ctx ends, or the
// timeouts run out.
func openSource(ctx context.Context, c *facegate.Camera, pushed *pushBox, t timeouts) (capture, error) {
	source := c.Source.Reveal()
	switch c.Source.Kind() {
	case facegate.SourceRTSP:
		if err := knock(ctx, source, t.open); err != nil {
			return nil, err
		}
		return openRTSP(source, c.Transport, t)
	case facegate.SourceHTTP:
		return openHTTP(ctx, source, t, fpsOf(c.CameraSettings))
	case facegate.SourceDevice:
		if _, err := os.Stat(source); err != nil {
			return nil, fmt.Errorf("open the device: %w", errors.Unwrap(err))
		}
		n, err := openDevice(source)
		if err != nil {
			return nil, err
		}
		return &video{native: n, live: true}, nil
	case facegate.SourcePush:
		return &pushCapture{box: pushed, stills: source == pushStills}, nil
	case facegate.SourcePath:
		info, err := os.Stat(source)
		if err != nil {
			return nil, fmt.Errorf("open the file: %w", errors.Unwrap(err))
		}
		if info.IsDir() {
			return openFolder(source, fpsOf(c.CameraSettings))
		}
		path, err := filepath.Abs(source) // so that no name is taken for a protocol
		if err != nil {
			return nil, err
		}
		return openVideo(path, "", t, false)
	}
	return nil, fmt.Errorf("a source of no known kind")
}

// openRTSP opens an RTSP stream. Without a wish FFmpeg tries TCP, where no packet
// is lost, and UDP where the server has nothing else.
func openRTSP(source string, wish facegate.Transport, t timeouts) (capture, error) {
	options := "" // OpenCV's own: prefer_tcp
	if wish != "" {
		options = "rtsp_transport;" + string(wish)
	}
	return openVideo(source, options, t, true)
}

// A video is what OpenCV reads: RTSP, a device, or a file.
type video struct {
	native *nativeCapture
	live   bool
	n      int           // pictures read
	last   time.Duration // where the last one was
	period time.Duration // between pictures
}

func openVideo(url, options string, t timeouts, live bool) (capture, error) {
	n, err := openFFmpeg(url, options, t.open, t.read)
	if err != nil {
		return nil, err
	}
	v := &video{native: n, live: live, period: time.Second / 25}
	if fps := n.get(gocv.VideoCaptureFPS); fps >= 0.1 && fps <= 1000 {
		v.period = time.Duration(float64(time.Second) / fps)
	}
	if w, h := n.get(gocv.VideoCaptureFrameWidth), n.get(gocv.VideoCaptureFrameHeight); w > maxSide || h > maxSide || w*h > maxPixels {
		n.close()
		return nil, fmt.Errorf("a video of %.0f x %.0f pixels is too large", w, h)
	}
	return v, nil
}

func (v *video) next(ctx context.Context) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := v.native.grab(); err != nil {
		if v.live && errors.Is(err, io.EOF) {
			if err == io.EOF {
				return 0, errors.New("the stream ended, or nothing came in time")
			}
			return 0, fmt.Errorf("the stream ended: %v", err)
		}
		return 0, err
	}
	at := time.Duration(v.native.get(gocv.VideoCapturePosMsec) * float64(time.Millisecond))
	if v.n > 0 && at <= v.last { // no timestamps in the file
		at = v.last + v.period
	}
	v.n++
	v.last = at
	return at, nil
}

func (v *video) picture(bgr *gocv.Mat) error {
	if err := v.native.retrieve(bgr); err != nil {
		return fmt.Errorf("%w: %v", errBroken, err)
	}
	return nil
}

func (v *video) traits() traits { return traits{live: v.live} }
func (v *video) close()         { v.native.close() }

// defaultFPS is how many pictures a second are searched for faces where the
// camera does not say.
const defaultFPS = 10

func fpsOf(s facegate.CameraSettings) float64 {
	if s.FPS > 0 {
		return s.FPS
	}
	return defaultFPS
}
