package web_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"facegate"
	"facegate/web"

	"github.com/coder/websocket"
)

// An account that is deleted is out at once; the last one stays.
func TestDeleteAccount(t *testing.T) {
	g := newGateway(t, func(s *web.Server) { s.Auth = web.AuthOn })
	ada := cookieOf(t, g.setUp(t, g.link(t), "Ada", password))
	eve := cookieOf(t, g.setUp(t, g.link(t), "Eve", password))
	_, enroller := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeEnroll}})

	list := ask(g.Handler(), "GET", "/v1/accounts", body{}, ada)
	accounts := decode[struct{ Accounts []facegate.Account }](t, list).Accounts
	if len(accounts) != 2 || accounts[0].Name != "Ada" || accounts[1].Name != "Eve" || strings.Contains(string(list.body), "argon2") {
		t.Fatalf("%s", list.body)
	}
	first, second := "/v1/accounts/"+accounts[0].ID, "/v1/accounts/"+accounts[1].ID
	for _, tt := range []struct {
		name   string
		path   string
		header map[string]string
		status int
		code   facegate.Code
	}{
		{"nobody", second, nil, 401, facegate.CodeUnauthorized},
		{"a key that is no admin", second, enroller, 403, facegate.CodeForbidden},
		{"a page of elsewhere", second, map[string]string{"Cookie": ada["Cookie"], "Sec-Fetch-Site": "cross-site"}, 403, "cross_origin"},
		{"a cookie alone", second, map[string]string{"Cookie": ada["Cookie"]}, 403, "cross_origin"},
		{"an account there is not", "/v1/accounts/Eve", ada, 404, facegate.CodeAccountNotFound},
		{"another account", second, ada, 204, ""},
		{"it again", second, ada, 404, facegate.CodeAccountNotFound},
		{"the last one", first, ada, 409, facegate.CodeLastAccount},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(g.Handler(), http.MethodDelete, tt.path, body{}, tt.header)
			if a.StatusCode != tt.status {
				t.Fatalf("%d %s, want %d", a.StatusCode, a.body, tt.status)
			}
			if tt.code == "" {
				return
			}
			checkProblem(t, a)
			if p := decode[web.Problem](t, a); p.Code != tt.code || p.Next == "" {
				t.Errorf("%s, want %s and what to do", a.body, tt.code)
			}
		})
	}

	if a := ask(g.Handler(), "GET", "/v1/keys", body{}, eve); a.StatusCode != 401 || decode[web.Problem](t, a).Code != facegate.CodeSessionNeeded {
		t.Errorf("her session: %d %s", a.StatusCode, a.body)
	}
	for name, status := range map[string]int{"Ada": 200, "Eve": 401} {
		if a := ask(g.Handler(), "POST", "/v1/session", jsonBody(`{"name":"`+name+`","password":"`+password+`"}`), nil); a.StatusCode != status {
			t.Errorf("%s signs in: %d, want %d", name, a.StatusCode, status)
		}
	}
	audit := ask(g.Handler(), "GET", "/v1/audit?action=account.delete", body{}, ada)
	entries := decode[facegate.AuditPage](t, audit).Entries
	if len(entries) != 1 || entries[0].Actor != "user:Ada" || !strings.Contains(string(entries[0].Detail), accounts[1].ID) {
		t.Errorf("the audit says %s", audit.body)
	}
}

// What goes on and on ends when whoever asked for it is let in no more, and goes
// on for others.
func TestStreamsEndForThoseShutOut(t *testing.T) {
	var later atomic.Int64
	g := newGateway(t, func(s *web.Server) {
		s.Auth, s.CallerCheck = web.AuthOn, time.Millisecond
		s.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	address, _ := serving(t, g.Server)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ada := cookieOf(t, g.setUp(t, g.link(t), "Ada", password))
	eve := g.setUp(t, g.link(t), "Eve", password)
	account := decode[struct{ Account facegate.Account }](t, eve).Account
	scopes, soon := []facegate.Scope{facegate.ScopeEvents, facegate.ScopeIdentify}, time.Now().Add(time.Hour)
	revoked, byKey := g.key(t, facegate.NewKey{Scopes: scopes})
	_, expiring := g.key(t, facegate.NewKey{Scopes: scopes, ExpiresAt: &soon})
	camera := decode[facegate.CameraInfo](t, ask(g.Handler(), "POST", "/v1/cameras", jsonBody(`{"name":"webcam","source":"push:"}`), ada)).ID

	events := func(header map[string]string) io.Reader {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, "GET", "http://"+address+"/v1/sightings/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range header {
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
		return resp.Body
	}
	push := func(header map[string]string) *websocket.Conn {
		t.Helper()
		h := http.Header{}
		for name, value := range header {
			h.Set(name, value)
		}
		conn, _, err := websocket.Dial(ctx, "ws://"+address+"/v1/cameras/"+camera+"/push", &websocket.DialOptions{HTTPHeader: h})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		return conn
	}
	stays := push(map[string]string{"Cookie": ada["Cookie"]})
	for _, tt := range []struct {
		name    string
		header  map[string]string
		shutOut func() error
	}{
		{"an account that is deleted", map[string]string{"Cookie": cookieOf(t, eve)["Cookie"]}, func() error { return g.Accounts.Delete(ctx, account.ID) }},
		{"a key that is revoked", byKey, func() error { _, err := g.Keys.Revoke(ctx, revoked.ID); return err }},
		{"a key that expires", expiring, func() error { later.Store(int64(time.Hour)); return nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stream, conn := events(tt.header), push(tt.header)
			if err := tt.shutOut(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, stream); err != nil {
				t.Errorf("the stream of events: %v", err)
			}
			if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
				t.Errorf("the pushed pictures: %v", err)
			}
		})
	}
	if r := pushed(t, ctx, stays, []byte("no picture")); r.Received != 1 {
		t.Errorf("another's: %+v", r)
	}
}
