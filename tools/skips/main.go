// Command skips tells in one line which tests were skipped and why. It reads
// the files that `gotestsum --jsonfile` wrote.
//
// With CI=true or FACEGATE_REQUIRE_MODELS=1 it fails where a test was skipped
// for want of models, photos or a program, which tests say with a message that
// begins with "facegate: needs"; and where a file holds no test that passed,
// because then nothing was tested.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
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
	reasons := map[string]map[string]bool{} // reason -> tests
	tests := map[string]bool{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("open the results of a test run: %w", err)
		}
		passed, skipped, err := read(f)
		f.Close()
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if passed == 0 && strict {
			return fmt.Errorf("%s: no test passed", name)
		}
		for test, reason := range skipped {
			if reasons[reason] == nil {
				reasons[reason] = map[string]bool{}
			}
			reasons[reason][test] = true
			tests[test] = true
		}
	}
	fmt.Fprintln(w, line(reasons, len(tests)))
	for reason := range reasons {
		if strict && strings.HasPrefix(reason, needs) {
			return fmt.Errorf("tests were skipped that have to run here (%s)", reason)
		}
	}
	return nil
}

// line is the summary: the most frequent reason first.
func line(reasons map[string]map[string]bool, tests int) string {
	if tests == 0 {
		return "Skipped tests: none"
	}
	var parts []string
	names := make([]string, 0, len(reasons))
	for r := range reasons {
		names = append(names, r)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := len(reasons[b]) - len(reasons[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, r := range names {
		parts = append(parts, fmt.Sprintf("%d %s", len(reasons[r]), r))
	}
	return fmt.Sprintf("Skipped tests: %d: %s", tests, strings.Join(parts, "; "))
}

// event is what `go test -json` writes a line of (go doc test2json).
type event struct {
	Action, Package, Test, Output string
}

// message is the line of t.Skip: "    file_test.go:12: the reason".
var message = regexp.MustCompile(`^\s*\S+\.go:\d+: (.*)$`)

// read counts the tests that passed and gives the reason of each one skipped.
func read(r io.Reader) (passed int, skipped map[string]string, err error) {
	skipped = map[string]string{}
	last := map[string]string{}
	lines := bufio.NewReader(r)
	for {
		text, err := lines.ReadBytes('\n')
		if len(text) > 0 {
			var e event
			if err := json.Unmarshal(text, &e); err != nil {
				return 0, nil, fmt.Errorf("a line that is no test event: %w", err)
			}
			test := e.Package + " " + e.Test
			switch {
			case e.Test == "":
			case e.Action == "output":
				if m := message.FindStringSubmatch(strings.TrimRight(e.Output, "\n")); m != nil {
					last[test] = m[1]
				}
			case e.Action == "pass":
				passed++
			case e.Action == "skip":
				skipped[test] = last[test]
				if last[test] == "" {
					skipped[test] = "without a reason"
				}
			}
		}
		if err == io.EOF {
			return passed, skipped, nil
		}
		if err != nil {
			return 0, nil, err
		}
	}
}
