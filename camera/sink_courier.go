package camera

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"facegate"
)

// A courier brings what the outbox holds for one destination there, one after the
// other: the next waits until the one before is acknowledged, however often that
// takes. So order is kept, and what is lost with the program is done again.
type courier struct {
	outbox      facegate.Outbox
	destination string
	deliver     func(ctx context.Context, d facegate.Delivery) error
	log         *slog.Logger
	retryFirst  time.Duration // the first wait after a failure, doubled each time
	retryMost   time.Duration
	after       func(time.Duration) <-chan time.Time
}

// courierBatch is how many deliveries are read at a time.
const courierBatch = 50

// run delivers until ctx ends.
func (c *courier) run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		queued := c.outbox.Queued() // before looking, so that nothing comes in unseen
		n, err := c.round(ctx)
		if n > 0 {
			failures = 0
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait := c.retryIn(failures, err)
			if failures++; failures == 1 {
				c.log.WarnContext(ctx, "a delivery failed; it is tried again", "destination", c.destination,
					"in", wait.Round(time.Millisecond), "error", err)
			}
			select {
			case <-ctx.Done():
			case <-c.after(wait):
			}
		case n == 0:
			select {
			case <-ctx.Done():
			case <-queued:
			}
		}
	}
}

// round delivers one batch, up to the first failure.
func (c *courier) round(ctx context.Context) (delivered int, err error) {
	batch, err := c.outbox.Pending(ctx, c.destination, courierBatch)
	if err != nil {
		return 0, err
	}
	for _, d := range batch {
		if err := c.deliver(ctx, d); err != nil {
			if ctx.Err() != nil {
				return delivered, ctx.Err() // it was called off, and has not failed
			}
			return delivered, errors.Join(err, c.outbox.Failed(ctx, d, err.Error()))
		}
		// It has arrived: a program that is told to end still notes that.
		if err := c.outbox.Delivered(context.WithoutCancel(ctx), d); err != nil {
			return delivered, err
		}
		delivered++
	}
	return delivered, nil
}

// flush delivers what there is, once, unless something fails or ctx ends.
func (c *courier) flush(ctx context.Context) {
	for ctx.Err() == nil {
		if n, err := c.round(ctx); err != nil || n == 0 {
			return
		}
	}
}

// retryIn is how long to wait after so many failures: twice as long each time up
// to a limit, and of that a random half to whole, so that destinations that failed
// together are not tried together; but as long as the destination asks for.
func (c *courier) retryIn(failures int, err error) time.Duration {
	d := c.retryMost
	if failures < 30 {
		d = min(d, c.retryFirst<<failures)
	}
	d = d/2 + time.Duration(rand.Float64()*float64(d)/2)
	var asked *facegate.Error
	if errors.As(err, &asked) {
		d = max(d, min(asked.RetryAfter, c.retryMost))
	}
	return d
}
