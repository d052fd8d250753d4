package detector

import (
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"gocv.io/x/gocv"

	"facegate"
	"facegate/internal/testfiles"
)

// Loading the networks takes a second and a half: tests that do not close their
// detector share one of two workers.
var shared struct {
	sync.Once
	d   *Detector
	err error
}

// Checking the model files reads all of them.
var found struct {
	sync.Once
	models *Models
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.d != nil {
		shared.d.Close()
	}
	os.Exit(code)
}

func sharedDetector(t testing.TB) *Detector {
	t.Helper()
	testfiles.Models(t)
	shared.Do(func() { shared.d, shared.err = New(Config{Models: models(t), Workers: 2, Queue: 10_000}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.d
}

func models(t testing.TB) *Models {
	t.Helper()
	dir := testfiles.Models(t)
	found.Do(func() { found.models, found.err = FindModels([]string{dir}) })
	if found.err != nil {
		t.Fatal(found.err)
	}
	return found.models
}

// newDetector is a detector of the test's own.
func newDetector(t testing.TB, c Config) *Detector {
	t.Helper()
	c.Models = models(t)
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// photo reads a file of the test photos.
func photo(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testfiles.Photos(t, name), name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// picture decodes a photo; it is closed when the test ends.
func picture(t testing.TB, name string) gocv.Mat {
	t.Helper()
	m, err := decode(photo(t, name), DefaultLimits)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func analyse(t testing.TB, data []byte, o facegate.AnalyseOptions) facegate.Analysis {
	t.Helper()
	a, err := sharedDetector(t).Analyse(t.Context(), data, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// onlyFace is the one face of a photo, embedded.
func onlyFace(t testing.TB, name string) facegate.Face {
	t.Helper()
	a := analyse(t, photo(t, name), facegate.AnalyseOptions{Embed: true})
	if len(a.Faces) != 1 || a.Faces[0].Embedding == nil {
		t.Fatalf("%s: %d faces, want one with an embedding", name, len(a.Faces))
	}
	return a.Faces[0]
}

func pixels(t testing.TB, m gocv.Mat) []byte {
	t.Helper()
	if m.Type() != gocv.MatTypeCV8UC3 {
		t.Fatalf("matrix of type %v, want 8-bit BGR", m.Type())
	}
	return m.ToBytes()
}

// psnr is the peak signal-to-noise ratio of two pictures in dB; +Inf where they are equal.
func psnr(a, b []byte) float64 {
	var sum float64
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/sum)
}
