package detector

import (
	"context"
	"image"
	"image/color"
	"math"
	"slices"
	"sort"

	"gocv.io/x/gocv"

	"facegate"
)

// followIoU is how well a face has to agree with the box it is looked for around: one
// that moved by half its width does.
const followIoU = 0.2

// FollowFaces implements [facegate.FrameAnalyser].
func (d *Detector) FollowFaces(ctx context.Context, f facegate.Frame, near []facegate.Box) ([]facegate.Face, error) {
	var faces []facegate.Face
	err := d.onFrame(ctx, f, func(w *worker, bgr *gocv.Mat) error {
		for _, b := range near {
			found, err := around(w.yunet, bgr, b)
			if err != nil {
				return err
			}
			faces = append(faces, found...)
		}
		if faces = suppress(faces); len(near) > 1 {
			sort.SliceStable(faces, func(i, j int) bool { return faces[i].Box.Area() > faces[j].Box.Area() })
		}
		assess(faces, bgr)
		return nil
	})
	return faces, err
}

// assess judges faces that were found in a picture.
func assess(faces []facegate.Face, bgr *gocv.Mat) {
	for i := range faces {
		crop := upright(bgr, faces[i].Landmarks, 1)
		judge(&faces[i], crop, bgr.Cols(), bgr.Rows())
		crop.Close()
		tidy(&faces[i])
	}
}

// A closeUp is a box and as much around it, as the second look sees it: lookSide px
// wide and high, with black where there is no picture.
type closeUp struct {
	small     gocv.Mat
	k         float64 // px of the close-up for one of the picture
	left, top float64 // where it begins, px of the picture
}

// closeUpOf is false where the box lies outside the picture.
func closeUpOf(bgr *gocv.Mat, b facegate.Box) (closeUp, bool) {
	c, reach := b.Center(), math.Max(b.Width, b.Height)
	l := closeUp{k: lookSide / (2 * reach), left: c.X - reach, top: c.Y - reach}
	r := image.Rect(int(l.left), int(l.top), int(c.X+reach)+1, int(c.Y+reach)+1).Intersect(image.Rect(0, 0, bgr.Cols(), bgr.Rows()))
	if r.Empty() {
		return l, false
	}
	part := bgr.Region(r)
	defer part.Close()
	size := image.Pt(max(1, int(math.Round(float64(r.Dx())*l.k))), max(1, int(math.Round(float64(r.Dy())*l.k))))
	small := scaled(part, size)
	defer small.Close()
	// What lies outside the photo is black, so that the face stays in the middle.
	left, top := int(math.Round((float64(r.Min.X)-l.left)*l.k)), int(math.Round((float64(r.Min.Y)-l.top)*l.k))
	left, top = max(0, min(left, lookSide-1)), max(0, min(top, lookSide-1))
	l.small = gocv.NewMat()
	gocv.CopyMakeBorder(small, &l.small, top, max(0, lookSide-top-size.Y), left, max(0, lookSide-left-size.X), gocv.BorderConstant, color.RGBA{})
	return l, true
}

func (c *closeUp) close() { c.small.Close() }

// around are the faces that may be the one that was in the box: not those beside
// it, which a second look has not confirmed.
func around(y *yunet, bgr *gocv.Mat, b facegate.Box) ([]facegate.Face, error) {
	c, ok := closeUpOf(bgr, b)
	if !ok {
		return nil, nil
	}
	defer c.close()
	rows, err := y.detect(&c.small)
	if err != nil {
		return nil, err
	}
	faces := facesIn(bgr, rows, c.k, c.k, c.left, c.top)
	return slices.DeleteFunc(faces, func(f facegate.Face) bool { return f.Box.IoU(b) < followIoU }), nil
}
