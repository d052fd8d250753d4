package docs_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"facegate/internal/testfiles"

	"github.com/chromedp/chromedp"
)

// A step of the tour: commands, and what they print, in this order.
type step struct {
	commands string
	prints   []string
}

// The tour is taken as it is written: its commands run in one shell, in the
// repository, against a real server; only the port and the place of the binary
// are other ones. What a line "#> text" announces has to be printed.
func TestTour(t *testing.T) {
	if testing.Short() {
		t.Skip("the tour is taken in the full run")
	}
	models, photos := testfiles.Models(t), testfiles.Photos(t, "people", "probes")
	if _, err := os.Stat(filepath.Join(testfiles.Root(), "web", "ui", "dist", "index.html")); err != nil {
		t.Skip("facegate: needs the console built (make console)")
	}
	tour := section(t, "README.md", "## A tour")
	steps := stepsOf(tour)
	if len(steps) < 5 {
		t.Fatalf("the tour has %d steps only: %+v", len(steps), steps)
	}
	environment := append(os.Environ(), "FACEGATE_DATA="+t.TempDir(), "FACEGATE_MODELS="+models, "FACEGATE_TESTDATA="+photos)
	binary := build(t)
	address := serve(t, binary, environment)
	take(t, steps, binary, address, environment)

	t.Run("in the browser", func(t *testing.T) { browse(t, tour, address) })
}

// take runs the commands of steps, in one shell, and looks whether they print what
// they announce. The port is another one, and the place of the binary.
func take(t *testing.T, steps []step, binary, address string, environment []string) {
	t.Helper()
	outputs := t.TempDir()
	script := "set -euo pipefail\n"
	for i, s := range steps {
		commands := strings.NewReplacer("127.0.0.1:8080", address, "bin/facegate", binary).Replace(s.commands)
		script += fmt.Sprintf("{\n%s} >%s/%d\n", commands, outputs, i)
	}
	shell := exec.CommandContext(t.Context(), "bash", "-c", script)
	shell.Dir, shell.Env = testfiles.Root(), environment
	messages, err := shell.CombinedOutput()
	if err != nil {
		t.Errorf("it ends early: %v\n%s", err, messages)
	}
	for i, s := range steps {
		printed, err := os.ReadFile(filepath.Join(outputs, fmt.Sprint(i)))
		if err != nil {
			t.Errorf("not reached: %s", s.commands)
			continue
		}
		rest := string(printed)
		for _, want := range s.prints {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%sprinted\n%s\nwithout (or not in this order) %s", s.commands, printed, want)
				break
			}
			rest = after
		}
	}
}

// browse looks for the pages that the tour names, in the running console.
func browse(t *testing.T, tour, address string) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("facegate: needs chromium")
	}
	_, paragraph, _ := strings.Cut(tour, "**In the browser**")
	var pages []string
	for _, m := range regexp.MustCompile(`\*([A-Z][a-z]+)\*`).FindAllStringSubmatch(paragraph, -1) {
		pages = append(pages, m[1])
	}
	if len(pages) == 0 {
		t.Fatal("the tour names no page of the console")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.Flag("disable-quic", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate("http://"+address)); err != nil {
		t.Fatal(err)
	}
	visit := func(page string) error {
		return chromedp.Do(ctx, chromedp.Click(chromedp.Search(fmt.Sprintf(`//nav//a[contains(., %q)]`, page))))
	}
	for _, page := range pages {
		if err := visit(page); err != nil {
			t.Fatalf("the page %s: %v", page, err)
		}
		heading := fmt.Sprintf(`//main//h1[contains(., %q)]`, page)
		if err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.Search(heading))); err != nil {
			t.Errorf("the page %s shows no such heading: %v", page, err)
		}
	}
	if err := visit("People"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"obama", "biden", "rose_leslie"} {
		if err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.Search(fmt.Sprintf(`//main//*[text()=%q]`, name)))); err != nil {
			t.Errorf("the page People does not show %s: %v", name, err)
		}
	}
}

// section is a document's text from a heading to the next of its level.
func section(t *testing.T, document, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(read(t, filepath.Join(testfiles.Root(), document)), "\n"+heading)
	if !found {
		t.Fatalf("%s has no section %q", document, heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

func stepsOf(text string) []step {
	var steps []step
	for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
		open := false // whether the last step still takes commands
		for line := range strings.Lines(block[1]) {
			announced, isAnnounced := strings.CutPrefix(line, "#> ")
			switch {
			case isAnnounced && len(steps) > 0:
				last := &steps[len(steps)-1]
				last.prints = append(last.prints, strings.TrimSpace(announced))
				open = false
			case open:
				steps[len(steps)-1].commands += line
			default:
				steps = append(steps, step{commands: line})
				open = true
			}
		}
	}
	return steps
}

// build is the program, built from this checkout.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "facegate")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/facegate")
	cmd.Dir = testfiles.Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// serve starts the server on a free port and returns where it listens. It is
// told to end with the test, and has to end well.
func serve(t *testing.T, binary string, environment []string) string {
	t.Helper()
	cmd := exec.Command(binary, "serve", "--listen", "127.0.0.1:0")
	cmd.Env = environment
	cmd.Dir = t.TempDir()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended already; Wait tells
		if err := cmd.Wait(); err != nil {
			text, _ := os.ReadFile(log.Name())
			t.Errorf("the server ended with %v\n%s", err, text)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the server does not say where it listens: %v", err)
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	m := regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("the server says %q, which names no address", line)
	}
	return m[1]
}
