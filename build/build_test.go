// Package build_test checks the scripts of the build.
package build_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"facegate/internal/testfiles"
)

// The flags come in the order cgo gives them: first $CGO_CXXFLAGS, then the
// package's own. What the compiler then targets is read from the compiler.
func TestPortableCompilerTargetsTheBaseline(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the levels of x86-64 are known on amd64 only")
	}
	for _, tt := range []struct {
		name  string
		flags []string
		want  string
	}{
		{"the level asked for", []string{"-march=x86-64-v3", "-O3", "-march=native"}, "x86-64-v3"},
		{"an older level", []string{"-march=x86-64-v2", "-march=native", "-mtune=native"}, "x86-64-v2"},
		{"no level", []string{"-O2", "-march=native"}, "x86-64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append(tt.flags, "-Q", "--help=target")
			out, err := exec.CommandContext(t.Context(), "./cxx-portable", args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			got := ""
			for line := range strings.Lines(string(out)) {
				if f := strings.Fields(line); len(f) == 2 && f[0] == "-march=" {
					got = f[1]
				}
			}
			if got != tt.want {
				t.Errorf("the compiler targets %q, want %q", got, tt.want)
			}
		})
	}
}

// Arguments with spaces and quotes, and the exit code, pass through.
func TestPortableCompilerPassesArgumentsThrough(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "a file.cc")
	if err := os.WriteFile(source, []byte("#include <cstdio>\nint main() { std::puts(WORDS); }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "a program")
	run := func(args ...string) ([]byte, error) {
		return exec.CommandContext(t.Context(), "./cxx-portable", args...).CombinedOutput()
	}
	if out, err := run("-march=native", `-DWORDS="two words"`, "-o", program, source); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), program).Output()
	if err != nil || string(out) != "two words\n" {
		t.Errorf("the program printed %q (%v)", out, err)
	}
	if out, err := run("-o", program, filepath.Join(dir, "nowhere.cc")); err == nil {
		t.Errorf("a source that is not there compiled: %s", out)
	}
}

// A package that is there is left alone, without a word and without apt.
func TestPackagesIsSilentWhenNothingIsMissing(t *testing.T) {
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		t.Skip("no Debian")
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(testfiles.Root(), "build", "packages"), "bash", "coreutils")
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("err = %v, printed %q", err, out)
	}
}

// Without root and sudo the script says what to do, and fails.
func TestPackagesSaysWhatItCannotInstall(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg-query")
	if err != nil {
		t.Skip("no Debian")
	}
	// A PATH that has what the script calls, no sudo, and an id that is not root's.
	bin := t.TempDir()
	if err := os.Symlink(dpkg, filepath.Join(bin, "dpkg-query")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "id"), []byte("#!/bin/bash\necho 1000\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "/bin/bash", "./packages", "bash", "facegate-no-such-package")
	cmd.Env = []string{"PATH=" + bin}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("it succeeded: %s", out)
	}
	if want := "apt-get install --no-install-recommends facegate-no-such-package\n"; !strings.Contains(string(out), want) {
		t.Errorf("printed %q, want %q in it", out, want)
	}
}
