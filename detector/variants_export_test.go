package detector

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	face "github.com/Kagami/go-face"
	"gocv.io/x/gocv"

	"facegate"
)

// A Variant is a way to embed the face a photo is about, for comparison. Its
// embeddings are dlib's own, of any norm.
type Variant struct {
	Whole   bool    // go-face on the photo as it is
	Mirror  bool    // the crop flipped
	Size    float64 // of the crop; 0: 1, with the ladder
	Padding float32 // around the face in what the network sees; 0: 0.25
	Jitter  int     // go-face's own; 0: none
}

// A VariantMaker embeds photos in several ways; it is one worker.
type VariantMaker struct {
	yunet    *yunet
	rec      map[[2]float64]*face.Recognizer // by padding and jitter
	variants []Variant
}

// NewVariantMaker loads what the variants need.
func NewVariantMaker(m *Models, variants []Variant) (*VariantMaker, error) {
	singleThreaded()
	dir, cleanup, err := m.Stage()
	if err != nil {
		return nil, err
	}
	defer cleanup()
	v := &VariantMaker{rec: map[[2]float64]*face.Recognizer{}, variants: variants}
	if v.yunet, err = newYunet(m.YuNet); err != nil {
		return nil, err
	}
	for _, x := range variants {
		if v.rec[x.key()] == nil {
			if v.rec[x.key()], err = face.NewRecognizerWithConfig(dir, 150, float32(x.key()[0]), x.Jitter); err != nil {
				v.Close()
				return nil, err
			}
		}
	}
	return v, nil
}

func (x Variant) key() [2]float64 {
	return [2]float64{math.Round(float64(cmp.Or(x.Padding, 0.25))*100) / 100, float64(x.Jitter)}
}

// Close frees the networks.
func (v *VariantMaker) Close() {
	v.yunet.close()
	for _, r := range v.rec {
		if r != nil {
			r.Close()
		}
	}
}

// Embed is the face in the middle of a photo, in each way; nil where a way does
// not see it.
func (v *VariantMaker) Embed(ctx context.Context, photo []byte) ([]*facegate.Embedding, error) {
	made := make([]*facegate.Embedding, len(v.variants))
	bgr, err := decode(photo, DefaultLimits)
	if err != nil {
		return nil, err
	}
	defer bgr.Close()
	faces, err := find(v.yunet, &bgr, 640, false)
	if err != nil || len(faces) == 0 {
		return made, err
	}
	middle := func(x, y float64) float64 {
		return math.Hypot(x-float64(bgr.Cols())/2, y-float64(bgr.Rows())/2) / float64(max(bgr.Cols(), bgr.Rows()))
	}
	off := func(f facegate.Face) float64 { return middle(f.Box.Center().X, f.Box.Center().Y) }
	f := faces[0]
	if off(f) > 0.1 {
		f = slices.MinFunc(faces, func(a, b facegate.Face) int { return cmp.Compare(off(a), off(b)) })
	}
	if err := finish(&f, &bgr); err != nil {
		return nil, err
	}
	take := func(size float64) gocv.Mat { return upright(&bgr, f.Landmarks, size) }
	for i, x := range v.variants {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rec := v.rec[x.key()]
		switch {
		case x.Whole:
			found, err := rec.Recognize(photo)
			if err != nil {
				return nil, err
			}
			nearest := 0.15
			for _, g := range found {
				c := g.Rectangle.Min.Add(g.Rectangle.Max).Div(2)
				if d := middle(float64(c.X), float64(c.Y)); d < nearest {
					e := facegate.Embedding(g.Descriptor)
					made[i], nearest = &e, d
				}
			}
		case x.Size != 0:
			m := take(x.Size)
			crop, err := encodeJPEG(m, cropQuality)
			m.Close()
			if err == nil {
				made[i], err = embedCrop(rec.Recognize, crop, x.Size)
			}
			if err != nil {
				return nil, fmt.Errorf("size %v: %w", x.Size, err)
			}
		default:
			crop, way := f.Crop, taker(take)
			if x.Mirror {
				if crop, err = mirror(crop); err != nil {
					return nil, err
				}
				way = func(size float64) gocv.Mat {
					m := take(size)
					gocv.Flip(m, &m, 1)
					return m
				}
			}
			if made[i], err = climb(rec, crop, way, &embedTimes{}); err != nil {
				return nil, err
			}
		}
	}
	return made, nil
}
