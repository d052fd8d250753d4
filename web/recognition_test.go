package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"facegate"
)

func TestRecognition(t *testing.T) {
	g := newGateway(t)
	g.enrol(t, "obama", "Barack Obama", "people/obama/obama.jpg", "people/obama/obama2.jpg")
	g.enrol(t, "biden", "Joe Biden", "people/biden/biden.jpg")
	g.enrol(t, "rose", "Rose Leslie", "people/rose_leslie/img1.jpg")
	g.enrol(t, "empty", "No Samples")
	g.enrol(t, "alike", "A Name Like An Id")
	obama, both := file(t, "photo", "probes/obama1.jpg"), file(t, "photo", "probes/obama_and_biden.jpg")
	bare := body{"image/jpeg", readPhoto(t, "probes/obama1.jpg")}
	octets := body{"application/octet-stream", bare.data}
	rename := func(field string, p part) part { p.field = field; return p }

	detected := ask(g.Handler(), http.MethodPost, "/v1/detect?embedding=true", multi(obama), nil)
	faces := decode[facegate.Analysis](t, detected).Faces
	if len(faces) != 1 || faces[0].Embedding == nil {
		t.Fatalf("%.300s", detected.body)
	}
	embedding, err := json.Marshal(faces[0].Embedding)
	if err != nil {
		t.Fatal(err)
	}

	g.run(t, []scenario{
		{name: "detect", path: "/v1/detect", body: multi(both), status: 200, expected: []string{`"width":`, `"score":`, `"landmarks":{"right_eye":`, `"overall":`}, forbidden: []string{"embedding"}},
		{name: "detect the largest", path: "/v1/detect", body: multi(both, text("limit", "1")), status: 200, expected: []string{`"faces":[{`}, forbidden: []string{"},{\"box\""}},
		{name: "detect a bare photo", path: "/v1/detect?min_score=0.5", body: bare, status: 200, expected: []string{`"faces":[{"box"`}},
		{name: "detect by too high a score", path: "/v1/detect?min_score=1", body: bare, status: 200, expected: []string{`"faces":[]`}},
		{name: "detect small faces too", path: "/v1/detect?small_faces=1", body: bare, status: 200, expected: []string{`"faces":[{"box"`}},
		{name: "detect an empty photo", path: "/v1/detect", body: multi(fileOf("photo", "empty.jpg", nil)), status: 400, expected: []string{`"code":"empty"`}},
		{name: "detect a cut photo", path: "/v1/detect", body: body{"image/jpeg", bare.data[:len(bare.data)/2]}, status: 400, expected: []string{`"code":"truncated"`}},
		{name: "detect a text", path: "/v1/detect", body: multi(fileOf("photo", "text.jpg", []byte("hello, this is a text"))), status: 415, expected: []string{`"code":"not_an_image"`}},

		{name: "identify", path: "/v1/identify", body: multi(obama), status: 200,
			expected:  []string{`"decision":"match"`, `"threshold":0.5`, `"margin":0.05`, `"person":{"id":"{obama}","name":"Barack Obama"}`, `"quality":{`, `"landmarks":{`, `"similarity":`, `"sample_id":`},
			forbidden: []string{"embedding"}},
		{name: "identify two", path: "/v1/identify?candidates=1", body: multi(both), status: 200, expected: []string{"Barack Obama", "Joe Biden"}, forbidden: []string{"Rose"}},
		{name: "identify a bare photo", path: "/v1/identify", body: bare, status: 200, expected: []string{`"decision":"match"`, "Barack Obama"}},
		{name: "identify octets", path: "/v1/identify", body: octets, status: 200, expected: []string{`"decision":"match"`, "Barack Obama"}},
		{name: "identify strictly", path: "/v1/identify", body: multi(obama, text("threshold", "0.01")), status: 200, expected: []string{`"decision":"unknown"`, `"threshold":0.01`}},
		{name: "identify a stranger", path: "/v1/identify", body: multi(file(t, "photo", "probes/alex_lacamoire1.jpg")), status: 200, expected: []string{`"decision":"unknown"`}, forbidden: []string{`"match"`}},
		{name: "identify an embedding", path: "/v1/identify", body: jsonBody(`{"embedding":` + string(embedding) + `,"candidates":2}`), status: 200,
			expected: []string{`{"faces":[{"decision":"match"`, "Barack Obama"}, forbidden: []string{"box", "embedding", "width"}},
		{name: "identify an embedding, option in the query", path: "/v1/identify?threshold=0.01", body: jsonBody(`{"embedding":` + string(embedding) + `}`), status: 200,
			expected: []string{`"decision":"unknown"`, `"threshold":0.01`}},

		{name: "verify the same", path: "/v1/verify", body: multi(rename("photo_a", obama), file(t, "photo_b", "probes/obama3.jpg")), status: 200,
			expected: []string{`"decision":"match"`, `"threshold":0.6`, `"face_a":{`, `"face_b":{`}, forbidden: []string{"embedding", "person"}},
		{name: "verify others", path: "/v1/verify", body: multi(rename("photo_a", obama), file(t, "photo_b", "people/biden/biden.jpg")), status: 200, expected: []string{`"decision":"no_match"`}},
		{name: "verify strictly", path: "/v1/verify?threshold=0", body: multi(rename("photo_a", obama), file(t, "photo_b", "probes/obama3.jpg")), status: 200, expected: []string{`"decision":"no_match"`, `"threshold":0,`}},
		{name: "verify a crowd", path: "/v1/verify", body: multi(rename("photo_a", obama), rename("photo_b", both)), status: 422, expected: []string{`"code":"several_faces"`, "obama_and_biden.jpg"}},
		{name: "verify the largest of a crowd", path: "/v1/verify", body: multi(rename("photo_a", obama), rename("photo_b", both), text("face", "largest")), status: 200, expected: []string{`"decision":`}},
		{name: "verify a person by id", path: "/v1/verify", body: multi(obama, text("person", "{obama}")), status: 200,
			expected: []string{`"decision":"match"`, `"person":{"id":"{obama}","name":"Barack Obama"}`, `"sample_id":`}},
		{name: "verify a person by name", path: "/v1/verify?person=Barack+Obama", body: multi(obama), status: 200, expected: []string{`"decision":"match"`, `"id":"{obama}"`}},
		{name: "verify another person", path: "/v1/verify", body: multi(obama, text("person", "{biden}")), status: 200, expected: []string{`"decision":"no_match"`}},
		{name: "verify nobody", path: "/v1/verify", body: multi(obama, text("person", "Nobody")), status: 404, expected: []string{`"code":"person_not_found"`}},
		{name: "verify a person without samples", path: "/v1/verify", body: multi(obama, text("person", "{empty}")), status: 409, expected: []string{`"code":"no_samples"`}},
		{name: "thresholds", method: "GET", path: "/v1/thresholds", status: 200, expected: []string{`"verify":0.6,"identify":0.5,"margin":0.05`, `"policy":"normal"`, `"people":3,"samples":4`}},
	})

	metrics := string(ask(g.Handler(), http.MethodGet, "/metrics", body{}, nil).body)
	for _, want := range []string{
		`facegate_http_requests_total{method="POST",route="/v1/identify",status="200"} 8`,
		`facegate_http_request_duration_seconds_count{method="POST",route="/v1/verify"} 10`,
		`facegate_decisions_total{decision="no_match",operation="verify"} 3`,
		`facegate_decisions_total{decision="ambiguous",operation="identify"} 0`,
		"facegate_gallery_people 3\n", "facegate_gallery_samples 4\n", "go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
	for _, not := range []string{"Obama", g.vars["obama"]} {
		if strings.Contains(metrics, not) {
			t.Errorf("%q in the metrics", not)
		}
	}
}
