package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"facegate"
)

func TestRequestID(t *testing.T) {
	tests := []struct {
		sent string
		kept bool
	}{
		{"", false},
		{"trace-1.2_3", true},
		{strings.Repeat("a", 128), true},
		{strings.Repeat("a", 129), false},
		{"two words", false},
		{`x" level=ERROR`, false},
		{"umläut", false},
	}
	for _, tt := range tests {
		var actor facegate.Actor
		s, _ := newFaulty(t, func(ctx context.Context) (facegate.Analysis, error) {
			actor = facegate.ActorFrom(ctx)
			return facegate.Analysis{Width: 1, Height: 1}, nil
		})
		a := ask(s.Handler(), http.MethodPost, "/v1/detect", anyPhoto(), map[string]string{"X-Request-Id": tt.sent})
		id := a.Header.Get("X-Request-Id")
		if (id == tt.sent) != tt.kept || id == "" {
			t.Errorf("sent %q, got %q", tt.sent, id)
		}
		if actor.RequestID != id {
			t.Errorf("the work was done for request %q, not %q", actor.RequestID, id)
		}
	}
}

func TestAccessLogNamesRoutesNotPeople(t *testing.T) {
	g := newGateway(t)
	g.enrol(t, "obama", "Barack Obama", "people/obama/obama.jpg")
	ask(g.Handler(), http.MethodGet, g.fill("/v1/people/{obama}"), body{}, nil)
	ask(g.Handler(), http.MethodGet, "/v1/people?query=Barack", body{}, nil)
	ask(g.Handler(), http.MethodPost, "/v1/verify?person=Barack+Obama", multi(file(t, "photo", "probes/obama1.jpg")), nil)
	ask(g.Handler(), http.MethodPost, "/v1/people", multi(text("name", "Joe Biden"), file(t, "photo", "people/biden/biden.jpg")), nil)
	log := g.log.String()
	for _, want := range []string{`"route":"/v1/people/:id"`, `"route":"/v1/people"`, `"route":"/v1/verify"`,
		`"status":201`, `"method":"POST"`, `"duration":`, `"bytes":`} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in the log:\n%s", want, log)
		}
	}
	for _, not := range []string{"Barack", "Biden", "biden", "obama1.jpg", g.vars["obama"]} {
		if strings.Contains(log, not) {
			t.Errorf("%q in the log:\n%s", not, log)
		}
	}
}
