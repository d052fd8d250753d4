package web_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/web"
)

// checkDialect holds an error of a dialect to what all have in common, and to what
// it must hold, and must not.
func checkDialect(t *testing.T, a answer, want, not string) {
	t.Helper()
	f := decode[struct {
		Success   bool
		Error     string
		RequestID string `json:"request_id"`
	}](t, a)
	if kind := a.Header.Get("Content-Type"); kind != "application/json" || f.Success || f.Error == "" || f.RequestID != a.Header.Get("X-Request-Id") {
		t.Errorf("no failure of a dialect: %s %s", kind, a.body)
	}
	if !strings.Contains(string(a.body), want) || strings.Contains(string(a.body), not) {
		t.Errorf("want %s and no %s in %s", want, not, a.body)
	}
}

// A face that might be two people has no name, in whichever dialect.
func TestAmbiguousFacesHaveNoName(t *testing.T) {
	for _, name := range web.Dialects() {
		calls := map[string]scenario{
			"deepstack":   {path: "/v1/vision/face/recognize", expected: []string{`"confidence":0,"userid":"unknown"`}},
			"codeproject": {path: "/v1/vision/face/recognize", expected: []string{`"message":"No known faces"`, `"confidence":0,"userid":"unknown"`}},
			"facebox":     {path: "/facebox/check", expected: []string{`"matched":false,"confidence":0`}},
		}
		call, ok := calls[name]
		if !ok {
			continue
		}
		g := newGateway(t, speaking(name))
		g.enrol(t, "one", "Barack", "people/obama/obama.jpg")
		g.enrol(t, "other", "Twin", "people/obama/obama.jpg")
		call.name, call.body, call.status, call.forbidden = name, multi(file(t, "file", "probes/obama1.jpg")), 200, []string{"Barack", "Twin"}
		g.runAs(t, checkVision, []scenario{call})
	}
}

// nobodyThere is a photo without a face.
func nobodyThere(t testing.TB) []byte {
	t.Helper()
	wall := image.NewRGBA(image.Rect(0, 0, 320, 240))
	draw.Draw(wall, wall.Bounds(), image.NewUniform(color.RGBA{90, 120, 90, 255}), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := png.Encode(&b, wall); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// An address of a dialect that is not spoken is nowhere, and each is switched on
// alone.
func TestDialectsAreSwitchedOnAndOff(t *testing.T) {
	addresses := map[string]string{
		"/v1/vision/face/recognize": "deepstack codeproject",
		"/facebox/check":            "facebox",
	}
	for _, name := range append(web.Dialects(), "") {
		var names []string
		if name != "" {
			names = []string{name}
		}
		s, _ := newFaulty(t, func(context.Context) (facegate.Analysis, error) { return facegate.Analysis{}, nil }, speaking(names...))
		for address, by := range addresses {
			a := ask(s.Handler(), http.MethodPost, address, body{}, nil)
			if on := name != "" && slices.Contains(strings.Fields(by), name); (a.StatusCode == http.StatusNotFound) == on {
				t.Errorf("with %q, %s answers %d", name, address, a.StatusCode)
			} else if !on {
				checkProblem(t, a)
			}
		}
		described := string(ask(s.Handler(), http.MethodGet, "/openapi.json", body{}, nil).body)
		for address, by := range map[string]string{"/v1/vision/face": "deepstack codeproject", "/facebox/teach/{id}": "facebox"} {
			if on := name != "" && slices.Contains(strings.Fields(by), name); strings.Contains(described, `"`+address+`"`) != on {
				t.Errorf("with %q, the description tells of %s: %v", name, address, !on)
			}
		}
		if a := ask(s.Handler(), http.MethodGet, "/info", body{}, nil); (a.StatusCode == http.StatusOK) != (name == "facebox") {
			t.Errorf("with %q, /info answers %d", name, a.StatusCode)
		}
		if a := ask(s.Handler(), http.MethodGet, "/healthz", body{}, nil); strings.Contains(string(a.body), "hostname") != (name == "facebox") {
			t.Errorf("with %q, /healthz answers %s", name, a.body)
		}
	}
}

func TestDialectsThatCannotBeSpoken(t *testing.T) {
	tests := []struct {
		names []string
		want  string // in the error; empty: none
	}{
		{nil, ""},
		{web.StandardDialects(), ""},
		{[]string{"codeproject", "facebox"}, ""},
		{[]string{"deepstack", "deepstack"}, ""},
		{[]string{"deepstack", "codeproject"}, "deepstack and codeproject share their addresses"},
		{[]string{"codeproject", "facebox", "deepstack"}, "codeproject and deepstack share their addresses"},
		{[]string{"DeepStack"}, `"DeepStack" is no dialect`},
	}
	for _, tt := range tests {
		err := web.CheckDialects(tt.names)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || facegate.CodeOf(err) != facegate.CodeInvalid || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%v: %v, want %q", tt.names, err, tt.want)
		}
	}
	if slices.Contains(web.StandardDialects(), "codeproject") || !slices.Contains(web.Dialects(), "codeproject") {
		t.Errorf("standard %v of %v", web.StandardDialects(), web.Dialects())
	}
}

// Every route that a dialect adds has a line in its table of who may use it, and
// the table has no other lines.
func TestEveryRouteOfADialectHasAGrant(t *testing.T) {
	routesOf := func(names ...string) []web.Route {
		s, _ := newFaulty(t, nil, speaking(names...))
		return s.Routes()
	}
	native := routesOf()
	for _, name := range web.Dialects() {
		granted := web.DialectGrants(name)
		for _, r := range routesOf(name) {
			route := r.Method + " " + r.Pattern
			if slices.Contains(native, r) {
				continue
			}
			if !granted[route] {
				t.Errorf("%s: nobody may use %s", name, route)
			}
			delete(granted, route)
		}
		for route := range granted {
			t.Errorf("%s tells of %s, which there is not", name, route)
		}
	}
}

// Being too busy and being asked too often keep their status and their time in
// every dialect: clients that know them come again.
func TestDialectsSayWhenToComeAgain(t *testing.T) {
	photo := fileOf("image", "a.jpg", []byte("a photo"))
	calls := map[string]string{"deepstack": "/v1/vision/face/recognize", "codeproject": "/v1/vision/face", "facebox": "/facebox/check"}
	for name, path := range calls {
		for status, fault := range map[int]error{
			503: &facegate.Error{Code: facegate.CodeBusy, Detail: "the queue is full", RetryAfter: 7 * time.Second},
			429: &facegate.Error{Code: facegate.CodeTooMany, Detail: "slower", RetryAfter: 7 * time.Second},
		} {
			s, _ := newFaulty(t, func(context.Context) (facegate.Analysis, error) { return facegate.Analysis{}, fault }, speaking(name))
			a := ask(s.Handler(), http.MethodPost, path, multi(photo), nil)
			if a.StatusCode != status || a.Header.Get("Retry-After") != "7" || !strings.Contains(string(a.body), facegate.AsError(fault).Detail) {
				t.Errorf("%s: %d, Retry-After %q: %s", name, a.StatusCode, a.Header.Get("Retry-After"), a.body)
			}
		}
		s, _ := newFaulty(t, func(context.Context) (facegate.Analysis, error) {
			return facegate.Analysis{}, fmt.Errorf("open /home/ada/secret")
		}, speaking(name))
		if a := ask(s.Handler(), http.MethodPost, path, multi(photo), nil); a.StatusCode != 500 || strings.Contains(string(a.body), "/home") || !strings.Contains(string(a.body), `"success":false`) {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}

// Keys come in the header, as a bearer, as the password of HTTP's Basic
// authentication, and to DeepStack's address in the form, before the photo or
// behind it. Wrong ones are slowed down wherever they come.
func TestDialectsTakeKeysWhereTheirClientsPutThem(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	g := newGateway(t, speaking("deepstack", "facebox"), func(s *web.Server) { s.Auth, s.Now = web.AuthOn, func() time.Time { return now } })
	_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeIdentify}})
	secret, wrong := header["X-Api-Key"], "8a6e0804-2bd0-4672-b79d-d97027f9071a"
	image, boxed := file(t, "image", "probes/obama1.jpg"), file(t, "file", "probes/obama1.jpg")
	basic := func(key string) map[string]string {
		r, _ := http.NewRequest("GET", "/", nil)
		r.SetBasicAuth("anybody", key)
		return map[string]string{"Authorization": r.Header.Get("Authorization")}
	}
	const recognize, check, list = "/v1/vision/face/recognize", "/facebox/check", "/v1/vision/face/list"
	tests := []struct {
		name   string
		path   string
		body   body
		header map[string]string
		status int
		want   string
	}{
		{"in the header", recognize, multi(image), header, 200, `"success":true`},
		{"as bearer", recognize, multi(image), map[string]string{"Authorization": "Bearer " + secret}, 200, `"success":true`},
		{"as password", recognize, multi(image), basic(secret), 200, `"success":true`},
		{"behind the photo", recognize, multi(image, text("api_key", secret)), nil, 200, `"success":true`},
		{"before the photo", recognize, multi(text("api_key", secret), image, text("min_confidence", "0.4")), nil, 200, `"success":true`},
		{"the admin's", recognize, multi(image, text("api_key", ""), text("admin_key", secret)), nil, 200, `"success":true`},
		{"the header goes first", recognize, multi(image, text("api_key", wrong)), header, 200, `"success":true`},
		{"none", recognize, multi(image), nil, 401, `"error":"Incorrect api key"`},
		{"an empty one", recognize, multi(image, text("api_key", "")), nil, 401, `"error":"Incorrect api key"`},
		{"a wrong one", recognize, multi(image, text("api_key", wrong)), nil, 401, `"error":"Incorrect api key"`},
		{"no UUID", recognize, multi(image, text("api_key", "sesame")), nil, 401, `"error":"Incorrect api key"`},
		{"in the query, where logs would have it", recognize + "?api_key=" + secret, multi(image), nil, 401, `"error":"Incorrect api key"`},
		{"no body", recognize, body{}, nil, 401, `"error":"Incorrect api key"`},
		{"for something else", list, multi(text("api_key", secret)), nil, 403, `"error":"this key is not made for that"`},
		{"in a form without files", list, body{"application/x-www-form-urlencoded", []byte("api_key=" + secret)}, nil, 403, "scope enroll"},
		{"a wrong one there", list, body{"application/x-www-form-urlencoded", []byte("api_key=" + wrong)}, nil, 401, "Incorrect api key"},
		{"Facebox: in the header", check, multi(boxed), header, 200, `"success":true`},
		{"Facebox: as password", check, multi(boxed), basic(secret), 200, `"success":true`},
		{"Facebox: a wrong password", check, multi(boxed), basic(wrong), 401, `"success":false`},
		{"Facebox: none", check, multi(boxed), nil, 401, `"error":"a key is needed`},
		{"Facebox: what everybody may know", "/facebox/state", body{}, nil, 404, "facegate backup"},
	}
	for _, tt := range tests {
		a := ask(g.Handler(), http.MethodPost, tt.path, tt.body, tt.header)
		if a.StatusCode != tt.status || !strings.Contains(string(a.body), tt.want) {
			t.Errorf("%s: %d %.300s, want %d with %s", tt.name, a.StatusCode, a.body, tt.status, tt.want)
		}
	}
	for range 30 {
		ask(g.Handler(), http.MethodPost, recognize, multi(text("api_key", wrong)), nil)
	}
	a := ask(g.Handler(), http.MethodPost, recognize, multi(text("api_key", wrong)), nil)
	if a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || !strings.Contains(string(a.body), `"success":false`) {
		t.Errorf("a wrong key after many: %d %s", a.StatusCode, a.body)
	}
	if a := ask(g.Handler(), http.MethodPost, recognize, multi(image, text("api_key", secret)), nil); a.StatusCode != 200 {
		t.Errorf("the right key after many wrong ones: %d %s", a.StatusCode, a.body)
	}
	if log := g.log.String(); strings.Contains(log, secret) || strings.Contains(log, wrong) {
		t.Error("a key is in the log")
	}
}

// A key that is in the form is limited as any other.
func TestKeysInFormsHaveLimits(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	g := newGateway(t, speaking("deepstack"), func(s *web.Server) { s.Auth, s.Now = web.AuthOn, func() time.Time { return now } })
	_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeDetect}, Limit: facegate.KeyLimit{Faces: 1, Burst: 1}})
	form := multi(file(t, "image", "probes/obama_and_biden.jpg"), text("api_key", header["X-Api-Key"]))
	for i, status := range []int{200, 429} {
		if a := ask(g.Handler(), http.MethodPost, "/v1/vision/face", form, nil); a.StatusCode != status {
			t.Errorf("request %d: %d %s", i+1, a.StatusCode, a.body)
		}
	}
}

// Before its key has come a request is a stranger's, and all strangers together
// have a bounded part of the memory.
func TestStrangersMemoryIsBounded(t *testing.T) {
	const most = 100_000
	g := newGateway(t, speaking("deepstack"), func(s *web.Server) { s.Auth, s.MaxBodyBytes, s.BodyTimeout = web.AuthOn, most, 10*patience })
	_, header := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeDetect}})
	address, _ := serving(t, g.Server)
	start := "POST /v1/vision/face HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n"
	photo := "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n" + strings.Repeat("x", most-10_000)
	for range 2 { // they go no further
		conn := dial(t, address)
		fmt.Fprintf(conn, start, most)
		fmt.Fprint(conn, photo)
	}
	for deadline := time.Now().Add(patience); g.Unclaimed() != 2*int64(len(photo)); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes are held, not %d", g.Unclaimed(), 2*len(photo))
		}
	}
	// One more is told to come again: until those go, or send their key.
	whole := photo + "\r\n--b--\r\n"
	conn := dial(t, address)
	fmt.Fprintf(conn, start, len(whole))
	fmt.Fprint(conn, whole)
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	status, retry, says := reply.StatusCode, reply.Header.Get("Retry-After"), string(text)
	if status != http.StatusServiceUnavailable || retry != "1" || !strings.Contains(says, "x-api-key") {
		t.Errorf("answered %d, Retry-After %q: %s", status, retry, says)
	}
	// A key in the header needs none of that.
	r, err := http.NewRequest("POST", "http://"+address+"/v1/vision/face", strings.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	r.Header.Set("X-Api-Key", header["X-Api-Key"])
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if a.StatusCode != 400 { // it was let in, and is no picture
		t.Errorf("with a key in the header: %s", a.Status)
	}
	if held := g.Unclaimed(); held != 2*int64(len(photo)) { // nothing of those two
		t.Errorf("%d bytes are held in the end, not %d", held, 2*len(photo))
	}
	http.DefaultClient.CloseIdleConnections()
}
