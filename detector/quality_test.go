package detector

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"gocv.io/x/gocv"

	"facegate"
)

// A good photo is made worse, step by step. Its quality must follow, and the
// reason must be named.
func TestQualityFallsAsAPhotoGetsWorse(t *testing.T) {
	const name = "people/obama/obama.jpg"
	good := picture(t, name)
	face := onlyFace(t, name)
	b := face.Box
	if face.Quality.Overall < 0.9 || len(face.Quality.Reasons) != 0 {
		t.Fatalf("quality of the good photo: %+v", face.Quality)
	}
	scaled := func(alpha, beta float64) func(gocv.Mat, *gocv.Mat) {
		return func(m gocv.Mat, out *gocv.Mat) {
			m.ConvertToWithParams(out, gocv.MatTypeCV8UC3, float32(alpha), float32(beta))
		}
	}
	type step = func(m gocv.Mat, out *gocv.Mat)
	tests := []struct {
		name   string
		reason string
		steps  []step
	}{
		{"blurred", "blurred", each([]float64{0.02, 0.04, 0.06, 0.08, 0.11}, func(k float64) step {
			return func(m gocv.Mat, out *gocv.Mat) {
				gocv.GaussianBlur(m, out, image.Pt(0, 0), k*b.Width, k*b.Width, gocv.BorderDefault)
			}
		})},
		{"dark", "too dark", each([]float64{0.6, 0.4, 0.25, 0.15, 0.1}, func(k float64) step { return scaled(k, 0) })},
		{"bright", "too bright", each([]float64{40, 80, 120, 160, 200}, func(k float64) step { return scaled(1, k) })},
		{"without contrast", "little contrast", each([]float64{0.5, 0.25, 0.15, 0.1, 0.06}, func(k float64) step { return scaled(k, 128*(1-k)) })},
		{"small", "small", each([]float64{100, 70, 50, 35, 24}, func(px float64) step {
			return func(m gocv.Mat, out *gocv.Mat) {
				k := px / b.Width
				gocv.Resize(m, out, image.Pt(int(float64(m.Cols())*k), int(float64(m.Rows())*k)), 0, 0, gocv.InterpolationArea)
			}
		})},
		{"cut by the left border", "cut off", each([]float64{-0.2, 0.1, 0.2, 0.3, 0.4}, func(k float64) step {
			return part(func(r *image.Rectangle) { r.Min.X = int(b.X + k*b.Width) })
		})},
		{"cut by the lower border", "cut off", each([]float64{0, 0.15, 0.25, 0.3, 0.35}, func(k float64) step {
			return part(func(r *image.Rectangle) { r.Max.Y = int(b.Y + (1-k)*b.Height) })
		})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			last, named, least := face.Quality.Overall, false, 1.0
			for i, do := range tt.steps {
				worse := gocv.NewMat()
				do(good, &worse)
				a := analyse(t, opencvFile(t, worse, gocv.PNGFileExt, gocv.IMWritePngCompression, 1), facegate.AnalyseOptions{})
				worse.Close()
				if len(a.Faces) == 0 && named {
					break // beyond recognition
				}
				if len(a.Faces) != 1 {
					t.Fatalf("step %d: %d faces", i, len(a.Faces))
				}
				q := a.Faces[0].Quality
				t.Logf("step %d: %.3f %q (size %.0f, sharpness %.1f, brightness %.2f, contrast %.2f)", i, q.Overall, q.Reasons, q.Size, q.Sharpness, q.Brightness, q.Contrast)
				if q.Overall > last+0.05 {
					t.Errorf("step %d: quality %.3f, and %.3f before", i, q.Overall, last)
				}
				if (q.Overall < warnBelow) != (len(q.Reasons) > 0) {
					t.Errorf("step %d: quality %.3f with reasons %q", i, q.Overall, q.Reasons)
				}
				named = named || slices.ContainsFunc(q.Reasons, func(r string) bool { return strings.Contains(r, tt.reason) })
				last, least = q.Overall, math.Min(least, q.Overall)
			}
			if !named || least >= warnBelow {
				t.Errorf("quality fell to %.3f; %q was not named", least, tt.reason)
			}
		})
	}
}

func each[S any](values []float64, step func(float64) S) (steps []S) {
	for _, v := range values {
		steps = append(steps, step(v))
	}
	return steps
}

// part cuts a rectangle out of a picture.
func part(change func(*image.Rectangle)) func(gocv.Mat, *gocv.Mat) {
	return func(m gocv.Mat, out *gocv.Mat) {
		r := image.Rect(0, 0, m.Cols(), m.Rows())
		change(&r)
		view := m.Region(r.Intersect(image.Rect(0, 0, m.Cols(), m.Rows())))
		defer view.Close()
		view.CopyTo(out)
	}
}

// judged is the quality of a face with these landmarks in a sharp picture.
func judged(l facegate.Landmarks, score float64) facegate.Quality {
	px := make([]byte, 3*cropSide*cropSide)
	for i := range px {
		px[i] = uint8(70 + (i/3%cropSide*7+i/3/cropSide*13)%120)
	}
	noise, err := gocv.NewMatFromBytes(cropSide, cropSide, gocv.MatTypeCV8UC3, px)
	if err != nil {
		panic(err)
	}
	defer noise.Close()
	f := facegate.Face{Box: facegate.Box{X: 250, Y: 130, Width: 180, Height: 230}, Score: score, Landmarks: l}
	judge(&f, noise, 640, 480)
	return f.Quality
}

func TestQualityOfHeadsThatAreTurned(t *testing.T) {
	if q := judged(seen(0, 0, 0, 80), 0.95); q.Overall < 0.99 || len(q.Reasons) != 0 {
		t.Fatalf("a head that looks into the camera: %+v", q)
	}
	for _, tt := range []struct {
		yaw, pitch float64
		reason     string
	}{{60, 0, "looks to the side"}, {-60, 0, "looks to the side"}, {0, 55, "looks up or down"}, {0, -55, "looks up or down"}} {
		t.Run(fmt.Sprintf("%.0f %.0f", tt.yaw, tt.pitch), func(t *testing.T) {
			q, half := judged(seen(tt.yaw, tt.pitch, 0, 80), 0.95), judged(seen(tt.yaw*0.75, tt.pitch*0.75, 0, 80), 0.95)
			if q.Overall >= half.Overall || half.Overall > 1 {
				t.Errorf("quality %.2f, and %.2f with the head turned by three quarters of that", q.Overall, half.Overall)
			}
			if !slices.ContainsFunc(q.Reasons, func(r string) bool { return strings.Contains(r, tt.reason) }) {
				t.Errorf("reasons %q, want one that says %q", q.Reasons, tt.reason)
			}
		})
	}
	for _, roll := range []float64{-90, 30, 170} { // the crop is upright whatever the roll
		if q := judged(seen(0, 0, roll, 80), 0.95); q.Overall < 0.99 {
			t.Errorf("a head tilted by %.0f degrees: %+v", roll, q)
		}
	}
	if q := judged(seen(0, 0, 0, 80), 0.6); q.Overall > 0.5 || !slices.Contains(q.Reasons, "the face is not clearly visible") {
		t.Errorf("a face YuNet is not sure of: %+v", q)
	}
}

func TestQualityIsInItsRanges(t *testing.T) {
	for _, name := range []string{"idols/pristin.jpg", "probes/obama_and_biden.jpg", "odd/obama_partial_face.jpg", "odd/obama_partial_face2.jpg", "odd/32bit.png", "probes/obama_small.jpg"} {
		for i, f := range analyse(t, photo(t, name), facegate.AnalyseOptions{}).Faces {
			q := f.Quality
			if !(q.Overall >= 0 && q.Overall <= 1 && q.Size > 0 && q.Sharpness >= 0 && q.Brightness >= 0 && q.Brightness <= 1 &&
				q.Contrast >= 0 && q.Contrast <= 0.5 && math.Abs(q.Yaw) <= 90 && math.Abs(q.Pitch) <= 90 && math.Abs(q.Roll) <= 180) || q.Reasons == nil {
				t.Errorf("%s, face %d: %+v", name, i, q)
			}
		}
	}
}

// The first needs no photo: a grey crop of known brightness.
func TestTexture(t *testing.T) {
	flat := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(51, 51, 51, 0), cropSide, cropSide, gocv.MatTypeCV8UC3)
	defer flat.Close()
	if s, m, d := texture(flat); s != 0 || math.Abs(m-0.2) > 1e-9 || d != 0 {
		t.Errorf("a flat grey: sharpness %v, mean %v, deviation %v, want 0, 0.2, 0", s, m, d)
	}
	half := flat.Region(image.Rect(0, 0, cropSide/2, cropSide)) // a vertical edge
	gocv.Rectangle(&half, image.Rect(0, 0, cropSide, cropSide), color.RGBA{R: 204, G: 204, B: 204}, -1)
	half.Close()
	s, m, d := texture(flat)
	if math.Abs(m-0.5) > 0.02 || math.Abs(d-0.3) > 0.01 || s <= 0 {
		t.Errorf("half dark, half bright: sharpness %v, mean %v, deviation %v, want mean 0.5, deviation 0.3", s, m, d)
	}
}
