package web

import (
	"fmt"
	"math"
	"sync"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"
)

// keyLimits bound what each key may ask for. A request costs its faces: one when
// it comes, the others when they have been counted, so a key may go into debt by
// one request and then waits until it is paid.
type keyLimits struct {
	defaults facegate.KeyLimit

	mu   sync.Mutex
	keys map[string]*keyUse
}

type keyUse struct {
	faces   *rate.Limiter // nil: not limited
	limit   facegate.KeyLimit
	running int
}

func (l *keyLimits) of(k *facegate.Key) facegate.KeyLimit {
	limit := k.Limit
	if limit.Faces == 0 {
		limit.Faces = l.defaults.Faces
	}
	if limit.Burst == 0 {
		limit.Burst = l.defaults.Burst
	}
	if limit.Burst == 0 {
		limit.Burst = int(max(1, math.Ceil(limit.Faces)))
	}
	if limit.Concurrent == 0 {
		limit.Concurrent = l.defaults.Concurrent
	}
	return limit
}

// enter counts a request of a key in, and fails where it is over a limit.
func (l *keyLimits) enter(k *facegate.Key, now time.Time) (*keyUse, error) {
	limit := l.of(k)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.keys == nil {
		l.keys = map[string]*keyUse{}
	}
	use := l.keys[k.ID]
	if use == nil {
		use = &keyUse{}
		l.keys[k.ID] = use
	}
	if use.limit != limit {
		use.limit, use.faces = limit, nil
		if limit.Faces > 0 {
			use.faces = rate.NewLimiter(rate.Limit(limit.Faces), limit.Burst)
		}
	}
	if limit.Concurrent > 0 && use.running >= limit.Concurrent {
		return nil, tooMany(fmt.Sprintf("the key has %d requests under way, which is all it may have", use.running), time.Second)
	}
	if use.faces != nil && !use.faces.AllowN(now, 1) {
		missing := 1 - use.faces.TokensAt(now)
		return nil, tooMany("the key has used up its faces for now", time.Duration(missing/limit.Faces*float64(time.Second)))
	}
	use.running++
	return use, nil
}

func (l *keyLimits) leave(use *keyUse) {
	l.mu.Lock()
	defer l.mu.Unlock()
	use.running--
}

// charge takes n more faces, into debt if need be.
func (u *keyUse) charge(n int, now time.Time) {
	if u.faces == nil {
		return
	}
	for n > 0 { // a reservation cannot be larger than the burst
		part := min(n, u.faces.Burst())
		u.faces.ReserveN(now, part)
		n -= part
	}
}

const keyFaces = "facegate.faces"

// limitKey holds a request with a key to the key's limits.
func (s *Server) limitKey(c *gin.Context) {
	who := callerOf(c)
	if who.key == nil {
		return
	}
	use, err := s.limits.enter(who.key, s.Now())
	if err != nil {
		s.fail(c, err)
		return
	}
	defer func() {
		s.limits.leave(use)
		use.charge(c.GetInt(keyFaces)-1, s.Now())
	}()
	c.Next()
}

// countFaces adds to what the request costs.
func countFaces(c *gin.Context, faces int) { c.Set(keyFaces, c.GetInt(keyFaces)+faces) }
