package detector

import (
	"image"
	"image/color"
	"math"

	"gocv.io/x/gocv"

	"facegate"
)

// meanShape is where the five landmarks lie in a face whose eyes are at (0,0)
// and (1,0): the mean of YuNet's answers on 3,773 photos of Labeled Faces in
// the Wild.
var meanShape = [5]facegate.Point{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 0.506, Y: 0.598}, {X: 0.064, Y: 1.054}, {X: 0.920, Y: 1.055}}

func points(l facegate.Landmarks) [5]facegate.Point {
	return [5]facegate.Point{l.RightEye, l.LeftEye, l.Nose, l.MouthRight, l.MouthLeft}
}

// A similarity maps (x, y) to (a x - b y + tx, b x + a y + ty).
type similarity struct{ a, b, tx, ty float64 }

func (s similarity) apply(p facegate.Point) facegate.Point {
	return facegate.Point{X: s.a*p.X - s.b*p.Y + s.tx, Y: s.b*p.X + s.a*p.Y + s.ty}
}

func (s similarity) scale() float64 { return math.Hypot(s.a, s.b) }

// fit is the least-squares similarity that maps from onto to (Umeyama,
// "Least-squares estimation of transformation parameters between two point
// patterns", 1991; in two dimensions it has a closed form).
func fit(from, to [5]facegate.Point) similarity {
	var cf, ct facegate.Point
	for i := range from {
		cf.X, cf.Y = cf.X+from[i].X/5, cf.Y+from[i].Y/5
		ct.X, ct.Y = ct.X+to[i].X/5, ct.Y+to[i].Y/5
	}
	var dot, cross, norm float64
	for i := range from {
		fx, fy, gx, gy := from[i].X-cf.X, from[i].Y-cf.Y, to[i].X-ct.X, to[i].Y-ct.Y
		dot += fx*gx + fy*gy
		cross += fx*gy - fy*gx
		norm += fx*fx + fy*fy
	}
	if norm == 0 {
		norm = 1
	}
	s := similarity{a: dot / norm, b: cross / norm}
	s.tx = ct.X - s.a*cf.X + s.b*cf.Y
	s.ty = ct.Y - s.b*cf.X - s.a*cf.Y
	return s
}

// misfit is how far the landmarks are from the shape of a face after the best
// similarity: the root mean square error in units of the distance between the
// eyes of the fitted face. Faces turned by 60 degrees reach about 0.3.
func misfit(l facegate.Landmarks) float64 {
	p := points(l)
	s := fit(meanShape, p)
	var sum float64
	for i, m := range meanShape {
		q := s.apply(m)
		sum += (q.X-p[i].X)*(q.X-p[i].X) + (q.Y-p[i].Y)*(q.Y-p[i].Y)
	}
	return math.Sqrt(sum/5) / math.Max(s.scale(), 1e-9)
}

// The upright crop that is embedded, kept as a sample's thumbnail and judged for
// quality.
const (
	cropSide = 225  // px
	cropEyes = 64.0 // px between the eyes of an average face in the crop
)

// upright cuts the face out of bgr so that its eyes are level and its mean shape
// lies in the crop in the same way for every face. The crop has cropSide times
// size pixels a side. What lies outside the photo repeats its border. The caller
// closes it.
func upright(bgr *gocv.Mat, l facegate.Landmarks, size float64) gocv.Mat {
	side := int(math.Round(cropSide * size))
	half, eyes := float64(side)/2, cropEyes*size
	var canonical [5]facegate.Point
	for i, m := range meanShape { // the middle of the shape in the middle of the crop
		canonical[i] = facegate.Point{X: half + (m.X-0.5)*eyes, Y: half + (m.Y-0.52)*eyes}
	}
	s := fit(points(l), canonical)
	k := s.scale()
	if !(k > 0) || math.IsInf(k, 0) {
		return gocv.NewMatWithSize(side, side, gocv.MatTypeCV8UC3)
	}

	// The part of the photo that the crop shows, with a margin for interpolation.
	reach := half / k * math.Sqrt2
	mid := invert(s, facegate.Point{X: half, Y: half})
	r := image.Rect(int(mid.X-reach)-2, int(mid.Y-reach)-2, int(mid.X+reach)+3, int(mid.Y+reach)+3).
		Intersect(image.Rect(0, 0, bgr.Cols(), bgr.Rows()))
	if r.Empty() {
		return gocv.NewMatWithSize(side, side, gocv.MatTypeCV8UC3)
	}
	part := bgr.Region(r)
	defer part.Close()
	src, fx, fy := &part, 1.0, 1.0
	if k < 0.6 { // bilinear interpolation would alias: shrink by area first
		to := image.Pt(max(1, int(math.Round(float64(r.Dx())*k))), max(1, int(math.Round(float64(r.Dy())*k))))
		small := scaled(part, to)
		defer small.Close()
		src, fx, fy = &small, float64(to.X)/float64(r.Dx()), float64(to.Y)/float64(r.Dy())
	}
	// s after undoing the cut and the shrinking: p = q/f + r.Min. Pixel centres lie at half-integers.
	m := gocv.NewMatWithSize(2, 3, gocv.MatTypeCV64F)
	defer m.Close()
	minX, minY := float64(r.Min.X)+0.5/fx-0.5, float64(r.Min.Y)+0.5/fy-0.5
	m.SetDoubleAt(0, 0, s.a/fx)
	m.SetDoubleAt(0, 1, -s.b/fy)
	m.SetDoubleAt(0, 2, s.a*minX-s.b*minY+s.tx)
	m.SetDoubleAt(1, 0, s.b/fx)
	m.SetDoubleAt(1, 1, s.a/fy)
	m.SetDoubleAt(1, 2, s.b*minX+s.a*minY+s.ty)
	out := gocv.NewMat()
	gocv.WarpAffineWithParams(*src, &out, m, image.Pt(side, side), gocv.InterpolationLinear, gocv.BorderReplicate, color.RGBA{})
	return out
}

func invert(s similarity, p facegate.Point) facegate.Point {
	k2 := s.a*s.a + s.b*s.b
	x, y := p.X-s.tx, p.Y-s.ty
	return facegate.Point{X: (s.a*x + s.b*y) / k2, Y: (s.a*y - s.b*x) / k2}
}
