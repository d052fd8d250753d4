package camera

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"facegate"
)

// A kept is a sink and a book that remember.
type kept struct {
	reports  []facegate.Sighting
	refuse   bool
	assigned map[string]string // sighting: unknown
}

func (k *kept) Report(_ context.Context, s facegate.Sighting) error {
	if k.refuse {
		return errors.New("no")
	}
	k.reports = append(k.reports, s)
	return nil
}

// Assign knows strangers by the first number of their embedding.
func (k *kept) Assign(_ context.Context, sighting string, shots []facegate.Shot) (string, error) {
	if k.assigned == nil {
		k.assigned = map[string]string{}
	}
	k.assigned[sighting] = fmt.Sprint("stranger ", shots[0].Embedding[0])
	return k.assigned[sighting], nil
}

func (k *kept) Withdraw(_ context.Context, sighting string) error {
	delete(k.assigned, sighting)
	return nil
}

func newJournal(k *kept, cooldown time.Duration) *journal {
	return &journal{camera: facegate.CameraRef{ID: "c", Name: "door"}, cooldown: cooldown, sink: k, book: k,
		log: slog.New(slog.DiscardHandler), count: &counters{}}
}

// decidedTrack is a track of somebody known (a name) or not ("").
func decidedTrack(id int64, name string, from, to float64, quality float64) *track {
	t := &track{id: id, first: at(from), seen: at(to), doc: &dossier{}}
	t.doc.ballots = []ballot{{shot: facegate.Shot{Embedding: *person(0), Quality: facegate.Quality{Overall: quality}}}}
	t.doc.best, t.doc.bestShot = quality, fmt.Appendf(nil, "shot of track %d", id)
	say(t, name)
	return t
}

func say(t *track, name string) {
	t.doc.verdict = verdict{decided: true, decision: facegate.Unknown, evidence: 2}
	if name != "" {
		t.doc.verdict.decision, t.doc.verdict.person = facegate.Match, &facegate.PersonRef{ID: name, Name: name}
	}
}

// told checks what was reported since the last call: "revision name/stranger [ended]".
func (k *kept) told(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, s := range k.reports {
		line := fmt.Sprintf("%d %s", s.Revision, s.Decision)
		if s.Person != nil {
			line = fmt.Sprintf("%d %s", s.Revision, s.Person.Name)
		}
		if s.UnknownID != "" {
			line = fmt.Sprintf("%d %s", s.Revision, s.UnknownID)
		}
		if s.Ended {
			line += " ended"
		}
		got = append(got, line)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("reported %q, want %q", got, want)
	}
	k.reports = nil
}

func TestJournal(t *testing.T) {
	ctx := context.Background()
	t.Run("once when decided, once at the end", func(t *testing.T) {
		k := &kept{}
		j := newJournal(k, 30*time.Second)
		a := decidedTrack(1, "ann", 0, 1, 0.5)
		for range 5 {
			j.note(ctx, a, 640, 360)
		}
		first := k.reports[0].ID
		k.told(t, "1 ann")
		a.seen = at(5)
		j.end(ctx, a, 640, 360)
		if s := k.reports[0]; s.ID != first || !s.LastSeen.Equal(at(5)) || s.Width != 640 || s.Camera.Name != "door" {
			t.Errorf("%+v", s)
		}
		k.told(t, "2 ann ended")
		if j.count.sightings.Load() != 1 {
			t.Error("counted", j.count.sightings.Load())
		}
	})
	t.Run("nothing on what was never decided", func(t *testing.T) {
		k := &kept{}
		j := newJournal(k, 0)
		a := decidedTrack(1, "ann", 0, 1, 0.5)
		a.doc.verdict = verdict{}
		j.note(ctx, a, 1, 1)
		j.end(ctx, a, 1, 1)
		k.told(t)
		if j.count.unresolved.Load() != 1 {
			t.Error("not counted")
		}
	})
	t.Run("who comes back within the cool-down continues the sighting", func(t *testing.T) {
		k := &kept{}
		j := newJournal(k, 30*time.Second)
		a, b := decidedTrack(1, "ann", 0, 5, 0.9), decidedTrack(2, "ann", 30, 40, 0.5)
		j.note(ctx, a, 1, 1)
		j.end(ctx, a, 1, 1)
		first := k.reports[0].ID
		k.told(t, "1 ann", "2 ann ended")
		j.note(ctx, b, 1, 1)
		j.end(ctx, b, 1, 1)
		s := k.reports[1]
		if s.ID != first || !s.FirstSeen.Equal(at(0)) || !s.LastSeen.Equal(at(40)) || s.Evidence != 4 || s.TrackID != 2 ||
			string(s.BestShot) != "shot of track 1" || s.Quality != 0.9 || len(s.Shots) != 2 || s.Shots[0].Quality.Overall != 0.9 {
			t.Errorf("%+v", s)
		}
		k.told(t, "3 ann", "4 ann ended")
	})
	t.Run("after the cool-down it is another sighting, and so is another person", func(t *testing.T) {
		k := &kept{}
		j := newJournal(k, 30*time.Second)
		j.end(ctx, decidedTrack(1, "ann", 0, 5, 0.9), 1, 1)
		j.end(ctx, decidedTrack(2, "bob", 6, 7, 0.9), 1, 1)
		j.end(ctx, decidedTrack(3, "ann", 36, 37, 0.9), 1, 1)
		k.told(t, "1 ann ended", "1 bob ended", "1 ann ended")
	})
	t.Run("two tracks of one person at a time are one sighting, ended with the last", func(t *testing.T) {
		k := &kept{}
		j := newJournal(k, 0)
		a, b := decidedTrack(1, "ann", 0, 5, 0.9), decidedTrack(2, "ann", 1, 6, 0.5)
		j.note(ctx, a, 1, 1)
		j.note(ctx, b, 1, 1)
		j.end(ctx, a, 1, 1)
		j.end(ctx, b, 1, 1)
		k.told(t, "1 ann", "2 ann", "3 ann", "4 ann ended")
	})
	t.Run("a name that is corrected", func(t *testing.T) {
		k := &kept{}
		j := newJournal(k, 30*time.Second)
		a := decidedTrack(1, "ann", 0, 5, 0.9)
		j.note(ctx, a, 1, 1)
		first := k.reports[0].ID
		say(a, "bob")
		j.note(ctx, a, 1, 1)
		j.end(ctx, a, 1, 1)
		for _, s := range k.reports {
			if s.ID != first {
				t.Error("the corrected sighting is another")
			}
		}
		k.told(t, "1 ann", "2 bob", "3 bob ended")
		j.end(ctx, decidedTrack(2, "ann", 6, 7, 0.9), 1, 1) // ann was not there
		k.told(t, "1 ann ended")
	})
	t.Run("a correction gives back the sighting that was continued", func(t *testing.T) {
		k := &kept{}
		j := newJournal(k, 30*time.Second)
		j.end(ctx, decidedTrack(1, "ann", 0, 5, 0.9), 1, 1)
		before := k.reports[0]
		b := decidedTrack(2, "ann", 10, 20, 0.95)
		j.note(ctx, b, 1, 1)
		k.told(t, "1 ann ended", "2 ann")
		say(b, "bob")
		j.note(ctx, b, 1, 1)
		if s := k.reports[0]; s.ID != before.ID || !s.LastSeen.Equal(before.LastSeen) || s.Quality != before.Quality || s.TrackID != 1 {
			t.Errorf("%+v", s)
		}
		if k.reports[1].ID == before.ID {
			t.Error("bob has ann's sighting")
		}
		k.told(t, "3 ann ended", "1 bob")
	})
	t.Run("strangers have ids", func(t *testing.T) {
		k := &kept{}
		j := newJournal(k, 30*time.Second)
		a := decidedTrack(1, "", 0, 5, 0.9)
		j.note(ctx, a, 1, 1)
		j.end(ctx, a, 1, 1)
		b := decidedTrack(2, "", 10, 15, 0.9)
		j.end(ctx, b, 1, 1)
		c := decidedTrack(3, "", 16, 17, 0.9)
		c.doc.ballots[0].shot.Embedding = *person(1)
		j.end(ctx, c, 1, 1)
		k.told(t, "1 stranger 1.4", "2 stranger 1.4 ended", "3 stranger 1.4 ended", "1 stranger 0 ended")
		if len(k.assigned) != 2 {
			t.Errorf("the book holds %v", k.assigned)
		}
	})
	t.Run("a stranger who turns out to be known leaves the book", func(t *testing.T) {
		k := &kept{}
		j := newJournal(k, 30*time.Second)
		a := decidedTrack(1, "", 0, 5, 0.9)
		j.note(ctx, a, 1, 1)
		say(a, "ann")
		j.end(ctx, a, 1, 1)
		k.told(t, "1 stranger 1.4", "2 ann ended")
		if len(k.assigned) != 0 {
			t.Errorf("the book holds %v", k.assigned)
		}
	})
	t.Run("a report that is refused is counted", func(t *testing.T) {
		k := &kept{refuse: true}
		j := newJournal(k, 0)
		j.end(ctx, decidedTrack(1, "ann", 0, 5, 0.9), 1, 1)
		if j.count.unreported.Load() != 1 {
			t.Error("not counted")
		}
	})
}
