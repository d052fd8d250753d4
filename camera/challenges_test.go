package camera_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"facegate"
	"facegate/camera"
	"facegate/internal/testfiles"
)

// An enrolledPeople answers for people with samples; other questions are not asked.
type enrolledPeople struct {
	facegate.People
	samples map[string]int
}

func (e enrolledPeople) Person(_ context.Context, id string) (facegate.Person, error) {
	n, ok := e.samples[id]
	if !ok {
		return facegate.Person{}, facegate.NewError(facegate.CodePersonNotFound, "nobody", "")
	}
	return facegate.Person{ID: id, Name: id, SampleCount: n}, nil
}

// Norah Jones, as photographers saw her: straight ahead, and turned to either side.
const (
	norahAhead  = "lfw-dev/Norah_Jones/Norah_Jones_0002.jpg"
	norahAhead2 = "lfw-dev/Norah_Jones/Norah_Jones_0013.jpg"
	norahLeft   = "lfw-dev/Norah_Jones/Norah_Jones_0003.jpg"
	norahRight  = "lfw-dev/Norah_Jones/Norah_Jones_0012.jpg"
	heizoLeft   = "lfw-dev/Heizo_Takenaka/Heizo_Takenaka_0003.jpg"
)

// People turn the head before a webcam, as far as photos can show it, and are
// verified, or not, for a reason.
func TestChallenges(t *testing.T) {
	d := realDetector(t)
	recognition := enrolled(t, d)
	photos := testfiles.Photos(t, "lfw-dev", "probes", "people")
	file := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(photos, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	embed := func(name string) facegate.Embedding {
		a, err := d.Analyse(context.Background(), file(name), facegate.AnalyseOptions{Embed: true, MaxFaces: 1})
		if err != nil || a.Faces[0].Embedding == nil {
			t.Fatal(name, err)
		}
		return *a.Faces[0].Embedding
	}
	norah := facegate.PersonRef{ID: "norah", Name: "Norah Jones"}
	recognition.Gallery.Apply(facegate.GalleryChange{Add: []facegate.GalleryEntry{{SampleID: "n", Person: norah, Embedding: embed("lfw-dev/Norah_Jones/Norah_Jones_0010.jpg")}}})
	service := &camera.Challenges{Analyser: d, Recognition: recognition,
		People: enrolledPeople{samples: map[string]int{"norah": 1, "obama": 1, "nobody": 0}},
		Random: func(int) int { return 0 }} // left, then right
	two := func(names ...string) (all []string) { // looks have to be steady
		for _, n := range names {
			all = append(all, n, n)
		}
		return all
	}
	for _, c := range []struct {
		name, person string
		shown        []string
		result       facegate.ChallengeResult
		reason       string
		decision     facegate.Decision
	}{
		{"who they say they are", "norah", two(norahAhead, norahLeft, norahAhead, norahRight, norahAhead2), facegate.ChallengePassed, "", facegate.Match},
		{"somebody else", "obama", two(norahAhead, norahLeft, norahAhead, norahRight, norahAhead), facegate.ChallengePassed, "", facegate.NoMatch},
		{"a photo", "norah", two(norahAhead, norahAhead, norahAhead, norahAhead), facegate.ChallengeRunning, "", ""},
		{"the wrong way", "norah", two(norahAhead, norahRight), facegate.ChallengeFailed, "the head turned the other way", ""},
		{"a photo, and somebody else's head", "norah", two(norahAhead, heizoLeft), facegate.ChallengeFailed, "it is another face", ""},
		{"two people", "obama", append(two("probes/obama3.jpg"), "probes/obama_and_biden.jpg"), facegate.ChallengeFailed, "a second face came into the picture", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			challenge, err := service.Begin(context.Background(), c.person, facegate.ChallengeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer challenge.End(context.Background())
			var state facegate.ChallengeState
			for i, name := range c.shown {
				if state, err = challenge.Look(context.Background(), file(name), epoch.Add(time.Duration(i)*200*time.Millisecond)); err != nil {
					t.Fatal(name, err)
				}
			}
			if state.Result != c.result || state.Reason != c.reason || state.Turns != 2 || (state.Verification != nil) != (c.decision != "") {
				t.Fatalf("%+v", state)
			}
			if v := state.Verification; v != nil && (v.Decision != c.decision || v.Person == nil || v.Person.ID != c.person) {
				t.Errorf("%+v", v)
			}
			again, err := challenge.Look(context.Background(), file(norahLeft), epoch.Add(time.Hour))
			if err != nil || state.Over() && (again.Result != state.Result || again.Verification != state.Verification) {
				t.Errorf("what is over changed: %+v %v", again, err)
			}
			if !state.Over() && again.Reason != "the time is over" {
				t.Errorf("an hour later: %+v", again)
			}
		})
	}

	challenge, err := service.Begin(context.Background(), "norah", facegate.ChallengeOptions{Turns: 6})
	if err != nil {
		t.Fatal(err)
	}
	state, err := challenge.Look(context.Background(), []byte("no picture"), epoch)
	if facegate.CodeOf(err) != facegate.CodeNotAnImage || state.Result != facegate.ChallengeRunning || state.Remaining != 60 {
		t.Errorf("%+v %v", state, err)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := challenge.Look(gone, file(norahAhead), epoch); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, c := range []struct {
		person string
		turns  int
		code   facegate.Code
	}{{"stranger", 0, facegate.CodePersonNotFound}, {"nobody", 0, facegate.CodeNoSamples}, {"norah", 1, facegate.CodeInvalid}, {"norah", 7, facegate.CodeInvalid}} {
		if _, err := service.Begin(context.Background(), c.person, facegate.ChallengeOptions{Turns: c.turns}); facegate.CodeOf(err) != c.code {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
