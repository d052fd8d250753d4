package detector

import (
	"debug/elf"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	face "github.com/Kagami/go-face"

	"facegate"
	"facegate/internal/testfiles"
)

// go-face calls libdlib's convolutions only if the program has none.
func TestConvolutionsAreOurs(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	libraries, err := file.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(libraries, " "), "libdlib.so.19.1") {
		t.Skip("dlib is linked statically, or of another version: its own count")
	}
	symbols, err := file.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	var dlibs int
	for _, s := range symbols {
		if strings.HasPrefix(s.Name, "_ZN4dlib") {
			dlibs++
		}
		if strings.HasPrefix(s.Name, "_ZN4dlib3cpu11tensor_convcl") {
			t.Errorf("%s comes from libdlib: embeddings take a quarter longer", s.Name)
		}
	}
	if dlibs == 0 {
		t.Error("nothing comes from libdlib: this test looks in the wrong place")
	}
}

// rounding is what a number of an embedding may differ by from libdlib's own, whose
// sums are made in another order: a hundred-thousandth of a threshold.
const rounding = 2e-6

// What is done here to make dlib's networks quicker changes nothing but the rounding
// of what go-face answers by itself, in a program without the detector.
func TestEmbeddingsAreDlibs(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	staged, cleanup, err := models(t).Stage()
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	program := filepath.Join(t.TempDir(), "goface")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/bench/goface")
	build.Dir = testfiles.Root()
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rec, err := face.NewRecognizer(staged)
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()
	singleThreaded()

	dir := t.TempDir()
	var crops []string
	for _, name := range []string{"people/obama/obama.jpg", "probes/two_people.jpg", "probes/obama-240p.jpg"} {
		for _, f := range analyse(t, photo(t, name), facegate.AnalyseOptions{Crops: true}).Faces {
			crop := filepath.Join(dir, fmt.Sprintf("%d.jpg", len(crops)))
			if err := os.WriteFile(crop, f.Crop, 0o600); err != nil {
				t.Fatal(err)
			}
			crops = append(crops, crop)
		}
	}
	for _, way := range []struct {
		args      []string
		recognize func([]byte) ([]face.Face, error)
	}{{nil, rec.Recognize}, {[]string{"-cnn"}, rec.RecognizeCNN}} {
		cmd := exec.CommandContext(t.Context(), program, append(way.args, staged)...)
		cmd.Env = append(os.Environ(), "OPENBLAS_NUM_THREADS=1")
		cmd.Stdin = strings.NewReader(strings.Join(crops, "\n"))
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		answers := json.NewDecoder(strings.NewReader(string(out)))
		for _, crop := range crops {
			var theirs struct{ Descriptors []face.Descriptor }
			if err := answers.Decode(&theirs); err != nil {
				t.Fatal(err)
			}
			jpeg, err := os.ReadFile(crop)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := way.recognize(jpeg)
			if err != nil {
				t.Fatal(err)
			}
			if len(ours) == 0 || len(ours) != len(theirs.Descriptors) {
				t.Fatalf("%s %v: %d faces, go-face by itself finds %d", filepath.Base(crop), way.args, len(ours), len(theirs.Descriptors))
			}
			for i := range ours {
				for j, want := range theirs.Descriptors[i] {
					if got := ours[i].Descriptor[j]; math.Abs(float64(got-want)) > rounding {
						t.Errorf("%s %v: number %d is %v, go-face by itself says %v", filepath.Base(crop), way.args, j, got, want)
					}
				}
			}
		}
	}
}
