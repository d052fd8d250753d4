package camera

import (
	"image"
	"math"
	"time"

	"gocv.io/x/gocv"
)

// The small grey picture in which movement and cuts are looked for.
const (
	glanceWidth = 160 // px
	cutWidth    = 8   // px: what moves through the picture stays within a pixel or two

	movedBy    = 18    // grey levels by which a pixel has to differ from the background
	movedShare = 0.002 // of all pixels; a face of 24 px in 640 is 0.25%
	backdrop   = 0.08  // share of a picture that goes into the background
	alertFor   = 2 * time.Second
	lookAnyway = 10 * time.Second // so that somebody who came while nothing seemed to move is found

	cutWithin = 150 * time.Millisecond // pictures farther apart show other things without a cut
	sameScene = 0.3                    // correlation of two looks below which they show different scenes
	plain     = 3.0                    // grey levels of deviation below which a picture shows nothing to compare
)

// A glance watches for movement and for cuts, on a small grey copy of pictures.
// It is used by one goroutine; close frees it.
type glance struct {
	small, grey, blurred, background, difference gocv.Mat
	moved, looked, compared                      time.Time
	scene                                        []float64 // of the picture before, mean zero and norm one; nil: none or plain
}

func newGlance() *glance {
	return &glance{small: gocv.NewMat(), grey: gocv.NewMat(), blurred: gocv.NewMat(), background: gocv.NewMat(), difference: gocv.NewMat()}
}

func (g *glance) close() {
	for _, m := range []*gocv.Mat{&g.small, &g.grey, &g.blurred, &g.background, &g.difference} {
		m.Close()
	}
}

// take makes the small grey copy of a BGR picture.
func (g *glance) take(bgr *gocv.Mat) {
	w := min(glanceWidth, bgr.Cols())
	h := max(1, bgr.Rows()*w/bgr.Cols())
	// Four samples a pixel are enough, and cost the same for every size of picture.
	gocv.Resize(*bgr, &g.small, image.Pt(2*w, 2*h), 0, 0, gocv.InterpolationNearestNeighbor)
	gocv.Resize(g.small, &g.small, image.Pt(w, h), 0, 0, gocv.InterpolationArea)
	gocv.CvtColor(g.small, &g.grey, gocv.ColorBGRToGray)
}

// movement reports whether something moves in the picture taken last, or did
// within alertFor, or nobody looked for lookAnyway.
func (g *glance) movement(at time.Time) bool {
	gocv.GaussianBlur(g.grey, &g.blurred, image.Pt(5, 5), 0, 0, gocv.BorderDefault)
	if g.background.Rows() != g.blurred.Rows() || g.background.Cols() != g.blurred.Cols() {
		g.blurred.CopyTo(&g.background)
		g.moved = at
	}
	gocv.AbsDiff(g.blurred, g.background, &g.difference)
	gocv.Threshold(g.difference, &g.difference, movedBy, 255, gocv.ThresholdBinary)
	if n := gocv.CountNonZero(g.difference); float64(n) >= movedShare*float64(g.difference.Total()) {
		g.moved = at
	}
	gocv.AddWeighted(g.background, 1-backdrop, g.blurred, backdrop, 0.5, &g.background)
	if at.Sub(g.moved) <= alertFor || at.Sub(g.looked) >= lookAnyway {
		g.looked = at
		return true
	}
	return false
}

// cut reports whether the picture taken last seems to show another scene than the
// one before: their grey values do not go together. A light that is switched leaves
// the correlation high, other content does not; a camera that swings round may be
// taken for a cut. Pictures on their own are compared however far apart they are.
func (g *glance) cut(at time.Time, alone bool) bool {
	since := at.Sub(g.compared)
	g.compared = at
	h := max(1, g.grey.Rows()*cutWidth/g.grey.Cols())
	gocv.Resize(g.grey, &g.small, image.Pt(cutWidth, h), 0, 0, gocv.InterpolationArea)
	pixels, err := g.small.DataPtrUint8()
	if err != nil {
		return false
	}
	before := g.scene
	g.scene = standardised(pixels)
	if before == nil || g.scene == nil || since > cutWithin && !alone {
		return false
	}
	if len(before) != len(g.scene) {
		return true
	}
	var correlation float64
	for i, v := range g.scene {
		correlation += v * before[i]
	}
	return correlation < sameScene
}

// standardised is grey values with mean zero and norm one; nil for plain pictures.
func standardised(grey []uint8) []float64 {
	var mean, square float64
	for _, v := range grey {
		mean += float64(v)
	}
	mean /= float64(len(grey))
	out := make([]float64, len(grey))
	for i, v := range grey {
		out[i] = float64(v) - mean
		square += out[i] * out[i]
	}
	norm := math.Sqrt(square)
	if norm < plain*math.Sqrt(float64(len(grey))) {
		return nil
	}
	for i := range out {
		out[i] /= norm
	}
	return out
}
