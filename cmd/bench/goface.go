package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// buildGoFace makes cmd/bench/goface in dir. go-face is measured in processes of
// its own: the number of BLAS threads is one for a whole process, and the detector
// makes dlib's network quicker wherever it is linked.
func buildGoFace(ctx context.Context, dir string) (program string, err error) {
	program = filepath.Join(dir, "goface")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "facegate/cmd/bench/goface").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build goface: %w\n%s", err, out)
	}
	return program, nil
}

// A goFace is a running one.
type goFace struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
}

// A recognition is its answer.
type recognition struct {
	Took        time.Duration
	Used        time.Duration // processor time
	Descriptors [][]float32   // of each face
}

// startGoFace starts program on the folder of models, with as many BLAS threads
// as it takes by itself or, where threads says so, with those.
func startGoFace(ctx context.Context, program, models, threads string) (*goFace, error) {
	g := &goFace{cmd: exec.CommandContext(ctx, program, models)}
	g.cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return strings.HasSuffix(name, "_NUM_THREADS")
	})
	if threads != "" {
		g.cmd.Env = append(g.cmd.Env, "OPENBLAS_NUM_THREADS="+threads)
	}
	g.cmd.Stderr = os.Stderr
	var err error
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	g.answers = json.NewDecoder(out)
	if err := g.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start go-face: %w", err)
	}
	return g, nil
}

func (g *goFace) recognize(path string) (r recognition, err error) {
	if _, err := fmt.Fprintln(g.in, path); err != nil {
		return r, err
	}
	if err := g.answers.Decode(&r); err != nil {
		return r, fmt.Errorf("go-face on %s: %w", path, err)
	}
	return r, nil
}

func (g *goFace) close() error {
	if err := g.in.Close(); err != nil {
		return err
	}
	return g.cmd.Wait()
}
