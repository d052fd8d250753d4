package detector

import (
	"image"
	"image/color"
	"testing"

	"gocv.io/x/gocv"
)

// noise is a picture whose every pixel differs from its neighbours.
func noise(t *testing.T, w, h int) gocv.Mat {
	t.Helper()
	px := make([]byte, 3*w*h)
	for i := range px {
		px[i] = byte(uint32(i) * 2654435761 >> 23)
	}
	m, err := gocv.NewMatFromBytes(h, w, gocv.MatTypeCV8UC3, px)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// OpenCV's average over areas is the measure: the same but for what lies at the
// edge between two levels.
func TestScaledAveragesOverAreas(t *testing.T) {
	for _, tt := range []struct{ from, to image.Point }{
		{image.Pt(1920, 1080), image.Pt(640, 360)}, {image.Pt(2047, 1535), image.Pt(160, 120)}, {image.Pt(853, 480), image.Pt(640, 360)},
		{image.Pt(101, 77), image.Pt(9, 7)}, {image.Pt(640, 640), image.Pt(160, 160)}, {image.Pt(640, 641), image.Pt(639, 640)},
		{image.Pt(160, 160), image.Pt(160, 160)}, {image.Pt(640, 480), image.Pt(320, 240)}, {image.Pt(3000, 5), image.Pt(640, 1)},
		{image.Pt(1, 900), image.Pt(1, 160)}, {image.Pt(7, 5), image.Pt(1, 1)}, {image.Pt(1, 1), image.Pt(1, 1)},
	} {
		m := noise(t, tt.from.X, tt.from.Y)
		want := gocv.NewMat()
		defer want.Close()
		gocv.Resize(m, &want, tt.to, 0, 0, gocv.InterpolationArea)
		// What is a part of a larger picture is not continuous in memory.
		framed := gocv.NewMat()
		defer framed.Close()
		gocv.CopyMakeBorder(m, &framed, 3, 4, 5, 6, gocv.BorderReplicate, color.RGBA{})
		part := framed.Region(image.Rectangle{Max: tt.from}.Add(image.Pt(5, 3)))
		defer part.Close()
		for name, from := range map[string]gocv.Mat{"whole": m, "part": part} {
			out := scaled(from, tt.to)
			got, should := pixels(t, out), pixels(t, want)
			if out.Cols() != tt.to.X || out.Rows() != tt.to.Y {
				t.Errorf("%s %v to %v: became %d x %d", name, tt.from, tt.to, out.Cols(), out.Rows())
			}
			out.Close()
			differ := 0
			for i := range should {
				switch d := int(got[i]) - int(should[i]); {
				case d < -1 || d > 1:
					t.Fatalf("%s %v to %v: value %d is %d, want %d", name, tt.from, tt.to, i, got[i], should[i])
				case d != 0:
					differ++
				}
			}
			if 500*differ > len(should)+499 {
				t.Errorf("%s %v to %v: %d of %d values are off by one", name, tt.from, tt.to, differ, len(should))
			}
		}
	}
}

// What shrink does not take goes another way, with the same outcome for callers.
func TestScaledTakesWhatCannotShrink(t *testing.T) {
	small := noise(t, 50, 40)
	grey := gocv.NewMat()
	defer grey.Close()
	gocv.CvtColor(small, &grey, gocv.ColorBGRToGray)
	for name, tt := range map[string]struct {
		from gocv.Mat
		to   image.Point
	}{"larger": {small, image.Pt(100, 80)}, "wider": {small, image.Pt(60, 30)}, "grey": {grey, image.Pt(20, 10)}} {
		out := scaled(tt.from, tt.to)
		if out.Cols() != tt.to.X || out.Rows() != tt.to.Y || out.Type() != tt.from.Type() {
			t.Errorf("%s: became %d x %d of type %v", name, out.Cols(), out.Rows(), out.Type())
		}
		out.Close()
	}
}

func BenchmarkScaled(b *testing.B) {
	for name, size := range map[string]image.Point{"480p": {X: 853, Y: 480}, "1080p": {X: 1920, Y: 1080}, "12 megapixels": {X: 4000, Y: 3000}} {
		m := gocv.NewMatWithSize(size.Y, size.X, gocv.MatTypeCV8UC3)
		defer m.Close()
		to := image.Pt(640, 640*size.Y/size.X)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				out := scaled(m, to)
				out.Close()
			}
		})
		b.Run(name+" by OpenCV", func(b *testing.B) {
			for b.Loop() {
				out := gocv.NewMat()
				gocv.Resize(m, &out, to, 0, 0, gocv.InterpolationArea)
				out.Close()
			}
		})
	}
}
