package enroll_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"facegate"
)

func TestSightingIsReplacedByLaterReports(t *testing.T) {
	h := newHouse(t, "mqtt")
	ann := mustCreate(t, h.service, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	changed := h.sightings.Changed()

	s := h.sighting(1, facegate.Unknown)
	s.UnknownID = id(77)
	s.Candidate = &facegate.PersonRef{ID: ann.ID, Name: "Ann"}
	h.report(s)
	select {
	case <-changed:
	default:
		t.Error("nobody was told")
	}
	first := h.kept(s.ID)
	if first.Decision != facegate.Unknown || first.UnknownID != id(77) || first.Candidate.Name != "Ann" || first.Ended || !first.Photo || !first.Face ||
		first.Distance != 0.7 || first.Policy != facegate.PolicyNormal || first.FalseMatchRate == nil || *first.FalseMatchRate != 0.02 || first.Box.Width != 60 || first.TrackID != 1 || !first.FirstSeen.Equal(h.now()) {
		t.Errorf("%+v", first)
	}

	later := s
	later.Revision, later.Decision, later.UnknownID, later.Candidate = 3, facegate.Match, "", nil
	later.Person, later.BestShot, later.Ended = &facegate.PersonRef{ID: ann.ID, Name: "Ann"}, []byte("better"), true
	h.report(later)
	s.Revision = 2
	h.report(s)     // overtaken
	h.report(later) // twice
	r := h.kept(s.ID)
	if r.Decision != facegate.Match || r.Person.Name != "Ann" || r.UnknownID != "" || !r.Ended || r.Revision != 3 {
		t.Errorf("%+v", r)
	}
	if jpeg, err := h.sightings.Photo(t.Context(), s.ID); err != nil || string(jpeg) != "better" {
		t.Errorf("%q %v", jpeg, err)
	}
	if jpeg, err := h.sightings.Crop(t.Context(), s.ID); err != nil || string(jpeg) != "crop of 1" {
		t.Errorf("%q %v", jpeg, err)
	}
	all, news := h.pending("mqtt")
	if len(all) != 2 || all[0].Revision != 1 || all[1].Revision != 3 || !news[0] || !news[1] || all[1].Person.Name != "Ann" {
		t.Errorf("to be delivered: %+v %v", all, news)
	}

	// Names are those of now.
	if _, err := h.service.Update(t.Context(), ann.ID, facegate.PersonUpdate{Name: ptr("Anna")}); err != nil {
		t.Fatal(err)
	}
	if r := h.kept(s.ID); r.Person.Name != "Anna" {
		t.Errorf("%+v", r.Person)
	}
	// Whoever is erased leaves nothing behind.
	if err := h.service.Delete(t.Context(), ann.ID); err != nil {
		t.Fatal(err)
	}
	_, err := h.sightings.Sighting(t.Context(), s.ID)
	wantCode(t, err, facegate.CodeSightingNotFound)
	for _, table := range []string{"sightings", "sighting_pictures", "outbox"} {
		if n := h.count(table); n != 0 {
			t.Errorf("%d rows left in %s", n, table)
		}
	}
	// And a camera that has not noticed yet cannot bring them back.
	later.Revision = 4
	h.report(later)
	_, err = h.sightings.Sighting(t.Context(), s.ID)
	wantCode(t, err, facegate.CodeSightingNotFound)
	later.Revision, later.Decision, later.Person = 5, facegate.Unknown, nil
	h.report(later)
	if r := h.kept(s.ID); r.Decision != facegate.Unknown {
		t.Errorf("%+v", r)
	}
}

func ptr[T any](v T) *T { return &v }

func TestSightingsAreListed(t *testing.T) {
	h := newHouse(t)
	ann := mustCreate(t, h.service, "Ann", photo("a.jpg", 1, shown{seed: 1})).Ref()
	for n := range 7 {
		s := h.sighting(n, facegate.Match)
		switch n % 3 {
		case 0:
			s.Person = &ann
		case 1:
			s.Decision, s.UnknownID = facegate.Unknown, id(100+n)
		case 2:
			s.Decision, s.Candidate, s.Camera = facegate.Ambiguous, &ann, facegate.CameraRef{ID: "yard-id", Name: "yard"}
		}
		s.Ended = n < 6
		h.report(s)
		h.pass(time.Minute)
	}
	at := func(n int) *time.Time { return ptr(testTime.Add(time.Duration(n) * time.Minute)) }
	tests := []struct {
		name string
		f    facegate.SightingFilter
		want []int
	}{
		{"all", facegate.SightingFilter{}, []int{6, 5, 4, 3, 2, 1, 0}},
		{"by person's name", facegate.SightingFilter{Person: "Ann"}, []int{6, 3, 0}},
		{"by person's id", facegate.SightingFilter{Person: ann.ID}, []int{6, 3, 0}},
		{"by nobody", facegate.SightingFilter{Person: "Bob"}, nil},
		{"by camera's name", facegate.SightingFilter{Camera: "yard"}, []int{5, 2}},
		{"by camera's id", facegate.SightingFilter{Camera: door.ID}, []int{6, 4, 3, 1, 0}},
		{"by stranger", facegate.SightingFilter{UnknownID: id(104)}, []int{4}},
		{"by decisions", facegate.SightingFilter{Decisions: []facegate.Decision{facegate.Ambiguous, facegate.Unknown}}, []int{5, 4, 2, 1}},
		{"open", facegate.SightingFilter{Open: true}, []int{6}},
		{"since", facegate.SightingFilter{Since: at(5)}, []int{6, 5}},
		{"until", facegate.SightingFilter{Until: at(2)}, []int{1, 0}},
		{"between", facegate.SightingFilter{Since: at(2), Until: at(4), Person: "Ann"}, []int{3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{0, 1, 2, 3} {
				f, got := tt.f, []string(nil)
				f.Limit = size
				for {
					p := h.list(f)
					if p.Total != len(tt.want) || p.Change != 7 {
						t.Errorf("total %d, want %d; change %d", p.Total, len(tt.want), p.Change)
					}
					for _, s := range p.Sightings {
						got = append(got, s.ID)
					}
					if f.After = p.Next; p.Next == "" {
						break
					}
				}
				var want []string
				for _, n := range tt.want {
					want = append(want, id(n))
				}
				if !slices.Equal(got, want) {
					t.Errorf("pages of %d: %v, want %v", size, got, want)
				}
			}
		})
	}
	for _, f := range []facegate.SightingFilter{{Limit: -1}, {Limit: 501}, {After: "x"}, {After: "1-"}} {
		_, err := h.sightings.List(t.Context(), f)
		wantCode(t, err, facegate.CodeInvalid)
	}
}

func TestChangesAreFollowed(t *testing.T) {
	h := newHouse(t)
	for n := range 3 {
		h.report(h.sighting(n, facegate.Unknown))
	}
	s := h.sighting(0, facegate.Unknown)
	s.Revision, s.Ended = 2, true
	h.report(s)
	order := func(after int64, limit int) (ids []string) {
		all, err := h.sightings.ChangedSince(t.Context(), after, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			ids = append(ids, r.ID[len(r.ID)-1:])
		}
		return ids
	}
	for _, tt := range []struct {
		after int64
		limit int
		want  string
	}{{0, 10, "1 2 0"}, {0, 2, "1 2"}, {2, 10, "2 0"}, {3, 10, "0"}, {4, 10, ""}} {
		if got := strings.Join(order(tt.after, tt.limit), " "); got != tt.want {
			t.Errorf("after %d: %q, want %q", tt.after, got, tt.want)
		}
	}
	if n, err := h.sightings.LatestChange(t.Context()); err != nil || n != 4 {
		t.Errorf("%d %v", n, err)
	}
}

// What was open when the program was killed is ended by the next one.
func TestOpenSightingsEnd(t *testing.T) {
	h := newHouse(t, "mqtt")
	ended := h.sighting(1, facegate.Unknown)
	ended.Ended = true
	h.report(ended)
	h.report(h.sighting(2, facegate.Unknown))
	if n, err := h.sightings.OpenAt(t.Context(), door.ID); err != nil || n != 1 {
		t.Errorf("%d open, %v", n, err)
	}
	if n, err := h.sightings.EndOpen(t.Context()); err != nil || n != 1 {
		t.Errorf("%d ended, %v", n, err)
	}
	if r := h.kept(id(2)); !r.Ended || r.Revision != 2 {
		t.Errorf("%+v", r)
	}
	all, news := h.pending("mqtt")
	if len(all) != 3 || !all[2].Ended || news[2] {
		t.Errorf("%+v %v", all, news)
	}
	// A report the camera made before it was killed says nothing new.
	h.report(h.sighting(2, facegate.Unknown))
	if r := h.kept(id(2)); r.Revision != 2 {
		t.Errorf("%+v", r)
	}
}

func TestSightingIsDeleted(t *testing.T) {
	h := newHouse(t)
	a, b := h.see(1, 5), h.see(2, 5)
	for _, s := range []facegate.Sighting{a, b} {
		if err := h.sightings.Delete(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
		wantCode(t, h.sightings.Delete(t.Context(), s.ID), facegate.CodeSightingNotFound)
		_, err := h.sightings.Photo(t.Context(), s.ID)
		wantCode(t, err, facegate.CodeSightingNotFound)
	}
	if n := len(h.strangers()); n != 0 {
		t.Errorf("%d strangers of whom nothing is left", n)
	}
}

func TestBrokenReportsAreRefused(t *testing.T) {
	h := newHouse(t)
	for _, damage := range []func(*facegate.Sighting){
		func(s *facegate.Sighting) { s.ID = "1" },
		func(s *facegate.Sighting) { s.Revision = 0 },
		func(s *facegate.Sighting) { s.Camera.ID = "" },
		func(s *facegate.Sighting) { s.Decision = "" },
	} {
		s := h.sighting(1, facegate.Unknown)
		damage(&s)
		wantCode(t, h.sightings.Report(t.Context(), s), facegate.CodeInvalid)
	}
}

// Cameras report at the same time; nothing is lost, and what is delivered of one
// sighting is in order.
func TestReportsAtTheSameTime(t *testing.T) {
	h := newHouse(t, "a", "b")
	var group sync.WaitGroup
	for camera := range 4 {
		group.Go(func() {
			for n := range 10 {
				s := h.sighting(100*camera+n, facegate.Unknown)
				s.Camera = facegate.CameraRef{ID: fmt.Sprint(camera), Name: fmt.Sprint(camera)}
				for s.Revision = 1; s.Revision <= 3; s.Revision++ {
					if err := h.sightings.Report(t.Context(), s); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	if p := h.list(facegate.SightingFilter{}); p.Total != 40 || p.Change != 120 {
		t.Errorf("%d sightings, change %d", p.Total, p.Change)
	}
	for _, destination := range []string{"a", "b"} {
		revisions := map[string]int{}
		all, _ := h.pending(destination)
		for _, r := range all {
			if r.Revision != revisions[r.ID]+1 {
				t.Errorf("%s: revision %d after %d", r.ID, r.Revision, revisions[r.ID])
			}
			revisions[r.ID] = r.Revision
		}
		if len(revisions) != 40 || len(all) != 120 {
			t.Errorf("%d deliveries of %d sightings", len(all), len(revisions))
		}
	}
}
