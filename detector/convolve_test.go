package detector

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// The sums of convolve.h are those of plain loops: on this processor, on one of its
// kind without AVX2, and on ARM's by qemu.
func TestConvolve(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles programs")
	}
	ways := map[string]struct {
		compiler string
		flags    []string
		run      []string
	}{
		"this processor": {"g++", []string{"-fsanitize=address,undefined"}, nil},
		"portable":       {"g++", []string{"-fsanitize=address,undefined", "-DPORTABLE"}, nil},
	}
	if runtime.GOARCH == "amd64" {
		ways["arm64"] = struct {
			compiler string
			flags    []string
			run      []string
		}{"aarch64-linux-gnu-g++", []string{"-static"}, []string{"qemu-aarch64"}}
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			for _, tool := range append([]string{way.compiler}, way.run...) {
				if _, err := exec.LookPath(tool); err != nil {
					t.Skip("facegate: needs " + tool)
				}
			}
			program := filepath.Join(t.TempDir(), "check")
			build := exec.CommandContext(t.Context(), way.compiler, append(way.flags, "-O2", "-std=c++14", "-I.", "-o", program,
				"testdata/convolve/check.cc", "convolve.cc")...)
			if message, err := build.CombinedOutput(); err != nil {
				t.Fatalf("compile: %v\n%s", err, message)
			}
			args := append(way.run, program)
			if message, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, message)
			}
		})
	}
}
