package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"facegate"
	"facegate/internal/testfiles"
)

// From a video to names, and to a video with the names drawn in.
func TestProgramWatches(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "video")
	u.want(exitOK, "import", filepath.Join(photos, "people"))
	clip := filepath.Join(photos, "video", "short_hamilton_clip.mp4")
	show := filepath.Join(t.TempDir(), "shown.mp4")

	seen := map[string]facegate.Sighting{}
	for _, s := range lines[facegate.Sighting](t, u.want(exitOK, "watch", "--json", "--show", show, clip).stdout) {
		if s.Revision != seen[s.ID].Revision+1 {
			t.Errorf("revision %d comes after %d", s.Revision, seen[s.ID].Revision)
		}
		seen[s.ID] = s
	}
	names := 0
	for _, s := range seen {
		if !s.Ended {
			t.Errorf("%+v has not ended", s)
		}
		if s.Person == nil {
			continue
		}
		if names++; s.Person.Name != "lin_manuel_miranda" || s.Distance > s.Threshold || s.Decision != facegate.Match ||
			s.Policy != facegate.PolicyNormal || s.FalseMatchRate == nil || *s.FalseMatchRate > 0.01 {
			t.Errorf("%+v", s)
		}
	}
	if names != 1 {
		t.Errorf("%d sightings of somebody known, want 1: %+v", names, seen)
	}
	if _, err := exec.LookPath("ffprobe"); err == nil {
		frames := func(file string) string {
			out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v", "-count_frames", "-show_entries", "stream=nb_read_frames,width,height", "-of", "csv=p=0", file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			return strings.TrimSpace(string(out))
		}
		if got := frames(show); got != "640,360,275" && got != "640,360,300" {
			t.Errorf("the video shown has %s, the clip %s", got, frames(clip))
		}
		// Of a folder, whose pictures have sizes of their own, none is left out.
		two := t.TempDir()
		for i, name := range []string{"obama-240p.jpg", "obama-480p.jpg", "obama1.jpg"} {
			if err := os.WriteFile(filepath.Join(two, fmt.Sprint(i, ".jpg")), read(t, filepath.Join(testfiles.Photos(t, "probes"), "probes", name)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		u.want(exitOK, "watch", "--show", show, two)
		if got, _, _ := strings.Cut(frames(show), ","); !strings.HasSuffix(frames(show), ",3") || got == "" {
			t.Errorf("the video of a folder of three has %s", frames(show))
		}
	}

	contains(t, "watch", u.want(exitOK, "watch", "--fps", "5", clip).stdout, "lin_manuel_miranda", "distance 0.4", "left after", "275 pictures")
	contains(t, "a video that cannot be written", u.want(exitFailed, "watch", "--show", filepath.Join(u.dir, "no", "such", "folder.mp4"), clip).stderr,
		"no such file", "can be written")
	failed := u.want(exitFailed, "watch", filepath.Join(u.dir, "nothing.mp4"))
	contains(t, "a file that is not there", failed.stderr, "no such file")
	for _, source := range []string{"ftp://joe:hush@cam/1", "rtsp://joe:hush@/1"} {
		refused := u.want(exitFailed, "watch", source)
		if strings.Contains(refused.stderr+refused.stdout, "hush") {
			t.Errorf("watch %s tells the password: %s", source, refused.stderr)
		}
	}
}
