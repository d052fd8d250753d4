package camera

import (
	"cmp"
	"slices"
	"time"

	"facegate"
)

// When a face is embedded. Embedding costs as much as several looks.
const (
	worthQuality = 0.12 // below, an embedding says nothing
	goodQuality  = 0.4  // below, a better look is waited for,
	patience     = 250 * time.Millisecond

	embedGap    = 80 * time.Millisecond // looks too close together show the same
	longestGap  = 2 * time.Second       // between tries while undecided
	firstReview = time.Second           // a decided face is looked at again, ever more seldom
	lastReview  = 15 * time.Second
	betterShot  = 0.15 // of quality, that pays an embedding of its own

	mostBallots = 24
	mostShots   = 8
)

// A dossier is what is gathered on a track.
type dossier struct {
	ballots  []ballot
	tries    int // embeddings asked for, answered or not
	tried    time.Time
	best     float64 // quality of the best shot
	bestShot []byte  // its picture
	bestCrop []byte
	bestBox  facegate.Box
	live     float64 // sum of liveness scores
	liveN    int
	reviews  int // since decided
	verdict  verdict
	entry    *entry // of the journal, once reported
	told     told   // what was reported last
}

// wants reports whether a look of that quality should be embedded.
func (d *dossier) wants(quality float64, first, at time.Time) bool {
	since := at.Sub(d.tried)
	switch {
	case quality < worthQuality || d.tries > 0 && since < embedGap:
		return false
	case d.tries == 0 && quality < goodQuality:
		return at.Sub(first) >= patience
	case d.verdict.decided:
		review := min(firstReview<<min(d.reviews, 10), lastReview)
		return since >= review || quality >= d.best+betterShot && since >= review/4
	case quality >= d.best+betterShot/2:
		return true
	}
	// The first few quickly, then ever more seldom: a face that stays undecided is
	// too far off or turned away, until it is not.
	gap := embedGap
	if d.tries > 3 {
		gap = min(gap<<min(d.tries-3, 10), longestGap)
	}
	return since >= gap
}

// add takes in a ballot.
func (d *dossier) add(b ballot) {
	d.ballots = append(d.ballots, b)
	if len(d.ballots) > mostBallots { // the oldest of the weaker half goes
		weights := make([]float64, len(d.ballots))
		for i := range d.ballots {
			weights[i] = weigh(&d.ballots[i])
		}
		slices.Sort(weights)
		middle := weights[len(weights)/2]
		i := slices.IndexFunc(d.ballots, func(b ballot) bool { return weigh(&b) <= middle })
		d.ballots = slices.Delete(d.ballots, i, i+1)
	}
}

// judge counts the ballots again.
func (d *dossier) judge(ended, alone bool, liveness *float64) {
	v := count(d.ballots, ended, alone)
	if !v.decided && d.verdict.decided { // what was said stands until something else can be said
		if v = d.verdict; v.decision == facegate.Spoof {
			v.decision = facegate.Match
		}
	}
	if score := d.liveness(); v.decision == facegate.Match && liveness != nil && score != nil && *score < *liveness {
		v.decision = facegate.Spoof
	}
	d.verdict = v
}

// liveness is the mean score; nil where none was taken.
func (d *dossier) liveness() *float64 {
	if d.liveN == 0 {
		return nil
	}
	mean := d.live / float64(d.liveN)
	return &mean
}

// shots are the best, best first.
func (d *dossier) shots() []facegate.Shot {
	shots := make([]facegate.Shot, 0, len(d.ballots))
	for _, b := range d.ballots {
		shots = append(shots, b.shot)
	}
	slices.SortStableFunc(shots, func(a, b facegate.Shot) int { return cmp.Compare(b.Quality.Overall, a.Quality.Overall) })
	return shots[:min(len(shots), mostShots)]
}
