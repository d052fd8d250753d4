package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/testfiles"

	"github.com/chromedp/chromedp"
)

// TestBrowserVerifies is [TestBrowser] for the page Verify, on a server and a
// browser of its own: the webcam sees somebody who turns the head to the left and
// then to the right, as far as photos of her can show it. Which side is asked for
// first nobody knows, so half of the tries fail, and she tries again.
func TestBrowserVerifies(t *testing.T) {
	if testing.Short() {
		t.SkipNow() // a browser and a video in real time
	}
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes", "lfw-dev")
	if _, err := os.Stat(filepath.Join(testfiles.Root(), "web", "ui", "dist", "index.html")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("facegate: needs the built console (make build)")
	}
	chromium := needProgram(t, "chromium")
	ffmpeg := needProgram(t, "ffmpeg")
	v := &visit{photos: photos, server: u.serve(), dir: u.dir}
	v.getUntil(t, "/readyz")
	norah := func(n int) string {
		return filepath.Join(photos, "lfw-dev", "Norah_Jones", fmt.Sprintf("Norah_Jones_%04d.jpg", n))
	}
	ahead, left, right := norah(2), norah(3), norah(12)
	v.chromium = startChromium(t, chromium, turningVideo(t, ffmpeg, ahead, left, ahead, right, ahead))
	v.enrol(t, "Norah Jones", norah(10))
	v.enrol(t, "Barack Obama", v.person("obama", "obama.jpg"))

	t.Run("who she is, who she is not", verifyBeforeWebcam(v))
	if err := chromedp.Cancel(v.chromium); err != nil {
		t.Errorf("chromium: %v", err)
	}
	if code := v.server.end(syscall.SIGTERM); code != exitOK || strings.Contains(v.server.stderr.String(), "level=ERROR") {
		t.Errorf("exit code %d; the server's log:\n%s", code, v.server.stderr.String())
	}
	if shown := u.want(exitOK, "audit", "--action", "challenge").stdout; !strings.Contains(shown, "passed") {
		t.Errorf("the audit of challenges:\n%s", shown)
	}
}

func verifyBeforeWebcam(v *visit) func(*testing.T) {
	return func(t *testing.T) {
		p := v.open(t, "verify")
		p.look("verify, empty")
		outcome := func(name string) string {
			p.enter("verify-person", name)
			for range 20 {
				p.click("verify-start")
				p.until("the webcam is on", `one('challenge').dataset.ask || one('challenge').dataset.result`)
				p.until("it is over", `one('challenge').dataset.phase === 'off' && (one('verification') || one('challenge').dataset.result === 'failed')`)
				if decision := ask[string](p, `one('verification')?.dataset.decision ?? ''`); decision != "" {
					return decision
				}
				if why := ask[string](p, `one('challenge').dataset.reason`); why != "the head turned the other way" {
					t.Fatalf("it failed: %s", why)
				}
			}
			t.Fatal("the asked order was never the one of the video, in 20 tries")
			return ""
		}
		if got := outcome("norah jones"); got != string(facegate.Match) || !strings.Contains(p.text("verification"), "It is Norah Jones") {
			t.Errorf("she is herself: %s %s", got, p.text("verification"))
		}
		p.look("verify, done")
		if got := outcome("Barack Obama"); got != string(facegate.NoMatch) || !strings.Contains(p.text("verification"), "It is not Barack Obama") {
			t.Errorf("she is not him: %s %s", got, p.text("verification"))
		}
		p.click("verify-start")
		p.until("she is told what to do", `one('challenge').dataset.ask`)
		p.look("verify, asked")
		p.until("it goes on or is over", `one('verify-stop') || one('verify-start')`)
		p.eval("leave", `void (location.hash = '#/people')`)
		p.until("the other page is there", `document.title.startsWith('People')`)
	}
}

// turningVideo shows photos one after the other, two seconds each.
func turningVideo(t *testing.T, ffmpeg string, photos ...string) string {
	t.Helper()
	args := []string{"-loglevel", "error"}
	filter, inputs := "", ""
	for i, photo := range photos {
		args = append(args, "-loop", "1", "-framerate", "10", "-t", "2", "-i", photo)
		filter += fmt.Sprintf("[%d]scale=320:240:force_original_aspect_ratio=decrease,pad=320:240:-1:-1,setsar=1[v%d];", i, i)
		inputs += fmt.Sprintf("[v%d]", i)
	}
	video := filepath.Join(t.TempDir(), "turning.y4m")
	args = append(args, "-filter_complex", fmt.Sprintf("%s%sconcat=n=%d", filter, inputs, len(photos)), "-pix_fmt", "yuv420p", video)
	if out, err := exec.Command(ffmpeg, args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return video
}
