package camera

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"facegate"
	"facegate/detector"
	"facegate/internal/testfiles"
)

// What a challenge holds against, and whom it turns away, by photos of people who
// look ahead and turned to a side: every person of lfw-dev with ten photos or more.
func TestTurnedFacesAreTold(t *testing.T) {
	if testing.Short() {
		t.SkipNow() // hundreds of photos
	}
	models, err := detector.FindModels([]string{testfiles.Models(t)})
	if err != nil {
		t.Fatal(err)
	}
	d, err := detector.New(detector.Config{Models: models})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	people, _ := filepath.Glob(filepath.Join(testfiles.Photos(t, "lfw-dev"), "lfw-dev", "*"))
	type look struct {
		who int
		e   *facegate.Embedding
	}
	var ahead, turned []look
	for who, dir := range people {
		photos, _ := filepath.Glob(filepath.Join(dir, "*.jpg"))
		if len(photos) < 10 {
			continue
		}
		for _, name := range photos {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			a, err := d.Analyse(context.Background(), data, facegate.AnalyseOptions{Embed: true, MaxFaces: 1})
			if err != nil || len(a.Faces) == 0 || a.Faces[0].Embedding == nil {
				continue
			}
			switch yaw := math.Abs(a.Faces[0].Quality.Yaw); {
			case yaw <= aheadYaw:
				ahead = append(ahead, look{who, a.Faces[0].Embedding})
			case yaw >= turnedYaw:
				turned = append(turned, look{who, a.Faces[0].Embedding})
			}
		}
	}
	var same, lost, other, passed float64
	for _, a := range ahead {
		for _, b := range turned {
			switch within := a.e.Distance(b.e) <= sameFace; {
			case a.who == b.who && !within:
				same, lost = same+1, lost+1
			case a.who == b.who:
				same++
			case within:
				other, passed = other+1, passed+1
			default:
				other++
			}
		}
	}
	t.Logf("%d looks ahead, %d turned; one person: %.0f pairs, %.2f%% taken for another; two people: %.0f pairs, %.2f%% taken for one",
		len(ahead), len(turned), same, 100*lost/same, other, 100*passed/other)
	if same < 500 || lost/same > 0.03 || passed/other > 0.03 {
		t.Error("turned faces are not told as they should be")
	}
}
