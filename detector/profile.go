package detector

import (
	"context"
	"fmt"
	"image"
	"time"

	face "github.com/Kagami/go-face"
	"gocv.io/x/gocv"

	"facegate"
)

// A Profile is how much is spent on an embedding. It is part of the recipe:
// embeddings of different profiles do not compare.
type Profile string

// Profiles. docs/accuracy.md has what each brings and costs, and what was tried
// besides.
const (
	Fast     Profile = "fast"     // one look at the face; the default
	Accurate Profile = "accurate" // the mean of the face and its mirror image: twice the time
)

func (p Profile) valid() bool { return p == "" || p == Fast || p == Accurate }

// recipe names the steps in an embedding's making.
func (p Profile) recipe() string {
	if p == Accurate {
		return fmt.Sprintf("crop%d-mirror-norm", cropSide)
	}
	return fmt.Sprintf("crop%d-norm", cropSide)
}

// A taker cuts the face out at that size of the crop. The caller closes it.
type taker func(size float64) gocv.Mat

// An embedding's times.
type embedTimes struct {
	crop time.Duration // spent on cutting and coding crops
	net  time.Duration // spent in dlib
}

// embed computes the embedding of a face by its upright crop, a JPEG; take cuts
// it out anew at other sizes. It is nil where dlib does not see a face by any
// means.
//
// Everything, the mirror image too, is made of the crop as it is stored, so that
// a sample's thumbnail gives its embedding again.
func (p Profile) embed(rec *face.Recognizer, crop []byte, take taker) (*facegate.Embedding, embedTimes, error) {
	var times embedTimes
	e, err := climb(rec, crop, take, &times)
	if e == nil || err != nil {
		return nil, times, err
	}
	if p == Accurate {
		start := time.Now()
		mirrored, err := mirror(crop)
		times.crop += time.Since(start)
		if err != nil {
			return nil, times, err
		}
		other, err := climb(rec, mirrored, func(size float64) gocv.Mat {
			m := take(size)
			gocv.Flip(m, &m, 1)
			return m
		}, &times)
		if err != nil {
			return nil, times, err
		}
		if other != nil {
			for i := range e {
				e[i] = (e[i] + other[i]) / 2
			}
		}
	}
	normalise(e)
	return e, times, nil
}

// mirror flips a JPEG left to right.
func mirror(crop []byte) ([]byte, error) {
	m, err := gocv.IMDecode(crop, gocv.IMReadColor)
	if err != nil {
		return nil, fmt.Errorf("mirror a face: %w", err)
	}
	defer m.Close()
	gocv.Flip(m, &m, 1)
	return encodeJPEG(m, cropQuality)
}

// EmbedCrop embeds the face of an upright crop as [facegate.Face] and the store
// have it, by this detector's recipe. It is nil where dlib sees no face in it.
//
// Errors: those of [Detector.Analyse]; [facegate.CodeNotAnImage] for what is no
// crop.
func (d *Detector) EmbedCrop(ctx context.Context, crop []byte) (*facegate.Embedding, error) {
	if _, err := inspect(crop, d.cfg.Limits); err != nil {
		return nil, err
	}
	w, done, err := d.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	whole, err := decode(crop, d.cfg.Limits)
	if err != nil {
		return nil, err
	}
	defer whole.Close()
	if whole.Cols() != cropSide || whole.Rows() != cropSide {
		return nil, facegate.NewError(facegate.CodeNotAnImage,
			fmt.Sprintf("the picture has %dx%d pixels, so it is no crop of %dx%d", whole.Cols(), whole.Rows(), cropSide, cropSide), "")
	}
	e, _, err := d.cfg.Profile.embed(w.rec, crop, func(size float64) gocv.Mat {
		side, interpolation := int(cropSide*size+0.5), gocv.InterpolationArea
		if size > 1 {
			interpolation = gocv.InterpolationCubic
		}
		out := gocv.NewMat()
		gocv.Resize(whole, &out, image.Pt(side, side), 0, 0, interpolation)
		return out
	})
	return e, err
}
