package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"facegate/enroll"
	"facegate/web"
)

func askHost(g *gateway, host, path string) answer {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	return answer{w.Result(), w.Body.Bytes()}
}

func (g *gateway) link(t *testing.T) string {
	t.Helper()
	link, _, err := g.Accounts.SetupLink(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func (g *gateway) setUp(t *testing.T, link, name, password string) answer {
	t.Helper()
	return ask(g.Handler(), "POST", "/v1/setup", jsonBody(`{"link":"`+link+`","name":"`+name+`","password":"`+password+`"}`), nil)
}

// cookieOf is the header that brings an answer's session along, as the console
// would.
func cookieOf(t *testing.T, a answer) map[string]string {
	t.Helper()
	for _, c := range a.Cookies() {
		if c.Value != "" {
			return map[string]string{"Cookie": c.Name + "=" + c.Value, "Sec-Fetch-Site": "same-origin"}
		}
	}
	t.Fatalf("no session: %d %s", a.StatusCode, a.body)
	return nil
}

const password = "a stitch in time"

func TestSetup(t *testing.T) {
	g := newGateway(t, onLoopback(web.AuthAuto))
	link := g.link(t)
	if a := ask(g.Handler(), "GET", "/v1/session", body{}, nil); string(a.body) != `{"required":false,"setup":true}` {
		t.Errorf("before: %s", a.body)
	}
	for _, weak := range []string{"", "seven77", "password123", "aaaaaaaaaa", "äääääääää", "facegate2026", "adalovelace"} {
		if a := g.setUp(t, link, "AdaLovelace", weak); a.StatusCode != 400 || strings.Contains(string(a.body), weak) && weak != "" {
			t.Errorf("%q: %d %s", weak, a.StatusCode, a.body)
		}
	}
	if a := g.setUp(t, link+"x", "Ada", password); a.StatusCode != 403 {
		t.Errorf("a wrong link: %d", a.StatusCode)
	}
	a := g.setUp(t, link, "Ada", password)
	if a.StatusCode != 201 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	cookie := a.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure || cookie.Path != "/" || len(cookie.Value) < 43 {
		t.Errorf("cookie %+v", cookie)
	}
	if a := g.setUp(t, link, "Eve", password); a.StatusCode != 403 {
		t.Errorf("the link again: %d", a.StatusCode)
	}
	signedIn := cookieOf(t, a)
	for header, status := range map[*map[string]string]int{&signedIn: 200, new(map[string]string): 401} {
		if a := ask(g.Handler(), "GET", "/v1/keys", body{}, *header); a.StatusCode != status {
			t.Errorf("%v: %d, want %d", *header, a.StatusCode, status)
		}
	}
	if a := ask(g.Handler(), "GET", "/v1/session", body{}, signedIn); !strings.Contains(string(a.body), `"name":"Ada"`) {
		t.Errorf("%s", a.body)
	}
	if log := g.log.String(); strings.Contains(log, password) || strings.Contains(log, link) || strings.Contains(log, cookie.Value) {
		t.Error("a secret is in the log")
	}

	// A new link gives a new password, and ends the sessions.
	if a := g.setUp(t, g.link(t), "ada", "another stitch"); a.StatusCode != 201 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a := ask(g.Handler(), "GET", "/v1/keys", body{}, signedIn); a.StatusCode != 401 {
		t.Errorf("the old session: %d", a.StatusCode)
	}
}

func TestSessions(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	g := newGateway(t, func(s *web.Server) {
		s.Auth, s.TLS, s.Now = web.AuthOn, true, clock
		s.Accounts.(*enroll.Accounts).Now = clock
	})
	created := g.setUp(t, g.link(t), "Ada", password)
	if c := created.Cookies()[0]; !c.Secure || c.Name != "__Host-facegate" {
		t.Errorf("cookie over TLS: %+v", c)
	}
	login := func(name, password string) answer {
		return ask(g.Handler(), "POST", "/v1/session", jsonBody(`{"name":"`+name+`","password":"`+password+`"}`), nil)
	}
	header := cookieOf(t, login("ADA", password))
	list := func() int { return ask(g.Handler(), "GET", "/v1/keys", body{}, header).StatusCode }

	t.Run("what changes something must come from the console", func(t *testing.T) {
		for name, change := range map[string]map[string]string{
			"no header": {}, "cross-site": {"Sec-Fetch-Site": "cross-site"}, "same-site": {"Sec-Fetch-Site": "same-site"},
			"origin": {"Origin": "https://evil.test"}, "null origin": {"Origin": "null"},
		} {
			change["Cookie"] = header["Cookie"]
			if a := ask(g.Handler(), "POST", "/v1/keys", jsonBody(`{"name":"x","scopes":["admin"]}`), change); a.StatusCode != 403 {
				t.Errorf("%s: %d", name, a.StatusCode)
			}
		}
		if a := ask(g.Handler(), "POST", "/v1/keys", jsonBody(`{"name":"x","scopes":["admin"]}`), header); a.StatusCode != 201 {
			t.Errorf("the console: %d %s", a.StatusCode, a.body)
		}
	})
	t.Run("idle", func(t *testing.T) {
		for range 5 {
			now = now.Add(50 * time.Minute)
			if got := list(); got != 200 {
				t.Fatalf("in use: %d", got)
			}
		}
		now = now.Add(time.Hour)
		if got := list(); got != 401 {
			t.Errorf("after an hour: %d", got)
		}
	})
	t.Run("absolute", func(t *testing.T) {
		header = cookieOf(t, login("Ada", password))
		for range 14 {
			now = now.Add(50 * time.Minute)
			if got := list(); got != 200 {
				t.Fatalf("in use: %d", got)
			}
		}
		now = now.Add(50 * time.Minute)
		if got := list(); got != 401 {
			t.Errorf("after 12 h 30 min: %d", got)
		}
	})
	t.Run("signing out", func(t *testing.T) {
		header = cookieOf(t, login("Ada", password))
		if a := ask(g.Handler(), "DELETE", "/v1/session", body{}, header); a.StatusCode != 204 || a.Cookies()[0].MaxAge >= 0 {
			t.Errorf("%d %v", a.StatusCode, a.Cookies())
		}
		if got := list(); got != 401 {
			t.Errorf("after it: %d", got)
		}
	})
	t.Run("wrong passwords are slowed down", func(t *testing.T) {
		wrong, unknown := login("Ada", "stitch in time"), login("Eve", password)
		if wrong.StatusCode != 401 || decode[web.Problem](t, wrong).Detail != decode[web.Problem](t, unknown).Detail {
			t.Errorf("%s, but of a name nobody has %s", wrong.body, unknown.body)
		}
		throttled := false
		for range 12 {
			a := login("Ada", "guess")
			throttled = throttled || a.StatusCode == 429 && a.Header.Get("Retry-After") != ""
		}
		if !throttled {
			t.Error("passwords may be tried without end")
		}
		if a := login("Ada", password); a.StatusCode != 429 {
			t.Errorf("the right one, at once: %d", a.StatusCode)
		}
		now = now.Add(5 * time.Minute)
		if a := login("Ada", password); a.StatusCode != 200 {
			t.Errorf("later: %d %s", a.StatusCode, a.body)
		}
	})
}
