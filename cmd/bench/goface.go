package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	face "github.com/Kagami/go-face"
)

// A recognition is one call of go-face's Recognize.
type recognition struct {
	Took  time.Duration
	Faces int
	Error string
}

func recognize(rec *face.Recognizer, photo []byte) recognition {
	start := time.Now()
	faces, err := rec.Recognize(photo)
	r := recognition{Took: time.Since(start), Faces: len(faces)}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

// child measures go-face as it comes, in a process of its own: the number of BLAS
// threads is one for the whole process. It reads paths of photos, one a line, and
// answers each with a recognition.
func child(in io.Reader, out io.Writer, models string) error {
	rec, err := face.NewRecognizer(models)
	if err != nil {
		return err
	}
	defer rec.Close()
	answers := json.NewEncoder(out)
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		photo, err := os.ReadFile(lines.Text())
		if err != nil {
			return err
		}
		if err := answers.Encode(recognize(rec, photo)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// A goFace is a running child.
type goFace struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *json.Decoder
}

func startGoFace(models string) (*goFace, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	g := &goFace{cmd: exec.Command(program, goFaceCommand, models)}
	g.cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return strings.HasSuffix(name, "_NUM_THREADS")
	})
	g.cmd.Stderr = os.Stderr
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

func (g *goFace) recognize(path string) (recognition, error) {
	var r recognition
	if _, err := fmt.Fprintln(g.in, path); err != nil {
		return r, err
	}
	if err := g.answers.Decode(&r); err != nil {
		return r, err
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

func (g *goFace) close() error {
	if err := g.in.Close(); err != nil {
		return err
	}
	return g.cmd.Wait()
}
