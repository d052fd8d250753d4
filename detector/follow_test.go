package detector

import (
	"testing"

	"facegate"
)

// A face is found again where it was, and where it moved a little, as a look at all
// of the picture finds it; what is elsewhere is not.
func TestFollowFaces(t *testing.T) {
	d := sharedDetector(t)
	for _, name := range []string{"probes/obama-1080p.jpg", "probes/obama-480p.jpg", "probes/obama_and_biden.jpg", "people/rose_leslie/img1.jpg"} {
		m := picture(t, name)
		frame := facegate.Frame{Width: m.Cols(), Height: m.Rows(), Pix: pixels(t, m)}
		all, err := d.DetectFrame(t.Context(), frame)
		if err != nil || len(all) == 0 {
			t.Fatal(name, err)
		}
		var near []facegate.Box
		for _, f := range all {
			for _, move := range []float64{0, -0.25, 0.25} {
				b := f.Box
				b.X, b.Y = b.X+move*b.Width, b.Y-move*b.Height/2
				near = append(near, b)
				found, err := d.FollowFaces(t.Context(), frame, []facegate.Box{b})
				if err != nil {
					t.Fatal(err)
				}
				best := facegate.Face{}
				for _, g := range found {
					if g.Box.IoU(f.Box) > best.Box.IoU(f.Box) {
						best = g
					}
				}
				if best.Box.IoU(f.Box) < 0.65 || best.Score < 0.8 || best.Embedding != nil || best.Quality.Size == 0 {
					t.Errorf("%s: the face at %+v, moved by %v: %+v", name, f.Box, move, best)
					continue
				}
				if err := d.EmbedFace(t.Context(), frame, &f); err != nil {
					t.Fatal(err)
				}
				if err := d.EmbedFace(t.Context(), frame, &best); err != nil {
					t.Fatal(err)
				}
				if f.Quality.Overall > 0.6 && best.Embedding.Distance(f.Embedding) > 0.3 {
					t.Errorf("%s: moved by %v the embedding is %.2f away", name, move, best.Embedding.Distance(f.Embedding))
				}
			}
		}
		together, err := d.FollowFaces(t.Context(), frame, near)
		if err != nil || len(together) != len(all) {
			t.Errorf("%s: %d faces of %d, each looked for three times (%v)", name, len(together), len(all), err)
		}
		for i := 1; i < len(together); i++ {
			if together[i].Box.Area() > together[i-1].Box.Area() {
				t.Errorf("%s: the largest is not the first", name)
			}
		}
		for _, empty := range []facegate.Box{{X: 0, Y: 0, Width: 20, Height: 20}, {X: -500, Y: -500, Width: 100, Height: 100}, {X: 5000, Y: 10, Width: 50, Height: 50}} {
			if found, err := d.FollowFaces(t.Context(), frame, []facegate.Box{empty}); err != nil || len(found) > 0 {
				t.Errorf("%s: at %+v: %+v %v", name, empty, found, err)
			}
		}
	}
	if _, err := d.FollowFaces(t.Context(), facegate.Frame{Width: 2, Height: 2, Pix: make([]byte, 11)}, nil); err == nil {
		t.Error("a frame that is too short was taken")
	}
}
