package detector

import (
	"fmt"
	"image"
	"math"

	"gocv.io/x/gocv"

	"facegate"
)

// A factor is one way in which a face can be poor: value 0..1 and what to say of
// it when it is below warnBelow.
type factor struct {
	value  float64
	reason string
}

const warnBelow = 0.6

// judge fills in the quality of a face found in a photo of w x h pixels. crop is
// its upright crop at size 1. The overall quality is the weakest factor's: a sharp
// photo does not make up for a face seen from the side.
func judge(f *facegate.Face, crop gocv.Mat, w, h int) {
	sharpness, mean, deviation := texture(crop)
	yaw, pitch, roll := pose(f.Landmarks)
	b := f.Box
	size := math.Min(b.Width, b.Height)
	border := min(b.X, b.Y, float64(w)-b.X-b.Width, float64(h)-b.Y-b.Height)
	cut := outside(f.Landmarks, w, h)

	factors := []factor{
		{ramp(size, 16, 70), fmt.Sprintf("the face is small (%.0f pixels; 70 or more are better)", size)},
		{ramp(sharpness, 2, 18), "the face is blurred"},
		{ramp(mean, 0.06, 0.2), "the face is too dark"},
		{ramp(mean, 0.97, 0.86), "the face is too bright"},
		{ramp(deviation, 0.02, 0.1), "the face has little contrast"},
		{ramp(math.Abs(yaw), 70, 30), fmt.Sprintf("the face looks to the side (about %.0f degrees)", math.Abs(yaw))},
		{ramp(math.Abs(pitch), 65, 30), fmt.Sprintf("the face looks up or down (about %.0f degrees)", math.Abs(pitch))},
		{ramp(cut, 0.25, 0.02), "the face is cut off by the edge of the photo"},
		{ramp(f.Score, 0.5, 0.85), "the face is not clearly visible"},
		{ramp(misfit(f.Landmarks), 0.6, 0.3), "eyes, nose and mouth are not clearly visible"},
	}
	q := facegate.Quality{
		Overall: 1, Size: round(size, 1), Sharpness: round(sharpness, 1), Brightness: round(mean, 3), Contrast: round(deviation, 3),
		Yaw: round(yaw, 1), Pitch: round(pitch, 1), Roll: round(roll, 1), Border: round(border, 1), Reasons: []string{},
	}
	for _, x := range factors {
		q.Overall = math.Min(q.Overall, x.value)
		if x.value < warnBelow {
			q.Reasons = append(q.Reasons, x.reason)
		}
	}
	q.Overall = round(q.Overall, 3)
	f.Quality = q
}

// texture measures the inner part of an upright crop, where the face is: the
// variance of the Laplacian (Pech-Pacheco et al., "Diatom autofocusing in
// brightfield microscopy", 2000), mean and standard deviation of grey in 0..1.
func texture(crop gocv.Mat) (sharpness, mean, deviation float64) {
	side := crop.Cols()
	inner := crop.Region(image.Rect(side*22/100, side*20/100, side*78/100, side*85/100))
	defer inner.Close()
	grey := gocv.NewMat()
	defer grey.Close()
	gocv.CvtColor(inner, &grey, gocv.ColorBGRToGray)
	edges := gocv.NewMat()
	defer edges.Close()
	gocv.Laplacian(grey, &edges, gocv.MatTypeCV64F, 1, 1, 0, gocv.BorderDefault)
	_, d := meanStdDev(edges)
	m, s := meanStdDev(grey)
	return d * d, m / 255, s / 255
}

func meanStdDev(m gocv.Mat) (mean, deviation float64) {
	a, b := gocv.NewMat(), gocv.NewMat()
	defer a.Close()
	defer b.Close()
	gocv.MeanStdDev(m, &a, &b)
	return a.GetDoubleAt(0, 0), b.GetDoubleAt(0, 0)
}

// outside is the share of the face's area that lies outside the photo, 0..1. The
// face is taken from ear to ear and from the hairline to the chin of the mean
// shape, turned as the landmarks are; the box would not tell, since YuNet keeps it
// inside the photo.
func outside(l facegate.Landmarks, w, h int) float64 {
	s := fit(meanShape, points(l))
	const steps = 16
	n := 0
	for i := range steps {
		for j := range steps {
			p := s.apply(facegate.Point{
				X: -0.45 + 1.9*(float64(i)+0.5)/steps,
				Y: -0.55 + 2.3*(float64(j)+0.5)/steps,
			})
			if p.X < 0 || p.Y < 0 || p.X >= float64(w) || p.Y >= float64(h) {
				n++
			}
		}
	}
	return float64(n) / (steps * steps)
}

// ramp is 0 at bad, 1 at good, linear between.
func ramp(v, bad, good float64) float64 { return clamp((v-bad)/(good-bad), 0, 1) }

func round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p)/p + 0 // no negative zero
}
