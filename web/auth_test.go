package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/web"
)

// One table says who may do what; it has a line for every route and none for
// what is not there.
func TestEveryRouteHasAGrant(t *testing.T) {
	s, _ := newFaulty(t, nil, speaking(web.StandardDialects()...))
	granted, there := web.Granted(), map[string]bool{}
	for _, r := range s.Routes() {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		route := method + " " + r.Pattern
		there[route] = true
		if !granted[route] {
			t.Errorf("%s has no line in web/scopes.go, nor in its dialect: nobody could use it", route)
		}
	}
	for route := range granted {
		if !there[route] {
			t.Errorf("web/scopes.go, or a dialect, tells of %s, which there is not", route)
		}
	}
}

// onLoopback makes a gateway one that listens for this machine alone.
func onLoopback(mode web.AuthMode) func(*web.Server) {
	return func(s *web.Server) { s.Auth, s.Loopback, s.AllowedHosts = mode, true, []string{"example.com"} }
}

func (g *gateway) key(t testing.TB, n facegate.NewKey) (facegate.Key, map[string]string) {
	t.Helper()
	if n.Name == "" {
		n.Name = "test"
	}
	k, secret, err := g.Keys.Create(context.Background(), n)
	if err != nil {
		t.Fatal(err)
	}
	return k, map[string]string{"X-Api-Key": secret}
}

// Every scope opens its own routes and no others.
func TestScopes(t *testing.T) {
	g := newGateway(t, func(s *web.Server) { s.Auth = web.AuthOn })
	photo := file(t, "photo", "people/obama/obama.jpg")
	calls := map[facegate.Scope]scenario{
		facegate.ScopeDetect:   {path: "/v1/detect", body: multi(photo)},
		facegate.ScopeIdentify: {path: "/v1/identify", body: multi(photo)},
		facegate.ScopeVerify: {path: "/v1/verify", body: multi(
			part{"photo_a", photo.name, photo.kind, photo.data}, part{"photo_b", photo.name, photo.kind, photo.data})},
		facegate.ScopeEnroll: {path: "/v1/people", method: "GET"},
		facegate.ScopeEvents: {path: "/metrics", method: "GET"},
		facegate.ScopeAdmin:  {path: "/v1/keys", method: "GET"},
	}
	for _, scope := range facegate.Scopes() {
		_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{scope}})
		for needed, call := range calls {
			method := call.method
			if method == "" {
				method = http.MethodPost
			}
			want := http.StatusOK
			if scope != needed && scope != facegate.ScopeAdmin {
				want = http.StatusForbidden
			}
			a := ask(g.Handler(), method, call.path, call.body, header)
			if a.StatusCode != want {
				t.Errorf("a key for %s at %s: %d, want %d: %.200s", scope, call.path, a.StatusCode, want, a.body)
			}
			if want == http.StatusForbidden {
				checkProblem(t, a)
			}
			if bare := ask(g.Handler(), method, call.path, call.body, nil); bare.StatusCode != http.StatusUnauthorized || bare.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("no key at %s: %d", call.path, bare.StatusCode)
			}
		}
	}
}

func TestKeysAreRefused(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	g := newGateway(t, func(s *web.Server) {
		s.Auth, s.Now = web.AuthOn, func() time.Time { return now }
	})
	soon := time.Now().Add(time.Hour)
	key, right := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeEnroll}, ExpiresAt: &soon})
	gone, revoked := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeAdmin}})
	if _, err := g.Keys.Revoke(context.Background(), gone.ID); err != nil {
		t.Fatal(err)
	}
	secret := right["X-Api-Key"]
	tests := []struct {
		name   string
		header map[string]string
		status int
		code   facegate.Code
	}{
		{"the key", right, 200, ""},
		{"as bearer", map[string]string{"Authorization": "Bearer " + secret}, 200, ""},
		{"as bearer, in lower case", map[string]string{"Authorization": "bearer " + secret}, 200, ""},
		{"in upper case", map[string]string{"X-Api-Key": strings.ToUpper(secret)}, 200, ""},
		{"nothing", nil, 401, facegate.CodeUnauthorized},
		{"basic", map[string]string{"Authorization": "Basic " + secret}, 401, facegate.CodeUnauthorized},
		{"no UUID", map[string]string{"X-Api-Key": "letmein"}, 401, facegate.CodeKeyMalformed},
		{"a UUID in braces", map[string]string{"X-Api-Key": "{" + secret + "}"}, 401, facegate.CodeKeyMalformed},
		{"the key's id", map[string]string{"X-Api-Key": key.ID}, 401, facegate.CodeKeyRefused},
		{"another one", map[string]string{"X-Api-Key": "8a6e0804-2bd0-4672-b79d-d97027f9071a"}, 401, facegate.CodeKeyRefused},
		{"revoked", revoked, 401, facegate.CodeKeyRefused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(g.Handler(), "GET", "/v1/people", body{}, tt.header)
			if a.StatusCode != tt.status {
				t.Fatalf("status %d, want %d: %s", a.StatusCode, tt.status, a.body)
			}
			if tt.status != 200 {
				checkProblem(t, a)
				if p := decode[web.Problem](t, a); p.Code != tt.code {
					t.Errorf("code %s, want %s", p.Code, tt.code)
				}
			}
			for _, s := range []string{secret, revoked["X-Api-Key"]} {
				if strings.Contains(string(a.body), s) || strings.Contains(g.log.String(), s) {
					t.Error("the secret is told")
				}
			}
		})
	}

	// Wrong keys are slowed down; the right one is not, wherever it comes from.
	throttled := false
	for range 30 {
		a := ask(g.Handler(), "GET", "/v1/people", body{}, revoked)
		throttled = throttled || a.StatusCode == http.StatusTooManyRequests && a.Header.Get("Retry-After") != ""
	}
	if !throttled {
		t.Error("wrong keys may be tried without end")
	}
	if a := ask(g.Handler(), "GET", "/v1/people", body{}, right); a.StatusCode != 200 {
		t.Errorf("the right key is throttled: %d", a.StatusCode)
	}
	now = now.Add(time.Hour)
	if a := ask(g.Handler(), "GET", "/v1/people", body{}, revoked); a.StatusCode != 401 {
		t.Errorf("an hour later: %d", a.StatusCode)
	}
	var list strings.Builder
	_, admin := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeAdmin}})
	list.Write(ask(g.Handler(), "GET", "/v1/keys", body{}, admin).body)
	for _, s := range []string{secret, revoked["X-Api-Key"], admin["X-Api-Key"]} {
		if strings.Contains(list.String(), s) {
			t.Error("the list of keys tells a secret")
		}
	}
}

// On a loopback address all is open until there is a key, and from that moment on
// nothing is.
func TestAutoMode(t *testing.T) {
	tests := []struct {
		name   string
		mode   web.AuthMode
		local  bool
		header map[string]string
		before int // without any key or account
		after  int // with one
	}{
		{"auto on loopback", web.AuthAuto, true, nil, 200, 401},
		{"auto, behind a proxy", web.AuthAuto, true, map[string]string{"X-Forwarded-For": "192.0.2.1"}, 401, 401},
		{"auto, for others", web.AuthAuto, false, nil, 401, 401},
		{"on", web.AuthOn, true, nil, 401, 401},
		{"off", web.AuthOff, true, nil, 200, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, onLoopback(tt.mode), func(s *web.Server) { s.Loopback = tt.local })
			if a := ask(g.Handler(), "GET", "/v1/people", body{}, tt.header); a.StatusCode != tt.before {
				t.Errorf("before: %d, want %d", a.StatusCode, tt.before)
			}
			if a := ask(g.Handler(), "GET", "/healthz", body{}, tt.header); a.StatusCode != 200 {
				t.Errorf("health: %d", a.StatusCode)
			}
			key, _ := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeDetect}})
			if a := ask(g.Handler(), "GET", "/v1/people", body{}, tt.header); a.StatusCode != tt.after {
				t.Errorf("after: %d, want %d", a.StatusCode, tt.after)
			}
			if _, err := g.Keys.Revoke(context.Background(), key.ID); err != nil {
				t.Fatal(err)
			}
			if a := ask(g.Handler(), "GET", "/v1/people", body{}, tt.header); a.StatusCode != tt.after {
				t.Errorf("after the key was revoked: %d, want %d", a.StatusCode, tt.after)
			}
		})
	}
}

// A page of somewhere else whose name now resolves to this machine is not let in.
func TestHostsOnLoopback(t *testing.T) {
	g := newGateway(t, onLoopback(web.AuthAuto), func(s *web.Server) { s.AllowedHosts = []string{"faces.example.com"} })
	for host, status := range map[string]int{
		"127.0.0.1:8080": 200, "[::1]:8080": 200, "localhost:8080": 200, "localhost": 200, "127.8.8.8": 200, "gate.localhost:1": 200,
		"FACES.example.com": 200, "example.com": 421, "evil.test:8080": 421, "192.168.0.1": 421, "localhost.evil.test": 421, "127.0.0.1.evil.test": 421,
	} {
		a := askHost(g, host, "/v1/people")
		if a.StatusCode != status {
			t.Errorf("Host %s: %d, want %d", host, a.StatusCode, status)
		}
	}
	g.Loopback = false
	if a := askHost(g, "evil.test", "/healthz"); a.StatusCode != 200 {
		t.Errorf("for others: %d", a.StatusCode)
	}
}

func TestCORS(t *testing.T) {
	const friend, stranger = "https://app.example.org", "https://evil.test"
	g := newGateway(t, func(s *web.Server) { s.Auth, s.CORSOrigins = web.AuthOn, []string{friend} })
	_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeDetect}})
	preflight := func(origin string) answer {
		return ask(g.Handler(), "OPTIONS", "/v1/detect", body{}, map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"})
	}
	if a := preflight(friend); a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Origin") != friend ||
		!strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "X-Api-Key") || a.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("preflight of a friend: %d %v", a.StatusCode, a.Header)
	}
	if a := preflight(stranger); a.StatusCode < 400 || a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("preflight of a stranger: %d %v", a.StatusCode, a.Header)
	}
	for origin, status := range map[string]int{friend: 200, stranger: 403} {
		header["Origin"], header["Sec-Fetch-Site"] = origin, "cross-site"
		a := ask(g.Handler(), "POST", "/v1/detect", multi(file(t, "photo", "people/obama/obama.jpg")), header)
		if a.StatusCode != status || (a.Header.Get("Access-Control-Allow-Origin") == origin) != (status == 200) {
			t.Errorf("%s: %d %v", origin, a.StatusCode, a.Header)
		}
	}
	none := newGateway(t)
	if a := ask(none.Handler(), "GET", "/v1/people", body{}, map[string]string{"Origin": friend}); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("CORS is on without being asked for")
	}
}

// A request costs its faces; a key that spent them waits, others do not.
func TestKeyLimits(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	g := newGateway(t, func(s *web.Server) { s.Auth, s.Now = web.AuthOn, func() time.Time { return now } })
	_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeDetect}, Limit: facegate.KeyLimit{Faces: 1, Burst: 2}})
	_, other := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeDetect}})
	crowd := multi(file(t, "photo", "probes/obama_and_biden.jpg"))
	status := func(h map[string]string) int { return ask(g.Handler(), "POST", "/v1/detect", crowd, h).StatusCode }

	faces := len(decode[facegate.Analysis](t, ask(g.Handler(), "POST", "/v1/detect", crowd, other)).Faces)
	if faces < 2 {
		t.Fatalf("%d faces", faces)
	}
	if got := status(header); got != 200 {
		t.Fatalf("the first: %d", got)
	}
	a := ask(g.Handler(), "POST", "/v1/detect", crowd, header)
	if a.StatusCode != 429 || a.Header.Get("Retry-After") == "" {
		t.Fatalf("the second: %d %v", a.StatusCode, a.Header)
	}
	checkProblem(t, a)
	if got := status(other); got != 200 {
		t.Errorf("another key: %d", got)
	}
	now = now.Add(time.Duration(faces-1) * time.Second) // the burst held two: one face is there again
	if got := status(header); got != 200 {
		t.Errorf("%d faces later: %d", faces-1, got)
	}
}

func TestConcurrentRequestsOfAKey(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	g := newGateway(t)
	s, _ := newFaulty(t, func(context.Context) (facegate.Analysis, error) {
		entered <- struct{}{}
		<-release
		return facegate.Analysis{Width: 1, Height: 1}, nil
	}, func(s *web.Server) {
		s.Keys, s.Accounts, s.Auth, s.KeyLimit.Concurrent = g.Keys, g.Accounts, web.AuthOn, 1
	})
	_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeDetect}})
	first := make(chan int)
	go func() { first <- ask(s.Handler(), "POST", "/v1/detect", anyPhoto(), header).StatusCode }()
	<-entered
	if a := ask(s.Handler(), "POST", "/v1/detect", anyPhoto(), header); a.StatusCode != 429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("the second: %d", a.StatusCode)
	}
	release <- struct{}{}
	if got := <-first; got != 200 {
		t.Errorf("the first: %d", got)
	}
	go func() { <-entered; release <- struct{}{} }()
	if a := ask(s.Handler(), "POST", "/v1/detect", anyPhoto(), header); a.StatusCode != 200 {
		t.Errorf("after it: %d", a.StatusCode)
	}
}
