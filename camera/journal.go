package camera

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"facegate"
)

// A journal turns the verdicts on tracks into sightings and reports them: once
// when a track is decided, again when the decision changes, and when the track
// ends. Who comes back within the cool-down continues their sighting.
type journal struct {
	camera   facegate.CameraRef
	cooldown time.Duration
	sink     facegate.SightingSink
	book     facegate.UnknownBook
	log      *slog.Logger
	count    *counters
	entries  []*entry // of people seen of late
}

// An entry is a sighting that is open, or may be continued.
type entry struct {
	key     string // whose it is
	state   facegate.Sighting
	open    int  // tracks that are part of it
	settled bool // its unknown is in the book
}

// told is what a track has reported: a report says something new or is not made.
type told struct {
	decision facegate.Decision
	person   string
	before   *facegate.Sighting // the sighting as it was before this track continued it
}

func personID(p *facegate.PersonRef) string {
	if p == nil {
		return ""
	}
	return p.ID
}

// note reports on a track whose verdict may be new.
func (j *journal) note(ctx context.Context, t *track, width, height int) {
	d := t.doc
	v := d.verdict
	if !v.decided || d.entry != nil && d.told.decision == v.decision && d.told.person == personID(v.person) {
		return
	}
	if d.entry != nil {
		j.retract(ctx, d)
	}
	j.begin(ctx, t, width, height)
	j.report(ctx, d.entry, false)
}

// end reports on a track that is over. A track that was never decided is dropped.
func (j *journal) end(ctx context.Context, t *track, width, height int) {
	d := t.doc
	if d == nil {
		return
	}
	if !d.verdict.decided {
		j.count.unresolved.Add(1)
		return
	}
	if d.entry == nil || d.told.decision != d.verdict.decision || d.told.person != personID(d.verdict.person) {
		if d.entry != nil {
			j.retract(ctx, d)
		}
		j.begin(ctx, t, width, height)
	} else {
		j.merge(d.entry, d.told.before, t, width, height)
		if d.entry.state.Decision == facegate.Unknown {
			j.assign(ctx, d.entry)
		}
	}
	d.entry.open--
	j.report(ctx, d.entry, d.entry.open == 0)
	d.entry = nil
}

// begin makes the track part of a sighting: somebody's open or recent one, or a
// new one.
func (j *journal) begin(ctx context.Context, t *track, width, height int) {
	d := t.doc
	e := &entry{state: facegate.Sighting{ID: uuid.NewString(), Camera: j.camera}}
	if d.told.before == nil && d.entry != nil { // the same track, said otherwise: the same sighting
		e.state.ID, e.state.Revision = d.entry.state.ID, d.entry.state.Revision
	}
	d.entry, d.told = nil, told{decision: d.verdict.decision, person: personID(d.verdict.person)}
	j.merge(e, nil, t, width, height)
	switch e.state.Decision {
	case facegate.Unknown:
		j.assign(ctx, e)
		e.key = e.state.UnknownID
	default:
		e.key = string(e.state.Decision) + " " + personID(e.state.Person)
		if e.state.Person == nil {
			e.key = ""
		}
	}
	if known := j.recent(e.key, t.first); known != nil && e.state.Revision == 0 {
		if e.settled {
			j.withdraw(ctx, e.state.ID)
		}
		before := known.state
		d.told.before = &before
		j.merge(known, &before, t, width, height)
		if known.state.Decision == facegate.Unknown {
			j.assign(ctx, known)
		}
		e = known
	} else {
		j.entries = append(j.entries, e)
	}
	e.open++
	d.entry = e
}

// retract takes a track out of the sighting it was reported in.
func (j *journal) retract(ctx context.Context, d *dossier) {
	e := d.entry
	if e.open--; d.told.before != nil { // it had continued somebody's sighting, which stands without it
		revision := e.state.Revision
		e.state = *d.told.before
		e.state.Revision = revision
		j.report(ctx, e, e.open == 0)
		d.entry = nil
		return
	}
	if e.open > 0 { // others continue it
		d.entry = nil
		return
	}
	if e.settled {
		j.withdraw(ctx, e.state.ID)
	}
	j.entries = slices.DeleteFunc(j.entries, func(o *entry) bool { return o == e })
}

// recent is the sighting that one more track of the same person belongs to.
func (j *journal) recent(key string, at time.Time) *entry {
	j.entries = slices.DeleteFunc(j.entries, func(e *entry) bool {
		return e.open == 0 && at.Sub(e.state.LastSeen) > j.cooldown
	})
	if key == "" {
		return nil
	}
	for _, e := range j.entries {
		if e.key == key {
			return e
		}
	}
	return nil
}

// merge writes what is known of the track into the entry's sighting, on top of
// what it was before the track.
func (j *journal) merge(e *entry, before *facegate.Sighting, t *track, width, height int) {
	d, v, s := t.doc, t.doc.verdict, &e.state
	s.TrackID, s.Decision, s.Person, s.Candidate = t.id, v.decision, v.person, v.candidate
	s.Distance, s.Similarity, s.FalseMatchRate = v.distance, v.similarity, v.falseMatchRate
	s.Threshold, s.Policy = v.threshold, v.policy
	s.Width, s.Height = width, height
	s.FirstSeen, s.LastSeen, s.Evidence = t.first, t.seen, v.evidence
	s.Liveness = d.liveness()
	s.Quality, s.Box, s.BestShot, s.Crop, s.Shots = d.best, d.bestBox, d.bestShot, d.bestCrop, d.shots()
	if before == nil {
		return
	}
	s.FirstSeen = before.FirstSeen
	if before.LastSeen.After(s.LastSeen) {
		s.LastSeen = before.LastSeen
	}
	s.Evidence += before.Evidence
	if s.Liveness == nil {
		s.Liveness = before.Liveness
	}
	if before.Quality > s.Quality {
		s.Quality, s.Box, s.BestShot, s.Crop = before.Quality, before.Box, before.BestShot, before.Crop
	}
	shots := append(slices.Clone(s.Shots), before.Shots...)
	slices.SortStableFunc(shots, func(a, b facegate.Shot) int {
		switch {
		case a.Quality.Overall > b.Quality.Overall:
			return -1
		case a.Quality.Overall < b.Quality.Overall:
			return 1
		}
		return 0
	})
	s.Shots = shots[:min(len(shots), mostShots)]
}

func (j *journal) assign(ctx context.Context, e *entry) {
	if j.book == nil {
		return
	}
	id, err := j.book.Assign(ctx, e.state.ID, e.state.Shots)
	if err != nil {
		j.log.Error("a stranger could not be given an id", "camera", j.camera.Name, "sighting", e.state.ID, "err", err)
		return
	}
	e.state.UnknownID, e.settled = id, true
}

func (j *journal) withdraw(ctx context.Context, sightingID string) {
	if err := j.book.Withdraw(ctx, sightingID); err != nil {
		j.log.Error("a stranger could not be taken back", "camera", j.camera.Name, "sighting", sightingID, "err", err)
	}
}

func (j *journal) report(ctx context.Context, e *entry, ended bool) {
	e.state.Ended = ended
	if e.state.Revision++; e.state.Revision == 1 {
		j.count.sightings.Add(1)
	}
	if j.sink == nil {
		return
	}
	if err := j.sink.Report(ctx, e.state); err != nil {
		j.count.unreported.Add(1)
		j.log.Error("a sighting could not be reported", "camera", j.camera.Name, "sighting", e.state.ID, "err", err)
	}
}
