package web

import (
	"net/netip"
	"sync"
	"time"

	"facegate"

	"golang.org/x/time/rate"
)

// A throttle slows down those who fail, each by a name such as their address.
type throttle struct {
	every time.Duration // one failure is forgiven
	burst int           // failures before it bites

	mu   sync.Mutex
	seen map[string]*tried
}

// tried is what one name may still fail.
type tried struct {
	*rate.Limiter
	underWay int // attempts whose end is not known
}

// maxThrottled bounds the memory of a throttle. Past it those are forgotten who
// have been forgiven everything; if there are none, all.
const maxThrottled = 10_000

// take counts a failure of name, and is how long to wait before the next one, 0
// where it may come at once.
func (t *throttle) take(name string, now time.Time) time.Duration {
	l := t.limiter(name, now)
	if l.AllowN(now, 1) {
		return 0
	}
	return t.wait(l, now)
}

// begin lets an attempt of name start, whose outcome is told by end; or is how
// long to wait. Attempts under way count as if they will fail: many at once are
// no way around the limit.
func (t *throttle) begin(name string, now time.Time) (end func(failed bool), wait time.Duration) {
	l := t.limiter(name, now)
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.wait(l, now); wait > 0 {
		return nil, wait
	}
	l.underWay++
	return func(failed bool) {
		t.mu.Lock()
		defer t.mu.Unlock()
		l.underWay--
		if failed {
			l.AllowN(now, 1)
		}
	}, 0
}

func (t *throttle) wait(l *tried, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now) + float64(l.underWay)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(t.every))
}

func (t *throttle) limiter(name string, now time.Time) *tried {
	name = network(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen == nil {
		t.seen = map[string]*tried{}
	}
	if l, ok := t.seen[name]; ok {
		return l
	}
	if len(t.seen) >= maxThrottled {
		for other, l := range t.seen {
			if l.TokensAt(now) >= float64(t.burst) && l.underWay == 0 {
				delete(t.seen, other)
			}
		}
		if len(t.seen) >= maxThrottled {
			clear(t.seen)
		}
	}
	l := &tried{Limiter: rate.NewLimiter(rate.Every(t.every), t.burst)}
	t.seen[name] = l
	return l
}

// network is an IPv6 address's /64, which one subscriber has all of; any other
// name is its own.
func network(name string) string {
	ip, err := netip.ParseAddr(name)
	if err != nil || ip.Unmap().Is4() {
		return name
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return name
	}
	return prefix.String()
}

// tooMany is 429 with Retry-After.
func tooMany(detail string, wait time.Duration) error {
	return &facegate.Error{Code: facegate.CodeTooMany, Detail: detail, Next: "wait for the time in Retry-After, then try again",
		RetryAfter: max(wait, time.Second)}
}
