package detector

import (
	"image"
	"image/color"
	"math"
	"sort"

	"gocv.io/x/gocv"

	"facegate"
)

const (
	tileOverlap = 128 // px two tiles share, so that a small face is whole in one of them
	tileFace    = 96  // px; larger faces are left to the pass over the bounded picture

	leastSide = 64 // px; YuNet fails on pictures that are smaller than its coarsest grid

	minScore  = 0.6 // below, YuNet's answers are not looked at further
	doubt     = 0.3 // YuNet's own threshold: the second look takes less
	lookSide  = 160 // px of the second look's picture
	lookAgain = 0.5 // score that confirms a face
	lookIoU   = 0.4 // and how well the boxes have to agree
)

// find returns the faces of a BGR picture, the largest first: box, landmarks and
// score, in the picture's pixels.
//
// YuNet sees the picture scaled so that its longer side is at most bound. Where
// that finds nothing the face may fill the picture beyond what YuNet's anchors
// cover, so it looks once more at a quarter of the size, with a margin added.
// With tiles, the picture is also searched at full size, tile by tile.
//
// Each face is confirmed by a second look (see confirmed): YuNet takes folds and
// shadows for faces now and then, with a score of 1.00 at that.
func find(y *yunet, bgr *gocv.Mat, bound int, tiles bool) ([]facegate.Face, error) {
	w, h := bgr.Cols(), bgr.Rows()
	scale := math.Min(1, float64(bound)/float64(max(w, h)))
	faces, err := findScaled(y, bgr, scale, 0)
	if err != nil {
		return nil, err
	}
	if len(faces) == 0 {
		small := math.Min(1, float64(bound)/4/float64(max(w, h)))
		if faces, err = findScaled(y, bgr, small, 0.25); err != nil {
			return nil, err
		}
	}
	if tiles && scale < 1 {
		more, err := findTiles(y, bgr, bound)
		if err != nil {
			return nil, err
		}
		faces = suppress(append(faces, more...))
	}
	kept := faces[:0]
	for _, f := range faces {
		ok, err := confirmed(y, bgr, f.Box)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, f)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].Box.Area() > kept[j].Box.Area() })
	return kept, nil
}

// confirmed looks at the box and as much around it once more, at a size of its
// own, and reports whether YuNet finds the face again. On Labeled Faces in the
// Wild this keeps the main face of all 3,773 photos and drops 142 of 800 others,
// none of them a face one would want named.
func confirmed(y *yunet, bgr *gocv.Mat, b facegate.Box) (bool, error) {
	c, ok := closeUpOf(bgr, b)
	if !ok {
		return false, nil
	}
	defer c.close()
	rows, err := y.detect(&c.small)
	if err != nil {
		return false, err
	}
	want := facegate.Box{X: lookSide/2 - b.Width/2*c.k, Y: lookSide/2 - b.Height/2*c.k, Width: b.Width * c.k, Height: b.Height * c.k}
	for ; len(rows) >= yunetFloats; rows = rows[yunetFloats:] {
		got := facegate.Box{X: float64(rows[0]), Y: float64(rows[1]), Width: float64(rows[2]), Height: float64(rows[3])}
		if float64(rows[14]) >= lookAgain && got.IoU(want) >= lookIoU {
			return true, nil
		}
	}
	return false, nil
}

// findScaled runs YuNet on bgr scaled by scale, with a black margin of that
// share of its longer side around it.
func findScaled(y *yunet, bgr *gocv.Mat, scale, margin float64) ([]facegate.Face, error) {
	in, sx, sy := bgr, 1.0, 1.0
	if scale < 1 {
		size := image.Pt(max(1, int(math.Round(float64(bgr.Cols())*scale))), max(1, int(math.Round(float64(bgr.Rows())*scale))))
		small := scaled(*bgr, size)
		defer small.Close()
		in, sx, sy = &small, float64(size.X)/float64(bgr.Cols()), float64(size.Y)/float64(bgr.Rows())
	}
	pad := int(math.Round(margin * float64(max(in.Cols(), in.Rows()))))
	if right, bottom := max(pad, leastSide-in.Cols()-pad), max(pad, leastSide-in.Rows()-pad); right > 0 || bottom > 0 {
		framed := gocv.NewMat()
		defer framed.Close()
		gocv.CopyMakeBorder(*in, &framed, pad, bottom, pad, right, gocv.BorderConstant, color.RGBA{})
		in = &framed
	}
	rows, err := y.detect(in)
	if err != nil {
		return nil, err
	}
	return facesIn(bgr, rows, sx, sy, -float64(pad)/sx, -float64(pad)/sy), nil
}

// facesIn are the faces that YuNet found in a picture which it saw scaled by sx and
// sy, from left and top of the picture on.
func facesIn(bgr *gocv.Mat, rows []float32, sx, sy, left, top float64) []facegate.Face {
	faces := make([]facegate.Face, 0, len(rows)/yunetFloats)
	for ; len(rows) >= yunetFloats; rows = rows[yunetFloats:] {
		if rows[14] < minScore {
			continue
		}
		at := func(i int) facegate.Point {
			return facegate.Point{X: float64(rows[i])/sx + left, Y: float64(rows[i+1])/sy + top}
		}
		corner := at(0)
		f := facegate.Face{
			Box:   facegate.Box{X: corner.X, Y: corner.Y, Width: float64(rows[2]) / sx, Height: float64(rows[3]) / sy},
			Score: math.Min(1, float64(rows[14])),
			Landmarks: facegate.Landmarks{
				RightEye: at(4), LeftEye: at(6), Nose: at(8), MouthRight: at(10), MouthLeft: at(12),
			},
		}
		if inside(f, bgr.Cols(), bgr.Rows()) {
			faces = append(faces, f)
		}
	}
	return faces
}

// inside drops boxes without area and those whose middle is outside the picture.
func inside(f facegate.Face, w, h int) bool {
	c := f.Box.Center()
	return f.Box.Width >= 1 && f.Box.Height >= 1 && c.X >= 0 && c.Y >= 0 && c.X < float64(w) && c.Y < float64(h)
}

func findTiles(y *yunet, bgr *gocv.Mat, size int) ([]facegate.Face, error) {
	var faces []facegate.Face
	w, h := bgr.Cols(), bgr.Rows()
	for _, top := range starts(h, size) {
		for _, left := range starts(w, size) {
			r := image.Rect(left, top, min(left+size, w), min(top+size, h))
			tile := bgr.Region(r)
			found, err := findScaled(y, &tile, 1, 0)
			tile.Close()
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				if math.Max(f.Box.Width, f.Box.Height) <= tileFace {
					faces = append(faces, shift(f, float64(left), float64(top)))
				}
			}
		}
	}
	return faces, nil
}

// starts are the positions of tiles that cover length with the overlap.
func starts(length, size int) []int {
	var at []int
	for s := 0; ; s += size - tileOverlap {
		if s+size >= length {
			return append(at, max(0, length-size))
		}
		at = append(at, s)
	}
}

func shift(f facegate.Face, dx, dy float64) facegate.Face {
	f.Box.X, f.Box.Y = f.Box.X+dx, f.Box.Y+dy
	l := &f.Landmarks
	for _, p := range []*facegate.Point{&l.RightEye, &l.LeftEye, &l.Nose, &l.MouthRight, &l.MouthLeft} {
		p.X, p.Y = p.X+dx, p.Y+dy
	}
	return f
}

// suppress keeps the surest of boxes that overlap (non-maximum suppression).
func suppress(faces []facegate.Face) []facegate.Face {
	sort.SliceStable(faces, func(i, j int) bool { return faces[i].Score > faces[j].Score })
	var kept []facegate.Face
next:
	for _, f := range faces {
		for _, k := range kept {
			if k.Box.IoU(f.Box) > yunetNMS {
				continue next
			}
		}
		kept = append(kept, f)
	}
	return kept
}
