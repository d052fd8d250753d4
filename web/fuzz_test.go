package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"facegate"
	"facegate/web"
)

// FuzzQuery asks for everything that has an address, with any id and any query.
func FuzzQuery(f *testing.F) {
	g := newFuzzed(f)
	for _, o := range g.operations {
		f.Add(o.id, g.anybody(o), "")
		f.Add(o.id, "{none}", "%zz&a;b&limit=%31&limit=2")
	}
	for _, query := range []string{
		"query=%C3%A9&tag=staff&limit=500&after=T2JhbWE", "after=%00", "after=" + strings.Repeat("A", 100), "limit=-1", "limit=1e3", "limit=9223372036854775808",
		"camera=door&decision=unknown,match&open=true&since=2026-04-01&until=2026-04-02T00:00:00Z&limit=1&after=1775044800000-1", "after=100000",
		"after=-1-1", "after=9223372036854775807-9223372036854775807", "since=0000-01-01", "until=9999-12-31T23:59:59.999999999Z", "decision=match,,",
		"sample={obama.sample}&explain=1&candidates=100&threshold=2", "sample={obama.sample}&threshold=-0", "threshold=0x1p-2", "threshold=Inf",
		"actor=key:door&action=person.&person={obama}&request_id=a&decision=match&from=2026-04-01&to=2027-01-01&before=3&limit=1", "before=9007199254740993",
		"format=csv", "format=json&action=person.create", "query=" + strings.Repeat("a", 60_000), "after=" + strings.Repeat("QUFB", 15_000),
		"decision=" + strings.Repeat("match,", 10_000), "camera=" + strings.Repeat("x", 60_000), "actor=" + strings.Repeat("x", 60_000), "tag=" + strings.Repeat("t", 60_000),
	} {
		name, _, _ := strings.Cut(query, "=")
		for _, o := range g.operations {
			if slices.Contains(o.query, name) {
				f.Add(o.id, g.anybody(o), query)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which string, id, query string) {
		o := among(g.operations, which)
		if o.method == http.MethodGet {
			id = g.fill(id)
		}
		g.undo(t, g.send(t, o, id, g.fill(query), http.Header{}, ""))
	})
}

// anybody is an id that an operation finds something by.
func (g *fuzzed) anybody(o operation) string {
	for prefix, id := range map[string]string{"/v1/people/": "{obama}", "/v1/cameras/": "{camera}", "/v1/sightings/": "{seen}",
		"/v1/unknowns/": "{seen.unknown}", "/v1/webhooks/": "{hook}"} {
		if strings.HasPrefix(o.path, prefix) {
			return id
		}
	}
	return ""
}

// FuzzJSON sends any JSON to every operation that takes it.
func FuzzJSON(f *testing.F) {
	g := newFuzzed(f)
	var takers []operation
	for _, o := range g.operations {
		if o.takes("application/json") {
			takers = append(takers, o)
		}
	}
	for _, o := range takers {
		for _, content := range []string{
			`{}`, ``, `null`, `[]`, `{"name":"Ada","name":"Eva"}`,
			`{"name":"Ada Lovelace","external_id":"emp-42","tags":["staff",""],"notes":"n","consent":{"basis":"form","at":"2026-04-01"},"expires_at":"2036-04-01"}`,
			`{"name":null,"external_id":null,"tags":null,"notes":null,"consent":null,"expires_at":null}`, `{"name":"` + "\u202e\u0000\u0301" + `"}`,
			`{"embedding":{embedding},"threshold":0.5,"candidates":2,"explain":true}`, `{"embedding":[1e39]}`, `{"embedding":[]}`, `{"threshold":-1}`,
			`{"policy":"strict","target_fmr":0.001,"target_fpir":0.01}`, `{"policy":"fixed","verify":0.5,"identify":0.4,"margin":0.1}`, `{"calibration":"gallery"}`,
			`{"calibration":"reference","margin":1e300}`, `{"link":"x","name":"Ada","password":"analytical engine"}`,
			`{"name":"door","scopes":["verify","identify"],"limit":{"faces_per_second":2.5,"burst":3,"concurrent":3},"expires_at":"2036-04-01"}`,
			`{"name":"door","scopes":[],"limit":{"faces_per_second":-1e308}}`,
			`{"name":"gate","source":"rtsp://user:word@127.0.0.1:1/live?token=t","fps":5,"min_face":40,"transport":"udp","pace":"fast","motion_gate":true,
			"zones":[{"name":"way","mode":"include","points":[[0,0],[1,0],[1,1]]}],"schedule":[{"days":["mon"],"from":"23:00","to":"24:00"}],"cooldown_seconds":10,"liveness":0.5,"paused":false}`,
			`{"source":"rtsp://user:***@127.0.0.1:1/live"}`, `{"zones":[{"mode":"mask","points":[[-1,0],[1e-320,0],[2,2]]}]}`, `{"fps":1e-9,"cooldown_seconds":null}`,
			`{"person_id":"{obama}"}`, `{"person_id":"{none}","name":"Ada"}`, `{"others":["{also.unknown}","{seen.unknown}"]}`, `{"others":[]}`, `{"sightings":["{also}","{also}"]}`,
			`{"url":"https://user:word@example.com/hook?key=k","secret":"0123456789abcdef","paused":true}`, `{"url":"file:///etc/passwd"}`, `{"url":"http://[::1"}`,
		} {
			f.Add(o.id, content)
		}
	}
	f.Fuzz(func(t *testing.T, which string, content string) {
		o := among(takers, which)
		w := g.send(t, o, g.fill(g.anybody(o)), "", http.Header{"Content-Type": {"application/json"}}, g.fill(content))
		if o.id != "nameUnknown" { // the person goes, the stranger who became them too
			g.undo(t, w)
		}
	})
}

// FuzzForm sends anything as a form, or as a picture, to every operation that takes
// photos. {face} and {pixel} in it stand for pictures.
func FuzzForm(f *testing.F) {
	g := newFuzzed(f)
	var takers []operation
	for _, o := range g.operations {
		if o.takes("multipart/form-data") {
			takers = append(takers, o)
		}
	}
	const form = "multipart/form-data; boundary=x"
	part := func(disposition, content string) string {
		return "--x\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n"
	}
	photo := func(field, content string) string { return part(`name="`+field+`"; filename="a.png"`, content) }
	for _, o := range takers {
		for _, content := range []string{
			"", "--x--\r\n", "--x\r\n", photo("photo", "{face}") + "--x--\r\n", photo("photo", "{pixel}") + part(`name="name"`, "Ada") + part(`name="tags"`, "a,b") + "--x--\r\n",
			part(`name="name"`, "Ada") + part(`name="consent_at"`, "2026-04-01") + part(`name="expires_at"`, "2036-04-01") + photo("photo", "{face}") + photo("photo", "junk") + "--x--\r\n",
			photo("photo_a", "{face}") + photo("photo_b", "{pixel}") + part(`name="threshold"`, "0.5") + part(`name="face"`, "largest") + "--x--\r\n",
			photo("photo", "{face}") + part(`name="person"`, "Obama") + "--x--\r\n", photo("photo", "{pixel}") + part(`name="limit"`, "2") + part(`name="embedding"`, "yes") + "--x--\r\n",
			photo("photo", "") + "--x--\r\n", part(`name="photo"`, "https://example.com/a.jpg") + "--x--\r\n", part(`name="photo"`, "") + "--x--\r\n",
			part(`name="photo"; filename="..\..\a/../b`+"\u202e"+`.jpg"`, "{pixel}") + "--x--\r\n", part(`name=photo; filename*=utf-8''%e2%80%ae`, "{pixel}") + "--x--\r\n",
			part(`name="notes"`, "\xff\xfe") + "--x--\r\n", "--x\r\nContent-Disposition: form-data; name=\"photo\"\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FF=D8=FF\r\n--x--\r\n",
			part("", "a") + "--x--\r\n", "--x\r\n\r\n\r\n--x--\r\n",
		} {
			f.Add(o.id, form, content)
		}
		f.Add(o.id, "image/jpeg", "{face}")
		f.Add(o.id, "application/octet-stream", "{pixel}")
		f.Add(o.id, "multipart/form-data", "--x--")
		f.Add(o.id, "multipart/form-data; boundary="+strings.Repeat("x", 71), "--x--")
		f.Add(o.id, "multipart/mixed; boundary=x", "--x--")
		f.Add(o.id, "image/jpeg; q=;", "{pixel}")
	}
	f.Fuzz(func(t *testing.T, which string, media, content string) {
		o := among(takers, which)
		if strings.Count(content, "{face}") > 2 {
			t.Skip("a look at a face takes long")
		}
		g.undo(t, g.send(t, o, g.fill(g.anybody(o)), "", http.Header{"Content-Type": {media}}, g.fill(content)))
	})
}

// FuzzKey shows any key, in every place a key is taken from. Nobody gets in but with
// one that was made here.
func FuzzKey(f *testing.F) {
	g := newFuzzed(f, onLoopback(web.AuthOn))
	_, header := g.key(f, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeEnroll}})
	secret := header["X-Api-Key"]
	if secret == "" {
		f.Fatalf("no key in %v", header)
	}
	for _, key := range []string{"", "{key}", " {key} ", "{KEY}", "{key}x", "00000000-0000-0000-0000-000000000000", "{key},{key}", "\x00", strings.Repeat("0", 4096), "urn:uuid:{key}", "{{key}}"} {
		f.Add(key, "", "")
		f.Add("", "Bearer "+key, "")
		f.Add("", "bearer  "+key, "facegate="+key)
		f.Add("", "", "facegate="+key+"; __Host-facegate="+key)
	}
	f.Add("", "Basic {key}", "facegate=;;")
	people := operation{id: "listPeople", method: http.MethodGet, path: "/v1/people"}
	f.Fuzz(func(t *testing.T, key, authorization, cookie string) {
		h := http.Header{}
		shown := ""
		for name, value := range map[string]string{"X-Api-Key": key, "Authorization": authorization, "Cookie": cookie} {
			if value = strings.NewReplacer("{key}", secret, "{KEY}", strings.ToUpper(secret)).Replace(value); value != "" {
				h.Set(name, value)
			}
			if name != "Cookie" {
				shown += value
			}
		}
		w := g.send(t, people, "", "", h, "")
		if w.Code == http.StatusOK && !strings.Contains(strings.ToLower(shown), secret) {
			t.Errorf("let in by the key %q, authorization %q, cookie %q", key, authorization, cookie)
		}
		if w.Code != http.StatusOK && w.Code != http.StatusUnauthorized && w.Code != http.StatusTooManyRequests {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if strings.Contains(w.Body.String(), secret) {
			t.Errorf("the answer tells the key: %s", w.Body)
		}
	})
}

// FuzzRequest hands over whatever reads as an HTTP request.
func FuzzRequest(f *testing.F) {
	g := newFuzzed(f, onLoopback(web.AuthAuto))
	for _, text := range []string{
		"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "HEAD / HTTP/1.0\r\n\r\n", "GET /v1/people/%2e%2e HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET //v1//people HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /assets/../index.html HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n", "GET http://evil.test/v1/people HTTP/1.1\r\nHost: localhost\r\n\r\n", "PURGE /v1/people HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
		"POST /v1/detect HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
		"POST /v1/people HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"name\":1", "GET /openapi.yaml HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\nRange: bytes=0-0,-1\r\n\r\n",
		"GET /v1/sightings/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: -1\r\n\r\n", "DELETE /v1/session HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nSec-Fetch-Site: cross-site\r\nCookie: facegate=x\r\n\r\n",
		"GET /v1/cameras/x/push HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\r\nX-Forwarded-For: 10.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Skip("net/http itself refuses it")
		}
		r.RemoteAddr = "127.0.0.1:1"
		w := httptest.NewRecorder()
		ctx, hangUp := context.WithCancel(t.Context())
		defer hangUp()
		g.Handler().ServeHTTP(&hangsUp{w, hangUp}, r.WithContext(ctx))
		a := answer{w.Result(), w.Body.Bytes()}
		switch {
		case w.Code >= 500 && w.Code != http.StatusServiceUnavailable:
			t.Errorf("%d %s", w.Code, w.Body)
		case w.Code >= 400 && r.Method != http.MethodHead:
			checkProblem(t, a)
		case r.Method != http.MethodHead && r.Method != http.MethodGet:
			g.undo(t, w)
		}
		if g.asked++; g.asked%500 == 0 {
			g.whole(t)
		}
	})
}
