package camera

import (
	"context"
	"errors"
	"fmt"
	"time"

	"facegate"
)

const (
	liveFPS = 12 // pictures a second of the live view, at most

	// Broken pictures in a row after which the source itself counts as broken.
	mostBroken = 50
)

// A reader reads an open source and leaves in the mailbox what is worth looking
// at. Pictures that nobody wants are not even turned into pixels.
type reader struct {
	settings facegate.CameraSettings
	gauge    *gauge
	box      *mailbox
	pool     *matPool
	viewers  func() bool // somebody watches the live view
	all      bool        // somebody wants every picture
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
	time     *timings
}

// run reads until the source ends (io.EOF), fails, or ctx ends.
func (r *reader) run(ctx context.Context, c capture) error {
	t := c.traits()
	fast := !t.live && r.settings.Pace == facegate.FastPace
	looks := every(fpsOf(r.settings))
	views := every(liveFPS)
	began := r.now()
	broken := 0
	for {
		start := r.now()
		pos, err := c.next(ctx)
		r.time.decode.add(r.now().Sub(start))
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		at := r.now()
		if p, ok := c.(interface{ takenAt() time.Time }); ok {
			at = p.takenAt()
		} else if !t.live {
			at = began.Add(pos)
			if !fast {
				if err := r.sleep(ctx, at.Sub(r.now())); err != nil {
					return err
				}
			}
		}
		r.gauge.frame()
		due := t.stills || looks.due(at)
		if !due && !r.all && !(r.viewers() && views.due(at)) {
			continue
		}
		bgr := r.pool.get()
		start = r.now()
		err = c.picture(&bgr)
		r.time.convert.add(r.now().Sub(start))
		if err != nil {
			r.pool.put(bgr)
			r.gauge.failed(err.Error())
			if broken++; !errors.Is(err, errBroken) {
				return err
			} else if broken >= mostBroken && t.live {
				return fmt.Errorf("%d broken pictures in a row", broken)
			}
			continue
		}
		broken = 0
		p := &picture{bgr: bgr, at: at, due: due, alone: t.stills}
		if fast || r.all {
			if err := r.box.putWait(ctx, p); err != nil {
				return err
			}
		} else {
			r.box.put(p)
		}
	}
}

// A pacer picks so many of the times it is shown.
type pacer struct {
	period time.Duration
	next   time.Time
}

func every(perSecond float64) *pacer {
	return &pacer{period: time.Duration(float64(time.Second) / perSecond)}
}

// due reports whether the time has come. It keeps to the rate on average: of 25
// pictures a second it takes ten by skipping one or two each time.
func (p *pacer) due(at time.Time) bool {
	if at.Before(p.next.Add(-p.period/20)) && p.next.Sub(at) <= p.period {
		return false
	}
	if p.next = p.next.Add(p.period); p.next.Before(at) || p.next.Sub(at) > p.period {
		p.next = at.Add(p.period)
	}
	return true
}
