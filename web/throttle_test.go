package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"facegate/web"
)

// loginFrom tries to sign in from an address.
func (g *gateway) loginFrom(address, name string) int {
	r := httptest.NewRequest(http.MethodPost, "/v1/session", strings.NewReader(fmt.Sprintf(`{"name":%q,"password":"a stitch in vain"}`, name)))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = address
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	return w.Code
}

// standing is a clock that stands still: nothing is forgiven.
func standing(s *web.Server) { s.Now = func() time.Time { return time.Unix(1775000000, 0) } }

// Whoever tries many passwords at once gets no further than one after the other.
func TestManyLoginsAtOnce(t *testing.T) {
	g := newGateway(t, onLoopback(web.AuthAuto), standing)
	g.setUp(t, g.link(t), "Ada", password)
	var tried, slowed atomic.Int64
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			switch status := g.loginFrom("192.0.2.7:1", "Ada"); status {
			case http.StatusUnauthorized:
				tried.Add(1)
			case http.StatusTooManyRequests:
				slowed.Add(1)
			default:
				t.Errorf("status %d", status)
			}
		})
	}
	all.Wait()
	if tried.Load() != 10 || slowed.Load() != 50 {
		t.Errorf("%d passwords were tried, %d attempts slowed down", tried.Load(), slowed.Load())
	}
}

// A name is one name, however it is written and wherever it is tried from.
func TestLoginsToOneName(t *testing.T) {
	g := newGateway(t, onLoopback(web.AuthAuto), standing)
	g.setUp(t, g.link(t), "Ada Lovelace", password)
	refused := 0
	for i, name := range []string{"ada lovelace", " ADA  LOVELACE ", "Ada\u00a0Lovelace", "ＡＤＡ lovelace", "aDA lOVELACE"} {
		for n := range 6 {
			if g.loginFrom(fmt.Sprintf("192.0.2.%d:1", 10*i+n), name) == http.StatusUnauthorized {
				refused++
			}
		}
	}
	if refused != 20 {
		t.Errorf("%d passwords were tried on one account", refused)
	}
	if status := g.loginFrom("192.0.2.99:1", strings.Repeat("x", 100_000)); status != http.StatusUnauthorized {
		t.Errorf("a long name: %d", status)
	}
}
