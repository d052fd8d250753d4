package detector_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facegate"
	"facegate/detector"
	"facegate/internal/testfiles"
)

func newProfile(t testing.TB, p detector.Profile) *detector.Detector {
	t.Helper()
	models, err := detector.FindModels([]string{testfiles.Models(t)})
	if err != nil {
		t.Fatal(err)
	}
	d, err := detector.New(detector.Config{Models: models, Workers: 1, Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func faceOf(t testing.TB, d *detector.Detector, path string) facegate.Face {
	t.Helper()
	photo, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := d.Analyse(t.Context(), photo, facegate.AnalyseOptions{Embed: true, Crops: true, MaxFaces: 1})
	if err != nil || len(a.Faces) != 1 || a.Faces[0].Embedding == nil {
		t.Fatalf("%s: %+v, %v", path, a, err)
	}
	return a.Faces[0]
}

// A profile's embeddings have a recipe of their own, the norm of all, and come
// from the stored crop as well as from the photo: that is what a gallery is moved
// by to another recipe.
func TestProfiles(t *testing.T) {
	photos := testfiles.Photos(t, "people", "probes")
	paths := []string{"people/obama/obama.jpg", "probes/obama1.jpg", "people/biden/biden.jpg"}
	recipes := map[string]bool{}
	var apart, together [2]float64
	for i, p := range []detector.Profile{detector.Fast, detector.Accurate} {
		d := newProfile(t, p)
		recipes[d.Recipe()] = true
		var faces []facegate.Face
		for _, path := range paths {
			f := faceOf(t, d, filepath.Join(photos, path))
			if n := f.Embedding.Norm(); n < 1.425 || n > 1.427 {
				t.Errorf("%s: norm %v", p, n)
			}
			e, err := d.EmbedCrop(t.Context(), f.Crop)
			if err != nil || e == nil {
				t.Fatalf("%s: %s by its crop: %v", p, path, err)
			}
			if distance := e.Distance(f.Embedding); distance > 1e-6 {
				t.Errorf("%s: the crop of %s gives an embedding %v away from the photo's", p, path, distance)
			}
			faces = append(faces, f)
		}
		together[i], apart[i] = faces[0].Embedding.Distance(faces[1].Embedding), faces[0].Embedding.Distance(faces[2].Embedding)
		if together[i] > 0.5 || apart[i] < 0.6 {
			t.Errorf("%s: one man %v, two men %v", p, together[i], apart[i])
		}
		if i == 1 {
			fast, other := faceOf(t, newProfile(t, ""), filepath.Join(photos, paths[0])), faces[0]
			if d := fast.Embedding.Distance(other.Embedding); d < 0.01 || d > 0.4 {
				t.Errorf("the profiles' embeddings of one photo are %v apart", d)
			}
		}
	}
	if len(recipes) != 2 {
		t.Errorf("recipes %v", recipes)
	}
	for r := range recipes {
		if !strings.Contains(r, "-crop225-") {
			t.Errorf("recipe %s", r)
		}
	}
}

// The same face twice, one of them mirrored, is the same to the accurate profile.
func TestAccurateSeesNoSides(t *testing.T) {
	d := newProfile(t, detector.Accurate)
	f := faceOf(t, d, filepath.Join(testfiles.Photos(t, "people"), "people", "obama", "obama.jpg"))
	mirrored, err := detector.Mirror(f.Crop)
	if err != nil {
		t.Fatal(err)
	}
	e, err := d.EmbedCrop(t.Context(), mirrored)
	if err != nil || e == nil {
		t.Fatalf("%v, %v", e, err)
	}
	if distance := e.Distance(f.Embedding); distance > 0.05 {
		t.Errorf("mirrored, the face is %v away", distance)
	}
}

func TestEmbedCropRefuses(t *testing.T) {
	d := newProfile(t, detector.Fast)
	photo, err := os.ReadFile(filepath.Join(testfiles.Photos(t, "people"), "people", "obama", "obama.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		crop []byte
		want facegate.Code
	}{
		"empty":   {nil, facegate.CodeEmpty},
		"rubbish": {[]byte("no picture"), facegate.CodeNotAnImage},
		"no crop": {photo, facegate.CodeNotAnImage},
		"cut off": {faceOf(t, d, filepath.Join(testfiles.Photos(t, "people"), "people", "obama", "obama.jpg")).Crop[:2000], facegate.CodeTruncated},
	} {
		if _, err := d.EmbedCrop(t.Context(), c.crop); facegate.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	models, err := detector.FindModels([]string{testfiles.Models(t)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := detector.New(detector.Config{Models: models, Profile: "slow"}); err == nil {
		t.Error("an unknown profile was taken")
	}
}

func BenchmarkProfiles(b *testing.B) {
	crop := faceOf(b, newProfile(b, detector.Fast), filepath.Join(testfiles.Photos(b, "people"), "people", "obama", "obama.jpg")).Crop
	for _, p := range []detector.Profile{detector.Fast, detector.Accurate} {
		d := newProfile(b, p)
		b.Run(string(p), func(b *testing.B) {
			for b.Loop() {
				if _, err := d.EmbedCrop(b.Context(), crop); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
