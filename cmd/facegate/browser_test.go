package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facegate/internal/testfiles"

	"github.com/chromedp/chromedp"
)

// TestBrowser uses the console as somebody at the screen does: headless
// Chromium, the real server with an empty data folder, real photos, and a webcam
// that sees one of them. The scenarios share the server and the browser; each
// begins with nobody enrolled and in a tab of its own.
//
// A scenario that fails leaves a picture of its page; see [pictureFolder]. With
// FACEGATE_SHOTS=DIR the scenario "every page, wide and narrow, light and dark"
// leaves one of each page.
func TestBrowser(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	if _, err := os.Stat(filepath.Join(testfiles.Root(), "web", "ui", "dist", "index.html")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("facegate: needs the built console (make build)")
	}
	chromium := needProgram(t, "chromium")
	ffmpeg := needProgram(t, "ffmpeg")

	v := &visit{photos: photos, server: u.serve(), dir: u.dir}
	v.getUntil(t, "/readyz")
	v.chromium = startChromium(t, chromium, webcamVideo(t, ffmpeg, v.probe("obama1.jpg")))
	for _, scenario := range []struct {
		name string
		run  func(*testing.T, *visit)
	}{
		{"enrol from files", enrolFromFiles},
		{"enrol from dropped files", enrolFromDroppedFiles},
		{"enrol from the webcam", enrolFromWebcam},
		{"enrol somebody whose name is taken", enrolTakenName},
		{"nothing that can be enrolled", enrolNothingUsable},
		{"identify a photo", identifyPhoto},
		{"identify from the webcam", identifyFromWebcam},
		{"enrol an unknown face from a turned photo", enrolUnknownFace},
		{"find and delete people", findAndDeletePeople},
		{"change a person", changePerson},
		{"choose thresholds", chooseThresholds},
		{"a gateway that is gone", gatewayGone},
		{"nothing from elsewhere runs", nothingFromElsewhere},
		{"every page, wide and narrow, light and dark", everyPage},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			v.erasePeople(t)
			scenario.run(t, v)
		})
	}
	if err := chromedp.Cancel(v.chromium); err != nil {
		t.Errorf("chromium: %v", err)
	}
	if code := v.server.end(syscall.SIGTERM); code != exitOK || strings.Contains(v.server.stderr.String(), "level=ERROR") {
		t.Errorf("exit code %d; the server's log:\n%s", code, v.server.stderr.String())
	}
}

// A visit is the server and the browser that look at each other.
type visit struct {
	photos   string
	server   *server
	dir      string          // of the server
	chromium context.Context // of the browser; its children are tabs
	pages    int             // opened so far
}

func (v *visit) probe(name string) string { return filepath.Join(v.photos, "probes", name) }

// person is a photo to enrol somebody with.
func (v *visit) person(name ...string) string {
	return filepath.Join(append([]string{v.photos, "people"}, name...)...)
}

func needProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("facegate: needs %s (apt-get install %[1]s)", name)
	}
	return path
}

// webcamVideo is what Chromium's fake webcam shows: a photo, over and over.
func webcamVideo(t *testing.T, ffmpeg, photo string) string {
	t.Helper()
	video := filepath.Join(t.TempDir(), "webcam.y4m")
	out, err := exec.Command(ffmpeg, "-loglevel", "error", "-loop", "1", "-i", photo, "-frames:v", "5", "-r", "10", "-pix_fmt", "yuv420p",
		"-vf", "scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:-1:-1", video).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return video
}

// startChromium starts one browser with a new profile, for all scenarios.
func startChromium(t *testing.T, path, webcam string) context.Context {
	t.Helper()
	var output strings.Builder
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		chromedp.CombinedOutput(&output),
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), // Chromium's sandbox refuses root
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true), // nobody is there to allow the camera
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", webcam),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(browser); err != nil {
		stop()
		t.Fatalf("start %s: %v\n%s", path, err, output.String())
	}
	return browser
}
