package web_test

import (
	"net/url"
	"strings"
	"testing"

	"facegate"
)

// checkFacebox holds an error of the dialect to its form.
func checkFacebox(t *testing.T, a answer) {
	t.Helper()
	checkDialect(t, a, `{"success":false,"error":"`, `"duration"`)
}

func TestFaceboxAsItsClientsAskIt(t *testing.T) {
	g := newGateway(t, speaking("facebox"))
	g.enrol(t, "rose", "Rose Leslie", "people/rose_leslie/img1.jpg")
	photo := func(name string) body { return multi(file(t, "file", name)) }
	encoded := func(name string) string { return base64Of(file(t, "", name)) }
	form := func(values url.Values) body {
		return body{"application/x-www-form-urlencoded", []byte(values.Encode())}
	}
	probe, crowd := "probes/obama1.jpg", "probes/obama_and_biden.jpg"
	wall := fileOf("file", "wall.png", nobodyThere(t))
	text64 := encoded(probe)
	lines := text64
	for i := 76; i < len(lines); i += 77 {
		lines = lines[:i] + `\n` + lines[i:]
		i++
	}
	g.runAs(t, checkFacebox, []scenario{
		{name: "ready", method: "GET", path: "/info", status: 200, expected: []string{`"status":"ready"`, `"success":true`, `"name":"facebox"`, `"version":1`}},
		{name: "well, as Home Assistant asks", method: "GET", path: "/healthz", status: 200, expected: []string{`"hostname":"facegate"`, `"status":"ok"`}},
		{name: "a face that nobody knows", path: "/facebox/check", body: photo(probe), status: 200,
			expected: []string{`{"success":true,"facesCount":1,"faces":[{"rect":{"top":`, `"matched":false,"confidence":0}]}`}, forbidden: []string{`"name"`, `"id"`}},

		{name: "teach as Double Take does", path: "/facebox/teach?name=barack&id=barack", body: photo("people/obama/obama.jpg"), status: 200, expected: []string{`{"success":true,"id":"barack"}`}},
		{name: "and one more under the same id", path: "/facebox/teach?name=barack&id=barack", body: photo("people/obama/obama2.jpg"), status: 200, expected: []string{`"success":true`}},
		{name: "teach as Home Assistant does", path: "/facebox/teach", body: multi(text("name", "Joe Biden"), text("id", "/config/www/joe 1.jpg"), file(t, "file", "people/biden/biden.jpg")), status: 200,
			expected: []string{`{"success":true,"id":"/config/www/joe 1.jpg"}`}},
		{name: "and again after a restart", path: "/facebox/teach", body: multi(text("name", "Joe Biden"), text("id", "/config/www/joe 1.jpg"), file(t, "file", "people/biden/biden.jpg")), status: 200,
			expected: []string{`"success":true`}},
		{name: "teach base64 in a form", path: "/facebox/teach", body: form(url.Values{"base64": {encoded("people/kit_harington/john1.jpeg")}, "name": {"Kit"}, "id": {"100% Kit\\ok"}}), status: 200, expected: []string{`"id":"100% Kit\\ok"`}},
		{name: "teach base64 in JSON, without an id", path: "/facebox/teach", body: jsonBody(`{"name":"Alex","base64":"` + encoded("people/alex_lacamoire/img1.jpg") + `"}`), status: 200, expected: []string{`{"success":true,"id":"`}},
		{name: "teach the same under another id", path: "/facebox/teach?name=barack&id=other", body: photo("people/obama/obama.jpg"), status: 200, expected: []string{`{"success":true,"id":"barack"}`}},
		{name: "teach without a name", path: "/facebox/teach?id=x", body: photo(probe), status: 400, expected: []string{`"error":"the name is missing`}},
		{name: "teach without a photo", path: "/facebox/teach?name=x", status: 400, expected: []string{`"error":"the photo is missing`}},
		{name: "teach a crowd", path: "/facebox/teach?name=x", body: photo(crowd), status: 400, expected: []string{`"error":"There are 3 faces`}},
		{name: "teach nobody", path: "/facebox/teach?name=x", body: multi(wall), status: 400, expected: []string{`"error":"No face was found in this photo."`}},
		{name: "teach a text", path: "/facebox/teach?name=x", body: multi(fileOf("file", "a.jpg", []byte("hello"))), status: 400, expected: []string{`"error":"`}},
		{name: "teach two at once", path: "/facebox/teach?name=x", body: multi(wall, wall), status: 400, expected: []string{"send one at a time"}},
		{name: "teach an address", path: "/facebox/teach", body: form(url.Values{"url": {"http://evil.test/a.jpg"}, "name": {"x"}}), status: 400, expected: []string{"pictures by URL are refused"}, forbidden: []string{"evil"}},
		{name: "teach a faceprint", path: "/facebox/teach", body: form(url.Values{"faceprint": {"DP+BAgEC"}, "name": {"x"}}), status: 400, expected: []string{"faceprints are not taken"}},
		{name: "teach under an id that is too long", path: "/facebox/teach?name=x&id=" + strings.Repeat("a", 201), body: photo(probe), status: 400, expected: []string{"the id is too long"}},

		{name: "check a file", path: "/facebox/check", body: photo(probe), status: 200,
			expected: []string{`"id":"barack","name":"barack","matched":true,"confidence":0.9`, `"facesCount":1`}, forbidden: []string{"faceprint", "embedding"}},
		{name: "check three faces", path: "/facebox/check", body: photo(crowd), status: 200, expected: []string{`"facesCount":3`, `"name":"barack"`, `"id":"/config/www/joe 1.jpg","name":"Joe Biden"`}},
		{name: "check base64 in JSON, as Home Assistant asks", path: "/facebox/check", body: jsonBody(`{"base64":"` + text64 + `"}`), status: 200, expected: []string{`"name":"barack"`}},
		{name: "check base64 as a browser's canvas has it", path: "/facebox/check", body: body{"application/json;charset=UTF-8", []byte(`{"base64":"` + strings.ReplaceAll(text64, "/", `\/`) + `","faceprint":true}`)}, status: 200, expected: []string{`"name":"barack"`}},
		{name: "check base64 in lines, without padding", path: "/facebox/check", body: jsonBody(`{"base64":"` + strings.TrimRight(lines, "=") + `"}`), status: 200, expected: []string{`"name":"barack"`}},
		{name: "check base64 in a form", path: "/facebox/check", body: form(url.Values{"base64": {text64}, "faceprint": {"true"}}), status: 200, expected: []string{`"name":"barack"`}},
		{name: "somebody who was enrolled otherwise", path: "/facebox/check", body: photo("probes/kit_with_rose.jpg"), status: 200, expected: []string{`"id":"{rose.sample}","name":"Rose Leslie"`, `"id":"100% Kit\\ok","name":"Kit"`}},
		{name: "check nobody", path: "/facebox/check", body: multi(wall), status: 200, expected: []string{`{"success":true,"facesCount":0,"faces":[]}`}},
		{name: "check an address", path: "/facebox/check", body: jsonBody(`{"url":"https://evil.test/a.jpg"}`), status: 400, expected: []string{`{"success":false,"error":"url: pictures by URL are refused`}, forbidden: []string{"evil"}},
		{name: "check an address in a form", path: "/facebox/check", body: form(url.Values{"url": {"https://evil.test/a.jpg"}}), status: 400, expected: []string{"pictures by URL are refused"}},
		{name: "check an address in the query", path: "/facebox/check?url=https://evil.test/a.jpg", body: photo(probe), status: 400, expected: []string{"pictures by URL are refused"}},
		{name: "check an address beside a photo", path: "/facebox/check", body: multi(file(t, "file", probe), text("url", "https://evil.test/a.jpg")), status: 400, expected: []string{"pictures by URL are refused"}},
		{name: "check base64 that is an address", path: "/facebox/check", body: jsonBody(`{"base64":"https://evil.test/a.jpg"}`), status: 400, expected: []string{"base64: pictures by URL are refused"}},
		{name: "check what is no base64 at all", path: "/facebox/check", body: jsonBody(`{"base64":"a*b"}`), status: 400, expected: []string{"base64 holds no base64"}},
		{name: "check base64 of the wrong kind", path: "/facebox/check", body: jsonBody(`{"base64":5}`), status: 400, expected: []string{"the photo is missing"}},
		{name: "check JSON that is none", path: "/facebox/check", body: jsonBody(`{"base64":`), status: 400, expected: []string{`"error":"the body is not JSON`}},
		{name: "check a photo that is too large", path: "/facebox/check", body: multi(fileOf("file", "a.jpg", make([]byte, 20<<20+1))), status: 413, expected: []string{"a.jpg is larger than 20 MiB"}},
		{name: "check base64 that is too large", path: "/facebox/check", body: jsonBody(`{"base64":"` + strings.Repeat("A", 28_000_000) + `"}`), status: 413, expected: []string{"larger than 20 MiB"}},
		{name: "check JSON that is too large", path: "/facebox/check", body: jsonBody(`{"base64":"` + strings.Repeat("A", 33<<20) + `"}`), status: 413, expected: []string{"the JSON body is larger than"}},
		{name: "check nothing", path: "/facebox/check", status: 400, expected: []string{`"error":"the photo is missing`}},

		{name: "forget all that was taught under an id", method: "DELETE", path: "/facebox/teach/barack", status: 200, expected: []string{`{"success":true}`}},
		{name: "it is forgotten", path: "/facebox/check", body: photo(probe), status: 200, expected: []string{`"matched":false`}},
		{name: "forget it again", method: "DELETE", path: "/facebox/teach/barack", status: 404, expected: []string{`"error":"nothing was taught under that id"`}},
		{name: "forget an id with folders", method: "DELETE", path: "/facebox/teach//config/www/joe%201.jpg", status: 200, expected: []string{`{"success":true}`}},
		{name: "forget an escaped id", method: "DELETE", path: "/facebox/teach/100%25%20Kit%5Cok", status: 200, expected: []string{`{"success":true}`}},
		{name: "forget a sample", method: "DELETE", path: "/facebox/teach/{rose.sample}", status: 200, expected: []string{`{"success":true}`}},
		{name: "forget nothing", method: "DELETE", path: "/facebox/teach/", status: 400, expected: []string{"the id is missing"}},
		{name: "they are forgotten", path: "/facebox/check", body: photo(crowd), status: 200, expected: []string{`"facesCount":3`}, forbidden: []string{`"matched":true`}},

		{name: "the state", method: "GET", path: "/facebox/state", status: 404, expected: []string{"facegate backup"}},
		{name: "similar faces", path: "/facebox/similar", status: 404, expected: []string{`does not have this part of Facebox: \"similar\"`}},
		{name: "renaming", method: "PATCH", path: "/facebox/teach/x", status: 405, expected: []string{`"error":"PATCH is not taken here`}},
	})
	for name, count := range map[string]int{"barack": 0, "Joe Biden": 0, "Kit": 0, "Alex": 1, "Rose Leslie": 0} {
		if p, err := g.people.PersonByName(t.Context(), name); err != nil || p.SampleCount != count {
			t.Errorf("%s has %d samples, want %d (%v)", name, p.SampleCount, count, err)
		}
	}
	if _, err := g.people.PersonByName(t.Context(), "x"); facegate.CodeOf(err) != facegate.CodePersonNotFound {
		t.Errorf("x was enrolled: %v", err)
	}
}

// faceboxCalls call every operation of the dialect.
func faceboxCalls(t *testing.T) []call {
	encoded := base64Of(file(t, "", "probes/alex_lacamoire1.jpg"))
	return []call{
		{operation: "faceboxInfo", method: "GET", path: "/info", status: 200},
		{operation: "faceboxTeach", method: "POST", path: "/facebox/teach?name=Alex&id=alex1.jpg", status: 200, body: multi(file(t, "file", "people/alex_lacamoire/img1.jpg"))},
		{operation: "faceboxTeach", method: "POST", path: "/facebox/teach?id=alex1.jpg", status: 400, body: multi(file(t, "file", "people/alex_lacamoire/img1.jpg"))},
		{operation: "faceboxCheck", method: "POST", path: "/facebox/check", status: 200, body: multi(file(t, "file", "probes/alex_lacamoire1.jpg"))},
		{operation: "faceboxCheck", method: "POST", path: "/facebox/check", status: 200, body: jsonBody(`{"base64":"` + encoded + `"}`)},
		{operation: "faceboxCheck", method: "POST", path: "/facebox/check", status: 400, body: jsonBody(`{"url":"http://evil.test"}`)},
		{operation: "faceboxForget", method: "DELETE", path: "/facebox/teach/alex1.jpg", status: 200},
		{operation: "faceboxForget", method: "DELETE", path: "/facebox/teach/alex1.jpg", status: 404},
	}
}
