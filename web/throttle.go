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
	seen map[string]*rate.Limiter
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

// waiting is how long name has to wait; 0 where it has not.
func (t *throttle) waiting(name string, now time.Time) time.Duration {
	return t.wait(t.limiter(name, now), now)
}

func (t *throttle) wait(l *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(t.every))
}

func (t *throttle) limiter(name string, now time.Time) *rate.Limiter {
	name = network(name)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen == nil {
		t.seen = map[string]*rate.Limiter{}
	}
	if l, ok := t.seen[name]; ok {
		return l
	}
	if len(t.seen) >= maxThrottled {
		for other, l := range t.seen {
			if l.TokensAt(now) >= float64(t.burst) {
				delete(t.seen, other)
			}
		}
		if len(t.seen) >= maxThrottled {
			clear(t.seen)
		}
	}
	l := rate.NewLimiter(rate.Every(t.every), t.burst)
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
