package detector

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gocv.io/x/gocv"
	"golang.org/x/sync/errgroup"

	"facegate"
	"facegate/internal/testfiles"
)

func TestEmbeddingsOfOneSceneInFourSizes(t *testing.T) {
	names := []string{"probes/obama-240p.jpg", "probes/obama-480p.jpg", "probes/obama-720p.jpg", "probes/obama-1080p.jpg"}
	faces := make([]facegate.Face, len(names))
	for i, name := range names {
		faces[i] = onlyFace(t, name)
		for j := range i {
			d := faces[i].Embedding.Distance(faces[j].Embedding)
			t.Logf("%s to %s: %.3f", names[j], names[i], d)
			if d > 0.2 {
				t.Errorf("%s and %s are %.3f apart, want 0.2 at most", names[j], names[i], d)
			}
		}
	}
}

// Photos with one face, and who it is.
func portraits(t *testing.T) map[string]string {
	t.Helper()
	who := map[string]string{
		"probes/alex_lacamoire1.jpg": "alex_lacamoire", "probes/johnsnow_test1.jpg": "kit_harington",
		"probes/obama1.jpg": "obama", "probes/obama3.jpg": "obama", "probes/obama_small.jpg": "obama", "probes/obama-480p.jpg": "obama",
	}
	dir := testfiles.Photos(t, "people", "probes")
	found, err := filepath.Glob(filepath.Join(dir, "people/*/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		person := filepath.Base(filepath.Dir(file))
		who["people/"+person+"/"+filepath.Base(file)] = person
	}
	if len(who) < 16 {
		t.Fatalf("only %d portraits", len(who))
	}
	return who
}

func TestOnePersonIsNearerThanAnother(t *testing.T) {
	who := portraits(t)
	embeddings := map[string]*facegate.Embedding{}
	for name := range who {
		e := onlyFace(t, name).Embedding
		if n := e.Norm(); math.Abs(n-meanNorm) > 1e-4 {
			t.Errorf("%s: norm %.5f, want %.4f", name, n, meanNorm)
		}
		embeddings[name] = e
	}
	farthest, nearest := 0.0, 2.0 // of one person, of two
	for a, e := range embeddings {
		for b, o := range embeddings {
			d := e.Distance(o)
			switch {
			case a == b:
			case who[a] == who[b]:
				farthest = math.Max(farthest, d)
			default:
				nearest = math.Min(nearest, d)
			}
		}
	}
	t.Logf("one person: %.3f at most, two people: %.3f at least", farthest, nearest)
	if farthest > facegate.DefaultVerifyThreshold || nearest < facegate.DefaultVerifyThreshold || farthest > nearest {
		t.Errorf("photos of one person are up to %.3f apart, of two people from %.3f on; the threshold is %.1f",
			farthest, nearest, facegate.DefaultVerifyThreshold)
	}
}

func TestEmbeddingOfTheMirroredPhoto(t *testing.T) {
	for _, name := range []string{"people/obama/obama.jpg", "people/biden/biden.jpg", "people/rose_leslie/img1.jpg"} {
		m, mirrored := picture(t, name), gocv.NewMat()
		gocv.Flip(m, &mirrored, 1)
		a := analyse(t, opencvFile(t, mirrored, gocv.JPEGFileExt), facegate.AnalyseOptions{Embed: true})
		mirrored.Close()
		if len(a.Faces) != 1 || a.Faces[0].Embedding == nil {
			t.Fatalf("%s: %d faces in the mirror", name, len(a.Faces))
		}
		if d := a.Faces[0].Embedding.Distance(onlyFace(t, name).Embedding); d > 0.35 {
			t.Errorf("%s and its mirror image are %.3f apart", name, d)
		}
	}
}

// The same bytes give the same numbers: whichever worker, alone or beside others.
func TestEmbeddingsRepeat(t *testing.T) {
	file := photo(t, "probes/two_people.jpg")
	first := analyse(t, file, facegate.AnalyseOptions{Embed: true})
	for range 4 {
		again := analyse(t, file, facegate.AnalyseOptions{Embed: true})
		for i := range first.Faces {
			if *again.Faces[i].Embedding != *first.Faces[i].Embedding {
				t.Errorf("face %d: the embedding is another one the second time", i)
			}
		}
	}
}

func TestNormalise(t *testing.T) {
	var zero facegate.Embedding
	if normalise(&zero); zero != (facegate.Embedding{}) {
		t.Error("zeros became something else")
	}
	e := facegate.Embedding{0: 3, 1: -4}
	normalise(&e)
	if math.Abs(e.Norm()-meanNorm) > 1e-6 || math.Abs(float64(e[0]/e[1])+0.75) > 1e-6 {
		t.Errorf("%v %v of norm %v", e[0], e[1], e.Norm())
	}
}

// No photo of Labeled Faces in the Wild is lost: each has a face, and the face in
// its middle, which the photo is named for, an embedding.
func TestEveryFaceOfLFWIsEmbedded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than a minute")
	}
	dir := testfiles.Photos(t, "lfw-dev")
	files, err := filepath.Glob(filepath.Join(dir, "lfw-dev/*/*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3773 {
		t.Fatalf("%d photos in %s, want 3773", len(files), dir)
	}
	d := sharedDetector(t)
	var faces, poorest, others, lost atomic.Int64
	var mu sync.Mutex
	var noFace, noEmbedding []string
	g, ctx := errgroup.WithContext(context.Background())
	g.SetLimit(2 * d.Workers())
	for _, file := range files {
		g.Go(func() error {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			a, err := d.Analyse(ctx, data, facegate.AnalyseOptions{Embed: true})
			if err != nil {
				return err
			}
			middle, least := -1, math.Inf(1)
			for i, f := range a.Faces {
				c := f.Box.Center()
				if r := math.Hypot(c.X-float64(a.Width)/2, c.Y-float64(a.Height)/2); r < least {
					middle, least = i, r
				}
			}
			for i, f := range a.Faces {
				faces.Add(1)
				if i != middle {
					others.Add(1)
					if f.Embedding == nil {
						lost.Add(1)
					}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case middle < 0 || least > 60:
				noFace = append(noFace, filepath.Base(file))
			case a.Faces[middle].Embedding == nil:
				noEmbedding = append(noEmbedding, filepath.Base(file))
			case a.Faces[middle].Quality.Overall < 0.3:
				poorest.Add(1)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d faces in %d photos; %d of their main faces are of quality below 0.3; of %d others %d have no embedding",
		faces.Load(), len(files), poorest.Load(), others.Load(), lost.Load())
	if len(noFace) > 0 {
		t.Errorf("no face in the middle of %s", strings.Join(noFace, ", "))
	}
	if len(noEmbedding) > 0 {
		t.Errorf("no embedding: %s", strings.Join(noEmbedding, ", "))
	}
}
