// Package testfilm makes films for tests out of photos of people who walk by.
package testfilm

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"facegate/internal/testfiles"
)

// A Walker is a photo that moves through the picture: in on one side, out on the
// other, from one second to another.
type Walker struct {
	Photo    string // below the test photos
	From, To float64
	Height   int // px of the photo in the picture
	Y        int // px of its top
	Leftward bool
	Stays    int // px from the left, where it does not move; 0: it moves
}

// Make makes a film of 640x360 at 25 pictures a second, and names the file. The
// test is skipped where there is no ffmpeg, or a photo is missing.
func Make(t testing.TB, seconds float64, walkers ...Walker) string {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("facegate: needs ffmpeg")
	}
	args := []string{"-v", "error", "-y", "-threads", "1"}
	filter := fmt.Sprintf("gradients=s=640x360:r=25:d=%g:c0=0x405060:c1=0x706050:x0=0:y0=0:x1=640:y1=360:speed=0.00001[b0]", seconds)
	for i, w := range walkers {
		args = append(args, "-loop", "1", "-framerate", "25", "-t", fmt.Sprint(seconds), "-i", filepath.Join(testfiles.Photos(t, w.Photo), w.Photo))
		along := fmt.Sprintf("(t-%g)/%g", w.From, w.To-w.From)
		if w.Leftward {
			along = "1-" + along
		}
		x := fmt.Sprintf("-w+(W+w)*(%s)", along)
		if w.Stays > 0 {
			x = fmt.Sprint(w.Stays)
		}
		filter += fmt.Sprintf(";[%d]scale=-2:%d[p%d];[b%d][p%d]overlay=x='%s':y=%d:enable='between(t,%g,%g)'[b%d]",
			i, w.Height, i, i, i, x, w.Y, w.From, w.To, i+1)
	}
	file := filepath.Join(t.TempDir(), "film.mp4")
	args = append(args, "-filter_complex", filter, "-map", fmt.Sprintf("[b%d]", len(walkers)), "-t", fmt.Sprint(seconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", file)
	if out, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return file
}
