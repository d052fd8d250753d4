package camera

import (
	"sync"
	"sync/atomic"
	"time"

	"facegate"
)

// counters are of one camera, since the program started.
type counters struct {
	frames, analysed, dropped, still, faces, embeddings, tracks, sightings, unreported, unresolved, retries atomic.Uint64
}

// A gauge knows how a camera does. It is safe for concurrent use.
type gauge struct {
	counters
	now func() time.Time

	mu          sync.Mutex
	state       facegate.CameraState
	since       time.Time
	detail      string
	width       int
	height      int
	lastError   string
	lastErrorAt time.Time
	lastFrameAt time.Time
	came        rate
	looked      rate
}

// be changes the state, and reports whether it was another.
func (g *gauge) be(s facegate.CameraState, detail string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.detail = detail
	if g.state == s {
		return false
	}
	g.state, g.since = s, g.now()
	return true
}

func (g *gauge) failed(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lastError, g.lastErrorAt = what, g.now()
}

// frame books a picture that came; the camera is online.
func (g *gauge) frame() {
	g.frames.Add(1)
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.came.add(now)
	g.lastFrameAt = now
	if g.state != facegate.CameraOnline {
		g.state, g.since, g.detail = facegate.CameraOnline, now, ""
	}
}

// stalled changes the state of a camera that was online, and reports whether it was.
func (g *gauge) stalled() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != facegate.CameraOnline {
		return false
	}
	g.state, g.since, g.detail = facegate.CameraStalled, g.now(), "no picture came of late"
	return true
}

// look books a picture that is searched for faces.
func (g *gauge) look(width, height int) {
	g.analysed.Add(1)
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.looked.add(now)
	g.width, g.height = width, height
}

func (g *gauge) quietSince() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lastFrameAt
}

func (g *gauge) status() facegate.CameraStatus {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	s := facegate.CameraStatus{
		State: g.state, Since: g.since, Detail: g.detail, Width: g.width, Height: g.height,
		FPS: g.came.perSecond(now), AnalysedFPS: g.looked.perSecond(now),
		Frames: g.frames.Load(), Analysed: g.analysed.Load(), Dropped: g.dropped.Load(), Still: g.still.Load(),
		Faces: g.faces.Load(), Embeddings: g.embeddings.Load(), Tracks: g.tracks.Load(),
		Sightings: g.sightings.Load(), Unreported: g.unreported.Load(), Unresolved: g.unresolved.Load(), Retries: g.retries.Load(),
		LastError: g.lastError,
	}
	if !g.lastErrorAt.IsZero() {
		at := g.lastErrorAt
		s.LastErrorAt = &at
	}
	if !g.lastFrameAt.IsZero() {
		at := g.lastFrameAt
		s.LastFrameAt = &at
	}
	return s
}

// rateOver is the time over which a rate is taken.
const rateOver = 4 // seconds

// A rate counts by the second, for the last few.
type rate struct {
	counts [rateOver + 1]int
	second int64 // of the newest count
	first  time.Time
}

func (r *rate) add(now time.Time) {
	r.turn(now)
	if r.first.IsZero() {
		r.first = now
	}
	r.counts[r.second%int64(len(r.counts))]++
}

func (r *rate) turn(now time.Time) {
	s := now.Unix()
	if s-r.second >= int64(len(r.counts)) {
		r.counts, r.first = [rateOver + 1]int{}, time.Time{}
		r.second = s
	}
	for r.second < s {
		r.second++
		r.counts[r.second%int64(len(r.counts))] = 0
	}
}

// perSecond is how many there were a second, over the last few.
func (r *rate) perSecond(now time.Time) float64 {
	r.turn(now)
	sum := 0
	for _, n := range r.counts {
		sum += n
	}
	// The window reaches back over whole seconds and the one under way.
	span := min(now.Sub(time.Unix(r.second-rateOver, 0)), now.Sub(r.first))
	if sum < 2 || span < 100*time.Millisecond {
		return 0
	}
	return float64(int(10*float64(sum)/span.Seconds()+0.5)) / 10
}
