package detector

import (
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"

	"gocv.io/x/gocv"

	"facegate/internal/opencvyunet"
	"facegate/internal/testfiles"
)

// allPhotos are the files of those folders of the test photos.
func allPhotos(t *testing.T, patterns ...string) []string {
	t.Helper()
	var photos []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(testfiles.Photos(t), pattern))
		if err != nil {
			t.Fatal(err)
		}
		photos = append(photos, found...)
	}
	if len(photos) < 20 {
		t.Fatalf("only %d photos", len(photos))
	}
	return photos
}

// bothYuNets are ours and OpenCV's.
func bothYuNets(t testing.TB) (*yunet, *opencvyunet.YuNet) {
	t.Helper()
	model := models(t).YuNet
	ours, err := newYunet(model)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ours.close)
	theirs, err := opencvyunet.Load(model, doubt, yunetNMS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.Close)
	return ours, theirs
}

// YuNet as it is run here finds what it finds in OpenCV: the same faces at the same
// places in every test photo, whatever size the picture has.
func TestYuNetIsOpenCVs(t *testing.T) {
	singleThreaded()
	ours, theirs := bothYuNets(t)
	sizes := []image.Point{{640, 360}, {360, 640}, {640, 640}, {640, 427}, {317, 211}, {160, 160}, {64, 64}, {65, 333}, {500, 67}}
	var faces int
	for i, file := range allPhotos(t, "people/*/*", "probes/*", "odd/*", "idols/*") {
		whole := gocv.IMRead(file, gocv.IMReadColor)
		if whole.Empty() {
			whole.Close()
			continue
		}
		for j, size := range sizes {
			if testing.Short() && (i+j)%4 != 0 {
				continue
			}
			bgr := scaled(whole, size)
			got, err := ours.detect(&bgr)
			if err != nil {
				t.Fatal(err)
			}
			want, err := theirs.Detect(&bgr)
			if err != nil {
				t.Fatal(err)
			}
			if err := sameRows(got, want); err != nil {
				t.Errorf("%s at %v: %v", filepath.Base(file), size, err)
			}
			faces += len(got) / yunetFloats
			bgr.Close()
		}
		whole.Close()
	}
	if faces < 100 {
		t.Errorf("only %d faces were compared", faces)
	}
}

// sameRows compares what YuNet finds: to a hundredth of a pixel, and a score to a
// ten-thousandth.
func sameRows(got, want []float32) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d faces, OpenCV finds %d: %v and %v", len(got)/yunetFloats, len(want)/yunetFloats, got, want)
	}
	for i := range got {
		limit := 0.01
		if i%yunetFloats == yunetFloats-1 {
			limit = 1e-4
		}
		if d := math.Abs(float64(got[i] - want[i])); !(d <= limit) {
			return fmt.Errorf("number %d of face %d is %v, OpenCV says %v", i%yunetFloats, i/yunetFloats, got[i], want[i])
		}
	}
	return nil
}

// One network serves pictures of all sizes by turns: nothing of one is left in the next.
func TestYuNetForgets(t *testing.T) {
	model := models(t).YuNet
	photo := picture(t, "probes/two_people.jpg")
	old, err := newYunet(model)
	if err != nil {
		t.Fatal(err)
	}
	defer old.close()
	for _, size := range []image.Point{{640, 480}, {90, 70}, {480, 640}, {64, 500}, {640, 480}} {
		fresh, err := newYunet(model)
		if err != nil {
			t.Fatal(err)
		}
		bgr := scaled(photo, size)
		got, err := old.detect(&bgr)
		if err != nil {
			t.Fatal(err)
		}
		want, err := fresh.detect(&bgr)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("at %v: %v, a new one says %v", size, got, want)
		}
		bgr.Close()
		fresh.close()
	}
}

func TestYuNetRefuses(t *testing.T) {
	y, err := newYunet(models(t).YuNet)
	if err != nil {
		t.Fatal(err)
	}
	defer y.close()
	for name, m := range map[string]gocv.Mat{
		"grey": gocv.NewMatWithSize(100, 100, gocv.MatTypeCV8UC1), "floats": gocv.NewMatWithSize(100, 100, gocv.MatTypeCV32FC3),
		"low": gocv.NewMatWithSize(63, 100, gocv.MatTypeCV8UC3), "narrow": gocv.NewMatWithSize(100, 63, gocv.MatTypeCV8UC3), "empty": gocv.NewMat(),
	} {
		if _, err := y.detect(&m); err == nil {
			t.Errorf("%s: no error", name)
		}
		m.Close()
	}
	for name, content := range map[string]string{"no model": "no model", "no file": ""} {
		file := filepath.Join(t.TempDir(), "model.onnx")
		if content != "" {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if y, err := newYunet(file); err == nil {
			y.close()
			t.Errorf("%s: no error", name)
		}
	}
	if y, err := newYunet(models(t).Liveness); err == nil { // a network, of another kind
		y.close()
		t.Error("another network: no error")
	}
}

func BenchmarkYuNet(b *testing.B) {
	singleThreaded()
	ours, theirs := bothYuNets(b)
	bgr := scaled(picture(b, "probes/obama-1080p.jpg"), image.Pt(640, 360))
	defer bgr.Close()
	for name, detect := range map[string]func(*gocv.Mat) ([]float32, error){"ours": ours.detect, "OpenCV's": theirs.Detect} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := detect(&bgr); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
