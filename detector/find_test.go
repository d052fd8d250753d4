package detector

import (
	"image"
	"image/color"
	"math"
	"os"
	"path"
	"path/filepath"
	"testing"

	"gocv.io/x/gocv"

	"facegate"
	"facegate/internal/testfiles"
)

func TestFindsTheFacesThatAreThere(t *testing.T) {
	others := map[string]int{ // photos that do not hold one face
		"probes/kit_with_rose.jpg": 2, "probes/obama_and_biden.jpg": 3, "probes/two_people.jpg": 2, "idols/pristin.jpg": 10,
	}
	dir := testfiles.Photos(t, "people", "probes", "odd", "idols")
	for _, file := range allPhotos(t, "people/*/*", "probes/*", "odd/*", "idols/pristin.jpg") {
		name, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.ToSlash(name)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			a := analyse(t, data, facegate.AnalyseOptions{})
			want, ok := others[name]
			if !ok {
				want = 1
			}
			if len(a.Faces) != want {
				t.Errorf("%d faces, want %d", len(a.Faces), want)
			}
			for i, f := range a.Faces {
				sane(t, f, a.Width, a.Height)
				if i > 0 && f.Box.Area() > a.Faces[i-1].Box.Area() {
					t.Errorf("face %d is larger than the one before it", i)
				}
				for _, o := range a.Faces[:i] {
					if f.Box.IoU(o.Box) > 0.3 {
						t.Errorf("one face twice: %+v and %+v", f.Box, o.Box)
					}
				}
			}
		})
	}
}

// sane holds a face to what no face lacks, whatever the photo.
func sane(t *testing.T, f facegate.Face, w, h int) {
	t.Helper()
	b := f.Box
	if !inside(f, w, h) || b.Width < 8 || b.Height < 8 || b.Width > 1.5*float64(w) || b.Height > 1.5*float64(h) {
		t.Errorf("box %+v in a photo of %d x %d", b, w, h)
	}
	if r := b.Width / b.Height; r < 0.4 || r > 1.4 {
		t.Errorf("a box %.2f times as wide as it is high", r)
	}
	if f.Score < minScore || f.Score > 1 {
		t.Errorf("score %v", f.Score)
	}
	for i, p := range points(f.Landmarks) {
		if p.X < b.X-b.Width/4 || p.Y < b.Y-b.Height/4 || p.X > b.X+b.Width*5/4 || p.Y > b.Y+b.Height*5/4 {
			t.Errorf("landmark %d at %+v is far from the box %+v", i, p, b)
		}
	}
	l := f.Landmarks
	if eyes, mouth := (l.RightEye.Y+l.LeftEye.Y)/2, (l.MouthRight.Y+l.MouthLeft.Y)/2; eyes >= mouth {
		t.Errorf("eyes at %.0f below the mouth at %.0f", eyes, mouth)
	}
	if l.RightEye.X >= l.LeftEye.X {
		t.Errorf("the face's right eye, at %.0f, is to the viewer's right of its left, at %.0f", l.RightEye.X, l.LeftEye.X)
	}
}

func TestFindsAFaceThatFillsThePhoto(t *testing.T) {
	for _, name := range []string{"people/obama/obama.jpg", "people/biden/biden.jpg", "probes/obama-1080p.jpg", "people/rose_leslie/img1.jpg", "probes/alex_lacamoire1.jpg"} {
		t.Run(path.Base(name), func(t *testing.T) {
			whole := picture(t, name)
			b := onlyFace(t, name).Box
			r := image.Rect(int(b.X), int(b.Y), int(b.X+b.Width), int(b.Y+b.Height)).Intersect(image.Rect(0, 0, whole.Cols(), whole.Rows()))
			face := whole.Region(r)
			defer face.Close()
			a := analyse(t, opencvFile(t, face, gocv.JPEGFileExt), facegate.AnalyseOptions{Embed: true})
			if len(a.Faces) != 1 {
				t.Fatalf("%d faces in a crop of %v, want one", len(a.Faces), r.Size())
			}
			got := a.Faces[0]
			sane(t, got, a.Width, a.Height)
			got.Box.X, got.Box.Y = got.Box.X+float64(r.Min.X), got.Box.Y+float64(r.Min.Y)
			if iou := got.Box.IoU(b); iou < 0.5 {
				t.Errorf("box %+v, want about %+v (IoU %.2f)", got.Box, b, iou)
			}
			if got.Embedding == nil {
				t.Error("no embedding")
			}
		})
	}
}

// crowd is a large photo in which faces of 20 to 24 pixels stand wide apart, and
// where they stand.
func crowd(t *testing.T) (gocv.Mat, []facegate.Box) {
	t.Helper()
	canvas := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(120, 130, 125, 0), 3000, 4000, gocv.MatTypeCV8UC3)
	t.Cleanup(func() { canvas.Close() })
	var boxes []facegate.Box
	at := []image.Point{{40, 40}, {600, 590}, {1900, 300}, {3700, 100}, {1100, 1500}, {2500, 2600}, {3800, 2800}, {60, 2800}}
	for i, name := range []string{"people/obama/obama.jpg", "people/biden/biden.jpg", "people/rose_leslie/img1.jpg", "probes/obama1.jpg",
		"people/obama/obama2.jpg", "people/alex_lacamoire/img1.jpg", "probes/johnsnow_test1.jpg", "people/kit_harington/john1.jpeg"} {
		whole, b := picture(t, name), onlyFace(t, name).Box
		k := float64(20+i%3*2) / b.Width
		r := image.Rect(int(b.X-b.Width/2), int(b.Y-b.Height/2), int(b.X+b.Width*3/2), int(b.Y+b.Height*3/2)).
			Intersect(image.Rect(0, 0, whole.Cols(), whole.Rows()))
		part := whole.Region(r)
		defer part.Close()
		small := gocv.NewMat()
		defer small.Close()
		gocv.Resize(part, &small, image.Pt(int(float64(r.Dx())*k), int(float64(r.Dy())*k)), 0, 0, gocv.InterpolationArea)
		place := canvas.Region(image.Rectangle{Min: at[i], Max: at[i].Add(image.Pt(small.Cols(), small.Rows()))})
		defer place.Close()
		small.CopyTo(&place)
		boxes = append(boxes, facegate.Box{X: float64(at[i].X) + (b.X-float64(r.Min.X))*k, Y: float64(at[i].Y) + (b.Y-float64(r.Min.Y))*k,
			Width: b.Width * k, Height: b.Height * k})
	}
	return canvas, boxes
}

func TestTilesFindSmallFaces(t *testing.T) {
	canvas, want := crowd(t)
	file := opencvFile(t, canvas, gocv.JPEGFileExt)
	if a := analyse(t, file, facegate.AnalyseOptions{}); len(a.Faces) != 0 {
		t.Errorf("%d faces of about 3 pixels in the bounded picture were found", len(a.Faces))
	}
	a := analyse(t, file, facegate.AnalyseOptions{SmallFaces: true})
	if len(a.Faces) != len(want) {
		t.Errorf("%d faces with tiles, want %d", len(a.Faces), len(want))
	}
	for _, w := range want {
		best := 0.0
		for _, f := range a.Faces {
			best = math.Max(best, f.Box.IoU(w))
		}
		if best < 0.5 {
			t.Errorf("no face at %+v (best IoU %.2f)", w, best)
		}
	}
	for _, f := range a.Faces {
		sane(t, f, a.Width, a.Height)
	}
}

// A photo that needs no tiles gives the same with them.
func TestTilesAddNothingToLargeFaces(t *testing.T) {
	file := photo(t, "probes/obama_and_biden.jpg")
	plain, tiled := analyse(t, file, facegate.AnalyseOptions{}), analyse(t, file, facegate.AnalyseOptions{SmallFaces: true})
	if len(plain.Faces) != 3 || len(tiled.Faces) < 3 {
		t.Fatalf("%d faces, with tiles %d, want 3 and no fewer", len(plain.Faces), len(tiled.Faces))
	}
	for _, p := range plain.Faces {
		n := 0
		for _, f := range tiled.Faces {
			if f.Box.IoU(p.Box) > 0.3 {
				n++
			}
		}
		if n != 1 {
			t.Errorf("the face at %+v is there %d times with tiles", p.Box, n)
		}
	}
}

func TestFindsNothingWhereNothingIs(t *testing.T) {
	for name, fill := range map[string]color.RGBA{"black": {}, "white": {255, 255, 255, 0}, "skin": {224, 172, 105, 0}} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []image.Point{{1, 1}, {3, 2}, {1, 500}, {500, 1}, {64, 64}, {1000, 700}} {
				m := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(float64(fill.B), float64(fill.G), float64(fill.R), 0), size.Y, size.X, gocv.MatTypeCV8UC3)
				file := opencvFile(t, m, gocv.PNGFileExt, gocv.IMWritePngCompression, 3)
				m.Close()
				for _, small := range []bool{false, true} {
					a := analyse(t, file, facegate.AnalyseOptions{Embed: true, SmallFaces: small})
					if len(a.Faces) != 0 || a.Width != size.X || a.Height != size.Y {
						t.Errorf("%v: %d faces in %d x %d", size, len(a.Faces), a.Width, a.Height)
					}
				}
			}
		})
	}
}

func TestTilesCoverEverything(t *testing.T) {
	for _, length := range []int{1, 100, 639, 640, 641, 700, 1152, 1153, 4000, 9999} {
		end := 0
		for i, s := range starts(length, 640) {
			if s < 0 || i > 0 && s > end-tileOverlap {
				t.Errorf("%d: a tile starts at %d, the one before ends at %d", length, s, end)
			}
			end = s + 640
		}
		if end < length || length >= 640 && end != length {
			t.Errorf("%d: the last tile ends at %d", length, end)
		}
	}
}

func TestOptionsOfAnAnalysis(t *testing.T) {
	file := photo(t, "idols/pristin.jpg")
	all := analyse(t, file, facegate.AnalyseOptions{})
	if len(all.Faces) != 10 || all.Faces[0].Embedding != nil || all.Faces[0].Crop != nil {
		t.Fatalf("%d faces, want 10, without embedding or crop", len(all.Faces))
	}
	some := analyse(t, file, facegate.AnalyseOptions{MaxFaces: 3, Embed: true, Crops: true})
	if len(some.Faces) != 3 {
		t.Fatalf("%d faces, want the largest 3", len(some.Faces))
	}
	for i, f := range some.Faces {
		if f.Box != all.Faces[i].Box {
			t.Errorf("face %d of the largest 3 is at %+v, and at %+v among all", i, f.Box, all.Faces[i].Box)
		}
		if f.Embedding == nil {
			t.Errorf("face %d has no embedding", i)
		}
		crop, err := decode(f.Crop, DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if crop.Cols() != cropSide || crop.Rows() != cropSide {
			t.Errorf("a crop of %d x %d", crop.Cols(), crop.Rows())
		}
		crop.Close()
	}
	least := all.Faces[0].Score
	for _, f := range all.Faces {
		least = math.Min(least, f.Score)
	}
	if n := len(analyse(t, file, facegate.AnalyseOptions{MinScore: least + 0.0001}).Faces); n >= 10 {
		t.Errorf("%d faces above the least score of all", n)
	}
	if s := all.Stages; s.Decode <= 0 || s.Detect <= 0 || s.Crop <= 0 || s.Embed != 0 || some.Stages.Embed <= 0 {
		t.Errorf("stages %+v and %+v", s, some.Stages)
	}
}
