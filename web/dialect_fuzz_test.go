package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"facegate/web"
)

// A dialect answers whatever it is sent: with a status it has, and JSON that
// says whether it went well.
func holdDialect(t *testing.T, g *gateway, method, address string, b body) {
	t.Helper()
	if strings.ContainsAny(b.kind, "\r\n") {
		t.Skip("a header has no lines")
	}
	target, err := url.ParseRequestURI(address)
	if err != nil || target.Host != "" || !strings.HasPrefix(address, "/") {
		t.Skip("no address")
	}
	r := httptest.NewRequest(method, "/", strings.NewReader(string(b.data)))
	r.URL, r.RequestURI = target, address
	r.Header.Set("Content-Type", b.kind)
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	if !slices.Contains([]int{200, 400, 401, 403, 404, 405, 413, 429, 503}, w.Code) {
		t.Errorf("status %d: %.300s", w.Code, w.Body)
	}
	var said struct {
		Success *bool
		Error   string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("no JSON: %s %.300s (%v)", w.Header().Get("Content-Type"), w.Body, err)
	} else if said.Success == nil || *said.Success == (said.Error != "") || *said.Success && w.Code != 200 {
		t.Errorf("neither good nor bad: %d %.300s", w.Code, w.Body)
	}
	if log := g.log.String(); strings.Contains(log, `"msg":"panic"`) {
		t.Fatalf("it panicked:\n%s", log)
	}
	g.log.reset()
}

// seedForms are forms as clients send them, and almost.
func seedForms(f *testing.F, add func(kind string, data []byte)) {
	photo := nobodyThere(f) // small: what is mutated is copied again and again
	for _, b := range []body{
		multi(fileOf("image", "a.jpg", photo), text("min_confidence", "0.4"), text("userid", "Ada")),
		multi(fileOf("file", "a.jpg", photo), text("name", "Ada"), text("id", "a/b.jpg")),
		multi(fileOf("image1", "a.jpg", []byte("hello")), fileOf("image2", "", nil)),
		multi(text("api_key", "8a6e0804-2bd0-4672-b79d-d97027f9071a"), text("min_confidence", "1e999")),
		multi(text("url", "http://evil.test"), text("base64", "aGVsbG8")),
		multi(),
		{"multipart/form-data", []byte("--x")},
		{"multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=image; filename*=utf-8''%ff\r\n\r\n--x--")},
		{"application/x-www-form-urlencoded", []byte("userid=Ada&userid=Grace&api_key=%zz")},
		{"application/x-www-form-urlencoded", []byte("base64=aGVs%0AbG8&name=a;b")},
		{"application/json", []byte(`{"base64":"data:image/png;base64,aGVsbG8=","name":null,"id":"\u0000","faceprint":true}`)},
		{"application/json", []byte(`{"base64":5}`)},
		{"application/json", []byte(`[]`)},
		{"", nil},
	} {
		add(b.kind, b.data)
	}
}

func fuzzVision(f *testing.F, dialect string) {
	g := newGateway(f, speaking(dialect))
	calls := []string{"", "/", "/recognize", "/match", "/register", "/list", "/delete"}
	for i := range calls {
		seedForms(f, func(kind string, data []byte) { f.Add(uint8(i), "", kind, data) })
	}
	f.Fuzz(func(t *testing.T, call uint8, query, kind string, data []byte) {
		address := "/v1/vision/face" + calls[int(call)%len(calls)]
		if query != "" {
			address += "?" + query
		}
		holdDialect(t, g, http.MethodPost, address, body{kind, data})
	})
}

func FuzzDeepStackForms(f *testing.F) { fuzzVision(f, "deepstack") }

func FuzzCodeProjectForms(f *testing.F) { fuzzVision(f, "codeproject") }

func FuzzFaceboxRequests(f *testing.F) {
	g := newGateway(f, speaking("facebox"))
	methods := []string{http.MethodPost, http.MethodDelete, http.MethodGet, http.MethodPatch}
	for _, address := range []string{"/facebox/check", "/facebox/teach?name=Ada&id=%2Fa%00", "/facebox/teach?url=x", "/facebox/state"} {
		seedForms(f, func(kind string, data []byte) { f.Add(uint8(0), strings.TrimPrefix(address, "/facebox/"), kind, data) })
	}
	for _, id := range []string{"", "a", "/", "a%2Fb", "a/b", "%00", "%ff", "8a6e0804-2bd0-4672-b79d-d97027f9071a", strings.Repeat("é", 300)} {
		f.Add(uint8(1), "teach/"+url.PathEscape(id), "", []byte(nil))
	}
	f.Fuzz(func(t *testing.T, method uint8, address, kind string, data []byte) {
		holdDialect(t, g, methods[int(method)%len(methods)], "/facebox/"+address, body{kind, data})
	})
}

// Whatever id an example is taught under comes back, from a source that is a file
// name as the store keeps it.
func FuzzFaceboxIDs(f *testing.F) {
	for _, id := range []string{"a.jpg", "/config/www/a b.jpg", `C:\faces\a.jpg`, "100%", "%2F", ".", "..", " ", "a\x00\nb", "é\u0301", "\u202eexe", "facebox:x"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		source, err := web.FaceboxSource(id)
		if err != nil {
			return
		}
		if got := web.FaceboxID(source); got != id {
			t.Errorf("%q came back as %q", id, got)
		}
		if strings.ContainsAny(source, "/\\\x00\n") || len([]rune(source)) > 255 {
			t.Errorf("%q is no file name", source)
		}
	})
}
