package camera

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"facegate"
)

// mostEmbeds is how many faces of one picture are embedded, so that a crowd does
// not keep the camera from looking: where looking at the picture has taken half of
// the time to the next already, it is one. Pictures on their own have no next.
const mostEmbeds = 2

// mostReviewed is how many ballots are asked again, when a decided face is looked
// at once more, for what the gallery says by now.
const mostReviewed = 8

const (
	defaultMinFace = 24                     // px
	clearlyBetter  = 0.05                   // of quality, that makes another picture the best shot
	longestCalm    = 250 * time.Millisecond // between looks, so that who comes is seen at once
	searchEvery    = 290 * time.Millisecond // all of the picture, so that who comes beside somebody is seen soon
	mostFollowed   = 4                      // faces looked for by themselves; with more all of the picture costs less
	hopeful        = 8                      // looks after which a face that is not decided on is too far off to be soon
)

// An analyst looks at pictures, one after the other.
type analyst struct {
	settings    facegate.CameraSettings
	frames      facegate.FrameAnalyser
	recognition facegate.Recognition
	liveness    *livenessModel // nil: not judged
	tracker     *tracker
	journal     *journal
	glance      *glance
	gauge       *gauge
	time        *timings
	now         func() time.Time
	log         *slog.Logger

	width, height int
	looked        time.Time
	searched      time.Time // all of a picture, the last time
	begun         time.Time // by the clock: the present look
}

// period is the time between two looks.
func (a *analyst) period() time.Duration {
	return time.Duration(float64(time.Second) / fpsOf(a.settings))
}

// late reports whether looking takes long for pictures that do not wait.
func (a *analyst) late() bool {
	return a.settings.Pace != facegate.FastPace && a.now().Sub(a.begun) > a.period()/2
}

// calm reports whether this picture can be passed over: every second one, while
// nobody is in sight who is new and not decided on, or moves far between looks.
// Searching for faces is what costs most.
func (a *analyst) calm(p *picture) bool {
	period := a.period()
	if since := p.at.Sub(a.looked); p.alone || since < 0 || since >= 2*period-period/4 || 2*period > longestCalm {
		return false
	}
	for _, t := range a.tracker.tracks {
		known := t.doc != nil && t.doc.verdict.decided || t.hits > hopeful
		if !known || t.missed > 0 || t.motion.strides(2*period) {
			return false
		}
	}
	return true
}

// look searches a picture for faces and follows them.
func (a *analyst) look(ctx context.Context, p *picture) error {
	w, h := p.bgr.Cols(), p.bgr.Rows()
	if w != a.width || h != a.height {
		a.end(ctx)
		a.width, a.height = w, h
	}
	start := a.now()
	a.begun = start
	a.glance.take(&p.bgr)
	if a.glance.cut(p.at, p.alone) {
		a.end(ctx) // somebody else's face may be where one was; nobody must inherit a name
	}
	if a.calm(p) {
		a.time.glance.add(a.now().Sub(start))
		return nil
	}
	a.looked = p.at
	still := a.settings.MotionGate && !p.alone && !a.glance.movement(p.at) && len(a.tracker.tracks) == 0
	a.time.glance.add(a.now().Sub(start))
	if still {
		a.gauge.still.Add(1)
		return nil
	}
	frame, err := frameOf(&p.bgr)
	if err != nil {
		return err
	}
	start = a.now()
	faces, err := a.find(ctx, frame, p)
	a.time.detect.add(a.now().Sub(start))
	if err != nil {
		return fmt.Errorf("find faces: %w", err)
	}
	a.gauge.look(w, h)
	a.gauge.faces.Add(uint64(len(faces)))

	if a.tracker.confirmHits = 2; p.alone {
		a.tracker.confirmHits = 1
	}
	was := a.tracker.lastID
	of, ended := a.tracker.step(p.at, faces)
	a.gauge.tracks.Add(uint64(a.tracker.lastID - was))
	err = a.embed(ctx, p, frame, faces, of)
	for _, t := range ended {
		a.leave(ctx, t)
	}
	return err
}

// find looks for faces where those in sight, and those lost, should be by now; every
// now and then, and where one in sight is not found, in all of the picture.
func (a *analyst) find(ctx context.Context, frame facegate.Frame, p *picture) ([]facegate.Face, error) {
	uncounted := func(f facegate.Face) bool { return !a.counts(f.Box) }
	if near, inSight := a.near(p); len(near) > 0 {
		faces, err := a.frames.FollowFaces(ctx, frame, near)
		if err != nil {
			return nil, err
		}
		if faces = slices.DeleteFunc(faces, uncounted); len(faces) >= inSight {
			return faces, nil
		}
	}
	a.searched = p.at
	faces, err := a.frames.DetectFrame(ctx, frame)
	return slices.DeleteFunc(faces, uncounted), err
}

// near is where faces should be by now, and how many of them are in sight; none
// where all of the picture is to be searched.
func (a *analyst) near(p *picture) (boxes []facegate.Box, inSight int) {
	since := p.at.Sub(a.searched)
	if p.alone || since < 0 || since >= searchEvery || len(a.tracker.tracks) > mostFollowed {
		return nil, 0
	}
	for _, t := range a.tracker.tracks {
		m := t.motion
		m.predict(p.at.Sub(a.tracker.at))
		boxes = append(boxes, m.box())
		if t.missed == 0 {
			inSight++
		}
	}
	return boxes, inSight
}

// counts reports whether a face is large enough, and in the camera's zones.
func (a *analyst) counts(b facegate.Box) bool {
	least := float64(cmp.Or(a.settings.MinFace, defaultMinFace))
	c := b.Center()
	return min(b.Width, b.Height) >= least &&
		admits(a.settings.Zones, facegate.Point{X: c.X / float64(a.width), Y: c.Y / float64(a.height)})
}

// embed takes the looks that are worth it, those first of which least is known.
func (a *analyst) embed(ctx context.Context, p *picture, frame facegate.Frame, faces []facegate.Face, of []*track) error {
	var wanted []int
	for i, t := range of {
		if t == nil || !t.confirmed() {
			continue
		}
		if t.doc == nil {
			t.doc = &dossier{}
		}
		if p.alone || t.doc.wants(faces[i].Quality.Overall, t.first, p.at) {
			wanted = append(wanted, i)
		}
	}
	slices.SortStableFunc(wanted, func(i, j int) int {
		return cmp.Or(cmp.Compare(of[i].doc.tries, of[j].doc.tries),
			cmp.Compare(faces[j].Quality.Overall, faces[i].Quality.Overall))
	})
	for n, i := range wanted {
		if !p.alone && (n == mostEmbeds || n > 0 && a.late()) {
			break
		}
		if err := a.study(ctx, p, frame, &faces[i], of[i]); err != nil {
			return err
		}
	}
	return nil
}

// study embeds one look at a face and says what the track's ballots make of it.
func (a *analyst) study(ctx context.Context, p *picture, frame facegate.Frame, f *facegate.Face, t *track) error {
	d := t.doc
	d.tries++
	d.tried = p.at
	if d.verdict.decided {
		d.reviews++
	}
	a.gauge.embeddings.Add(1)
	start := a.now()
	err := a.frames.EmbedFace(ctx, frame, f)
	if err == nil && a.liveness != nil && f.Embedding != nil {
		var score float64
		if score, err = a.liveness.score(&p.bgr, f.Box); err == nil {
			d.live += score
			d.liveN++
		}
	}
	a.time.embed.add(a.now().Sub(start))
	if err != nil {
		return fmt.Errorf("embed a face: %w", err)
	}
	if f.Embedding == nil {
		return nil
	}
	b := ballot{shot: facegate.Shot{At: p.at, Embedding: *f.Embedding, Quality: f.Quality, Box: f.Box, Crop: f.Crop}}
	start = a.now()
	b.said, err = a.ask(ctx, *f.Embedding)
	if err == nil && d.verdict.decided {
		err = a.review(ctx, d)
	}
	a.time.search.add(a.now().Sub(start))
	if err != nil {
		return err
	}
	d.add(b)
	if strayed(d.ballots) {
		a.part(ctx, t)
		d = t.doc
	}
	if q := f.Quality.Overall; d.bestShot == nil || q >= d.best+clearlyBetter {
		if d.bestShot, err = shotJPEG(&p.bgr); err != nil {
			return err
		}
		d.best, d.bestCrop, d.bestBox = q, f.Crop, f.Box
	}
	d.judge(false, false, a.settings.Liveness)
	a.journal.note(ctx, t, a.width, a.height)
	return nil
}

func (a *analyst) ask(ctx context.Context, e facegate.Embedding) (facegate.Identification, error) {
	said, err := a.recognition.IdentifyEmbedding(ctx, e, facegate.IdentifyOptions{Candidates: 2})
	if err != nil {
		return said, fmt.Errorf("identify a face: %w", err)
	}
	return said, nil
}

// review asks again about the newest ballots: somebody may have been enrolled, or
// removed, while the face is in sight.
func (a *analyst) review(ctx context.Context, d *dossier) error {
	for i := max(0, len(d.ballots)-mostReviewed); i < len(d.ballots); i++ {
		said, err := a.ask(ctx, d.ballots[i].shot.Embedding)
		if err != nil {
			return err
		}
		d.ballots[i].said = said
	}
	return nil
}

// part ends a track that went over to somebody else, and begins another with the
// ballots that showed it.
func (a *analyst) part(ctx context.Context, t *track) {
	of := t.doc.ballots
	fresh := slices.Clone(of[len(of)-strayBallots:])
	t.doc.ballots = of[:len(of)-strayBallots]
	a.gauge.tracks.Add(1)
	a.leave(ctx, a.tracker.split(t))
	t.doc = &dossier{ballots: fresh, tries: len(fresh), tried: fresh[len(fresh)-1].shot.At}
}

// leave reports on a track that is over.
func (a *analyst) leave(ctx context.Context, t *track) {
	if t.doc == nil {
		a.gauge.unresolved.Add(1)
		return
	}
	t.doc.judge(true, t.hits == 1, a.settings.Liveness)
	a.journal.end(ctx, t, a.width, a.height)
}

// end ends all tracks: the scene is another, or nothing will come for a while.
func (a *analyst) end(ctx context.Context) {
	for _, t := range a.tracker.endAll() {
		a.leave(ctx, t)
	}
}

// view is what is seen at that time: tracks that were not in the picture itself
// are where they should be by now.
func (a *analyst) view(camera facegate.CameraRef, at time.Time) facegate.CameraView {
	v := facegate.CameraView{Camera: camera, At: at, Width: a.width, Height: a.height, Tracks: []facegate.TrackView{}}
	for _, t := range a.tracker.tracks {
		if !t.confirmed() || t.missed > 1 {
			continue
		}
		m := t.motion
		if ahead := at.Sub(a.tracker.at); ahead > 0 {
			m.predict(ahead)
		}
		view := facegate.TrackView{TrackID: t.id, Box: m.box(), FirstSeen: t.first}
		if d := t.doc; d != nil {
			view.Evidence, view.Liveness = len(d.ballots), d.liveness()
			if view.Decided = d.verdict.decided; view.Decided {
				view.Decision, view.Person, view.Similarity = d.verdict.decision, d.verdict.person, d.verdict.similarity
			}
			if d.entry != nil {
				view.SightingID, view.UnknownID = d.entry.state.ID, d.entry.state.UnknownID
			}
		}
		v.Tracks = append(v.Tracks, view)
	}
	return v
}
