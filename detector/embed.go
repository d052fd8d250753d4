package detector

import (
	"fmt"
	"math"
	"time"

	face "github.com/Kagami/go-face"
	"gocv.io/x/gocv"

	"facegate"
)

// meanNorm is the mean norm of dlib's embeddings on Labeled Faces in the Wild.
// Every embedding is scaled to it: distances keep their meaning (0.6 stays 0.6),
// and at low false match rates far fewer genuine pairs are lost (docs/accuracy.md).
const meanNorm = 1.4257

// rungs are the ways in which dlib is made to find the face in the crop, the
// cheapest first; the first finds all but about one in a hundred. HOG misses small
// windows, blur and faces from the side; the CNN (MMOD) takes several times as
// long, and finds most of what is left at a small size.
var rungs = []struct {
	size float64 // of the crop
	cnn  bool
}{{1, false}, {1.4, false}, {0.75, false}, {0.6, true}, {1, true}}

// cropQuality is the JPEG quality in which crops go to go-face and into the store.
const cropQuality = 95

// embed computes the embedding of a face found in bgr, whose f.Crop is set. It is
// nil, and the face's quality says so, where dlib does not see a face in the crop
// by any means.
func embed(rec *face.Recognizer, bgr *gocv.Mat, f *facegate.Face, p Profile) (*facegate.Embedding, embedTimes, error) {
	e, times, err := p.embed(rec, f.Crop, func(size float64) gocv.Mat { return upright(bgr, f.Landmarks, size) })
	if e == nil && err == nil {
		f.Quality.Reasons = append(f.Quality.Reasons, "the face cannot be aligned")
	}
	return e, times, err
}

// climb embeds the face of a crop by the first rung that sees it; nil where none
// does. The embedding is dlib's own, of any norm.
func climb(rec *face.Recognizer, crop []byte, take taker, times *embedTimes) (*facegate.Embedding, error) {
	for _, r := range rungs {
		jpeg, start := crop, time.Now()
		if r.size != 1 {
			var err error
			m := take(r.size)
			jpeg, err = encodeJPEG(m, cropQuality)
			m.Close()
			if err != nil {
				return nil, err
			}
		}
		recognize := rec.Recognize
		if r.cnn {
			recognize = rec.RecognizeCNN
		}
		cut := time.Now()
		e, err := embedCrop(recognize, jpeg, r.size)
		times.crop, times.net = times.crop+cut.Sub(start), times.net+time.Since(cut)
		if e != nil || err != nil {
			return e, err
		}
	}
	return nil, nil
}

// embedCrop embeds the face in the middle of an upright crop of that size. The
// embedding is dlib's own, of any norm.
func embedCrop(recognize func([]byte) ([]face.Face, error), jpeg []byte, size float64) (*facegate.Embedding, error) {
	found, err := recognize(jpeg)
	if err != nil {
		return nil, fmt.Errorf("embed a face: %w", err)
	}
	best, nearest := -1, cropSide*size/5 // the face we cut out is in the middle; others are neighbours
	for i, g := range found {
		c := g.Rectangle.Min.Add(g.Rectangle.Max).Div(2)
		half := cropSide * size / 2
		if d := math.Hypot(float64(c.X)-half, float64(c.Y)-half); d < nearest {
			best, nearest = i, d
		}
	}
	if best < 0 {
		return nil, nil
	}
	e := facegate.Embedding(found[best].Descriptor)
	return &e, nil
}

// normalise scales e to meanNorm.
func normalise(e *facegate.Embedding) {
	n := e.Norm()
	if n == 0 {
		return
	}
	for i := range e {
		e[i] = float32(float64(e[i]) * meanNorm / n)
	}
}

func encodeJPEG(m gocv.Mat, quality int) ([]byte, error) {
	buf, err := gocv.IMEncodeWithParams(gocv.JPEGFileExt, m, []int{gocv.IMWriteJpegQuality, quality})
	if err != nil {
		return nil, fmt.Errorf("encode crop: %w", err)
	}
	defer buf.Close()
	return append([]byte(nil), buf.GetBytes()...), nil
}
