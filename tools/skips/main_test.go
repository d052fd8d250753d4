package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	passes     = `{"Action":"pass","Package":"facegate/match","Test":"TestNearest"}` + "\n"
	tourPasses = `{"Action":"pass","Package":"facegate/web","Test":"TestTour"}` + "\n"
	parts      = `{"Action":"skip","Package":"facegate/web","Test":"TestTour/in_the_browser"}` + "\n"
	shortTour  = `{"Action":"output","Package":"facegate/web","Test":"TestTour","Output":"    tour_test.go:9: not short\n"}
{"Action":"skip","Package":"facegate/web","Test":"TestTour"}
`
	noPhoto = `{"Action":"output","Package":"facegate/web","Test":"TestTour","Output":"    tour_test.go:12: facegate: needs people in /x (set FACEGATE_TESTDATA)\n"}
{"Action":"output","Package":"facegate/web","Test":"TestTour","Output":"--- SKIP: TestTour (0.00s)\n"}
{"Action":"skip","Package":"facegate/web","Test":"TestTour"}
`
	other = `{"Action":"output","Package":"facegate/web","Test":"TestRoot","Output":"    a_test.go:3: root can read everything\n"}
{"Action":"skip","Package":"facegate/web","Test":"TestRoot"}
{"Action":"skip","Package":"facegate/none"}
`
)

func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events []string
		strict bool
		line   string
		err    string
	}{
		{"nothing skipped", []string{passes}, true, "Skipped tests: none", ""},
		{"a photo is missing", []string{passes + noPhoto}, false,
			"Skipped tests: 1: 1 facegate: needs files in /x (set FACEGATE_TESTDATA)", ""},
		{"a photo is missing, strict", []string{passes + noPhoto}, true,
			"Skipped tests: 1: 1 facegate: needs files in /x (set FACEGATE_TESTDATA)", "tests were skipped that have to run here"},
		{"another reason is no failure", []string{passes + other}, true,
			"Skipped tests: 1: 1 root can read everything", ""},
		{"the same test in two runs counts once", []string{passes + noPhoto, passes + noPhoto + other}, false,
			"Skipped tests: 2: 1 facegate: needs files in /x (set FACEGATE_TESTDATA); 1 root can read everything", ""},
		{"skipped in one run, passed in the other", []string{passes + noPhoto, tourPasses}, true, "Skipped tests: none", ""},
		{"passed in one run, skipped in the other", []string{tourPasses, passes + noPhoto}, true, "Skipped tests: none", ""},
		{"the last run's reason holds", []string{passes + shortTour, passes + noPhoto}, false,
			"Skipped tests: 1: 1 facegate: needs files in /x (set FACEGATE_TESTDATA)", ""},
		{"skipped with its parts in one run, as a whole in the next", []string{passes + parts + shortTour, passes + noPhoto}, false,
			"Skipped tests: 1: 1 facegate: needs files in /x (set FACEGATE_TESTDATA)", ""},
		{"no test ran, strict", []string{passes, ""}, true, "Skipped tests: none", "no test passed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var files []string
			for i, events := range tt.events {
				name := filepath.Join(t.TempDir(), string(rune('a'+i))+".json")
				if err := os.WriteFile(name, []byte(events), 0o600); err != nil {
					t.Fatal(err)
				}
				files = append(files, name)
			}
			var out strings.Builder
			err := run(&out, files, tt.strict)
			if got := strings.TrimSpace(out.String()); got != tt.line {
				t.Errorf("printed %q, want %q", got, tt.line)
			}
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("err = %v, want %q", err, tt.err)
			}
		})
	}
}
