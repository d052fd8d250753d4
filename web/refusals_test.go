package web_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"facegate"
	"facegate/web"
)

// Requests that are wrong are told what is wrong, before any work is done.
func TestRefusals(t *testing.T) {
	s, _ := newFaulty(t, func(context.Context) (facegate.Analysis, error) {
		return facegate.Analysis{Width: 1, Height: 1}, nil
	}, func(s *web.Server) { s.MaxPhotoBytes, s.MaxBodyBytes, s.MaxPhotos = 1000, 5000, 2 })
	g := &gateway{Server: s}
	photo := fileOf("photo", "a.jpg", []byte("x"))
	embedding := "[" + strings.Repeat("0.1,", 127) + "0.1]"
	g.run(t, []scenario{
		{name: "no photo", path: "/v1/detect", body: multi(text("limit", "1")), status: 400,
			expected: []string{`"code":"invalid_request"`, `no file in the field \"photo\"`, `"next":"send the photo as a file`}},
		{name: "empty form", path: "/v1/detect", body: multi(), status: 400, expected: []string{`"code":"invalid_request"`}},
		{name: "no body", path: "/v1/detect", status: 415, expected: []string{`"code":"unsupported_media_type"`, "no Content-Type"}},
		{name: "wrong media type", path: "/v1/detect", body: body{"text/csv", []byte("a,b")}, status: 415,
			expected: []string{`"code":"unsupported_media_type"`, "text/csv"}},
		{name: "no boundary", path: "/v1/detect", body: body{"multipart/form-data", []byte("a")}, status: 400, expected: []string{"boundary"}},
		{name: "malformed form", path: "/v1/detect", body: body{"multipart/form-data; boundary=x", []byte("--x\r\nContent-Disp")}, status: 400,
			expected: []string{`"code":"invalid_request"`, "malformed"}, forbidden: []string{"EOF", "multipart:"}},
		{name: "photo by URL", path: "/v1/detect", body: multi(text("photo", "https://evil.test/a.jpg")), status: 400,
			expected: []string{"pictures by URL are refused"}, forbidden: []string{"evil.test"}},
		{name: "photo by file URL", path: "/v1/identify", body: multi(text("photo", "file:///etc/passwd")), status: 400,
			expected: []string{"pictures by URL are refused"}},
		{name: "photo URL as JSON", path: "/v1/identify", body: jsonBody(`{"photo":"https://evil.test/a.jpg"}`), status: 400,
			expected: []string{"pictures by URL are refused"}, forbidden: []string{"evil.test"}},
		{name: "photo_url", path: "/v1/detect", body: multi(text("photo_url", "https://evil.test/a.jpg")), status: 400,
			expected: []string{"pictures by URL are refused"}},
		{name: "photo as text", path: "/v1/detect", body: multi(text("photo", "aGVsbG8=")), status: 400, expected: []string{"holds text, not a file"}},
		{name: "two photos where one goes", path: "/v1/detect", body: multi(photo, photo), status: 400, expected: []string{"more than 1 photos"}},
		{name: "too many photos", path: "/v1/people", body: multi(text("name", "A"), photo, photo, photo), status: 400,
			expected: []string{"more than 2 photos", "send at most 2"}},
		{name: "photo too large", path: "/v1/detect", body: multi(fileOf("photo", "big.jpg", make([]byte, 1001))), status: 413,
			expected: []string{`"code":"too_large"`, "big.jpg is larger than 1000 bytes"}},
		{name: "bare photo too large", path: "/v1/detect", body: body{"image/jpeg", make([]byte, 1001)}, status: 413, expected: []string{`"code":"too_large"`}},
		{name: "request too large", path: "/v1/detect", body: multi(fileOf("photo", "big.jpg", make([]byte, 6000))), status: 413,
			expected: []string{`"code":"too_large"`, "the request is larger than 5000 bytes"}},
		{name: "only photos too large", path: "/v1/people", body: multi(text("name", "A"), fileOf("photo", "big.jpg", make([]byte, 1001))), status: 422,
			expected: []string{`"code":"no_usable_photo"`, `"refused":[{"photo":"big.jpg","code":"too_large"`}},
		{name: "unknown file", path: "/v1/detect", body: multi(fileOf("image", "a.jpg", []byte("x"))), status: 400,
			expected: []string{`unknown field \"image\"`, "known here: photo, embedding"}},
		{name: "unknown text", path: "/v1/detect", body: multi(photo, text("treshold", "1")), status: 400, expected: []string{`unknown field \"treshold\"`}},
		{name: "unknown option", path: "/v1/identify?treshold=0.4", body: anyPhoto(), status: 400,
			expected: []string{`unknown field \"treshold\"`, "threshold"}},
		{name: "option given twice", path: "/v1/detect?limit=1&limit=2", body: anyPhoto(), status: 400, expected: []string{"limit is given 2 times"}},
		{name: "option in query and form", path: "/v1/detect?limit=1", body: multi(photo, text("limit", "2")), status: 400, expected: []string{"limit is given 2 times"}},
		{name: "option of another route", path: "/v1/detect?threshold=1", body: anyPhoto(), status: 400, expected: []string{`unknown field \"threshold\"`}},
		{name: "threshold NaN", path: "/v1/identify?threshold=NaN", body: anyPhoto(), status: 400, expected: []string{"threshold is not a number from 0 to 2"}},
		{name: "threshold out of range", path: "/v1/identify?threshold=2.01", body: anyPhoto(), status: 400, expected: []string{"threshold is not a number from 0 to 2"}},
		{name: "candidates", path: "/v1/identify?candidates=101", body: anyPhoto(), status: 400, expected: []string{"candidates is not a whole number from 1 to 100"}},
		{name: "min_score", path: "/v1/detect?min_score=-0.1", body: anyPhoto(), status: 400, expected: []string{"min_score is not a number from 0 to 1"}},
		{name: "limit", path: "/v1/detect?limit=many", body: anyPhoto(), status: 400, expected: []string{"limit is not a whole number"}},
		{name: "flag", path: "/v1/detect?embedding=maybe", body: anyPhoto(), status: 400, expected: []string{"embedding is neither true nor false"}},
		{name: "page size", method: "GET", path: "/v1/people?limit=501", status: 400, expected: []string{"limit is not a whole number from 1 to 500"}},
		{name: "bad query", method: "GET", path: "/v1/people?query=%zz", status: 400, expected: []string{"the query cannot be read"}},
		{name: "text that is not UTF-8", path: "/v1/people", body: multi(text("name", "\xff")), status: 400, expected: []string{"name is not UTF-8"}},
		{name: "text too long", path: "/v1/people", body: multi(text("notes", strings.Repeat("a", 65<<10))), status: 413, expected: []string{`"code":"too_large"`}},
		{name: "not a time", path: "/v1/people", body: multi(text("name", "A"), text("consent_at", "yesterday")), status: 400, expected: []string{"consent_at is not a time", "2026-04-01"}},

		{name: "JSON: unknown field", path: "/v1/people", body: jsonBody(`{"name":"A","nmae":"B"}`), status: 400, expected: []string{`unknown field \"nmae\"`}},
		{name: "JSON: unknown field inside", path: "/v1/people", body: jsonBody(`{"name":"A","consent":{"bassis":"B"}}`), status: 400, expected: []string{`unknown field \"bassis\"`}},
		{name: "JSON: something follows", path: "/v1/people", body: jsonBody(`{"name":"A"} {"name":"B"}`), status: 400, expected: []string{"something follows"}},
		{name: "JSON: broken", path: "/v1/people", body: jsonBody(`{"name":}`), status: 400, expected: []string{"goes wrong at byte 9"}},
		{name: "JSON: cut off", path: "/v1/people", body: jsonBody(`{"name":"A`), status: 400, expected: []string{"ends early"}},
		{name: "JSON: empty", path: "/v1/people", body: jsonBody(``), status: 400, expected: []string{"the body is empty"}},
		{name: "JSON: an array", path: "/v1/people", body: jsonBody(`[]`), status: 400, expected: []string{"JSON array, not an object"}},
		{name: "JSON: wrong type", path: "/v1/people", body: jsonBody(`{"name":7}`), status: 400, expected: []string{"name cannot be a JSON number"}},
		{name: "JSON: wrong type inside", path: "/v1/people", body: jsonBody(`{"name":"A","consent":{"basis":[]}}`), status: 400, expected: []string{"consent.basis cannot be a JSON array"}},
		{name: "JSON: not a time", path: "/v1/people", body: jsonBody(`{"name":"A","consent":{"at":"soon"}}`), status: 400, expected: []string{"consent.at is not a time"}},
		{name: "JSON: too large", path: "/v1/people", body: jsonBody(`{"name":"` + strings.Repeat("a", 5000) + `"}`), status: 413, expected: []string{`"code":"too_large"`}},
		{name: "JSON: wrong media type", method: "PATCH", path: "/v1/people/1", body: body{"text/plain", []byte(`{}`)}, status: 415, expected: []string{"application/json"}},
		{name: "JSON: name removed", method: "PATCH", path: "/v1/people/1", body: jsonBody(`{"name":null}`), status: 400, expected: []string{"a name cannot be removed"}},

		{name: "embedding missing", path: "/v1/identify", body: jsonBody(`{}`), status: 400, expected: []string{"the embedding is missing"}},
		{name: "embedding short", path: "/v1/identify", body: jsonBody(`{"embedding":[1,2]}`), status: 400, expected: []string{`"code":"invalid_embedding"`, "2 numbers, not 128"}},
		{name: "embedding overflows", path: "/v1/identify", body: jsonBody(`{"embedding":[1e99]}`), status: 400, expected: []string{`"code":"invalid_request"`}},
		{name: "embedding of words", path: "/v1/identify", body: jsonBody(`{"embedding":["a"]}`), status: 400, expected: []string{"cannot be a JSON string"}},
		{name: "embedding with a bad threshold", path: "/v1/identify", body: jsonBody(`{"embedding":` + embedding + `,"threshold":3}`), status: 400, expected: []string{"threshold is not"}},
		{name: "embedding with bad candidates", path: "/v1/identify", body: jsonBody(`{"embedding":` + embedding + `,"candidates":0}`), status: 400, expected: []string{"candidates is not"}},

		{name: "verify: one photo of two", path: "/v1/verify", body: multi(fileOf("photo_a", "a.jpg", []byte("x"))), status: 400, expected: []string{`no file in the field \"photo_b\"`}},
		{name: "verify: no person", path: "/v1/verify", body: multi(photo), status: 400, expected: []string{"the person is missing"}},
		{name: "verify: person without photo", path: "/v1/verify", body: multi(text("person", "A")), status: 400, expected: []string{`no file in the field \"photo\"`}},
		{name: "verify: everything", path: "/v1/verify", body: multi(photo, text("person", "A"), fileOf("photo_a", "a.jpg", []byte("x"))), status: 400, expected: []string{"do not go with"}},
		{name: "verify: bare photo", path: "/v1/verify", body: anyPhoto(), status: 415, expected: []string{"multipart/form-data"}},
		{name: "verify: face", path: "/v1/verify?face=smallest", body: multi(photo, text("person", "A")), status: 400, expected: []string{"face can only be largest"}},
		{name: "samples: no photo", path: "/v1/people/1/samples", body: multi(), status: 400, expected: []string{`no file in the field \"photo\"`}},
		{name: "samples: JSON", path: "/v1/people/1/samples", body: jsonBody(`{}`), status: 415, expected: []string{"multipart/form-data"}},
	})
}

func TestTextFieldsAreBounded(t *testing.T) {
	s, _ := newFaulty(t, nil)
	var many []part
	for range 101 {
		many = append(many, text("tags", "a"))
	}
	var empty []part
	for range 151 {
		empty = append(empty, part{field: "photo", kind: "image/jpeg"})
	}
	g := &gateway{Server: s}
	g.run(t, []scenario{
		{name: "many files of nothing", path: "/v1/people", body: multi(empty...), status: 400, expected: []string{"more than 150 files"}},
		{name: "many", path: "/v1/people", body: multi(many...), status: 400, expected: []string{"more than 100 fields"}},
		{name: "long", path: "/v1/people", body: multi(text("notes", string(bytes.Repeat([]byte("a"), 64<<10+1)))), status: 400, expected: []string{"notes is longer than"}},
		{name: "long JSON", path: "/v1/people", body: jsonBody(`"` + strings.Repeat("a", 1<<20) + `"`), status: 413, expected: []string{`"code":"too_large"`}},
	})
}
