// Command goface runs go-face by itself, as any other program would: without what
// the detector does to it and to the libraries below it. The bench compares with
// it, and a test holds the detector's embeddings to its.
//
//	goface [-cnn] MODELS
//
// reads paths of JPEGs, one a line, and answers each with a line of JSON.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	face "github.com/Kagami/go-face"
)

// An answer is one call of go-face's Recognize.
type answer struct {
	Took        time.Duration
	Used        time.Duration     // processor time
	Descriptors []face.Descriptor // of each face
}

func main() {
	cnn := flag.Bool("cnn", false, "look for faces with the CNN")
	flag.Parse()
	if err := run(flag.Arg(0), *cnn); err != nil {
		fmt.Fprintln(os.Stderr, "goface:", err)
		os.Exit(1)
	}
}

func run(models string, cnn bool) error {
	rec, err := face.NewRecognizer(models)
	if err != nil {
		return err
	}
	defer rec.Close()
	recognize := rec.Recognize
	if cnn {
		recognize = rec.RecognizeCNN
	}
	answers := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		photo, err := os.ReadFile(lines.Text())
		if err != nil {
			return err
		}
		used, start := processorTime(), time.Now()
		faces, err := recognize(photo)
		a := answer{Took: time.Since(start), Used: processorTime() - used}
		if err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
		for _, f := range faces {
			a.Descriptors = append(a.Descriptors, f.Descriptor)
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
