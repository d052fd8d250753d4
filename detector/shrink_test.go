package detector

import (
	"image"
	"math"
	"testing"

	"gocv.io/x/gocv"
)

// A picture that gets brighter from left to right and from top to bottom shows
// where each pixel of the small one comes from.
func TestShrinkTellsItsScale(t *testing.T) {
	for _, tt := range []struct {
		from, to image.Point
		spare    int
	}{
		{image.Pt(1920, 1080), image.Pt(640, 360), 2}, {image.Pt(2047, 1535), image.Pt(160, 120), 2}, {image.Pt(2047, 1535), image.Pt(160, 120), 1},
		{image.Pt(101, 77), image.Pt(9, 7), 1}, {image.Pt(640, 640), image.Pt(160, 160), 1}, {image.Pt(50, 40), image.Pt(100, 80), 1},
		{image.Pt(3000, 5), image.Pt(640, 1), 2}, {image.Pt(1, 900), image.Pt(1, 160), 1},
	} {
		px := make([]byte, 0, 3*tt.from.X*tt.from.Y)
		for y := range tt.from.Y {
			for x := range tt.from.X {
				px = append(px, uint8(255*x/tt.from.X), uint8(255*y/tt.from.Y), 77)
			}
		}
		m, err := gocv.NewMatFromBytes(tt.from.Y, tt.from.X, gocv.MatTypeCV8UC3, px)
		if err != nil {
			t.Fatal(err)
		}
		out, sx, sy := shrink(m, tt.to, tt.spare)
		got := pixels(t, out)
		if out.Cols() != tt.to.X || out.Rows() != tt.to.Y {
			t.Errorf("%v to %v: became %d x %d", tt.from, tt.to, out.Cols(), out.Rows())
		}
		out.Close()
		m.Close()
		// Halving may leave out a row of each size, so the scale is near the ratio.
		if r := sx * float64(tt.from.X) / float64(tt.to.X); r < 1 || r > 1.08 {
			t.Errorf("%v to %v: scale %v", tt.from, tt.to, sx)
		}
		for i := 0; i < len(got); i += 3 * max(1, len(got)/3000) {
			x, y := float64(i/3%tt.to.X)+0.5, float64(i/3/tt.to.X)+0.5
			wantX, wantY := 255*(x/sx-0.5)/float64(tt.from.X), 255*(y/sy-0.5)/float64(tt.from.Y)
			if math.Abs(float64(got[i])-wantX) > 2+128/float64(tt.from.X) || math.Abs(float64(got[i+1])-wantY) > 2+128/float64(tt.from.Y) || got[i+2] != 77 {
				t.Fatalf("%v to %v, spare %d: pixel %.1f,%.1f is %v, want %.1f %.1f", tt.from, tt.to, tt.spare, x, y, got[i:i+3], wantX, wantY)
			}
		}
	}
}
