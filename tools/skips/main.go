// Command skips tells in one line which tests were skipped and why. It reads
// the files that `gotestsum --jsonfile` wrote, one for each run of the tests, the
// most thorough run last: what it says of a test holds. A test that one run
// skipped and another did not is none.
//
// With CI=true or FACEGATE_REQUIRE_MODELS=1 it fails where a test was skipped
// for want of models, photos or a program, which tests say with a message that
// begins with "facegate: needs"; and where no test passed in one of the runs,
// because then nothing was tested.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

const needs = "facegate: needs"

func main() {
	strict := os.Getenv("CI") == "true" || os.Getenv("FACEGATE_REQUIRE_MODELS") == "1"
	if err := run(os.Stdout, os.Args[1:], strict); err != nil {
		fmt.Fprintln(os.Stderr, "skips:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, files []string, strict bool) error {
	passed, skipped := map[string]bool{}, map[string]string{}
	var idle []string // runs in which no test passed
	for _, name := range files {
		r, err := readFile(name)
		if err != nil {
			return fmt.Errorf("read the results of a test run: %w", err)
		}
		if len(r.passed) == 0 {
			idle = append(idle, name)
		}
		maps.DeleteFunc(skipped, func(test, _ string) bool { return r.tells(test) })
		maps.Copy(skipped, r.skipped)
		maps.Copy(passed, r.passed)
	}
	reasons := map[string]int{} // how many tests give it
	for test, reason := range skipped {
		if !passed[test] {
			reasons[reason]++
		}
	}
	fmt.Fprintln(w, line(reasons))
	if strict && len(idle) > 0 {
		return fmt.Errorf("no test passed in %s", strings.Join(idle, ", "))
	}
	for reason := range reasons {
		if strict && strings.HasPrefix(reason, needs) {
			return fmt.Errorf("tests were skipped that have to run here (%s)", reason)
		}
	}
	return nil
}

// line is the summary: the most frequent reason first.
func line(reasons map[string]int) string {
	if len(reasons) == 0 {
		return "Skipped tests: none"
	}
	names := make([]string, 0, len(reasons))
	tests := 0
	for reason, n := range reasons {
		names = append(names, reason)
		tests += n
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := reasons[b] - reasons[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	parts := make([]string, 0, len(names))
	for _, reason := range names {
		parts = append(parts, fmt.Sprintf("%d %s", reasons[reason], reason))
	}
	return fmt.Sprintf("Skipped tests: %d: %s", tests, strings.Join(parts, "; "))
}

// A result is what became of the tests of a run, by package and name.
type result struct {
	passed  map[string]bool
	skipped map[string]string // and why
}

// tells reports whether the run says something of a test: of itself, or of one
// that it is part of and that was skipped as a whole.
func (r result) tells(test string) bool {
	if r.passed[test] {
		return true
	}
	for {
		if _, ok := r.skipped[test]; ok {
			return true
		}
		i := strings.LastIndexByte(test, '/')
		if i < strings.IndexByte(test, ' ') { // a slash of the package's path
			return false
		}
		test = test[:i]
	}
}

// event is what `go test -json` writes a line of (go doc test2json).
type event struct {
	Action, Package, Test, Output string
}

// message is the line of t.Skip: "    file_test.go:12: the reason".
var message = regexp.MustCompile(`^\s*\S+\.go:\d+: (.*)$`)

// missing is what testfiles says of a file; the line names folders, not files.
var missing = regexp.MustCompile(`^` + needs + ` \S+ in (\S+) \(set (\w+)\)$`)

func readFile(name string) (result, error) {
	f, err := os.Open(name)
	if err != nil {
		return result{}, err
	}
	defer f.Close()
	r := result{passed: map[string]bool{}, skipped: map[string]string{}}
	said := map[string]string{}
	lines := bufio.NewReader(f)
	for {
		text, readErr := lines.ReadBytes('\n')
		if len(text) > 0 {
			var e event
			if err := json.Unmarshal(text, &e); err != nil {
				return result{}, fmt.Errorf("%s: a line that is no test event: %w", name, err)
			}
			r.add(e, said)
		}
		if readErr == io.EOF {
			return r, nil
		}
		if readErr != nil {
			return result{}, readErr
		}
	}
}

// add takes an event in; said is the last message of each test.
func (r *result) add(e event, said map[string]string) {
	if e.Test == "" {
		return // about a package
	}
	test := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		if m := message.FindStringSubmatch(strings.TrimRight(e.Output, "\n")); m != nil {
			said[test] = m[1]
		}
	case "pass":
		r.passed[test] = true
	case "skip":
		r.skipped[test] = "without a reason"
		if said[test] != "" {
			r.skipped[test] = missing.ReplaceAllString(said[test], needs+" files in $1 (set $2)")
		}
	}
}
