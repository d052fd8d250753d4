package camera

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"facegate"
)

// Config is what cameras need from the rest of the program. Zero durations choose
// the defaults.
type Config struct {
	Frames      facegate.FrameAnalyser
	Recognition facegate.Recognition
	Sink        facegate.SightingSink // where sightings go; nil: nowhere
	Unknowns    facegate.UnknownBook  // nil: strangers have no lasting id
	Liveness    string                // model file, for cameras that judge liveness
	Now         func() time.Time
	Logger      *slog.Logger // nil: silent

	OpenTimeout time.Duration // for opening a source; 0: 8 s
	ReadTimeout time.Duration // for its next picture, until it is opened anew; 0: 10 s
	StallAfter  time.Duration // without a picture, until a camera counts as stalled; 0: 4 s
	RetryFirst  time.Duration // the first wait before a source is opened again, doubled each time; 0: 1 s
	RetryMost   time.Duration // the longest; 0: 1 min
}

func (c *Config) withDefaults() (Config, error) {
	if c.Frames == nil || c.Recognition == nil || c.Now == nil {
		return Config{}, errors.New("cameras without detector, recognition or clock")
	}
	d := *c
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	for _, t := range []struct {
		to       *time.Duration
		fallback time.Duration
	}{{&d.OpenTimeout, 8 * time.Second}, {&d.ReadTimeout, 10 * time.Second}, {&d.StallAfter, 4 * time.Second},
		{&d.RetryFirst, time.Second}, {&d.RetryMost, time.Minute}} {
		if *t.to <= 0 {
			*t.to = t.fallback
		}
	}
	return d, nil
}

// backoff is how long to wait before the n-th attempt (from 0) to open a source
// again: twice as long each time up to a limit, and of that a random half to whole,
// so that cameras that failed together do not come back together.
func (c *Config) backoff(n int, random float64) time.Duration {
	d := c.RetryMost
	if n < 30 {
		d = min(d, c.RetryFirst<<n)
	}
	return d/2 + time.Duration(random*float64(d)/2)
}

func (c *Config) retryIn(n int) time.Duration { return c.backoff(n, rand.Float64()) }

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
