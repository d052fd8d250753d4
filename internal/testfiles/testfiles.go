// Package testfiles finds the models and photos that tests run on. They are
// never part of the repository.
package testfiles

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Models is the folder with the model files: $FACEGATE_MODELS, else
// ../shared/models beside the repository. The test is skipped, saying so, where
// there is none.
func Models(t testing.TB) string {
	t.Helper()
	return find(t, "FACEGATE_MODELS", "models", "dlib_face_recognition_resnet_model_v1.dat")
}

// Photos is the folder with the test photos: $FACEGATE_TESTDATA, else
// ../shared/testdata beside the repository. Each name in need must be in it; the
// test is skipped, saying so, where something is missing.
func Photos(t testing.TB, need ...string) string {
	t.Helper()
	if len(need) == 0 {
		need = []string{"people"}
	}
	return find(t, "FACEGATE_TESTDATA", "testdata", need...)
}

// Root is the repository's root folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

func find(t testing.TB, variable, folder string, need ...string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		dir = filepath.Join(Root(), "..", "shared", folder)
	}
	for _, name := range need {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Skipf("facegate: needs %s in %s (set %s)", name, dir, variable)
		}
	}
	return dir
}
