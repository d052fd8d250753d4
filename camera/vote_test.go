package camera

import (
	"testing"
	"time"

	"facegate"
)

const threshold = 0.5

// says is a ballot: the nearest person, how far, at what quality. Within the
// threshold it is a match; "?" before the name makes it ambiguous.
func says(name string, distance, quality float64) ballot {
	d := facegate.Unknown
	if distance <= threshold {
		d = facegate.Match
	}
	if name[0] == '?' {
		d, name = facegate.Ambiguous, name[1:]
	}
	return ballot{
		shot: facegate.Shot{Quality: facegate.Quality{Overall: quality}},
		said: facegate.Identification{Decision: d, Threshold: threshold, Policy: facegate.PolicyStrict, Candidates: []facegate.Candidate{
			{Person: facegate.PersonRef{ID: name, Name: name}, Distance: distance, Similarity: 1 - distance, FalseMatchRate: &distance}}},
	}
}

func TestCount(t *testing.T) {
	empty := ballot{shot: facegate.Shot{Quality: facegate.Quality{Overall: 0.9}}, said: facegate.Identification{Decision: facegate.Unknown, Threshold: threshold}}
	for _, c := range []struct {
		name     string
		ballots  []ballot
		now      string // what is said while the face is in sight: a name, unknown, ambiguous, or nothing
		ended    string
		alone    string
		distance float64 // of what is said at the end
	}{
		{"nothing", nil, "", "", "", 0},
		{"one blurred match", []ballot{says("ann", 0.3, 0.2)}, "", "", "", 0},
		{"one fair match", []ballot{says("ann", 0.42, 0.6)}, "", "", "ann", 0.42},
		{"one match beyond doubt", []ballot{says("ann", 0.35, 0.9)}, "ann", "ann", "ann", 0.35},
		{"one clear match close to the threshold", []ballot{says("ann", 0.47, 0.9)}, "", "", "ann", 0.47},
		{"two that agree", []ballot{says("ann", 0.42, 0.6), says("ann", 0.40, 0.6)}, "ann", "ann", "ann", 0.40},
		{"two blurred that agree", []ballot{says("ann", 0.42, 0.2), says("ann", 0.40, 0.2)}, "", "", "ann", 0.40},
		{"many blurred that agree", []ballot{says("ann", 0.42, 0.2), says("ann", 0.40, 0.2), says("ann", 0.41, 0.2), says("ann", 0.41, 0.2)}, "ann", "ann", "ann", 0.41},
		{"two that do not", []ballot{says("ann", 0.35, 0.6), says("bob", 0.36, 0.6)}, "ambiguous", "ambiguous", "ambiguous", 0.35},
		{"one against three", []ballot{says("bob", 0.36, 0.5), says("ann", 0.35, 0.6), says("ann", 0.33, 0.6), says("ann", 0.37, 0.6)}, "ann", "ann", "ann", 0.35},
		{"a good name among blurred unknowns", []ballot{says("ann", 0.6, 0.2), says("ann", 0.7, 0.2), says("ann", 0.3, 0.9), says("ann", 0.35, 0.8)}, "ann", "ann", "ann", 0.3},
		{"a blurred name among good unknowns", []ballot{says("ann", 0.7, 0.8), says("ann", 0.45, 0.2), says("bob", 0.72, 0.9), says("ann", 0.48, 0.2), says("bob", 0.71, 0.9), says("bob", 0.71, 0.9)}, "unknown", "unknown", "unknown", 0.71},
		{"strangers need more while in sight", []ballot{says("ann", 0.7, 0.9), says("ann", 0.75, 0.9)}, "", "unknown", "unknown", 0.7},
		{"a stranger", []ballot{says("ann", 0.7, 0.4), says("ann", 0.75, 0.4), says("ann", 0.8, 0.4), says("ann", 0.8, 0.4)}, "unknown", "unknown", "unknown", 0.75},
		{"a stranger seen once, badly", []ballot{says("ann", 0.7, 0.2)}, "", "", "", 0},
		{"a stranger seen once, well", []ballot{says("ann", 0.7, 0.8)}, "", "unknown", "unknown", 0.7},
		{"torn between two each time", []ballot{says("?ann", 0.4, 0.8), says("?ann", 0.42, 0.8)}, "ambiguous", "ambiguous", "ambiguous", 0.4},
		{"torn once, then clear", []ballot{says("?ann", 0.4, 0.5), says("ann", 0.35, 0.8), says("ann", 0.33, 0.8)}, "ann", "ann", "ann", 0.33},
		{"an empty gallery", []ballot{empty, empty, empty, empty}, "unknown", "unknown", "unknown", 0},
	} {
		for _, mode := range []struct {
			want         string
			ended, alone bool
		}{{c.now, false, false}, {c.ended, true, false}, {c.alone, true, true}} {
			v := count(c.ballots, mode.ended, mode.alone)
			got := string(v.decision)
			if v.decision == facegate.Match {
				got = v.person.Name
			}
			if got != mode.want || v.decided != (mode.want != "") {
				t.Errorf("%s (ended %v, alone %v): %q %+v, want %q", c.name, mode.ended, mode.alone, got, v, mode.want)
				continue
			}
			if mode.ended && !mode.alone && v.decided && v.distance != c.distance {
				t.Errorf("%s: distance %v, want %v", c.name, v.distance, c.distance)
			}
			if v.distance > 0 && (v.policy != facegate.PolicyStrict || v.falseMatchRate == nil || *v.falseMatchRate != v.distance) {
				t.Errorf("%s: policy %q, false match rate %v at %v", c.name, v.policy, v.falseMatchRate, v.distance)
			}
			switch v.decision {
			case facegate.Match:
				if v.distance > v.threshold {
					t.Errorf("%s: a match at %v", c.name, v.distance)
				}
			case facegate.Unknown:
				if v.person != nil || v.distance != 0 && v.distance <= v.threshold {
					t.Errorf("%s: unknown %+v", c.name, v)
				}
			}
		}
	}
}

func TestStrayed(t *testing.T) {
	shot := func(n int, quality float64) ballot {
		return ballot{shot: facegate.Shot{Embedding: *person(n), Quality: facegate.Quality{Overall: quality}}}
	}
	for _, c := range []struct {
		name string
		of   []ballot
		want bool
	}{
		{"one face", []ballot{shot(0, .8), shot(0, .8), shot(0, .8), shot(0, .8)}, false},
		{"another, once", []ballot{shot(0, .8), shot(0, .8), shot(0, .8), shot(1, .8)}, false},
		{"another, twice", []ballot{shot(0, .8), shot(0, .8), shot(1, .8), shot(1, .8)}, true},
		{"another, blurred", []ballot{shot(0, .8), shot(0, .8), shot(1, .3), shot(1, .3)}, false},
		{"another, with a blurred one last", []ballot{shot(0, .8), shot(0, .8), shot(1, .8), shot(1, .8), shot(1, .2)}, false},
		{"little to compare with", []ballot{shot(0, .8), shot(1, .8), shot(1, .8)}, false},
		{"back and forth", []ballot{shot(0, .8), shot(1, .8), shot(1, .8), shot(0, .8)}, false},
	} {
		if got := strayed(c.of); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestWants(t *testing.T) {
	decided := verdict{decided: true}
	for _, c := range []struct {
		name    string
		doc     dossier
		quality float64
		age     float64 // s since the track began
		since   float64 // s since the last try
		want    bool
	}{
		{"a first good look", dossier{}, 0.5, 0.1, 0, true},
		{"a first poor look: a better one may come", dossier{}, 0.3, 0.1, 0, false},
		{"still poor", dossier{}, 0.3, 0.3, 0, true},
		{"useless", dossier{}, 0.05, 9, 9, false},
		{"the next picture but one", dossier{tries: 1, best: 0.5}, 0.5, 0.3, 0.1, true},
		{"too soon", dossier{tries: 1, best: 0.5}, 0.9, 0.3, 0.03, false},
		{"often tried", dossier{tries: 6, best: 0.5}, 0.5, 3, 0.5, false},
		{"often tried, long ago", dossier{tries: 6, best: 0.5}, 0.5, 3, 0.7, true},
		{"often tried, but better now", dossier{tries: 6, best: 0.5}, 0.7, 3, 0.1, true},
		{"very often tried", dossier{tries: 50, best: 0.5}, 0.5, 3, 2, true},
		{"decided", dossier{tries: 2, best: 0.5, verdict: decided}, 0.5, 1, 0.5, false},
		{"decided, but better now", dossier{tries: 2, best: 0.5, verdict: decided}, 0.7, 1, 0.5, true},
		{"decided a while ago", dossier{tries: 2, best: 0.5, verdict: decided}, 0.5, 2, 1, true},
		{"reviewed often", dossier{tries: 9, best: 0.5, reviews: 5, verdict: decided}, 0.5, 60, 14, false},
		{"reviewed often, long ago", dossier{tries: 9, best: 0.5, reviews: 50, verdict: decided}, 0.5, 60, 15, true},
	} {
		c.doc.tried = at(100 - c.since)
		if got := c.doc.wants(c.quality, at(100-c.age), at(100)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestDossierKeepsTheBestBallots(t *testing.T) {
	d := &dossier{}
	for i := range 200 {
		d.add(ballot{shot: facegate.Shot{At: at(float64(i)), Quality: facegate.Quality{Overall: float64(i%10) / 10}},
			said: facegate.Identification{Decision: facegate.Unknown}})
	}
	if len(d.ballots) != mostBallots {
		t.Fatalf("%d ballots are kept", len(d.ballots))
	}
	for _, s := range d.shots() {
		if s.Quality.Overall < 0.8 {
			t.Errorf("a shot of quality %v is among the best", s.Quality.Overall)
		}
	}
}

func TestLivenessTurnsAMatchIntoASpoof(t *testing.T) {
	limit := 0.5
	match := []ballot{says("ann", 0.3, 0.9), says("ann", 0.3, 0.9)}
	for _, c := range []struct {
		name  string
		of    []ballot
		score float64
		n     int
		limit *float64
		want  facegate.Decision
	}{
		{"alive", match, 1.8, 2, &limit, facegate.Match},
		{"not alive", match, 0.4, 2, &limit, facegate.Spoof},
		{"not judged", match, 0.4, 2, nil, facegate.Match},
		{"no score", match, 0, 0, &limit, facegate.Match},
		{"a stranger is no spoof", []ballot{says("ann", 0.8, 0.9), says("ann", 0.8, 0.9)}, 0.1, 2, &limit, facegate.Unknown},
	} {
		d := &dossier{ballots: c.of, live: c.score, liveN: c.n}
		d.judge(true, false, c.limit)
		if d.verdict.decision != c.want {
			t.Errorf("%s: %v", c.name, d.verdict.decision)
		}
	}
	// It is taken back when the scores get better, and what was said stands when nothing new can be.
	d := &dossier{ballots: match, live: 0.1, liveN: 1}
	d.judge(false, false, &limit)
	d.ballots = nil
	if d.judge(false, false, &limit); d.verdict.decision != facegate.Spoof {
		t.Errorf("without ballots: %v", d.verdict.decision)
	}
	d.live, d.liveN = 1.5, 2
	if d.judge(false, false, &limit); d.verdict.decision != facegate.Match {
		t.Errorf("with better scores: %v", d.verdict.decision)
	}
}

func TestLivenessPart(t *testing.T) {
	for _, c := range []struct {
		box          facegate.Box
		w, h         int
		x, y, x2, y2 int
	}{
		{facegate.Box{X: 450, Y: 450, Width: 100, Height: 100}, 1000, 1000, 365, 365, 636, 636},
		{facegate.Box{X: 0, Y: 0, Width: 100, Height: 100}, 1000, 1000, 0, 0, 271, 271},
		{facegate.Box{X: 930, Y: 930, Width: 100, Height: 100}, 1000, 1000, 729, 729, 1000, 1000},
		{facegate.Box{X: 20, Y: 30, Width: 100, Height: 100}, 200, 180, 0, 0, 180, 180},
	} {
		r := livenessPart(c.box, c.w, c.h)
		if r.Min.X != c.x || r.Min.Y != c.y || r.Max.X != c.x2 || r.Max.Y != c.y2 {
			t.Errorf("%v in %dx%d: %v", c.box, c.w, c.h, r)
		}
	}
}

func TestPacer(t *testing.T) {
	for _, c := range []struct {
		source, want float64
	}{{30, 10}, {29.97, 10}, {25, 10}, {10, 10}, {60, 7}, {5, 10}, {15, 12}} {
		p, n := every(c.want), 0
		const seconds = 20
		for i := range int(seconds * c.source) {
			if p.due(noon.Add(time.Duration(float64(i) / c.source * float64(time.Second)))) {
				n++
			}
		}
		if got, want := float64(n)/seconds, min(c.source, c.want); got > want*1.02 || got < want*0.97 {
			t.Errorf("of %v pictures a second %v are taken, want %v", c.source, got, want)
		}
	}
	p := every(1)
	p.due(at(100))
	if !p.due(at(3)) { // the clock, or the file, began anew
		t.Error("stuck in the future")
	}
}
