package detector

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"gocv.io/x/gocv"

	"facegate"
)

func landmarks(p [5]facegate.Point) facegate.Landmarks {
	return facegate.Landmarks{RightEye: p[0], LeftEye: p[1], Nose: p[2], MouthRight: p[3], MouthLeft: p[4]}
}

// turned is a similarity by scale and angle in degrees, and its shift.
func turned(scale, angle, tx, ty float64) similarity {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	return similarity{scale * cos, scale * sin, tx, ty}
}

func mapped(s similarity, p [5]facegate.Point) (out [5]facegate.Point) {
	for i := range p {
		out[i] = s.apply(p[i])
	}
	return out
}

func TestFitRecoversSimilarities(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		want := turned(math.Exp(rnd.NormFloat64()*2), 360*rnd.Float64(), 1000*rnd.NormFloat64(), 1000*rnd.NormFloat64())
		var from [5]facegate.Point
		for i := range from {
			from[i] = facegate.Point{X: 100 * rnd.NormFloat64(), Y: 100 * rnd.NormFloat64()}
		}
		to := mapped(want, from)
		got := fit(from, to)
		for i, p := range from {
			q := got.apply(p)
			if d := math.Hypot(q.X-to[i].X, q.Y-to[i].Y); d > 1e-6*(1+want.scale()*100) {
				t.Fatalf("%+v is %g away from %+v under %+v, fitted to %+v", q, d, to[i], got, want)
			}
			if back := invert(got, q); math.Hypot(back.X-p.X, back.Y-p.Y) > 1e-6*(1+1/want.scale()) {
				t.Fatalf("%+v came back as %+v", p, back)
			}
		}
	}
}

// No other similarity near the fitted one comes closer to points that none fits.
func TestFitIsTheBest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	loss := func(s similarity, to [5]facegate.Point) (sum float64) {
		for i, m := range meanShape {
			q := s.apply(m)
			sum += (q.X-to[i].X)*(q.X-to[i].X) + (q.Y-to[i].Y)*(q.Y-to[i].Y)
		}
		return sum
	}
	for range 200 {
		var to [5]facegate.Point
		for i := range to {
			to[i] = facegate.Point{X: meanShape[i].X*50 + 5*rnd.NormFloat64(), Y: meanShape[i].Y*50 + 5*rnd.NormFloat64()}
		}
		s := fit(meanShape, to)
		least := loss(s, to)
		for range 20 {
			o := similarity{s.a + rnd.NormFloat64()*0.1, s.b + rnd.NormFloat64()*0.1, s.tx + rnd.NormFloat64()*0.1, s.ty + rnd.NormFloat64()*0.1}
			if loss(o, to) < least {
				t.Fatalf("%+v fits better than %+v", o, s)
			}
		}
	}
}

func TestMisfit(t *testing.T) {
	face := mapped(turned(40, 25, 300, 200), meanShape)
	if m := misfit(landmarks(face)); m > 1e-9 {
		t.Errorf("misfit of the mean shape itself: %v", m)
	}
	face[2].X += 40 // the nose beside the eye
	if m := misfit(landmarks(face)); m < 0.2 {
		t.Errorf("misfit with the nose out of place: %v", m)
	}
	if m := misfit(landmarks([5]facegate.Point{})); math.IsNaN(m) || math.IsInf(m, 0) {
		t.Errorf("misfit of points that are one: %v", m)
	}
}

// Each landmark is painted as a dot; where it is in the crop is measured.
func TestUprightPutsLandmarksWhereTheyBelong(t *testing.T) {
	const w, h = 1400, 1100
	for _, eyes := range []float64{12, 30, 64, 110, 300} { // px between the eyes in the photo
		for _, angle := range []float64{0, 7, -35, 90, 180, -120} {
			face := mapped(turned(eyes, angle, w/2, h/2), meanShape)
			for i, p := range face { // dots stand on whole pixels
				face[i] = facegate.Point{X: math.Round(p.X), Y: math.Round(p.Y)}
			}
			for i, m := range meanShape {
				photo := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(0, 0, 0, 0), h, w, gocv.MatTypeCV8UC3)
				gocv.Circle(&photo, image.Pt(int(face[i].X), int(face[i].Y)), max(1, int(eyes*0.08)), color.RGBA{255, 255, 255, 0}, -1)
				for _, size := range []float64{1, 0.75, 1.8} {
					crop := upright(&photo, landmarks(face), size)
					side := int(math.Round(cropSide * size))
					if crop.Cols() != side || crop.Rows() != side {
						t.Fatalf("a crop of %d x %d, want %d", crop.Cols(), crop.Rows(), side)
					}
					got := centroid(t, crop)
					crop.Close()
					want := facegate.Point{X: float64(side)/2 + (m.X-0.5)*cropEyes*size, Y: float64(side)/2 + (m.Y-0.52)*cropEyes*size}
					rounding := math.Sqrt2 / 2 * cropEyes * size / eyes
					if d := math.Hypot(got.X-want.X, got.Y-want.Y); d > rounding+0.5 {
						t.Errorf("eyes %.0f px apart, %.0f degrees, size %.2f: landmark %d is at %.1f,%.1f, want %.1f,%.1f",
							eyes, angle, size, i, got.X, got.Y, want.X, want.Y)
					}
				}
				photo.Close()
			}
		}
	}
}

// centroid is the middle of what is not black.
func centroid(t *testing.T, m gocv.Mat) facegate.Point {
	t.Helper()
	var x, y, sum float64
	for i, v := range pixels(t, m) {
		at := i / 3
		x, y, sum = x+float64(v)*float64(at%m.Cols()), y+float64(v)*float64(at/m.Cols()), sum+float64(v)
	}
	if sum == 0 {
		t.Fatal("the crop is black")
	}
	return facegate.Point{X: x / sum, Y: y / sum}
}

// A face cut by the border is continued with the border's pixels; nothing outside
// the photo is read, wherever the landmarks are.
func TestUprightAtAndBeyondTheBorder(t *testing.T) {
	photo := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(10, 200, 90, 0), 120, 160, gocv.MatTypeCV8UC3)
	defer photo.Close()
	for _, at := range []facegate.Point{{X: 0, Y: 0}, {X: 159, Y: 119}, {X: -30, Y: 60}, {X: 80, Y: 140}} {
		crop := upright(&photo, landmarks(mapped(turned(40, 15, at.X, at.Y), meanShape)), 1)
		px := pixels(t, crop)
		crop.Close()
		for i := 0; i < len(px); i += 3 {
			if px[i] != 10 || px[i+1] != 200 || px[i+2] != 90 {
				t.Fatalf("a face at %+v: pixel %d is %v", at, i/3, px[i:i+3])
			}
		}
	}
	nan, inf := math.NaN(), math.Inf(1)
	for name, l := range map[string]facegate.Landmarks{
		"far away":     landmarks(mapped(turned(40, 15, 1e6, -1e6), meanShape)),
		"in one point": {},
		"enormous":     landmarks(mapped(turned(1e9, 0, 0, 0), meanShape)),
		"tiny":         landmarks(mapped(turned(1e-9, 0, 80, 60), meanShape)),
		"no numbers":   landmarks([5]facegate.Point{{X: nan, Y: nan}, {X: inf}, {}, {}, {}}),
	} {
		t.Run(name, func(t *testing.T) {
			crop := upright(&photo, l, 1)
			defer crop.Close()
			if crop.Cols() != cropSide || crop.Rows() != cropSide {
				t.Errorf("a crop of %d x %d", crop.Cols(), crop.Rows())
			}
		})
	}
}
