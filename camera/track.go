package camera

import (
	"time"

	"facegate"
)

// Association of faces with tracks. The scores part YuNet's answers, which begin
// at 0.6, as ByteTrack parts a detector's: sure ones found and continue tracks,
// doubtful ones only continue.
const (
	sureScore = 0.8
	newScore  = 0.82

	// Faces are small and move by their own width between two looks, where
	// pedestrians, whom ByteTrack was made for, overlap themselves. So boxes are
	// compared with a margin of this share of their size on each side (Yang et al.,
	// "Hard to Track Objects with Irregular Motions and Similar Appearances? Make It
	// Easier by Buffering the Matching Space", 2023).
	reach = 0.4

	sureCost  = 0.85 // most cost, 1-IoU, of a pair in the first stage
	doubtCost = 0.5  // in the second
	newCost   = 0.75 // with a track seen once only
	sameIoU   = 0.85 // two tracks that overlap so are one
)

// lostFor is how long a face that is not seen is looked for; at least missed looks.
const (
	lostFor    = time.Second
	lostMissed = 3
)

// A track is one face followed through a stream.
type track struct {
	id     int64 // 0 until it was seen twice
	motion motion
	face   facegate.Face // as last seen
	first  time.Time
	seen   time.Time // last
	hits   int
	missed int // looks since it was seen
	doc    *dossier
}

// confirmed tells a track from what may have been a flicker.
func (t *track) confirmed() bool { return t.id != 0 }

// box is where the face is, as far as is known.
func (t *track) box() facegate.Box { return t.motion.box() }

// A tracker follows the faces of one stream: ByteTrack (Zhang et al.,
// "ByteTrack: Multi-Object Tracking by Associating Every Detection Box", 2022)
// with times instead of picture counts, since looks are not evenly spaced.
type tracker struct {
	confirmHits int // looks in which a face is seen before it is followed; 2
	tracks      []*track
	at          time.Time
	lastID      int64
}

// step takes the faces of the picture at that time. It returns, for each face,
// the track it belongs to (nil for a doubtful face on its own), and the confirmed
// tracks that ended.
func (t *tracker) step(at time.Time, faces []facegate.Face) (of []*track, ended []*track) {
	t.predict(at)
	of = make([]*track, len(faces))
	var sure, doubtful []int
	for i, f := range faces {
		if f.Box.Width <= 0 || f.Box.Height <= 0 {
			continue
		}
		if f.Score >= sureScore {
			sure = append(sure, i)
		} else {
			doubtful = append(doubtful, i)
		}
	}
	var known, fresh []*track
	for _, tr := range t.tracks {
		if tr.confirmed() {
			known = append(known, tr)
		} else {
			fresh = append(fresh, tr)
		}
	}
	known, sure = t.pair(known, sure, faces, of, sureCost)
	var present []*track // seen at the last look; the lost are found by sure faces only
	for _, tr := range known {
		if tr.missed == 0 {
			present = append(present, tr)
		}
	}
	t.pair(present, doubtful, faces, of, doubtCost)
	_, sure = t.pair(fresh, sure, faces, of, newCost)
	for _, i := range sure {
		if faces[i].Score >= newScore {
			of[i] = &track{motion: newMotion(faces[i].Box), first: at}
			t.tracks = append(t.tracks, of[i])
		}
	}
	return of, t.settle(at, faces, of)
}

func (t *tracker) predict(at time.Time) {
	d := at.Sub(t.at)
	t.at = at
	for _, tr := range t.tracks {
		if d > 0 {
			tr.motion.predict(d)
		}
	}
}

// pair assigns faces (indices into all) to tracks and returns what stays alone.
func (t *tracker) pair(tracks []*track, faces []int, all []facegate.Face, of []*track, limit float64) ([]*track, []int) {
	if len(tracks) == 0 || len(faces) == 0 {
		return tracks, faces
	}
	cost := make([][]float64, len(tracks))
	for i, tr := range tracks {
		cost[i] = make([]float64, len(faces))
		for j, f := range faces {
			cost[i][j] = 1 - widen(tr.box()).IoU(widen(all[f].Box))
		}
	}
	taken := make([]bool, len(faces))
	var alone []*track
	for i, j := range assign(cost, limit) {
		if j < 0 {
			alone = append(alone, tracks[i])
			continue
		}
		taken[j] = true
		of[faces[j]] = tracks[i]
		tracks[i].motion.correct(all[faces[j]].Box)
	}
	var left []int
	for j, f := range faces {
		if !taken[j] {
			left = append(left, f)
		}
	}
	return alone, left
}

// settle books who was seen, and drops tracks that are over.
func (t *tracker) settle(at time.Time, faces []facegate.Face, of []*track) (ended []*track) {
	seen := map[*track]int{}
	for i, tr := range of {
		if tr != nil {
			seen[tr] = i
		}
	}
	for _, tr := range t.tracks {
		i, ok := seen[tr]
		if !ok {
			tr.missed++
			tr.motion.halt()
			continue
		}
		tr.face, tr.seen, tr.missed = faces[i], at, 0
		if tr.hits++; !tr.confirmed() && tr.hits >= t.confirmHits {
			t.lastID++
			tr.id = t.lastID
		}
	}
	var kept []*track
	for _, tr := range t.tracks {
		switch over := tr.missed >= lostMissed && at.Sub(tr.seen) >= lostFor; {
		case tr.missed == 0:
			kept = append(kept, tr)
		case !tr.confirmed(): // seen once: a flicker
		case over || t.doubled(tr):
			ended = append(ended, tr)
		default:
			kept = append(kept, tr)
		}
	}
	t.tracks = kept
	return ended
}

// doubled reports whether a lost track lies on one that is seen.
func (t *tracker) doubled(lost *track) bool {
	for _, tr := range t.tracks {
		if tr.confirmed() && tr.missed == 0 && tr.box().IoU(lost.box()) > sameIoU {
			return true
		}
	}
	return false
}

// endAll ends every track: the scene is another one.
func (t *tracker) endAll() (ended []*track) {
	for _, tr := range t.tracks {
		if tr.confirmed() {
			ended = append(ended, tr)
		}
	}
	t.tracks = nil
	return ended
}

// split ends a track whose face turned out to have become somebody else's, and
// follows that face as a new one.
func (t *tracker) split(tr *track) (ended *track) {
	old := *tr
	t.lastID++
	tr.id, tr.first, tr.hits, tr.doc = t.lastID, tr.seen, t.confirmHits, nil
	return &old
}

// widen is b with a margin on each side.
func widen(b facegate.Box) facegate.Box {
	return facegate.Box{
		X: b.X - reach*b.Width, Y: b.Y - reach*b.Height,
		Width: b.Width * (1 + 2*reach), Height: b.Height * (1 + 2*reach),
	}
}
