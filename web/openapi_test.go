package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"facegate"
	"facegate/web"
)

func TestEveryRouteIsDescribed(t *testing.T) {
	doc := loadDescription(t)
	described := map[web.Route]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			pattern := strings.NewReplacer("{", ":", "}", "").Replace(path)
			described[web.Route{Method: method, Pattern: pattern}] = true
		}
	}
	s, _ := newFaulty(t, nil, speaking(web.StandardDialects()...))
	routes := s.Routes()
	for i, r := range routes {
		r.Pattern = strings.Replace(r.Pattern, "*", ":", 1) // one that takes slashes
		routes[i] = r
		// HEAD is GET without its body; a slash at the end is no other thing.
		if r.Method != http.MethodHead && !strings.HasSuffix(r.Pattern, "/") && !described[r] {
			t.Errorf("%s %s is not described", r.Method, r.Pattern)
		}
	}
	for r := range described {
		if !slices.Contains(routes, r) {
			t.Errorf("%s %s is described and not there", r.Method, r.Pattern)
		}
	}
}

func TestEveryCodeIsDescribed(t *testing.T) {
	var described []string
	for _, code := range loadDescription(t).Components.Schemas["Code"].Value.Enum {
		described = append(described, fmt.Sprint(code))
	}
	statuses := web.Statuses()
	for code := range statuses {
		if !slices.Contains(described, string(code)) {
			t.Errorf("%s is not described", code)
		}
	}
	for _, code := range described {
		if _, ok := statuses[facegate.Code(code)]; !ok {
			t.Errorf("%s is described and no code", code)
		}
	}
}

// Every operation is called on the real server, and its answer checked.
func TestAnswersAreAsDescribed(t *testing.T) {
	doc, router := sealedDescription(t)
	g := newGateway(t, speaking(web.StandardDialects()...))
	calls := nativeCalls(t, g)
	calls = append(calls, comprefaceCalls(t)...)
	calls = append(calls, visionCalls(t)...)
	calls = append(calls, faceboxCalls(t)...)
	called := map[string]bool{}
	for _, c := range calls {
		t.Run(fmt.Sprintf("%s %d", c.operation, c.status), func(t *testing.T) {
			c.body.data, c.path = []byte(g.fill(string(c.body.data))), g.fill(c.path)
			answer := g.check(t, router, c)
			if c.keep != nil {
				c.keep(g, answer)
			}
			called[c.operation] = called[c.operation] || c.status < 300
		})
	}
	called["pushPictures"] = true      // a WebSocket, which takes a real connection: TestPushedPictureBecomesASighting
	called["verifyByChallenge"] = true // another: TestVerifyByChallenge
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !called[op.OperationID] {
				t.Errorf("%s (%s %s) was never called with success", op.OperationID, method, path)
			}
		}
	}
}
