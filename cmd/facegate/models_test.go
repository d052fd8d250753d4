package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facegate/detector"
	"facegate/internal/testfiles"
)

func TestProgramWithoutModels(t *testing.T) {
	u := newUser(t, true)
	photo := u.write("a.jpg", []byte("never looked at"))
	for _, args := range [][]string{{"identify", photo}, {"verify", photo, photo}, {"detect", photo}, {"enroll", "Ann", photo},
		{"serve", "--listen=127.0.0.1:0"}, {"models", "status"}} {
		o := u.want(exitModels, args...)
		contains(t, strings.Join(args, " "), o.stderr, "facegate: model files missing: dlib_face_recognition_resnet_model_v1.dat, ",
			"looked in ./models, ../shared/models, "+filepath.Join(u.dir, ".local/share/facegate/models"), "\n  -> run `facegate models pull`")
		if strings.Count(o.stderr, "\n") != 2 {
			t.Errorf("%s: not one error:\n%s", args[0], o.stderr)
		}
	}
	u.want(exitOK, "people") // needs none
	u.want(exitOK, "version")
}

func TestProgramDamagedModel(t *testing.T) {
	u := newUser(t, true)
	models := testfiles.Models(t)
	entries, err := os.ReadDir(models)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data := read(t, filepath.Join(models, e.Name()))
		if strings.HasPrefix(e.Name(), "dlib_face") {
			data[len(data)/2] ^= 1
		}
		u.write(filepath.Join("models", e.Name()), data)
	}
	contains(t, "the error", u.want(exitModels, "detect", "a.jpg").stderr, "models/dlib_face_recognition_resnet_model_v1.dat (unknown content)", "facegate models pull")
	states := map[string]detector.ModelState{}
	for _, s := range lines[detector.ModelStatus](t, u.want(exitModels, "models", "--json").stdout) {
		states[s.Name] = s.State
	}
	if states["dlib_face_recognition_resnet_model_v1.dat"] != detector.ModelDamaged || states["mmod_human_face_detector.dat"] != detector.ModelOfficial {
		t.Errorf("%v", states)
	}
	contains(t, "the report", u.want(exitModels, "models", "status").stdout, "DAMAGED", "licence  MIT", "licence  public domain")
}

// A mirror that serves another file under a model's name does no harm.
func TestProgramPullRefuses(t *testing.T) {
	u := newUser(t, true)
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("<html>please log in</html>"))
	}))
	defer mirror.Close()
	o := u.want(exitModels, "models", "pull", "--from", mirror.URL)
	contains(t, "the error", o.stderr, "is not the official file, and was thrown away", "\n  -> ")
	files, err := os.ReadDir(filepath.Join(u.dir, ".local/share/facegate/models"))
	if err != nil || len(files) != 0 {
		t.Errorf("left behind: %v (%v)", files, err)
	}
}
