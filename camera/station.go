package camera

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"facegate"
)

// A station is what stays of a camera while its source comes and goes, and while
// its settings change.
type station struct {
	cfg       *Config
	gauge     gauge
	time      timings
	pushed    *pushBox
	journal   *journal
	live      broadcast[[]byte]
	views     broadcast[facegate.CameraView]
	seen      atomic.Pointer[facegate.CameraView]
	lastTrack int64
	stuck     atomic.Int32 // readers that were given up and have not come back
	recorder  recorder     // takes every picture; nil: none
	once      bool         // a file or folder that cannot be read is not tried again
}

// A recorder takes every picture, with what is seen in it.
type recorder interface {
	record(p *picture, v facegate.CameraView) error
}

func newStation(cfg *Config, ref facegate.CameraRef) *station {
	s := &station{cfg: cfg}
	s.gauge.now = cfg.Now
	s.gauge.be(facegate.CameraConnecting, "")
	s.pushed = newPushBox(func() { s.gauge.dropped.Add(1) })
	s.journal = &journal{sink: cfg.Sink, book: cfg.Unknowns, log: cfg.Logger, count: &s.gauge.counters}
	s.journal.camera = ref
	return s
}

// Reasons for which a reader is told to stop.
var (
	errOffDuty = errors.New("outside its schedule")
	errHangs   = errors.New("the source hangs")
)

const (
	tickEvery = 250 * time.Millisecond // how often stalls and schedules are looked at
	grace     = 2 * time.Second        // for a reader that is told to stop
	mostStuck = 2                      // readers given up at a time
)

// run looks at a camera until ctx ends, or a file or folder does: then it returns
// nil. Tracks and open sightings are ended.
func (s *station) run(ctx context.Context, camera facegate.Camera) error {
	pool := &matPool{}
	defer pool.close()
	box := newMailbox(pool, func() { s.gauge.dropped.Add(1) })
	a, err := s.newAnalyst(camera)
	for failures := 0; err != nil; failures++ {
		s.gauge.failed(err.Error())
		s.gauge.be(facegate.CameraRetrying, err.Error())
		if s.once {
			return err
		}
		if failures == 0 {
			s.cfg.Logger.Error("a camera cannot be looked at", "camera", camera.Name, "err", err)
		}
		if err := pause(ctx, s.cfg.retryIn(failures)); err != nil {
			return err
		}
		s.gauge.retries.Add(1)
		a, err = s.newAnalyst(camera)
	}
	defer s.freeAnalyst(a)
	analysing, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.serve(analysing, a, box, camera.Ref())
	}()
	err = s.follow(ctx, camera, box, pool)
	stop()
	<-done
	box.close()
	s.pushed.take()
	return err
}

func (s *station) newAnalyst(camera facegate.Camera) (*analyst, error) {
	s.journal.camera = camera.Ref()
	s.journal.cooldown = cooldownOf(camera.CameraSettings)
	a := &analyst{
		settings: camera.CameraSettings, frames: s.cfg.Frames, recognition: s.cfg.Recognition,
		tracker: &tracker{lastID: s.lastTrack}, journal: s.journal, glance: newGlance(),
		gauge: &s.gauge, time: &s.time, now: s.cfg.Now, log: s.cfg.Logger,
	}
	if camera.Liveness != nil {
		if s.cfg.Liveness == "" {
			a.glance.close()
			return nil, errNoLiveness()
		}
		var err error
		if a.liveness, err = openLiveness(s.cfg.Liveness); err != nil {
			a.glance.close()
			return nil, err
		}
	}
	return a, nil
}

func (s *station) freeAnalyst(a *analyst) {
	s.lastTrack = a.tracker.lastID
	a.glance.close()
	if a.liveness != nil {
		a.liveness.close()
	}
	s.seen.Store(nil)
}

const defaultCooldown = 30 * time.Second

func cooldownOf(s facegate.CameraSettings) time.Duration {
	if s.Cooldown == nil {
		return defaultCooldown
	}
	return time.Duration(*s.Cooldown * float64(time.Second))
}

// serve takes pictures from the mailbox until ctx ends; then it ends all tracks.
func (s *station) serve(ctx context.Context, a *analyst, box *mailbox, ref facegate.CameraRef) {
	for {
		p := box.take(ctx)
		if p == nil {
			// What is known is reported even though the camera is told to stop.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			a.end(last)
			return
		}
		if p.over != nil {
			a.end(ctx)
			s.show(a, p.at, ref)
			close(p.over)
		} else {
			s.handle(ctx, a, p, ref)
		}
		box.pool.put(p.bgr)
	}
}

func (s *station) handle(ctx context.Context, a *analyst, p *picture, ref facegate.CameraRef) {
	if p.due {
		if err := a.look(ctx, p); err != nil && ctx.Err() == nil {
			s.gauge.dropped.Add(1)
			s.gauge.failed(err.Error())
			s.cfg.Logger.Debug("a picture could not be analysed", "camera", ref.Name, "err", err)
		}
	}
	v := s.show(a, p.at, ref)
	if s.recorder != nil {
		if err := s.recorder.record(p, v); err != nil {
			s.gauge.failed(err.Error())
		}
	}
	if s.live.count() > 0 {
		start := s.cfg.Now()
		jpeg, err := liveJPEG(&p.bgr, v)
		s.time.view.add(s.cfg.Now().Sub(start))
		if err != nil {
			s.gauge.failed(err.Error())
			return
		}
		s.live.send(jpeg)
	}
}

func (s *station) show(a *analyst, at time.Time, ref facegate.CameraRef) facegate.CameraView {
	v := a.view(ref, at)
	s.seen.Store(&v)
	s.views.send(v)
	return v
}

// follow keeps the source open.
func (s *station) follow(ctx context.Context, camera facegate.Camera, box *mailbox, pool *matPool) error {
	log := s.cfg.Logger.With("camera", camera.Name, "source", camera.Source)
	for failures := 0; ; {
		if err := s.awaitDuty(ctx, camera.Schedule); err != nil {
			return err
		}
		if failures == 0 {
			s.gauge.be(facegate.CameraConnecting, "")
		}
		frames := s.gauge.frames.Load()
		err := s.read(ctx, camera, box, pool)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if s.gauge.frames.Load() > frames {
			failures = 0
		}
		if over := s.over(ctx, box); over != nil {
			return over
		}
		switch {
		case errors.Is(err, errOffDuty):
			continue
		case errors.Is(err, io.EOF):
			s.gauge.be(facegate.CameraEnded, "seen to its end")
			log.Info("a camera's source was seen to its end")
			return nil
		}
		what := quiet(err, camera.Source)
		if s.once && camera.Source.Kind() == facegate.SourcePath {
			return &facegate.Error{Code: facegate.CodeInvalid, Detail: fmt.Sprintf("%s cannot be read: %s", camera.Source, what),
				Next: "name a video file, or a folder of pictures"}
		}
		wait := s.cfg.retryIn(failures)
		s.gauge.failed(what)
		s.gauge.be(facegate.CameraRetrying, what)
		if failures++; failures == 1 {
			log.Warn("a camera's source failed; it is opened again", "in", wait.Round(100*time.Millisecond), "err", what)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
		s.gauge.retries.Add(1)
	}
}

// over tells the analyst that nothing comes for a while, and waits until it knows.
func (s *station) over(ctx context.Context, box *mailbox) error {
	p := &picture{bgr: box.pool.get(), at: s.cfg.Now(), over: make(chan struct{})}
	if err := box.putWait(ctx, p); err != nil {
		return err
	}
	select {
	case <-p.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitDuty returns when the schedule wants the camera to be looked at.
func (s *station) awaitDuty(ctx context.Context, schedule []facegate.Window) error {
	if onDuty(schedule, s.cfg.Now()) {
		return ctx.Err()
	}
	s.gauge.be(facegate.CameraPaused, errOffDuty.Error())
	defer s.pushed.take() // what is pushed meanwhile is not looked at hours later
	for !onDuty(schedule, s.cfg.Now()) {
		wait := tickEvery
		if next, ok := nextChange(schedule, s.cfg.Now()); ok {
			wait = min(max(next.Sub(s.cfg.Now()), 0)+time.Millisecond, 30*time.Second)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// read opens the source and reads it to its end. It returns soon after ctx ends,
// whether or not the reader does.
func (s *station) read(ctx context.Context, camera facegate.Camera, box *mailbox, pool *matPool) error {
	if s.stuck.Load() >= mostStuck {
		return errHangs
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	r := &reader{
		settings: camera.CameraSettings, gauge: &s.gauge, box: box, pool: pool, time: &s.time,
		viewers: func() bool { return s.live.count() > 0 }, all: s.recorder != nil,
		now: s.cfg.Now, sleep: pause,
	}
	s.stuck.Add(1)
	go func() {
		defer s.stuck.Add(-1)
		c, err := openSource(reading, &camera, s.pushed, timeouts{s.cfg.OpenTimeout, s.cfg.ReadTimeout})
		if err == nil {
			if camera.Source.Kind() == facegate.SourcePush {
				s.gauge.be(facegate.CameraConnecting, "waiting for pictures")
			}
			err = r.run(reading, c)
			c.close()
		}
		ended <- err
	}()
	return s.watch(ctx, camera, stop, ended, box)
}

// watch waits for the reader to end, and looks for stalls meanwhile.
func (s *station) watch(ctx context.Context, camera facegate.Camera, stop func(), ended <-chan error, box *mailbox) error {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	pushed := camera.Source.Kind() == facegate.SourcePush
	began, told := s.cfg.Now(), time.Time{}
	patience := s.cfg.StallAfter
	if k := camera.Source.Kind(); k == facegate.SourceHTTP || k == facegate.SourcePath { // single pictures, so many a second
		patience = max(patience, 2*every(fpsOf(camera.CameraSettings)).period)
	}
	hangs := s.cfg.OpenTimeout + s.cfg.ReadTimeout + patience
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return s.part(stop, ended, ctx.Err())
		case <-ticker.C:
		}
		now := s.cfg.Now()
		if !onDuty(camera.Schedule, now) {
			return s.part(stop, ended, errOffDuty)
		}
		last := s.gauge.quietSince()
		if last.Before(began) {
			last = began
		} else if silence := now.Sub(last); silence >= patience && last.After(told) {
			told = last
			if camera.Source.Reveal() != pushStills && s.gauge.stalled() { // a still comes when there is something to see
				s.cfg.Logger.Warn("a camera sends no pictures", "camera", camera.Name, "for", silence.Round(time.Second))
			}
			if err := s.over(ctx, box); err != nil {
				return s.part(stop, ended, err)
			}
		}
		if !pushed && now.Sub(last) >= hangs && !(camera.Pace != facegate.FastPace && camera.Source.Kind() == facegate.SourcePath) {
			return s.part(stop, ended, errHangs)
		}
	}
}

// part tells the reader to stop and gives it a moment. One that does not come back
// frees what it holds when it does.
func (s *station) part(stop func(), ended <-chan error, why error) error {
	stop()
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case <-ended:
	case <-t.C:
	}
	return why
}
