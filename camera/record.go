package camera

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"time"

	"gocv.io/x/gocv"

	"facegate"
)

// A videoFile writes pictures with boxes and names drawn in. It plays at one rate,
// that of the first two pictures: later ones are repeated or left out where they
// do not keep to it, and scaled where they are not of the first one's size.
type videoFile struct {
	name   string
	writer *gocv.VideoWriter
	fps    float64
	began  time.Time
	held   *gocv.Mat // the first picture, until the second tells the rate
	n      int       // written
	w, h   int
}

// codecs are tried in turn: the first plays in browsers.
var codecs = []string{"avc1", "mp4v", "MJPG"}

func (v *videoFile) record(p *picture, seen facegate.CameraView) error {
	if err := annotate(&p.bgr, seen); err != nil {
		return err
	}
	if v.writer == nil && v.held == nil {
		first := p.bgr.Clone()
		v.held, v.began, v.w, v.h = &first, p.at, first.Cols(), first.Rows()
		return nil
	}
	if v.writer == nil {
		v.fps = 25
		if between := p.at.Sub(v.began).Seconds(); between > 0 {
			v.fps = math.Max(1, math.Min(60, 1/between))
		}
		if err := v.open(); err != nil {
			return err
		}
	}
	picture := p.bgr
	if p.bgr.Cols() != v.w || p.bgr.Rows() != v.h {
		picture = fitted(&p.bgr, v.w, v.h)
		defer picture.Close()
	}
	for until := int(math.Round(p.at.Sub(v.began).Seconds()*v.fps)) + 1; v.n < until; v.n++ {
		if err := v.writer.Write(picture); err != nil {
			return fmt.Errorf("write %s: %w", v.name, err)
		}
	}
	return nil
}

// open opens the file and writes the picture held.
func (v *videoFile) open() error {
	defer func() {
		v.held.Close()
		v.held = nil
	}()
	// OpenCV does not say why it cannot write.
	file, err := os.Create(v.name)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	for _, codec := range codecs {
		w, err := gocv.VideoWriterFile(v.name, codec, v.fps, v.w, v.h, true)
		if err == nil && w.IsOpened() {
			v.writer = w
			v.n++
			return w.Write(*v.held)
		}
		if w != nil {
			w.Close()
		}
	}
	return fmt.Errorf("%s cannot be written as a video: name it .mp4 or .avi", v.name)
}

// fitted is a picture as large as fits into w x h, in its middle on black.
func fitted(bgr *gocv.Mat, w, h int) gocv.Mat {
	k := math.Min(float64(w)/float64(bgr.Cols()), float64(h)/float64(bgr.Rows()))
	size := image.Pt(max(1, int(float64(bgr.Cols())*k)), max(1, int(float64(bgr.Rows())*k)))
	small, out := gocv.NewMat(), gocv.NewMat()
	defer small.Close()
	gocv.Resize(*bgr, &small, size, 0, 0, gocv.InterpolationArea)
	left, top := (w-size.X)/2, (h-size.Y)/2
	gocv.CopyMakeBorder(small, &out, top, h-size.Y-top, left, w-size.X-left, gocv.BorderConstant, color.RGBA{})
	return out
}

func (v *videoFile) close() {
	if v.held != nil {
		v.held.Close()
	}
	if v.writer != nil {
		v.writer.Close()
	}
}
