package detector

import (
	"image"
	"os"
	"path/filepath"
	"testing"

	"gocv.io/x/gocv"

	"facegate"
	"facegate/internal/testfiles"
)

// Whoever has a face cut out already gets nearly the same embedding: in a photo
// that was cut down to the box of a face the face is found again.
func TestFacesAreFoundInTheirCrops(t *testing.T) {
	d := sharedDetector(t)
	photos, err := filepath.Glob(filepath.Join(testfiles.Photos(t, "people"), "people", "*", "*"))
	if err != nil || len(photos) == 0 {
		t.Fatalf("no photos (%v)", err)
	}
	for _, path := range photos {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		one := facegate.AnalyseOptions{Embed: true, MaxFaces: 1}
		whole, err := d.Analyse(t.Context(), data, one)
		if err != nil || len(whole.Faces) != 1 || whole.Faces[0].Embedding == nil {
			t.Fatalf("%s: %+v %v", path, whole.Faces, err)
		}
		crop, err := d.Analyse(t.Context(), cutOut(t, data, whole.Faces[0].Box), one)
		if err != nil || len(crop.Faces) != 1 || crop.Faces[0].Embedding == nil {
			t.Errorf("%s: its crop shows %+v (%v)", path, crop.Faces, err)
			continue
		}
		if distance := whole.Faces[0].Embedding.Distance(crop.Faces[0].Embedding); distance > 0.2 {
			t.Errorf("%s: its crop is %.3f away", path, distance)
		}
	}
}

func cutOut(t *testing.T, photo []byte, b facegate.Box) []byte {
	t.Helper()
	m, err := decode(photo, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	part := m.Region(image.Rect(int(b.X), int(b.Y), int(b.X+b.Width), int(b.Y+b.Height)).Intersect(image.Rect(0, 0, m.Cols(), m.Rows())))
	defer part.Close()
	png, err := gocv.IMEncode(gocv.PNGFileExt, part)
	if err != nil {
		t.Fatal(err)
	}
	defer png.Close()
	return append([]byte(nil), png.GetBytes()...)
}
