package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"facegate"
	"facegate/web"
)

func TestUnknownAddressesAndMethods(t *testing.T) {
	s, _ := newFaulty(t, nil, func(s *web.Server) {
		s.Console = fstest.MapFS{
			"index.html":          {Data: []byte("<!doctype html><title>console</title>")},
			"assets/index-1a2.js": {Data: []byte("export {}")},
			"favicon.svg":         {Data: []byte("<svg/>")},
			".gitkeep":            {},
		}
	})
	page := map[string]string{"Accept": "text/html,*/*"}
	tests := []struct {
		method, path string
		header       map[string]string
		status       int
		expected     string // in the body
		headers      map[string]string
	}{
		{"GET", "/v1/nothing", page, 404, `"code":"not_found"`, nil},
		{"GET", "/v1", page, 404, `"code":"not_found"`, nil},
		{"GET", "/v1/people/", page, 404, `"code":"not_found"`, nil},
		{"PUT", "/v1/people", nil, 405, `"code":"method_not_allowed"`, map[string]string{"Allow": "GET, POST"}},
		{"GET", "/v1/detect", nil, 405, `"code":"method_not_allowed"`, map[string]string{"Allow": "POST"}},
		{"POST", "/", nil, 405, `"code":"method_not_allowed"`, map[string]string{"Allow": "GET, HEAD"}},
		{"GET", "/", nil, 200, "<title>console</title>", map[string]string{"Cache-Control": "no-cache", "Content-Type": "text/html; charset=utf-8"}},
		{"GET", "/index.html", nil, 200, "<title>console</title>", map[string]string{"Cache-Control": "no-cache"}},
		{"GET", "/people", page, 200, "<title>console</title>", map[string]string{"Cache-Control": "no-cache"}},
		{"GET", "/people/42", page, 302, "", map[string]string{"Location": "../"}},
		{"GET", "/helthz", map[string]string{"Accept": "*/*"}, 404, `"code":"not_found"`, nil},
		{"GET", "/assets/index-1a2.js", nil, 200, "export {}", map[string]string{
			"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": "text/javascript; charset=utf-8"}},
		{"GET", "/assets/index-old.js", page, 404, `"code":"not_found"`, nil},
		{"GET", "/favicon.svg", nil, 200, "<svg/>", map[string]string{"Content-Type": "image/svg+xml"}},
		{"GET", "/.gitkeep", page, 404, `"code":"not_found"`, nil},
		{"GET", "/../server.go", page, 404, `"code":"not_found"`, nil},
		{"HEAD", "/healthz", nil, 200, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			a := ask(s.Handler(), tt.method, tt.path, body{}, tt.header)
			if a.StatusCode != tt.status || !strings.Contains(string(a.body), tt.expected) {
				t.Errorf("%d %s, want %d with %s", a.StatusCode, a.body, tt.status, tt.expected)
			}
			for name, want := range tt.headers {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if a.StatusCode >= 400 {
				checkProblem(t, a)
			}
			for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Request-Id"} {
				if a.Header.Get(name) == "" {
					t.Errorf("no %s", name)
				}
			}
			if csp := a.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
				t.Errorf("policy %q", csp)
			}
		})
	}

	first := ask(s.Handler(), "GET", "/", body{}, nil)
	again := ask(s.Handler(), "GET", "/", body{}, map[string]string{"If-None-Match": first.Header.Get("ETag")})
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("unchanged page: status %d", again.StatusCode)
	}
}

func TestConsoleThatWasNotBuilt(t *testing.T) {
	s, _ := newFaulty(t, nil, func(s *web.Server) { s.Console = fstest.MapFS{".gitkeep": {}} })
	a := ask(s.Handler(), "GET", "/", body{}, nil)
	if a.StatusCode != 200 || !strings.Contains(string(a.body), "make build") || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestForeignPagesAreRefused(t *testing.T) {
	s, _ := newFaulty(t, func(context.Context) (facegate.Analysis, error) { return facegate.Analysis{Width: 1, Height: 1}, nil })
	tests := []struct {
		header map[string]string
		status int
	}{
		{nil, 200},
		{map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{map[string]string{"Origin": "http://example.com"}, 200}, // httptest's own host
		{map[string]string{"Origin": "https://evil.test"}, 403},
		{map[string]string{"Origin": "null"}, 403},
	}
	for _, tt := range tests {
		if a := ask(s.Handler(), "POST", "/v1/detect", anyPhoto(), tt.header); a.StatusCode != tt.status {
			t.Errorf("%v: status %d, want %d", tt.header, a.StatusCode, tt.status)
		}
	}
}

func TestHealthAndReadiness(t *testing.T) {
	ready := errors.New("the database is gone: /home/ada")
	s, _ := newFaulty(t, nil, func(s *web.Server) { s.Ready = func(context.Context) error { return ready } })
	if a := ask(s.Handler(), "GET", "/healthz", body{}, nil); a.StatusCode != 200 || string(a.body) != `{"status":"ok","version":"test"}` {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a := ask(s.Handler(), "GET", "/readyz", body{}, nil)
	checkProblem(t, a)
	if a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || strings.Contains(string(a.body), "/home") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	ready = nil
	if a := ask(s.Handler(), "GET", "/readyz", body{}, nil); a.StatusCode != 200 || string(a.body) != `{"status":"ready"}` {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
