//go:build matprofile

package detector

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"gocv.io/x/gocv"
	"golang.org/x/image/tiff"

	"facegate"
	"facegate/internal/testfiles"
)

// A thousand photos of all kinds, refused ones too, leave no matrix behind.
func TestMatsAreAllClosed(t *testing.T) {
	d := sharedDetector(t)
	files := everyKindOfFile(t)
	for _, file := range files { // once, so that what is made lazily is there
		d.Analyse(t.Context(), file, facegate.AnalyseOptions{})
	}
	before := gocv.MatProfile.Count()
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	const photos = 1000
	refused, faces, embedded := 0, 0, 0
	for i := range photos {
		ctx := t.Context()
		if i%50 == 17 {
			ctx = gone
		}
		o := facegate.AnalyseOptions{Embed: i%3 == 0, Crops: i%2 == 0, SmallFaces: i%11 == 0}
		a, err := d.Analyse(ctx, files[i%len(files)], o)
		if err != nil {
			refused++
		}
		faces += len(a.Faces)
		for _, f := range a.Faces {
			if f.Embedding != nil {
				embedded++
			}
		}
	}
	t.Logf("%d photos, %d refused, %d faces, %d embedded", photos, refused, faces, embedded)
	if refused < photos/10 || faces < photos/10 || embedded < photos/50 {
		t.Errorf("the photos were not of all kinds: %d refused, %d faces, %d embedded", refused, faces, embedded)
	}
	if after := gocv.MatProfile.Count(); after != before {
		var b bytes.Buffer
		gocv.MatProfile.WriteTo(&b, 1)
		t.Errorf("%d matrices before, %d after:\n%s", before, after, b.String())
	}
}

func TestMatsOfFramesAreAllClosed(t *testing.T) {
	d := sharedDetector(t)
	m, err := decode(photo(t, "probes/two_people.jpg"), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	frame := facegate.Frame{Width: m.Cols(), Height: m.Rows(), Pix: pixels(t, m)}
	m.Close()
	before := gocv.MatProfile.Count()
	for range 10 {
		faces, err := d.DetectFrame(t.Context(), frame)
		if err != nil || len(faces) != 2 {
			t.Fatalf("%d faces, error %v", len(faces), err)
		}
		if err := d.EmbedFace(t.Context(), frame, &faces[0]); err != nil {
			t.Fatal(err)
		}
		outside := facegate.Box{X: -900, Y: -900, Width: 9, Height: 9}
		if again, err := d.FollowFaces(t.Context(), frame, []facegate.Box{faces[0].Box, faces[1].Box, outside}); err != nil || len(again) != 2 {
			t.Fatalf("%d faces, error %v", len(again), err)
		}
		if _, err := d.DetectFrame(t.Context(), facegate.Frame{Width: 1}); err == nil {
			t.Fatal("a frame without pixels was taken")
		}
	}
	if after := gocv.MatProfile.Count(); after != before {
		t.Errorf("%d matrices before, %d after", before, after)
	}
}

// everyKindOfFile has photos with faces and without, in all formats and
// orientations, and all kinds of files that are refused.
func everyKindOfFile(t *testing.T) [][]byte {
	t.Helper()
	var files [][]byte
	dir := testfiles.Photos(t, "people", "probes", "odd")
	for _, pattern := range []string{"people/*/*", "probes/obama-[24]*", "probes/obama_small.jpg", "probes/two_people.jpg", "odd/*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, data)
		}
	}
	img := rgba(t, picture(t, "probes/obama-240p.jpg"))
	w, h := img.Rect.Dx(), img.Rect.Dy()
	clear := faded(img)
	made := [][]byte{
		jpegFile(t, grey(img)), cmykFile(t, img), pngFile(t, deep(img)), pngFile(t, clear), pngFile(t, indexed(img, true)), greyAlphaPNG(clear),
		opencvFile(t, matOf(t, clear), ".webp"), bmpFile(t, img), gifFile(t, indexed(img, false)), tiffFile(t, img, tiff.Deflate),
	}
	for o := 1; o <= 8; o++ {
		made = append(made, withEXIFinJPEG(jpegFile(t, stored(img, o)), exif(binary.BigEndian, o)))
	}
	for _, file := range made[:len(made):len(made)] {
		made = append(made, file[:len(file)*2/3]) // truncated
	}
	return append(append(files, made...),
		nil, []byte("text"), []byte("%PDF-1.7"), damagedPNG(), pngFile(t, blackAndWhite(img)),
		tiffOf(binary.LittleEndian, 8, 8, 32, 3, 1, make([]byte, 256)),
		withEXIFinWebP(opencvFile(t, matOf(t, img), ".webp"), exif(binary.LittleEndian, 6), w, h),
		pngOf(60000, 60000, 8, 0, nil, make([]byte, 60000)), pngFile(t, grey(img))[:40])
}
