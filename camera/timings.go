package camera

import (
	"sync/atomic"
	"time"
)

// timings tell where a camera's time goes.
type timings struct {
	decode  stopwatch // the next picture off the source
	convert stopwatch // its pixels
	glance  stopwatch // movement and cuts
	detect  stopwatch // faces
	embed   stopwatch // embeddings and liveness
	search  stopwatch // people
	view    stopwatch // live pictures
}

type stopwatch struct{ sum, n atomic.Int64 }

func (s *stopwatch) add(d time.Duration) {
	s.sum.Add(int64(d))
	s.n.Add(1)
}

// A Stage is where time went.
type Stage struct {
	Name  string
	Time  time.Duration
	Times int
}

func (t *timings) stages() []Stage {
	var out []Stage
	for _, s := range []struct {
		name string
		of   *stopwatch
	}{{"decode", &t.decode}, {"convert", &t.convert}, {"glance", &t.glance}, {"detect", &t.detect},
		{"embed", &t.embed}, {"search", &t.search}, {"view", &t.view}} {
		out = append(out, Stage{s.name, time.Duration(s.of.sum.Load()), int(s.of.n.Load())})
	}
	return out
}
