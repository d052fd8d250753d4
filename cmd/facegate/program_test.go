package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"facegate/internal/testfiles"
)

// The tests named TestProgram... start the real program, as a user would.

// testBinary builds the program once, into a folder that TestMain removes.
var testBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(testFolder, "facegate")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

var testFolder string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if testFolder, err = os.MkdirTemp("", "facegate-test-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(testFolder)
		return m.Run()
	}())
}

// A user works in a folder of their own, with the environment given.
type user struct {
	t   *testing.T
	dir string
	env []string
}

// newUser has the models unless bare. Nothing of the tester's own settings,
// folders or proxies reaches the program.
func newUser(t *testing.T, bare bool) *user {
	t.Helper()
	if testing.Short() {
		t.Skip("the real program is tested without -short")
	}
	u := &user{t: t, dir: t.TempDir()}
	u.env = []string{"HOME=" + u.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir()}
	if !bare {
		u.env = append(u.env, "FACEGATE_MODELS="+testfiles.Models(t))
	}
	return u
}

type outcome struct {
	code           int
	stdout, stderr string
}

func (u *user) command(args ...string) *exec.Cmd {
	u.t.Helper()
	binary, err := testBinary()
	if err != nil {
		u.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute) // against hanging; nothing is measured
	u.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env = u.dir, u.env
	return cmd
}

// run starts the program and waits for its end.
func (u *user) run(args ...string) outcome {
	u.t.Helper()
	cmd := u.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		u.t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// want runs the program and checks how it ends.
func (u *user) want(code int, args ...string) outcome {
	u.t.Helper()
	o := u.run(args...)
	if o.code != code {
		u.t.Fatalf("facegate %s: exit code %d, want %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), o.code, code, o.stdout, o.stderr)
	}
	return o
}

// lines decodes a command's output, an object a line. A member that T does not
// have is an error.
func lines[T any](t *testing.T, output string) []T {
	t.Helper()
	var all []T
	for _, line := range strings.Split(strings.TrimSuffix(output, "\n"), "\n") {
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		var v T
		if err := d.Decode(&v); err != nil {
			t.Fatalf("the line %q is no %T: %v", line, v, err)
		}
		all = append(all, v)
	}
	return all
}

func (u *user) write(name string, content []byte) string {
	u.t.Helper()
	path := filepath.Join(u.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		u.t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}
