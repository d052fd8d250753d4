package web_test

import (
	"context"
	"testing"

	"facegate"
	"facegate/web"
)

// What many send together is bounded, until it has been answered; whatever becomes
// of a request, its share is given back.
func TestBodiesTogetherAreBounded(t *testing.T) {
	looking, goOn := make(chan struct{}), make(chan struct{})
	s, _ := newFaulty(t, func(context.Context) (facegate.Analysis, error) {
		looking <- struct{}{}
		<-goOn
		return facegate.Analysis{Width: 1, Height: 1}, nil
	}, func(s *web.Server) { s.MaxHeldBytes = 1000 })
	photo := body{"image/jpeg", make([]byte, 600)}
	first := make(chan answer)
	go func() { first <- ask(s.Handler(), "POST", "/v1/detect", photo, nil) }()
	<-looking
	g := &gateway{Server: s}
	g.run(t, []scenario{
		{name: "a photo more", path: "/v1/detect", body: photo, status: 503, expected: []string{`"code":"busy"`, "too much is being sent"}},
		{name: "a form more", path: "/v1/detect", body: multi(fileOf("photo", "a.jpg", make([]byte, 600))), status: 503, expected: []string{`"code":"busy"`}},
		{name: "JSON more", path: "/v1/people", body: jsonBody(`{"name":"` + string(make([]byte, 600)) + `"}`), status: 503, expected: []string{`"code":"busy"`}},
		{name: "a request that is wrong", path: "/v1/detect?limit=x", body: body{"image/jpeg", make([]byte, 300)}, status: 400},
		{name: "nothing to hold", method: "GET", path: "/healthz", status: 200},
	})
	if a := ask(s.Handler(), "POST", "/v1/detect", photo, nil); a.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	close(goOn)
	if a := <-first; a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for range 3 { // one after the other they fit
		go func() { <-looking }()
		if a := ask(s.Handler(), "POST", "/v1/detect", photo, nil); a.StatusCode != 200 {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
}
