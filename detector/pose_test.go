package detector

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"testing"

	"gocv.io/x/gocv"

	"facegate"
)

// seen is the model of a head as a camera far away sees it: turned by the angles
// of facegate.Quality, in degrees, in the order pitch, yaw, roll.
func seen(yaw, pitch, roll, scale float64) facegate.Landmarks {
	const rad = math.Pi / 180
	sy, cy := math.Sincos(yaw * rad)
	sp, cp := math.Sincos(pitch * rad)
	sr, cr := math.Sincos(roll * rad)
	var p [5]facegate.Point
	for i, m := range faceModel {
		x, y, z := m[0], m[1], m[2]
		y, z = y*cp-z*sp, y*sp+z*cp // what is in front rises when the head looks up
		x = x*cy + z*sy             // and goes to the viewer's right when it turns to its own left
		x, y = x*cr-y*sr, x*sr+y*cr // clockwise, as y points down
		p[i] = facegate.Point{X: 300 + scale*x, Y: 200 + scale*y}
	}
	return landmarks(p)
}

func TestPoseOfKnownHeads(t *testing.T) {
	for yaw := -60.0; yaw <= 60; yaw += 20 {
		for pitch := -40.0; pitch <= 40; pitch += 20 {
			for _, roll := range []float64{-150, -45, -10, 0, 10, 45, 90} {
				y, p, r := pose(seen(yaw, pitch, roll, 80))
				if math.Abs(y-yaw) > 1 || math.Abs(p-pitch) > 1 || math.Abs(r-roll) > 1 {
					t.Errorf("yaw, pitch, roll %.1f %.1f %.1f, want %.0f %.0f %.0f", y, p, r, yaw, pitch, roll)
				}
			}
		}
	}
}

// Landmarks are off by a few hundredths of the distance between the eyes.
func TestPoseBearsNoise(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, want := range [][3]float64{{0, 0, 0}, {30, 0, 0}, {-30, 15, 10}, {10, -25, -20}} {
		var sum [3]float64
		const n = 500
		for range n {
			p := points(seen(want[0], want[1], want[2], 1))
			for i := range p {
				p[i].X, p[i].Y = p[i].X+0.02*rnd.NormFloat64(), p[i].Y+0.02*rnd.NormFloat64()
			}
			y, pi, r := pose(landmarks(p))
			for k, v := range []float64{y, pi, r} {
				sum[k] += math.Abs(v-want[k]) / n
			}
		}
		if sum[0] > 6 || sum[1] > 8 || sum[2] > 2 {
			t.Errorf("head %v: yaw, pitch, roll are off by %.1f, %.1f, %.1f on average", want, sum[0], sum[1], sum[2])
		}
	}
}

func TestPoseOfPointsThatAreNoFace(t *testing.T) {
	for i, p := range [][5]facegate.Point{{}, {{X: 1}, {X: 2}, {X: 3}, {X: 4}, {X: 5}}, {{Y: 1}, {Y: 2}, {Y: 3}, {Y: 4}, {Y: 5}}} {
		y, pi, r := pose(landmarks(p))
		for _, v := range []float64{y, pi, r} {
			if math.IsNaN(v) || math.Abs(v) > 180 {
				t.Errorf("case %d: yaw, pitch, roll %v %v %v", i, y, pi, r)
			}
		}
	}
}

// On a photo: a mirror turns yaw and roll to the other side, and a tilted photo
// tilts the head alone.
func TestPoseOfAPhotoMirroredAndTilted(t *testing.T) {
	for _, name := range []string{"people/obama/obama.jpg", "people/biden/biden.jpg", "people/kit_harington/john1.jpeg", "probes/obama-480p.jpg"} {
		t.Run(name, func(t *testing.T) {
			m := picture(t, name)
			q := onlyFace(t, name).Quality
			near := func(what string, got, want, within float64) {
				t.Helper()
				if math.Abs(got-want) > within {
					t.Errorf("%s: %.1f degrees, want about %.1f", what, got, want)
				}
			}

			mirrored := gocv.NewMat()
			defer mirrored.Close()
			gocv.Flip(m, &mirrored, 1)
			a := analyse(t, opencvFile(t, mirrored, gocv.JPEGFileExt), facegate.AnalyseOptions{})
			if len(a.Faces) != 1 {
				t.Fatalf("%d faces in the mirror", len(a.Faces))
			}
			near("yaw in the mirror", a.Faces[0].Quality.Yaw, -q.Yaw, 8)
			near("pitch in the mirror", a.Faces[0].Quality.Pitch, q.Pitch, 8)
			near("roll in the mirror", a.Faces[0].Quality.Roll, -q.Roll, 4)

			for _, angle := range []float64{-25, 15} {
				t.Run(fmt.Sprint(angle), func(t *testing.T) {
					tilted := gocv.NewMat()
					defer tilted.Close()
					turn := gocv.GetRotationMatrix2D(image.Pt(m.Cols()/2, m.Rows()/2), -angle, 0.7) // OpenCV turns counter-clockwise
					defer turn.Close()
					gocv.WarpAffineWithParams(m, &tilted, turn, image.Pt(m.Cols(), m.Rows()), gocv.InterpolationLinear, gocv.BorderConstant, color.RGBA{})
					a := analyse(t, opencvFile(t, tilted, gocv.JPEGFileExt), facegate.AnalyseOptions{})
					if len(a.Faces) != 1 {
						t.Fatalf("%d faces in the tilted photo", len(a.Faces))
					}
					near("roll", a.Faces[0].Quality.Roll, q.Roll+angle, 10) // YuNet leans towards upright faces
					near("yaw", a.Faces[0].Quality.Yaw, q.Yaw, 16)
					near("pitch", a.Faces[0].Quality.Pitch, q.Pitch, 16)
				})
			}
		})
	}
}
