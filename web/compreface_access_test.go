package web_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/web"
)

const noKey = "0197c7a2-4b1e-4c44-9d0b-3f6a1c2d4e5f"

func TestComprefaceKeys(t *testing.T) {
	g := newGateway(t, speaksCompreface, func(s *web.Server) { s.Auth = web.AuthOn })
	g.enrol(t, "obama", "Barack Obama", "people/obama/obama.jpg")
	key, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeEnroll}})
	gone, revoked := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeAdmin}})
	if _, err := g.Keys.Revoke(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	_, detector := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeDetect}})
	shows := func(key string) map[string]string { return map[string]string{"X-Api-Key": key} }
	const unknown = "Service with this API key not found"
	g.vars["key"], g.vars["detector"] = header["X-Api-Key"], detector["X-Api-Key"]
	g.compreface(t, []comprefaceCall{
		{name: "no key", method: "GET", path: "recognition/subjects", status: 400, code: 20, want: "Missing header: x-api-key"},
		{name: "no UUID", method: "GET", path: "recognition/subjects", header: shows("secret"), status: 400, code: 26, want: "Service API key should be UUID"},
		{name: "an unknown key", method: "GET", path: "recognition/subjects", header: shows(noKey), status: 404, code: 10, want: unknown},
		{name: "a revoked key", method: "GET", path: "recognition/subjects", header: revoked, status: 404, code: 10, want: unknown},
		{name: "the key's id", method: "GET", path: "recognition/subjects", header: shows(key.ID), status: 404, code: 10, want: unknown},
		{name: "a key", method: "GET", path: "recognition/subjects", header: header, status: 200},
		{name: "a key of another service", method: "GET", path: "recognition/subjects", header: detector, status: 404, code: 10, want: "this key is not made for that; use a key with the scope enroll"},
		{name: "the limits are for everybody", method: "GET", path: "config", status: 200},
		{name: "an address that is not there", method: "GET", path: "recognition/nothing", status: 404, code: 0},

		{name: "a picture by the key in its address", method: "GET", path: "static/{key}/images/{obama.sample}", status: 200, check: func(t *testing.T, a answer) {
			if a.Header.Get("Content-Type") != "image/jpeg" || a.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%v", a.Header)
			}
		}},
		{name: "a picture by no key", method: "GET", path: "static/x/images/{obama.sample}", status: 400, code: 26},
		{name: "a picture by an unknown key", method: "GET", path: "static/" + noKey + "/images/{obama.sample}", status: 404, code: 10, want: unknown},
		{name: "a picture by a key of another service", method: "GET", path: "static/{detector}/images/{obama.sample}", status: 404, code: 10},
		{name: "a picture that is not there", method: "GET", path: "static/{key}/images/none", status: 404, code: 11, want: "Image none not found"},
		{name: "the same with the key as header alone", method: "GET", path: "recognition/faces/{obama.sample}/img", header: header, status: 200},
	})
	for _, secret := range []string{header["X-Api-Key"], noKey} {
		if log := g.log.String(); strings.Contains(log, secret) {
			t.Errorf("a key is in the log:\n%s", log)
		}
	}
}

// Every scope opens the routes of its kind, and no others.
func TestComprefaceScopes(t *testing.T) {
	g := newGateway(t, speaksCompreface, func(s *web.Server) { s.Auth = web.AuthOn })
	obama := named("file", file(t, "", "people/obama/obama.jpg"))
	calls := map[string]facegate.Scope{
		"POST recognition/subjects": facegate.ScopeEnroll, "GET recognition/faces": facegate.ScopeEnroll, "DELETE recognition/faces/none": facegate.ScopeEnroll,
		"PUT recognition/subjects/x": facegate.ScopeEnroll, "DELETE recognition/subjects/": facegate.ScopeEnroll, "GET recognition/faces/none/img": facegate.ScopeEnroll,
		"POST recognition/recognize": facegate.ScopeIdentify, "POST recognition/embeddings/recognize": facegate.ScopeIdentify,
		"POST recognition/faces/none/verify": facegate.ScopeVerify, "POST verification/verify": facegate.ScopeVerify, "POST verification/embeddings/verify": facegate.ScopeVerify,
		"POST detection/detect": facegate.ScopeDetect,
	}
	for _, scope := range facegate.Scopes() {
		_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{scope}})
		for call, needed := range calls {
			method, path, _ := strings.Cut(call, " ")
			a := ask(g.Handler(), method, "/api/v1/"+path, multi(obama), header)
			refused := a.StatusCode == http.StatusNotFound && comprefaceErrorOf(t, a).Code == 10
			if allowed := scope == needed || scope == facegate.ScopeAdmin; refused == allowed {
				t.Errorf("a key for %s at %s: %d %.200s", scope, call, a.StatusCode, a.body)
			}
		}
	}
}

func TestComprefaceSlowsDown(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	g := newGateway(t, speaksCompreface, func(s *web.Server) {
		s.Auth, s.Now = web.AuthOn, func() time.Time { return now }
	})
	// Wrong keys in addresses are counted like those in headers.
	last := answer{}
	for i := range 30 {
		path := "/api/v1/recognition/subjects"
		header := map[string]string{"X-Api-Key": noKey}
		if i%2 == 0 {
			path, header = "/api/v1/static/"+noKey+"/images/none", nil
		}
		last = ask(g.Handler(), "GET", path, body{}, header)
	}
	if p := comprefaceErrorOf(t, last); last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" || p.Code != 0 {
		t.Errorf("%d %v %+v", last.StatusCode, last.Header, p)
	}
	// A request costs its faces.
	_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeDetect}, Limit: facegate.KeyLimit{Faces: 1, Burst: 1}})
	both := multi(named("file", file(t, "", "probes/kit_with_rose.jpg")))
	if a := ask(g.Handler(), "POST", "/api/v1/detection/detect", both, header); a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	now = now.Add(time.Second) // earns one face, of the two
	a := ask(g.Handler(), "POST", "/api/v1/detection/detect", both, header)
	if p := comprefaceErrorOf(t, a); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "1" || p.Code != 0 {
		t.Errorf("%d %v %+v", a.StatusCode, a.Header, p)
	}
}

// What goes wrong inside is told by its status, and tells nothing else.
func TestComprefaceFaults(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   int
		retry  string
	}{
		{&facegate.Error{Code: facegate.CodeBusy, Detail: "too many", RetryAfter: 3 * time.Second}, 503, 0, "3"},
		{context.DeadlineExceeded, 503, 0, "1"},
		{context.Canceled, 499, 0, ""},
		{fmt.Errorf("open /home/ada/x"), 500, 41, ""},
		{facegate.NewError(facegate.CodeModelMissing, "/home/ada/model", ""), 500, 41, ""},
		{facegate.NewError(facegate.CodeTruncated, "the photo ends early", "send it again"), 400, 21, ""},
		{facegate.NewError(facegate.CodeTooLarge, "50 megapixels", "send less"), 413, 26, ""},
	} {
		s, _ := newFaulty(t, func(context.Context) (facegate.Analysis, error) { return facegate.Analysis{}, c.err }, func(s *web.Server) {
			s.Dialects = []string{"compreface"}
		})
		a := ask(s.Handler(), "POST", "/api/v1/detection/detect", multi(fileOf("file", "a.jpg", []byte("x"))), nil)
		p := comprefaceErrorOf(t, a)
		if a.StatusCode != c.status || p.Code != c.code || a.Header.Get("Retry-After") != c.retry || strings.Contains(p.Message, "ada") {
			t.Errorf("%v: %d %v %+v", c.err, a.StatusCode, a.Header, p)
		}
	}
	s, log := newFaulty(t, func(context.Context) (facegate.Analysis, error) { panic("the sky fell") }, func(s *web.Server) { s.Dialects = []string{"compreface"} })
	a := ask(s.Handler(), "POST", "/api/v1/detection/detect", multi(fileOf("file", "a.jpg", []byte("x"))), nil)
	if p := comprefaceErrorOf(t, a); a.StatusCode != 500 || p.Code != 41 || strings.Contains(p.Message, "sky") || !strings.Contains(log.String(), "the sky fell") {
		t.Errorf("%d %+v", a.StatusCode, p)
	}
}

// The JavaScript SDK runs in browsers: pages of origins that were named may ask.
func TestComprefaceInBrowsers(t *testing.T) {
	g := newGateway(t, speaksCompreface, func(s *web.Server) { s.Auth, s.CORSOrigins = web.AuthOn, []string{"https://app.test"} })
	_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeEnroll}})
	preflight := func(origin string) answer {
		return ask(g.Handler(), "OPTIONS", "/api/v1/recognition/faces?subject=x", body{}, map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-api-key"})
	}
	a := preflight("https://app.test")
	if allowed := strings.ToLower(a.Header.Get("Access-Control-Allow-Headers")); a.StatusCode != http.StatusNoContent || a.Header.Get("Access-Control-Allow-Origin") != "https://app.test" ||
		!strings.Contains(allowed, "x-api-key") || !strings.Contains(allowed, "content-type") || !strings.Contains(a.Header.Get("Access-Control-Allow-Methods"), "DELETE") {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	header["Origin"], header["Sec-Fetch-Site"] = "https://app.test", "cross-site"
	a = ask(g.Handler(), "POST", "/api/v1/recognition/subjects", jsonBody(`{"subject":"Ada"}`), header)
	if a.StatusCode != http.StatusCreated || a.Header.Get("Access-Control-Allow-Origin") != "https://app.test" {
		t.Errorf("%d %s %v", a.StatusCode, a.body, a.Header)
	}
	if a := preflight("https://evil.test"); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", a.Header)
	}
	header["Origin"] = "https://evil.test"
	a = ask(g.Handler(), "POST", "/api/v1/recognition/subjects", jsonBody(`{"subject":"Bob"}`), header)
	if comprefaceErrorOf(t, a); a.StatusCode != http.StatusForbidden {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestDialectsAreChosen(t *testing.T) {
	if !slices.Contains(web.StandardDialects(), "compreface") {
		t.Errorf("%v", web.StandardDialects())
	}
	s, _ := newFaulty(t, nil)
	if a := ask(s.Handler(), "GET", "/api/v1/config", body{}, nil); a.StatusCode != http.StatusNotFound {
		t.Errorf("a dialect that is not spoken answers %d %s", a.StatusCode, a.body)
	}
}
